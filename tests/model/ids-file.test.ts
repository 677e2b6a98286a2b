import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../lib/base/errors';
import { checkIds } from '../../lib/model/files/ids-file';

describe('ids of a file', () => {
  const check = (...values: number[]): void => {
    checkIds({ shape: [2, 3], values: Int32Array.from(values) }, 13, 'a.safetensors');
  };

  it('may be any of the model', () => {
    check(0, 12, 3, 4, 5, 6);
  });

  it.each([
    [[0, 1, 2, 3, 99, 5], 'a.safetensors: input_ids[1, 1] is 99; the model’s ids go from 0 to 12'],
    [[0, 1, 13, 3, 4, 5], 'a.safetensors: input_ids[0, 2] is 13; the model’s ids go from 0 to 12'],
    [[-1, 1, 2, 3, 4, 5], 'a.safetensors: input_ids[0, 0] is -1; the model’s ids go from 0 to 12'],
  ])('are told with their place where the model has no such one: %j', (values, message) => {
    expect(() => {
      check(...values);
    }).toThrow(new CheckpointError(message.replace('’', "'")));
  });
});
