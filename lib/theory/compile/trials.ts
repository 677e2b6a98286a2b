// Tries each feed-forward block of a compiled network on its own, in float32: the largest error of
// the residual stream afterwards, at any coordinate. Relations are random, tokens are the
// network's; coordinates that are not the block's must stay unchanged.

import { Random } from '../../engine/random/random';
import { float32 } from '../lemmas/certificate';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Block, blockNamed, coordinateOf, blockSize } from '../network/layout';
import type { Mlp } from '../network/mlp';
import type { Network } from '../network/network';
import { room } from './count-error';
import type { Instruction, Register } from './program';

/** Connections followed by a block's trials, about: large blocks are tried less often. */
const effort = 6e6;

/** The number of trials of a block, from `least` to `most`. */
function tries({ inputIndex, outputIndex }: Mlp, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(effort / (inputIndex.length + outputIndex.length))));
}

/**
 * The largest difference from `wanted` after a block has added its output; infinite if one is NaN.
 */
function errorAfter(mlp: Mlp, residual: Float64Array, wanted: Float64Array): number {
  const added = evaluateMlp(mlp, residual, float32.round);
  let largest = 0;
  wanted.forEach((value, coordinate) => {
    const found = float32.round((residual[coordinate] ?? 0) + (added[coordinate] ?? 0));
    const error = Math.abs(found - value);
    largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(largest, error);
  });
  return largest;
}

/** The embedding of a token at the first place: [width]. */
export function streamOf({ embedding, places }: Network, token: number): Float64Array {
  const { columns } = embedding;
  return Float64Array.from({ length: columns }, (_, column) =>
    float32.round(
      float32.round(embedding.values[token * columns + column] ?? Number.NaN) +
        float32.round(places.values[column] ?? Number.NaN),
    ),
  );
}

/** Fills a block with random numbers: 1 with probability `density`, else 0. */
export function fillRelation(
  stream: Float64Array,
  block: Block,
  { random, density }: { readonly random: Random; readonly density: number },
): void {
  for (let entry = 0; entry < blockSize(block); entry++)
    stream[block.start + entry] = random.uniform() < density ? 1 : 0;
}

/**
 * Tries `register := copied x register, copied := 0` with full and random relations and, where GELU
 * multiplies, with random factors from 0 to 1, which distinguish any two connections.
 */
export function productTrial(network: Network, register: Block, mlp: Mlp): number {
  const random = Random.fromSeed(1);
  const copied = blockNamed(network.layout, 'copied');
  const states = register.rows.length;
  let largest = 0;
  for (let attempt = 0, count = tries(mlp, 2, 16); attempt < count; attempt++) {
    const stream = streamOf(network, 0);
    const isWhole = attempt !== 1 || mlp.activation === 'relu';
    const density = attempt === 0 ? 1 : random.uniform();
    for (let entry = 0; entry < states * states; entry++)
      for (const { start } of [copied, register])
        stream[start + entry] = isWhole
          ? Number(random.uniform() < density)
          : float32.round(random.uniform());
    const wanted = stream.slice();
    for (let row = 0; row < states; row++)
      for (let column = 0; column < states; column++) {
        let ways = 0;
        for (let middle = 0; middle < states; middle++)
          ways +=
            (stream[copied.start + row * states + middle] ?? 0) *
            (stream[coordinateOf(register, middle, column)] ?? 0);
        wanted[coordinateOf(register, row, column)] = ways;
        wanted[copied.start + row * states + column] = 0;
      }
    largest = Math.max(largest, errorAfter(mlp, stream, wanted));
  }
  return largest;
}

/**
 * Tries `register := 1 where it is at least 1, else 0`, with counts that err by as much as allowed.
 */
export function roundingTrial(network: Network, register: Block, mlp: Mlp): number {
  const random = Random.fromSeed(1);
  const states = register.rows.length;
  const extremes = [
    [0, -room],
    [0, room],
    [1, -room],
    [states, room],
  ] as const;
  let largest = 0;
  for (let attempt = 0, count = tries(mlp, extremes.length, 12); attempt < count; attempt++) {
    const stream = streamOf(network, 0);
    const wanted = stream.slice();
    for (let entry = 0; entry < states * states; entry++) {
      const [ways, error] = extremes[attempt] ?? [random.integer(0, states + 1), random.uniform(-room, room)];
      stream[register.start + entry] = float32.round(ways + error);
      wanted[register.start + entry] = Math.min(1, ways);
    }
    largest = Math.max(largest, errorAfter(mlp, stream, wanted));
  }
  return largest;
}

/**
 * Tries a transition at the start and at a symbol, where nothing may change, and at each separator,
 * with no, all, single and random sub-states reached.
 */
export function transitionTrial(
  network: Network,
  { from, row, to, relations }: Extract<Instruction, { op: 'transition' }>,
  registers: readonly Register[],
  mlp: Mlp,
): number {
  const random = Random.fromSeed(1);
  const [source, target] = [blockNamed(network.layout, from), blockNamed(network.layout, to)];
  const states = source.columns.length;
  const tokens = network.embedding.rows;
  const firstSeparator = tokens - relations.length;
  const rows = [
    ...[1, 0].map((density) => Array.from({ length: states }, () => density)),
    ...Array.from({ length: states }, (_, alone) => source.columns.map((__, at) => Number(at === alone))),
    ...Array.from({ length: 4 }, () => source.columns.map(() => random.integer(0, 2))),
  ];
  const initial = registers.find(({ name }) => name === to)?.initial ?? [];
  const tokensTried = [
    0,
    ...(firstSeparator > 1 ? [1] : []),
    ...relations.map((_, index) => firstSeparator + index),
  ];
  const perToken = Math.ceil(tries(mlp, 1, rows.length * tokensTried.length) / tokensTried.length);
  let largest = 0;
  for (const token of tokensTried)
    for (const reached of rows.slice(0, Math.max(3, perToken))) {
      const stream = streamOf(network, token);
      fillRelation(stream, source, { random, density: 0.5 });
      reached.forEach((value, column) => (stream[coordinateOf(source, row, column)] = value));
      const wanted = stream.slice();
      for (let entry = 0; entry < blockSize(target); entry++) {
        const before = initial[token]?.entries[entry] ?? 0;
        const moved = (relations[token - firstSeparator] ?? []).some(
          ({ entries }, subState) => entries[entry] === 1 && reached[subState] === 1,
        );
        stream[target.start + entry] = before;
        wanted[target.start + entry] = token < firstSeparator ? before : Number(moved);
      }
      largest = Math.max(largest, errorAfter(mlp, stream, wanted));
    }
  return largest;
}
