/**
 * Errors that a user can make, one class for each kind; all are a `WorkbenchError`.
 *
 * @example
 * ```ts
 * import { errors, texts } from 'bipe-workbench';
 *
 * try {
 *   await texts.getTokenizer('lama2');
 * } catch (error) {
 *   if (error instanceof errors.UsageError) console.log(error.message.split(';')[0]);
 * }
 * ```
 *
 * @module
 */

export {
  CaptureError,
  CheckError,
  ConfigError,
  DataError,
  MachineError,
  NetworkError,
  UsageError,
} from '../base/errors';
