// CoPE against its definition, in float64, with the gradients of that.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { cope } from '../../lib/positional/cope';
import { createEncoding } from '../../lib/positional/registry';
import { counting, randomParameters, randomVectors, scoresWithoutBias, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const time = 14;
const scale = 1 / Math.sqrt(shape.headDim);

/** Vectors by head, query or key, component; and the table by row. */
interface Numbers {
  readonly queries: number[][][];
  readonly keys: number[][][];
  readonly table: number[][];
}

const product = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, one, index) => sum + one * (right[index] ?? NaN), 0);

/** The score of a query and an earlier key of a head, and the key's position. */
function definition(
  { queries, keys, table }: Numbers,
  head: number,
  query: number,
  key: number,
): [score: number, position: number] {
  const asked = present(queries[head]?.[query], 'query');
  const content = (other: number): number => product(asked, present(keys[head]?.[other], 'key')) * scale;
  let position = 0;
  for (let other = key; other <= query; other += 1) position += 1 / (1 + Math.exp(-content(other)));
  const last = table.length - 1;
  const at = (row: number): number => product(asked, present(table[Math.min(row, last)], 'row')) * scale;
  const clipped = Math.min(position, last);
  const below = Math.floor(clipped);
  const share = clipped - below;
  return [content(key) + (1 - share) * at(below) + share * at(below + 1), position];
}

interface Case {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
  readonly table: tf.Tensor2D;
}

function caseOf(rows: number, seed: number): Case {
  const random = Random.fromSeed(seed);
  return {
    queries: randomVectors(1, time, random),
    keys: randomVectors(1, time, random),
    table: tf.mul([...randomParameters(cope({ rows }), random).values()][0] as tf.Tensor2D, 10),
  };
}

const numbersOf = ({ queries, keys, table }: Case): Numbers => ({
  queries: present(queries.arraySync()[0], 'batch'),
  keys: present(keys.arraySync()[0], 'batch'),
  table: table.arraySync(),
});

function scoresOf({ queries, keys, table }: Case): tf.Tensor4D {
  const tokens = [counting(time)] as const;
  const parameters = new Map([['model.cope.weight', table]]);
  return scoresWithoutBias(
    cope({ rows: table.shape[0] }).apply(tokens, tokens, shape, parameters),
    queries,
    keys,
  );
}

describe('CoPE', () => {
  it.each([64, 4, 1])('counts what the gate selects, with a table of %i rows', (rows) => {
    tf.tidy(() => {
      const at = caseOf(rows, 1);
      const numbers = numbersOf(at);
      scoresOf(at)
        .arraySync()[0]
        ?.forEach((queries, head) => {
          queries.forEach((row, query) => {
            row.slice(0, query + 1).forEach((score, key) => {
              expect(score).toBeCloseTo(definition(numbers, head, query, key)[0], 4);
            });
          });
        });
    });
  });

  it('has the gradients of finite differences in float64, away from whole positions', () => {
    tf.tidy(() => {
      const at = caseOf(5, 2);
      const numbers = numbersOf(at);
      const random = Random.fromSeed(3);
      // A position at which the interpolation has a kink is left out; the clip has one at the end.
      const step = 1e-6;
      const weights = Array.from({ length: shape.numHeads }, (_, head) =>
        Array.from({ length: time }, (_, query) =>
          Array.from({ length: time }, (_, key) => {
            const weight = random.normal();
            if (key > query) return 0;
            const [, position] = definition(numbers, head, query, key);
            return Math.abs(position - Math.round(position)) < 1e-3 ? 0 : weight;
          }),
        ),
      );
      const gradients = tf.grads((queries: tf.Tensor, keys: tf.Tensor, table: tf.Tensor) =>
        tf.sum(tf.mul(scoresOf({ queries, keys, table } as Case), tf.tensor4d([weights]))),
      )([at.queries, at.keys, at.table]);
      const loss = (numbers: Numbers): number =>
        weights
          .flatMap((rows, head) =>
            rows.flatMap((row, query) =>
              row.map((weight, key) =>
                weight === 0 ? 0 : weight * definition(numbers, head, query, key)[0],
              ),
            ),
          )
          .reduce((sum, one) => sum + one, 0);
      (['queries', 'keys', 'table'] as const).forEach((name, place) => {
        const direction = random.normalArray(at[name].size);
        let next = 0;
        const moved = (value: unknown, by: number): unknown => {
          if (Array.isArray(value)) return value.map((one: unknown) => moved(one, by));
          next += 1;
          return (value as number) + by * (direction[next - 1] ?? NaN);
        };
        const along = (by: number): number => {
          next = 0;
          return loss({ ...numbers, [name]: moved(numbers[name], by) });
        };
        const expected = (along(step) - along(-step)) / (2 * step);
        const gradient = Array.from(present(gradients[place], name).dataSync());
        const actual = gradient.reduce((sum, one, index) => sum + one * (direction[index] ?? NaN), 0);
        expect(Math.abs(actual - expected), name).toBeLessThan(1e-3 * (1 + Math.abs(expected)));
      });
    });
  });

  it('starts as NoPE, since its table is 0', () => {
    expect(cope().parameters(shape)).toEqual([
      { name: 'model.cope.weight', shape: [64, shape.headDim], initial: 0 },
    ]);
  });

  it('stands neither inside nor between segments, nor at random positions', () => {
    const kind = { kind: 'cope' } as const;
    for (const config of [
      { kind: 'bipe', intra: { kind: 'none' }, inter: kind },
      { kind: 'bipe', intra: kind, inter: { kind: 'none' } },
      { kind: 'randomized', encoding: kind, maxPosition: 2048 },
    ])
      expect(() => createEncoding(config as never)).toThrow(/cope is not allowed here; choose /);
  });
});
