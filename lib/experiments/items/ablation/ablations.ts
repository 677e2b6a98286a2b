// The ablations of bilevel encoding as values: models that differ from BiPE-RoPE or BiPE-ALiBi in
// one part. Each is an encoding and what ends its segments.

import { type EncodingConfig } from '../../../positional/registry';
import { type SegmentRule } from '../../../segment/ends';
import { smallSines } from '../../charts/encoding-pairs';

/** Groups of ablations by what they vary. */
export const ablationGroups = {
  levels: 'Which level: place in the segment, index of the segment, or both',
  absolute: 'Which absolute encoding inside segments',
  relative: 'Which relative encoding between segments',
  separators: 'Where segments end (BiPE-RoPE)',
  slopes: 'Slopes of BiPE-ALiBi, times those of ALiBi',
  third: 'A third level: paragraphs around sentences',
} as const;

/** A group's name. */
export type AblationGroup = keyof typeof ablationGroups;

/** All of them, in the order of the table. */
export const ablationGroupNames = Object.keys(ablationGroups) as readonly AblationGroup[];

/** Segments that are to be like those that `paper`'s separators cut, in their lengths alone. */
export interface LikePaper {
  /** Each as long as those are on average, or each as long as one of those, drawn at random. */
  readonly like: 'mean' | 'lengths';
}

/** A model of the comparison. */
export interface Ablation {
  /** A name of its own. */
  readonly id: string;
  /** For readers; within its group it says what differs. */
  readonly label: string;
  readonly encoding: EncodingConfig;
  /**
   * Segment ends of each level but the outermost, innermost first: `paper`, `released` or ids; an
   * empty list for none; or a rule.
   */
  readonly separators: readonly (string | readonly [] | LikePaper)[];
}

const paper = ['paper'] as const;
const none = { kind: 'none' } as const;

/**
 * The models of a group, in the order of the table: models may be in several groups.
 *
 * @param rows of the learned tables
 */
export function ablationsOf(group: AblationGroup, rows: number): readonly Ablation[] {
  const learned = { kind: 'learned', rows } as const;
  const rope = { kind: 'rope' } as const;
  const alibi = (slopeFactor: number) => ({ kind: 'alibi', slopeFactor }) as const;
  const bipeRope: Ablation = {
    id: 'bipe_rope',
    label: 'BiPE-RoPE',
    encoding: { kind: 'bipe', intra: learned, inter: rope },
    separators: paper,
  };
  const bipeAlibi: Ablation = {
    id: 'bipe_alibi',
    label: 'BiPE-ALiBi',
    encoding: { kind: 'bipe', intra: learned, inter: alibi(96) },
    separators: paper,
  };
  switch (group) {
    case 'levels':
      return [
        { ...bipeRope, label: 'both, RoPE between segments' },
        { ...bipeAlibi, label: 'both, ALiBi between segments' },
        {
          id: 'place_alone',
          label: 'place in the segment alone',
          encoding: { kind: 'bipe', intra: learned, inter: none },
          separators: paper,
        },
        {
          id: 'rope_between_alone',
          label: 'segment alone, RoPE',
          encoding: { kind: 'bipe', intra: none, inter: rope },
          separators: paper,
        },
        {
          id: 'alibi_between_alone',
          label: 'segment alone, ALiBi',
          encoding: { kind: 'bipe', intra: none, inter: alibi(96) },
          separators: paper,
        },
        { id: 'none', label: 'neither', encoding: none, separators: [] },
      ];
    case 'absolute':
      return [
        { ...bipeRope, label: 'learned, RoPE between' },
        {
          id: 'sinusoidal_rope',
          label: 'sinusoidal, RoPE between',
          encoding: { kind: 'bipe', intra: smallSines, inter: rope },
          separators: paper,
        },
        { ...bipeAlibi, label: 'learned, ALiBi between' },
        {
          id: 'sinusoidal_alibi',
          label: 'sinusoidal, ALiBi between',
          encoding: { kind: 'bipe', intra: smallSines, inter: alibi(96) },
          separators: paper,
        },
      ];
    case 'relative':
      return [
        { ...bipeRope, label: 'RoPE' },
        { ...bipeAlibi, label: 'ALiBi' },
        ...(['xpos', 't5', 'kerple', 'fire'] as const).map((kind) => ({
          id: `bipe_${kind}`,
          label: relativeLabels[kind],
          encoding: { kind: 'bipe', intra: learned, inter: { kind } } as const,
          separators: paper,
        })),
      ];
    case 'separators':
      return [
        { ...bipeRope, label: 'full stop and newline' },
        { ...bipeRope, id: 'released', label: 'newline (released code)', separators: ['released'] },
        { ...bipeRope, id: 'every', label: 'every n tokens', separators: [{ like: 'mean' }] },
        {
          ...bipeRope,
          id: 'random',
          label: 'random, as long as sentences',
          separators: [{ like: 'lengths' }],
        },
        { ...bipeRope, id: 'no_ends', label: 'none: one segment', separators: [[]] },
      ];
    case 'slopes':
      return [
        ...[1, 8, 32].map((factor) => ({
          ...bipeAlibi,
          id: `slopes_${factor}`,
          label: String(factor),
          encoding: { kind: 'bipe', intra: learned, inter: alibi(factor) } as const,
        })),
        { ...bipeAlibi, label: '96 (released code)' },
      ];
    case 'third':
      return [
        { ...bipeRope, label: 'two levels' },
        {
          id: 'three_levels',
          label: 'three: place, sentence, paragraph',
          encoding: { kind: 'bipe', intra: learned, inter: { kind: 'bipe', intra: learned, inter: rope } },
          separators: ['paper', newline],
        },
      ];
  }
}

/** Models that others are compared with. */
export const basesOfAblation: readonly string[] = ['bipe_rope', 'bipe_alibi'];

/** Relative encodings that the paper does not put between segments, as far as is known. */
export const relativeLabels = { xpos: 'xPos', t5: 'T5 bias', kerple: 'KERPLE', fire: 'FIRE' } as const;

/** The id of Llama 2's newline, and of vocabularies cut from it. */
const newline = '13';

/** Rules that cut as long segments as these, whatever the text says. */
export interface RulesLike {
  readonly mean: SegmentRule;
  readonly lengths: SegmentRule;
}

/** Values that stand for a distribution. */
const quantiles = 64;

/**
 * Rules whose segments are as long as given ones.
 *
 * @param lengths of segments, at least one
 */
export function rulesLike(lengths: ArrayLike<number>, seed: number): RulesLike {
  const sorted = Int32Array.from(lengths).sort();
  const mean = sorted.reduce((sum, length) => sum + length, 0) / sorted.length;
  const at = (place: number): number => sorted[Math.floor(((place + 0.5) / quantiles) * sorted.length)] ?? 1;
  return {
    mean: { kind: 'every', tokens: Math.max(1, Math.round(mean)) },
    lengths: { kind: 'random', lengths: Array.from({ length: quantiles }, (_, place) => at(place)), seed },
  };
}
