import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { Random } from '../../lib/engine/random/random';
import { createDecoder } from '../../lib/model/config';
import { type BatchSource } from '../../lib/data/batches';
import { withRandomInputs } from '../../lib/train/tasks/random-inputs';
import { smallConfig } from '../model/small';

/** Batches that say how many there were, of so many tokens. */
function counting(width = 5): BatchSource {
  let count = 0;
  return {
    next: () => ({
      arrays: { ids: { values: new Int32Array(width).fill((count += 1)), shape: [1, width] } },
      weight: 2,
      tokens: 3,
    }),
    state: () => ({ count }),
    restore: (state) => {
      ({ count } = state as { count: number });
    },
  };
}

describe('what a step needs of chance', () => {
  const decoderWith = (encoding: string, dropout?: number) =>
    createDecoder(smallConfig(encoding, dropout === undefined ? {} : { dropout }));

  it('is nothing where nothing is drawn', () => {
    const source = counting();
    for (const dropout of [undefined, 0])
      expect(withRandomInputs(source, decoderWith('rope', dropout), 5, Random.fromSeed(1))).toBe(source);
  });

  it('is drawn with each batch from the stream: a seed of dropout, then positions', async () => {
    const decoder = decoderWith('randomized_rope', 0.1);
    const source = withRandomInputs(counting(), decoder, 5, Random.fromSeed(1));
    const stream = Random.fromSeed(1);
    for (let count = 1; count <= 3; count += 1) {
      const dropoutSeed = stream.integerArray(2, -(2 ** 31), 2 ** 31);
      const drawnPositions = decoder.encoding.drawPositions?.(5, () => stream.uniform());
      expect(await source.next()).toEqual({
        arrays: {
          ids: { values: new Int32Array(5).fill(count), shape: [1, 5] },
          dropoutSeed: { values: dropoutSeed, shape: [2] },
          drawnPositions: { values: drawnPositions, shape: [5] },
        },
        weight: 2,
        tokens: 3,
      });
    }
  });

  it('is for a shorter batch what a padded one would have of it', async () => {
    const decoder = decoderWith('randomized_rope', 0.1);
    const make = (width: number): BatchSource =>
      withRandomInputs(counting(width), decoder, 9, Random.fromSeed(1));
    const [whole, cut] = [make(9), make(4)];
    for (let count = 0; count < 3; count += 1) {
      const [{ arrays: long }, { arrays: short }] = [await whole.next(), await cut.next()];
      expect(short['dropoutSeed']).toEqual(long['dropoutSeed']);
      expect(short['drawnPositions']).toEqual({
        values: long['drawnPositions']?.values.slice(0, 4),
        shape: [4],
      });
    }
  });

  it.each([
    ['rope', 0.1, ['ids', 'dropoutSeed']],
    ['randomized_rope', undefined, ['ids', 'drawnPositions']],
  ] as const)('of %s with dropout %s is %j', async (encoding, dropout, names) => {
    const source = withRandomInputs(counting(), decoderWith(encoding, dropout), 5, Random.fromSeed(1));
    expect(Object.keys((await source.next()).arrays)).toEqual(names);
  });

  it('goes on where it was, with the batches', async () => {
    const make = (seed: number): BatchSource =>
      withRandomInputs(counting(), decoderWith('randomized_rope', 0.1), 5, Random.fromSeed(seed));
    const source = make(1);
    for (let step = 0; step < 3; step += 1) await source.next();
    const resumed = make(2);
    resumed.restore(JSON.parse(JSON.stringify(source.state())));
    for (let step = 0; step < 3; step += 1) expect(await resumed.next()).toEqual(await source.next());
  });

  it('is refused at once where the encoding has too few positions', () => {
    const decoder = decoderWith('randomized_rope');
    expect(() => withRandomInputs(counting(), decoder, 1e9, Random.fromSeed(1))).toThrow(ConfigError);
  });
});
