// What notebooks and other projects may use. Everything else in lib is internal.

export {
  ConfigError,
  DataError,
  MachineError,
  NetworkError,
  UsageError,
  WorkbenchError,
} from './base/errors';
