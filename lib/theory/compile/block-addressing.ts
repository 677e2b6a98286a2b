// Weights with which a head finds tokens by their block of places and their index in it. Blocks are
// found by a sum of cosines, as places are (`addressing.ts`): m for the right one, at most m - 2
// for any other. An index that is asked for adds 2. So the tokens that match score m + 2, others at
// most m, and the start token, which is found where none matches, m + 1. If all tokens of a block
// are asked for, the scores are m, m - 2 and m - 1.

import { blockNamed, type Layout } from '../network/layout';
import { type BlockSource, type CopyHead, type Matrix, put, zeros } from '../network/network';
import { columnRegister } from './spread';

/** How much an index that is asked for adds to a score, before the sharpness. */
const indexWeight = 2;

/** The columns of the table of places of an index, after the cosines and sines of the block. */
export function indexCoordinates(layout: Layout, blockLength: number): number[] {
  const { start, columns } = blockNamed(layout, 'place');
  const first = start + columns.length - blockLength;
  return Array.from({ length: blockLength }, (_, index) => first + index);
}

/** Puts the addresses of places into their table: no address for the start, then blocks of n. */
export function putBlocks(
  table: Matrix,
  { layout, frequencies, blockLength }: Omit<BlockHeadOptions, 'sharpness'>,
): void {
  const place = blockNamed(layout, 'place');
  const index = indexCoordinates(layout, blockLength);
  for (let row = 1; row < table.rows; row++) {
    const block = Math.floor((row - 1) / blockLength);
    frequencies.forEach((frequency, pair) => {
      put(table, row, place.start + pair, Math.cos(frequency * block));
      put(table, row, place.start + frequencies.length + pair, Math.sin(frequency * block));
    });
    put(table, row, index[(row - 1) % blockLength] ?? -1, 1);
  }
}

/** The settings that all heads share. */
export interface BlockHeadOptions {
  readonly layout: Layout;
  /** Frequencies of blocks: [pairs] */
  readonly frequencies: Float64Array;
  readonly blockLength: number;
  /** The factor of scores: a gap of 1 becomes one of `sharpness`. */
  readonly sharpness: number;
}

/** The head that copies from tokens of a block. */
export function blockHead(
  { register, source, value }: Pick<CopyHead, 'register' | 'value'> & { readonly source: BlockSource },
  { layout, frequencies, blockLength, sharpness }: BlockHeadOptions,
): CopyHead {
  const pairs = frequencies.length;
  const columns = 2 * pairs + blockLength + 1;
  const [query, key] = [zeros(layout.width, columns), zeros(layout.width, columns)];
  const [one, start] = [blockNamed(layout, 'one').start, blockNamed(layout, 'start').start];
  const place = blockNamed(layout, 'place').start;
  frequencies.forEach((frequency, pair) => {
    const turn = frequency * source.back;
    const [cosine, sine] = [place + pair, place + pairs + pair];
    put(query, cosine, pair, sharpness * Math.cos(turn));
    put(query, sine, pair, sharpness * Math.sin(turn));
    put(query, sine, pairs + pair, sharpness * Math.cos(turn));
    put(query, cosine, pairs + pair, -sharpness * Math.sin(turn));
    put(key, cosine, pair, 1);
    put(key, sine, pairs + pair, 1);
  });
  indexCoordinates(layout, blockLength).forEach((coordinate, index) => {
    put(key, coordinate, 2 * pairs + index, 1);
  });
  if (source.at === 'marked') {
    const column = blockNamed(layout, columnRegister);
    for (let index = 0; index < blockLength; index++)
      put(query, column.start + 1 + index, 2 * pairs + index, indexWeight * sharpness);
  } else if (source.at !== 'all') put(query, one, 2 * pairs + source.at, indexWeight * sharpness);
  const startScore = source.at === 'all' ? pairs - 1 : pairs + indexWeight - 1;
  put(query, one, columns - 1, sharpness * startScore);
  put(key, start, columns - 1, 1);
  return { register, source, query, key, value };
}
