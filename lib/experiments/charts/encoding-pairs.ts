// The encodings that the paper's comparisons are about, as values that items and their drawings
// share.

import { type EncodingConfig } from '../../positional/registry';
import { hasEncodingStyle } from '../../report/style';

/**
 * Bilevel encodings by name, each with that of one level which it has between segments: what their
 * difference is measured on.
 */
export const bilevelPairs = [
  ['bipe_rope', 'rope'],
  ['bipe_alibi', 'alibi'],
] as const;

/** The names of those four. */
export const mainFour: readonly string[] = bilevelPairs.flat();

/** Further encodings that the largest comparisons have. */
export const furtherEncodings: readonly string[] = ['sinusoidal', 'xpos', 'randomized_rope', 't5', 'none'];

/**
 * Encodings of the reader's own, which no figure of the project has, each with those of the four
 * beside which it was measured.
 */
export function ownPairs(names: readonly string[]): (readonly [own: string, other: string])[] {
  const others = mainFour.filter((name) => names.includes(name));
  return [...new Set(names)]
    .filter((name) => !hasEncodingStyle(name))
    .flatMap((own) => others.map((other) => [own, other] as const));
}

/**
 * Sines as large as the embeddings they are added to, which begin with a deviation of 0.02: the
 * proportion of the source, where both have one of about 1.
 */
export const smallSines = { kind: 'sinusoidal', scale: 0.02 } as const satisfies EncodingConfig;
