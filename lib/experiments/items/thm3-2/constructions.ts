// The constructions by name: how they are called and drawn, in figures, tables and findings.

import { constructionStyles, type SeriesStyle } from '../../../report/style';

/** A construction, by the encoding of its networks. */
export type Construction = keyof typeof constructionStyles;

/** How a construction is called and drawn. */
export interface ConstructionWords {
  /** Its name in a word, for columns. */
  readonly way: string;
  readonly style: SeriesStyle;
  /** The formula of its coordinates for relations and sets. */
  readonly bound: string;
}

/** All constructions. */
export const constructions: Readonly<Record<Construction, ConstructionWords>> = {
  bipe: { way: 'bilevel', style: constructionStyles.bipe, bound: 'k² + |S|²' },
  compact: { way: 'compact', style: constructionStyles.compact, bound: '2k² + 3|S|² + 3k + 6' },
  ape: { way: 'flattened', style: constructionStyles.ape, bound: '(k |S|)²' },
  carried: { way: 'carried', style: constructionStyles.carried, bound: '2n' },
  spread: { way: 'spread', style: constructionStyles.spread, bound: '5n' },
};
