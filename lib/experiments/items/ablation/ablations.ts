// The ablations of bilevel encoding as values: models that differ from BiPE-RoPE or BiPE-ALiBi in
// one part. Each is an encoding and what ends its segments.

import { type EncodingConfig } from '../../../positional/registry';
import { segmentSlopeFactor } from '../../../positional/by-distance';
import { gateTokens } from '../../../positional/gated-alibi';
import { smallSines } from '../../charts/encoding-pairs';
import { type LikeEnds } from './ends-like';

/** Groups of ablations by what they vary. */
export const ablationGroups = {
  levels: 'Which level: place in the segment, index of the segment, or both',
  absolute: 'Which absolute encoding inside segments',
  relative: 'Which relative encoding between segments',
  separators: 'Where segments end (BiPE-RoPE)',
  ends: 'Where segments end, given, chosen or learned (BiPE-ALiBi)',
  slopes: 'Slopes of BiPE-ALiBi, times those of ALiBi',
  third: 'A third level: paragraphs around sentences',
} as const;

/** A group's name. */
export type AblationGroup = keyof typeof ablationGroups;

/** All of them, in the order of the table. */
export const ablationGroupNames = Object.keys(ablationGroups) as readonly AblationGroup[];

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
  readonly separators: readonly (string | readonly [] | LikeEnds)[];
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
    encoding: { kind: 'bipe', intra: learned, inter: alibi(segmentSlopeFactor) },
    separators: paper,
  };
  const alibiBetweenAlone: Ablation = {
    id: 'alibi_between_alone',
    label: 'segment alone, ALiBi',
    encoding: { kind: 'bipe', intra: none, inter: alibi(segmentSlopeFactor) },
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
        alibiBetweenAlone,
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
      return withEnds(bipeRope, '');
    case 'ends':
      return [
        ...withEnds(bipeAlibi, 'alibi_', [
          {
            ...bipeAlibi,
            id: 'alibi_rare',
            label: 'rare tokens, as frequent as sentences',
            separators: [{ like: 'frequency' }],
          },
        ]),
        { ...alibiBetweenAlone, label: 'full stop and newline, no place inside' },
        {
          id: 'gated_alibi',
          label: 'a gate learns them, no place inside',
          encoding: { kind: 'gated_alibi' },
          separators: [],
        },
        {
          id: 'alibi_tokens',
          label: 'no segments: ALiBi over tokens, as the gate begins',
          encoding: alibi(segmentSlopeFactor / gateTokens),
          separators: [],
        },
        {
          id: 'cope',
          label: 'CoPE: each query counts what it selects',
          encoding: { kind: 'cope' },
          separators: [],
        },
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

/** A model with the ends of the paper, and the same with others; the last has one segment. */
function withEnds(base: Ablation, prefix: string, further: readonly Ablation[] = []): Ablation[] {
  const ending = (name: string, label: string, ends: Ablation['separators'][number]): Ablation => ({
    ...base,
    id: `${prefix}${name}`,
    label,
    separators: [ends],
  });
  return [
    { ...base, label: 'full stop and newline' },
    ending('released', 'newline (released code)', 'released'),
    ending('every', 'every n tokens', { like: 'mean' }),
    ending('random', 'random, as long as sentences', { like: 'lengths' }),
    ...further,
    ending('no_ends', 'none: one segment', []),
  ];
}

/** Models that others are compared with. */
export const basesOfAblation: readonly string[] = ['bipe_rope', 'bipe_alibi'];

/** Relative encodings that the paper does not put between segments, as far as is known. */
export const relativeLabels = { xpos: 'xPos', t5: 'T5 bias', kerple: 'KERPLE', fire: 'FIRE' } as const;

/** The id of Llama 2's newline, and of vocabularies cut from it. */
const newline = '13';
