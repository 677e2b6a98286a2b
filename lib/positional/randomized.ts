// Randomized positions: a sequence is trained at positions drawn in ascending order from a range
// longer than any training sequence, so that no position is new at a greater length. Ruoss et al.
// 2023, "Randomized Positional Encodings Boost Length Generalization of Transformers" (arXiv
// 2305.16843), section 3.
//
// Positions are drawn once for a batch, for all its tokens and layers. The authors' code
// (google-deepmind/randomized_positional_encodings) draws anew in each layer; its noisy RoPE and
// sines draw positions too, but its noisy ALiBi draws distances, equal along each diagonal.
// `randomized(alibi())` is ALiBi at drawn positions instead.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { countUpTo } from '../base/schema';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings } from './kind';

/** Settings; `Part` is the configuration of the encoding that is randomized. */
export interface RandomizedConfig<Part> {
  readonly kind: 'randomized';
  /** The encoding at the drawn positions, of one level. */
  readonly encoding: Part;
  /** Positions are drawn below this; the paper uses 2,048 for training at up to 40 tokens. */
  readonly maxPosition: number;
}

/**
 * Trains an encoding at random positions.
 *
 * @throws ConfigError if it has several levels, whose positions in a segment and segment indices
 *   are fixed, or if its numbers overflow at positions that may be drawn
 */
export function randomized(
  encoding: Encoding,
  { maxPosition }: Pick<Settings<RandomizedConfig<never>>, 'maxPosition'>,
): Encoding {
  if (encoding.levels !== 1)
    throw new ConfigError(
      `encoding randomized: ${encoding.name} has ${encoding.levels} levels; give one of one level`,
    );
  const { highestPosition = Infinity } = encoding;
  if (maxPosition - 1 > highestPosition)
    throw new ConfigError(
      `encoding randomized: maxPosition ${maxPosition}; in float32 ${encoding.name} supports positions up to ${highestPosition}: lower maxPosition`,
    );
  return {
    ...encoding,
    name: `randomized_${encoding.name}`,
    seesLength: true,
    drawPositions: (length, uniform) => drawAscending(length, maxPosition, uniform),
  };
}

/**
 * Draws `length` different whole numbers in [0, limit), ascending, every set equally likely:
 * Floyd's algorithm (Bentley and Floyd 1987, "A Sample of Brilliance"), which draws `length` times.
 *
 * @throws ConfigError if `limit` is too small
 */
function drawAscending(length: number, limit: number, uniform: () => number): Int32Array {
  if (length > limit) {
    throw new ConfigError(
      `encoding randomized: ${length} tokens do not fit into maxPosition ${limit}; raise maxPosition`,
    );
  }
  const drawn = new Set<number>();
  for (let last = limit - length; last < limit; last += 1) {
    const candidate = Math.floor(uniform() * (last + 1));
    drawn.add(drawn.has(candidate) ? last : candidate);
  }
  return Int32Array.from(drawn).sort();
}

/**
 * Randomized encodings for the registry.
 *
 * @param schema of the encodings that can be randomized
 * @param create makes one of them
 */
export function randomizedKind<Part>(
  schema: z.ZodType<Part>,
  create: (config: Part) => Encoding,
): EncodingKind<RandomizedConfig<Part>> {
  return {
    kind: 'randomized',
    schema: z.strictObject({
      kind: z.literal('randomized'),
      encoding: schema,
      maxPosition: countUpTo(2 ** 31),
    }),
    create: ({ encoding, maxPosition }) => randomized(create(encoding), { maxPosition }),
  };
}
