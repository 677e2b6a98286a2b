// Feed-forward blocks of a compiled network, each tried on its own: by how much the residual stream
// is off afterwards, at any coordinate, in float32. Relations are random, the tokens those of the
// network; what a block has no business with must stay as it is.

import { Random } from '../../engine/random/random';
import { float32 } from '../lemmas/certificate';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Block, blockNamed, coordinateOf, blockSize } from '../network/layout';
import type { Mlp } from '../network/mlp';
import type { Network } from '../network/network';
import { room } from './count-error';
import type { Instruction, Register } from './program';

/** Connections that a block's trials follow, about: large blocks are tried less often. */
const effort = 6e6;

/** How often a block can be tried, from `least` to `most`. */
function tries({ inputIndex, outputIndex }: Mlp, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(effort / (inputIndex.length + outputIndex.length))));
}

/**
 * The largest difference to what is wanted once a block has added its part; infinite where
 * something is no number.
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

/** What a token brings, at the first place: [width]. */
export function streamOf({ embedding, places }: Network, token: number): Float64Array {
  const { columns } = embedding;
  return Float64Array.from({ length: columns }, (_, column) =>
    float32.round(
      float32.round(embedding.values[token * columns + column] ?? Number.NaN) +
        float32.round(places.values[column] ?? Number.NaN),
    ),
  );
}

/** Puts random numbers into a block: 0 or 1, the latter as often as `density` says. */
export function fillRelation(
  stream: Float64Array,
  block: Block,
  { random, density }: { readonly random: Random; readonly density: number },
): void {
  for (let entry = 0; entry < blockSize(block); entry++)
    stream[block.start + entry] = random.uniform() < density ? 1 : 0;
}

/**
 * Of `register := copied x register, copied := 0`: with full relations, random ones, and, where
 * GELU multiplies, random factors from 0 to 1, which tell any two connections apart.
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
 * Of `register := 1 where it is at least 1, else 0`, with counts that are off by all they may be.
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
 * Of a transition: at the start and a symbol nothing, at each separator what it does to segment
 * states by the sub-states of a row: none, all, each alone, and random ones.
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
  const told = [
    0,
    ...(firstSeparator > 1 ? [1] : []),
    ...relations.map((_, index) => firstSeparator + index),
  ];
  const perToken = Math.ceil(tries(mlp, 1, rows.length * told.length) / told.length);
  let largest = 0;
  for (const token of told)
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
