// Random inputs of a training step: a seed for dropout, positions for randomized encodings. They
// are drawn outside the step and passed with the batch, so that a captured step can be repeated and
// a resumed run draws the same.

import { z } from 'zod';
import { parseWith } from '../../base/schema';
import { type Batch, type BatchArray, type BatchSource, randomStateSchema } from '../../data/batches';
import { Random, type RandomState } from '../../engine/random/random';
import { type Decoder } from '../../model/decoder';

const stateSchema = z.strictObject({
  batches: z.unknown(),
  random: randomStateSchema,
});

/**
 * Adds random inputs that `decoder` needs to the batches of `source`: `dropoutSeed`, [2] int32;
 * `drawnPositions`, int32, one for each token of a sequence, the same for all sequences of a batch.
 * Returns the source itself if it needs none.
 *
 * @param time tokens of the longest sequence. Positions are drawn for so many, and a shorter batch
 *   has the first of them, as if it were padded.
 * @throws ConfigError if the encoding has fewer positions
 */
export function withRandomInputs(
  source: BatchSource,
  decoder: Decoder,
  time: number,
  random: Random,
): BatchSource {
  const { drawPositions } = decoder.encoding;
  const drops = (decoder.architecture.dropout ?? 0) > 0;
  if (!drops && drawPositions === undefined) return source;
  // An encoding that cannot draw so many positions fails now, not during the run.
  drawPositions?.(time, () => 0);
  let stream = random;
  const draw = (width: number): Record<string, BatchArray> => {
    const dropoutSeed = drops ? stream.integerArray(2, -(2 ** 31), 2 ** 31) : undefined;
    const drawn = drawPositions?.(time, () => stream.uniform()).slice(0, width);
    return {
      ...(dropoutSeed && { dropoutSeed: { values: dropoutSeed, shape: [2] } }),
      ...(drawn && { drawnPositions: { values: drawn, shape: [drawn.length] } }),
    };
  };
  return {
    next: async (): Promise<Batch> => {
      const batch = await source.next();
      const width = batch.arrays['ids']?.shape[1] ?? time;
      return { ...batch, arrays: { ...batch.arrays, ...draw(width) } };
    },
    state: (): { batches: unknown; random: RandomState } => ({
      batches: source.state(),
      random: stream.state(),
    }),
    restore: (saved) => {
      const state = parseWith(stateSchema, saved, 'state of batches');
      source.restore(state.batches);
      stream = Random.fromState(state.random);
    },
  };
}
