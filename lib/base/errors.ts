// Mistakes of a user and failures of a machine, one class for each kind. The message is one line:
// what is wrong, where, and how to mend it. Programming mistakes are assertions instead.

/** Base class of every expected failure; the command line prints the message alone. */
export abstract class WorkbenchError extends Error {
  /** Exit code of the command line: 1, the work failed; 2, the request was wrong. */
  abstract readonly exitCode: 1 | 2;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument or option that is wrong. */
export class UsageError extends WorkbenchError {
  readonly exitCode = 2;
}

/** A stored result was asked for, and there is none. */
export class NotRunError extends UsageError {}

/** A configuration that does not fit its schema. */
export class ConfigError extends WorkbenchError {
  readonly exitCode = 2;
}

/** A file that is missing, unreadable, not what it should be, or does not match its checksum. */
export class DataError extends WorkbenchError {
  readonly exitCode = 2;
}

/** Files of a run that changed since the run wrote them: restore them, or compute the run anew. */
export class DamagedRunError extends DataError {}

/**
 * Data that is not on this machine and cannot be fetched: no package, program or server has it. A
 * comparison may skip it.
 */
export class AbsentError extends DataError {}

/** A file that is no checkpoint, or the checkpoint of another model. */
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

/** A training that diverged: its loss is no longer finite. */
export class TrainingError extends WorkbenchError {
  readonly exitCode = 1;
}

/** A theorem's check that fails: the construction or the program has a defect. */
export class CheckError extends WorkbenchError {
  readonly exitCode = 1;
}

/** A run whose numbers differ from the reference. */
export class DifferenceError extends WorkbenchError {
  readonly exitCode = 1;
}

/** One line that describes an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, ...), if `error` is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
