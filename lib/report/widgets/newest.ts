// Work that follows something which moves faster than the work is done.

/**
 * Work that is asked for by calling the result, and done once for all requests that came while it
 * was under way: of fast moves only the newest counts.
 *
 * @param work must not reject
 */
export function newestOnly(work: () => Promise<void>): () => Promise<void> {
  let isWanted = false;
  let isWorking = false;
  return async () => {
    isWanted = true;
    if (isWorking) return;
    isWorking = true;
    try {
      while (isWanted) {
        isWanted = false;
        await work();
      }
    } finally {
      isWorking = false;
    }
  };
}
