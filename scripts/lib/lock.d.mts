// Types of lock.mjs, for lib and the tests.

/** Who holds a lock. */
export interface LockHolder {
  /** In words. */
  name: string;
  /** Whether it is this very process. */
  isSelf: boolean;
}

export function takeLock(
  path: string,
): { release: () => void; holder?: undefined } | { holder: LockHolder; release?: undefined };
