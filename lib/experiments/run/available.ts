// Comparisons measure what this machine can have of what was asked for, and name the rest. What
// cannot be had is one thing; a damaged file, a full disk or a defect of the program is another,
// and nothing is measured then: it would be measured on less, for hours.

import { AbsentError, NetworkError, type WorkbenchError } from '../../base/errors';

/** Something that cannot be had here. */
export interface Absent<Wanted> {
  readonly wanted: Wanted;
  /** Its message says why, and how to mend it. */
  readonly error: WorkbenchError;
}

/** The wanted things that can be had, in that order, and those that cannot. */
export interface Available<Wanted, Had> {
  readonly had: readonly Had[];
  readonly absent: readonly Absent<Wanted>[];
}

/**
 * Gets one thing after the other, and does without those that are not on this machine and cannot be
 * brought onto it.
 *
 * @throws whatever else `get` throws
 */
export async function available<Wanted, Had>(
  wanted: readonly Wanted[],
  get: (one: Wanted) => Promise<Had>,
): Promise<Available<Wanted, Had>> {
  const had: Had[] = [];
  const absent: Absent<Wanted>[] = [];
  for (const one of wanted) {
    try {
      had.push(await get(one));
    } catch (error) {
      if (!(error instanceof AbsentError) && !(error instanceof NetworkError)) throw error;
      absent.push({ wanted: one, error });
    }
  }
  return { had, absent };
}

/** A line for each name that cannot be had. */
export function absentNames(absent: readonly Absent<string>[]): string[] {
  return absent.map(({ wanted, error }) => `${wanted}: ${error.message}`);
}

/** A sentence that names what is missing; nothing if nothing is. */
export function notMeasured(missing: readonly string[]): string {
  return missing.length === 0 ? '' : ` Not measured on this machine: ${missing.join('; ')}.`;
}
