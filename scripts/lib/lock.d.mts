// Types of lock.mjs, for lib and the tests.

/** The holder of a lock. */
export interface LockHolder {
  /** Its description. */
  name: string;
  /** Whether it is this process. */
  isSelf: boolean;
}

export function takeLock(
  path: string,
): { release: () => void; holder?: undefined } | { holder: LockHolder; release?: undefined };
