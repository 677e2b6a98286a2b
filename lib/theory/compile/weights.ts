// The compiler's second stage: a program's registers become blocks of the residual stream, and its
// steps layers with weights in closed form. The network is planned first: heads, embedding and
// read-out, and feed-forward blocks as lists of units that can be built, or compared with a
// network's.

import { alphabetOf } from '../automata/alphabet';
import { blockNamed, type BlockShape, coordinateOf, type Layout, layOut } from '../network/layout';
import { type Activation, type Connection, type Mlp, MlpBuilder } from '../network/mlp';
import {
  type CopyHead,
  type Layer,
  type Matrix,
  type Network,
  put,
  type ReadoutPart,
  zeros,
} from '../network/network';
import { copyHead, frequenciesFor, type HeadOptions, placeTable } from './addressing';
import { type BlockPlan, multiplyBlocks, transitionBlock } from './blocks';
import type { Instruction, Read, Register, RelationProgram } from './program';

/** Most attention of a head on tokens other than its source, in exact arithmetic. */
export const leakAimedAt = 1e-4;

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

/** A layer before its feed-forward blocks are built. */
export interface LayerPlan {
  readonly head: CopyHead;
  readonly feedForward: readonly BlockPlan[];
}

/** A network before its feed-forward blocks are built, which are nearly all of its weights. */
export interface NetworkPlan extends Omit<Network, 'layers'> {
  readonly layers: readonly LayerPlan[];
}

/** Plans the network of a program. */
export function planOf(program: RelationProgram, activation: Activation): NetworkPlan {
  const { automaton, bounds } = program;
  const places = placesOf(program);
  const placeFrequencies = frequenciesFor(places);
  const segmentFrequencies =
    bounds.encoding === 'ape' ? new Float64Array() : frequenciesFor(bounds.maxSegments);
  const layout = layoutOf(program, placeFrequencies.length);
  const table = widen(placeTable(places, placeFrequencies), layout.width, blockNamed(layout, 'place').start);
  const sharpness = Math.log(mostTokens(program) / leakAimedAt);
  return {
    automaton,
    bounds,
    activation,
    layout,
    embedding: embeddingOf(program, layout, table),
    places: table,
    rotaryPairs: segmentFrequencies.length,
    layers: layersOf(program.instructions, { layout, placeFrequencies, segmentFrequencies, sharpness }),
    readout: program.reads.map((read) => readoutOf(read, program, layout)),
  };
}

/** Builds the network of a program. Blocks that layers share are built once. */
export function lower(program: RelationProgram, activation: Activation): Network {
  const plan = planOf(program, activation);
  const built = new Map<BlockPlan, Mlp>();
  const build = (block: BlockPlan): Mlp => {
    const known = built.get(block);
    if (known !== undefined) return known;
    const builder = new MlpBuilder(activation);
    block.addUnits(builder);
    const mlp = builder.build();
    built.set(block, mlp);
    return mlp;
  };
  return {
    ...plan,
    layers: plan.layers.map(({ head, feedForward }): Layer => ({
      head,
      feedForward: feedForward.map((block) => ({ name: block.name, mlp: build(block) })),
    })),
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
 * before it. All layers of a register share their product and rounding.
 */
function layersOf(instructions: readonly Instruction[], options: HeadOptions): LayerPlan[] {
  const layers: { head: CopyHead; feedForward: BlockPlan[] }[] = [];
  const { layout } = options;
  const shared = new Map<string, readonly BlockPlan[]>();
  for (const instruction of instructions) {
    if (instruction.op === 'multiply') {
      const register = blockNamed(layout, instruction.register);
      const blocks = shared.get(register.name) ?? multiplyBlocks(register, blockNamed(layout, 'copied'));
      shared.set(register.name, blocks);
      layers.push({ head: copyHead(instruction, options), feedForward: [...blocks] });
      continue;
    }
    const layer = layers.at(-1);
    if (layer === undefined) throw new Error('a transition before the first layer');
    layer.feedForward.push(transitionBlock(instruction, layout));
  }
  return layers;
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
