// The compiler's second stage: a program's registers become blocks of the residual stream, and its
// steps layers with weights in closed form. One feed-forward block multiplies Boolean matrices
// (Lemma 1.4), which counts ways; a second one rounds each count to 1 if there is any way, else 0.

import { alphabetOf } from '../automata/alphabet';
import { float32 } from '../lemmas/certificate';
import { bestProductScale, conjoin, multiply } from '../lemmas/product';
import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import {
  type Block,
  blockNamed,
  type BlockShape,
  coordinateOf,
  type Layout,
  layOut,
} from '../network/layout';
import { type Activation, type Connection, type Mlp, MlpBuilder } from '../network/mlp';
import { type Layer, type Matrix, type Network, put, type ReadoutPart, zeros } from '../network/network';
import { copyHead, frequenciesFor, type HeadOptions, placeTable } from './addressing';
import type { Instruction, Read, Register, RelationProgram } from './program';

/** GELU is within 2e-9 / 32 of ReLU where a count to be rounded errs by at most 0.15. */
const steepness = 32;

/** Most attention of a head on tokens other than its source, in exact arithmetic. */
export const leakAimedAt = 1e-4;

/**
 * The scale of a sum of `states` products of 0 and 1: the one with the smallest bound in float32.
 */
export function booleanProductScale(states: number): number {
  return bestProductScale(1, float32, states);
}

/** Most tokens of a word within the bounds, the start included. */
export function mostTokens({ bounds }: Pick<Network, 'bounds'>): number {
  return bounds.encoding === 'ape'
    ? 1 + bounds.maxLength
    : 1 + bounds.maxSegments * (bounds.maxSegmentLength + 1);
}

/** Number of rows of the table of places. */
export function placesOf({ bounds }: Pick<RelationProgram, 'bounds'>): number {
  return bounds.encoding === 'ape' ? bounds.maxLength + 1 : bounds.maxSegmentLength + 1;
}

/**
 * The width of a program's network, without building it: weights of large flat automata take long.
 */
export function widthOf(program: RelationProgram): number {
  return layoutOf(program, frequenciesFor(placesOf(program)).length).width;
}

/** Builds the network of a program. */
export function lower(program: RelationProgram, activation: Activation): Network {
  const { automaton, bounds } = program;
  const places = placesOf(program);
  const placeFrequencies = frequenciesFor(places);
  const segmentFrequencies =
    bounds.encoding === 'ape' ? new Float64Array() : frequenciesFor(bounds.maxSegments);
  const layout = layoutOf(program, placeFrequencies.length);
  const table = widen(placeTable(places, placeFrequencies), layout.width, blockNamed(layout, 'place').start);
  const sharpness = Math.log(mostTokens(program) / leakAimedAt);
  const heads: HeadOptions = { layout, placeFrequencies, segmentFrequencies, sharpness };
  return {
    automaton,
    bounds,
    activation,
    layout,
    embedding: embeddingOf(program, layout, table),
    places: table,
    rotaryPairs: segmentFrequencies.length,
    layers: layersOf(program.instructions, heads, activation),
    readout: program.reads.map((read) => readoutOf(read, program, layout)),
  };
}

/** The blocks: the token's kind, its place, its relations, and the copied relation. */
function layoutOf({ automaton, registers }: RelationProgram, placePairs: number): Layout {
  const vector = (name: string, columns: readonly string[]): BlockShape => ({ name, rows: [''], columns });
  const angles = Array.from({ length: placePairs }, (_, pair) => `π/${2 ** pair}`);
  const largest = Math.max(...registers.map(({ states }) => states.length));
  return layOut([
    vector('one', ['1']),
    vector('start', ['start']),
    ...(automaton.type === 'bi-nfa' ? [vector('separators', automaton.separators)] : []),
    vector('place', [...angles.map((angle) => `cos ${angle}`), ...angles.map((angle) => `sin ${angle}`)]),
    ...registers.map(({ name, states }): BlockShape => ({ name, rows: states, columns: states })),
    vector(
      'copied',
      Array.from({ length: largest ** 2 }, (_, entry) => String(entry + 1)),
    ),
  ]);
}

/** Widens a matrix with zeros, its columns beginning at `start`. */
function widen(matrix: Matrix, columns: number, start: number): Matrix {
  const wide = zeros(matrix.rows, columns);
  for (let row = 0; row < matrix.rows; row++)
    wide.values.set(
      matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns),
      row * columns + start,
    );
  return wide;
}

/**
 * The embedding. The start's subtracts the place that is added to it: its key must not look like a
 * place's.
 */
function embeddingOf({ automaton, registers }: RelationProgram, layout: Layout, places: Matrix): Matrix {
  const names = alphabetOf(automaton);
  const embedding = zeros(1 + names.length, layout.width);
  const place = blockNamed(layout, 'place');
  for (let column = place.start; column < place.start + place.columns.length; column++)
    put(embedding, 0, column, -(places.values[column] ?? 0));
  put(embedding, 0, blockNamed(layout, 'start').start, 1);
  for (let token = 0; token <= names.length; token++)
    put(embedding, token, blockNamed(layout, 'one').start, 1);
  if (automaton.type === 'bi-nfa')
    automaton.separators.forEach((_, index) => {
      put(embedding, 1 + automaton.symbols.length + index, blockNamed(layout, 'separators').start + index, 1);
    });
  for (const { name, initial } of registers) {
    const { start } = blockNamed(layout, name);
    initial.forEach((relation, token) => {
      relation?.entries.forEach((entry, index) => {
        if (entry !== 0) put(embedding, token, start + index, entry);
      });
    });
  }
  return embedding;
}

/**
 * Makes a layer for each `multiply`; a `transition` is another feed-forward block of the layer
 * before it.
 */
function layersOf(
  instructions: readonly Instruction[],
  options: HeadOptions,
  activation: Activation,
): Layer[] {
  const layers: { head: Layer['head']; feedForward: Layer['feedForward'][number][] }[] = [];
  const { layout } = options;
  // All layers of a register share their product and rounding.
  const blocks = new Map<string, Layer['feedForward']>();
  for (const instruction of instructions) {
    if (instruction.op === 'multiply') {
      const register = blockNamed(layout, instruction.register);
      const feedForward = blocks.get(register.name) ?? [
        { name: 'product', mlp: productMlp(register, blockNamed(layout, 'copied'), activation) },
        { name: 'rounding', mlp: roundingMlp(register, activation) },
      ];
      blocks.set(register.name, feedForward);
      layers.push({ head: copyHead(instruction, options), feedForward: [...feedForward] });
      continue;
    }
    const layer = layers.at(-1);
    if (layer === undefined) throw new Error('a transition before the first layer');
    layer.feedForward.push({ name: 'transition', mlp: transitionMlp(instruction, layout, activation) });
  }
  return layers;
}

/** register := copied x register, as counts; copied := 0. */
function productMlp(register: Block, copied: Block, activation: Activation): Mlp {
  const mlp = new MlpBuilder(activation);
  const size = register.rows.length;
  const scale = booleanProductScale(size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const out = coordinateOf(register, row, column);
      for (let middle = 0; middle < size; middle++) {
        const [left, right] = [copied.start + row * size + middle, coordinateOf(register, middle, column)];
        if (activation === 'gelu') multiply(mlp, left, right, out, scale);
        else conjoin(mlp, left, right, out);
      }
      erase(mlp, out);
      erase(mlp, copied.start + row * size + column);
    }
  return mlp.build();
}

/** register := 1 where it is at least 1, else 0. */
function roundingMlp(register: Block, activation: Activation): Mlp {
  const mlp = new MlpBuilder(activation);
  register.rows.forEach((_, row) => {
    register.columns.forEach((__, column) => {
      const entry = coordinateOf(register, row, column);
      atLeastOne(mlp, [[entry, 1]], 0, [[entry, 1]], steepness);
      erase(mlp, entry);
    });
  });
  return mlp.build();
}

/**
 * At each separator: to[s, s'] := 1 if a reached sub-state lets s move to s'. Other tokens are
 * unchanged.
 */
function transitionMlp(
  { from, row, to, relations }: Extract<Instruction, { op: 'transition' }>,
  layout: Layout,
  activation: Activation,
): Mlp {
  const mlp = new MlpBuilder(activation);
  const [source, target] = [blockNamed(layout, from), blockNamed(layout, to)];
  const separators = blockNamed(layout, 'separators').start;
  const most = source.columns.length;
  relations.forEach((bySubState, separator) => {
    target.rows.forEach((_, begin) => {
      target.columns.forEach((__, end) => {
        const reached = bySubState.flatMap(({ entries, columns }, subState): Connection[] =>
          entries[begin * columns + end] === 1 ? [[coordinateOf(source, row, subState), 1]] : [],
        );
        if (reached.length === 0) return;
        // At other tokens the sum is at most 0, because `most` is subtracted.
        const here: Connection = [separators + separator, most];
        atLeastOne(mlp, [...reached, here], -most, [[coordinateOf(target, begin, end), 1]], steepness);
      });
    });
  });
  return mlp.build();
}

function erase(mlp: MlpBuilder, coordinate: number): void {
  pass(mlp, [[coordinate, 1]], [[coordinate, -1]]);
}

function readoutOf(
  { name, register, row, anewAtSeparators }: Read,
  program: RelationProgram,
  layout: Layout,
): ReadoutPart {
  const { states } = registerNamed(program, register);
  const block = blockNamed(layout, register);
  const separators = anewAtSeparators ? blockNamed(layout, 'separators') : undefined;
  return {
    name,
    states,
    inputs: states.map((_, column): Connection[] => [
      [coordinateOf(block, row, column), 1],
      ...(separators?.columns ?? []).map((__, index): Connection => [
        (separators?.start ?? 0) + index,
        column === row ? 2 : -2,
      ]),
    ]),
  };
}

function registerNamed({ registers }: RelationProgram, name: string): Register {
  const register = registers.find((candidate) => candidate.name === name);
  if (register === undefined) throw new Error(`no register ${name}`);
  return register;
}
