import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AbsentError,
  CaptureError,
  CheckError,
  CheckpointError,
  ConfigError,
  DataError,
  MachineError,
  messageOf,
  NetworkError,
  systemCode,
  TrainingError,
  UsageError,
  WorkbenchError,
} from '../../lib/base/errors';

describe('an expected failure', () => {
  it.each([
    ['UsageError', UsageError, 2],
    ['ConfigError', ConfigError, 2],
    ['DataError', DataError, 2],
    ['AbsentError', AbsentError, 2],
    ['CheckpointError', CheckpointError, 2],
    ['NetworkError', NetworkError, 1],
    ['MachineError', MachineError, 1],
    ['CaptureError', CaptureError, 1],
    ['TrainingError', TrainingError, 1],
    ['CheckError', CheckError, 1],
  ] as const)('of kind %s has its name, its message, its cause and its exit code', (name, kind, exitCode) => {
    const cause = new Error('cause');
    const error = new kind('what, where, how', { cause });
    expect(error).toBeInstanceOf(WorkbenchError);
    expect(error).toMatchObject({ name, message: 'what, where, how', exitCode, cause });
  });

  it('of data that nobody has is one of data', () => {
    expect(new AbsentError('')).toBeInstanceOf(DataError);
  });
});

describe('whatever was thrown', () => {
  it('is one line', () => {
    expect([new TypeError('no'), 'text', 7, undefined, null].map(messageOf)).toEqual([
      'no',
      'text',
      '7',
      'undefined',
      'null',
    ]);
  });

  it('has the code of the system, if it has one', () => {
    const thrown = (): unknown => {
      try {
        return readFileSync('/none/such');
      } catch (error) {
        return error;
      }
    };
    expect(systemCode(thrown())).toBe('ENOENT');
    expect([new Error('no'), 'ENOENT', null, undefined, { code: 7 }].map(systemCode)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});
