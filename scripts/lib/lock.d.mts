// Types of lock.mjs, for lib and the tests.

/** The holder of a lock. */
export interface LockHolder {
  /** Its description. */
  name: string;
  /** Whether it is this process. */
  isSelf: boolean;
}

/** A lock that was taken. */
export interface HeldLock {
  release: () => void;
  /** False once another machine has taken it over. */
  isHeld: () => boolean;
  holder?: undefined;
}

export function takeLock(
  path: string,
): HeldLock | { holder: LockHolder; release?: undefined; isHeld?: undefined };

export function isSilent(heardAt: number, now: number): boolean;
