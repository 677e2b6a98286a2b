import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as errors from '../../lib/base/errors';
import { messageOf, systemCode, WorkbenchError } from '../../lib/base/errors';

describe('an expected failure', () => {
  it.each([
    ['UsageError', 2],
    ['ConfigError', 2],
    ['DataError', 2],
    ['AbsentError', 2],
    ['CheckpointError', 2],
    ['NetworkError', 1],
    ['MachineError', 1],
    ['CaptureError', 1],
    ['TrainingError', 1],
    ['CheckError', 1],
  ] as const)('of kind %s has its name, its message, its cause and exit code %d', (name, exitCode) => {
    const cause = new Error('cause');
    const error = new errors[name]('what, where, how', { cause });
    expect(error).toBeInstanceOf(WorkbenchError);
    expect(error).toMatchObject({ name, message: 'what, where, how', exitCode, cause });
  });

  it('of data that nobody has is one of data', () => {
    expect(new errors.AbsentError('')).toBeInstanceOf(errors.DataError);
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
