// The mistakes a user can make and the trouble a machine can give, one class a kind. The message is
// one line: what is wrong, where, and how to mend it. A programming mistake is an assertion, not
// one of these.

/**
 * What every expected failure of the workbench extends; the command line prints its message alone.
 */
export abstract class WorkbenchError extends Error {
  /** Exit code of the command line: 1, the work failed; 2, what was asked for is not right. */
  abstract readonly exitCode: 1 | 2;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument or option that is not right. */
export class UsageError extends WorkbenchError {
  readonly exitCode = 2;
}

/** A result that was asked for without computing it, and that is not there. */
export class NotRunError extends UsageError {}

/** A configuration that does not fit its schema. */
export class ConfigError extends WorkbenchError {
  readonly exitCode = 2;
}

/** A file that is missing, unreadable, not what it should be, or does not match its checksum. */
export class DataError extends WorkbenchError {
  readonly exitCode = 2;
}

/** Files of a run that are not what the run wrote: they can be put back, or made anew. */
export class DamagedRunError extends DataError {}

/**
 * Data that is not on this machine, and that it cannot get: no package, no program, no server has
 * it. A comparison may do without.
 */
export class AbsentError extends DataError {}

/** A checkpoint that is not one, or not of the model it is to be. */
export class CheckpointError extends WorkbenchError {
  readonly exitCode = 2;
}

/** A download that could not be completed. */
export class NetworkError extends WorkbenchError {
  readonly exitCode = 1;
}

/** Something this machine lacks: a backend, a browser, a disk with room. */
export class MachineError extends WorkbenchError {
  readonly exitCode = 1;
}

/** Work that another process is at, or this one already is. */
export class LockedError extends MachineError {}

/** A function of tensors that cannot become one native graph, or whose graph fails. */
export class CaptureError extends WorkbenchError {
  readonly exitCode = 1;
}

/** A training that went wrong: the loss is no number any more. */
export class TrainingError extends WorkbenchError {
  readonly exitCode = 1;
}

/** A theorem's check that does not hold: a defect of the construction or of the program. */
export class CheckError extends WorkbenchError {
  readonly exitCode = 1;
}

/** A run whose numbers are not those of the reference. */
export class DifferenceError extends WorkbenchError {
  readonly exitCode = 1;
}

/** The one line that says what an unknown thrown value is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, ...), if `error` is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
