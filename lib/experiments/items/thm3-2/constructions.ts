// The constructions by name: how they are called and drawn, in figures, tables and findings.

import { encodingStyles, type SeriesStyle } from '../../../report/style';

/** A construction, by the encoding of its networks. */
export type Construction = 'bipe' | 'compact' | 'ape' | 'carried' | 'spread';

/** How a construction is called and drawn. */
export interface ConstructionWords {
  readonly name: string;
  /** In a word, for columns. */
  readonly way: string;
  readonly style: SeriesStyle;
  /** The formula of its coordinates for relations and sets. */
  readonly bound: string;
}

/** All constructions; the style is that of the positions, and the last two have their own. */
export const constructions: Readonly<Record<Construction, ConstructionWords>> = {
  bipe: { name: 'Bilevel positions', way: 'bilevel', style: encodingStyles.bipe_rope, bound: 'k² + |S|²' },
  compact: {
    name: 'Absolute positions, compact',
    way: 'compact',
    style: encodingStyles.sinusoidal,
    bound: '2k² + 3|S|² + 3k + 6',
  },
  ape: {
    name: 'Absolute positions, flattened',
    way: 'flattened',
    style: encodingStyles.learned,
    bound: '(k |S|)²',
  },
  carried: {
    name: 'Absolute positions, set carried',
    way: 'carried',
    style: encodingStyles.bipe_alibi,
    bound: '2n',
  },
  spread: {
    name: 'Absolute positions, columns spread',
    way: 'spread',
    style: encodingStyles.xpos,
    bound: '5n',
  },
};
