import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRope, ropeFields, writeRope } from '../../lib/model/files/hugging-face-rope';
import { type RopeScaling } from '../../lib/positional/rope-scaling';

const trainLength = 4096;

/** Fields of a `config.json` as they are read, without a model's other lengths. */
function read(fields: object) {
  const known = z.object(ropeFields).parse(fields);
  const maxPositions =
    'max_position_embeddings' in fields ? Number(fields.max_position_embeddings) : trainLength;
  return readRope(known, { trainLength, maxPositions }, 'config.json');
}

const factor = fc.double({ min: 1.01, max: 64, noNaN: true });
const originalLength = fc.integer({ min: 200, max: 20_000 }).filter((length) => length !== trainLength);
const scaling: fc.Arbitrary<RopeScaling> = fc.oneof(
  fc.record({ type: fc.constant('linear'), factor }),
  fc.record({ type: fc.constant('dynamic'), factor, originalLength }, { requiredKeys: ['type', 'factor'] }),
  fc.record(
    {
      type: fc.constant('yarn'),
      factor,
      alpha: fc.integer({ min: 2, max: 8 }),
      beta: fc.integer({ min: 10, max: 31 }),
      originalLength,
      ramp: fc.constant('pairs'),
    },
    { requiredKeys: ['type', 'factor', 'ramp'] },
  ),
);

describe('RoPE in a config.json', () => {
  it('is read as it was written', () => {
    const rope = fc.record(
      { base: fc.integer({ min: 2, max: 1_000_000 }).filter((base) => base !== 10_000), scaling },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rope, (config) => {
        const written: unknown = JSON.parse(
          JSON.stringify(writeRope({ kind: 'rope', ...config }, trainLength)),
        );
        expect(read(written as object)).toEqual({ kind: 'rope', ...config });
      }),
    );
  });

  it('is read from each of the forms that transformers has written it in', () => {
    const parameters = { factor: 2, beta_fast: 16, beta_slow: 3, original_max_position_embeddings: 2048 };
    const yarn = { type: 'yarn', factor: 2, alpha: 3, beta: 16, originalLength: 2048, ramp: 'pairs' };
    const expected = { kind: 'rope', base: 500, scaling: yarn };
    const named = { rope_type: 'yarn', ...parameters };
    expect(read({ rope_parameters: { ...named, rope_theta: 500 } })).toEqual(expected);
    expect(read({ rope_theta: 500, rope_scaling: named })).toEqual(expected);
    expect(read({ rope_theta: 500, rope_scaling: { type: 'yarn', ...parameters } })).toEqual(expected);
  });
});
