/**
 * Errors that a user can make, one class for each kind; all are a `WorkbenchError`.
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
