// The compiler's second stage: a program's registers become blocks of the residual stream, and its
// steps layers with weights in closed form. The network is planned first: heads, embedding and
// read-out, and feed-forward blocks as lists of units that can be built, or compared with a
// network's.

import { alphabetOf } from '../automata/alphabet';
import { blockNamed, blockSize, type BlockShape, coordinateOf, type Layout, layOut } from '../network/layout';
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
import {
  copyHead,
  placeFrequenciesOf,
  placesOf,
  placeTable,
  segmentFrequenciesOf,
  sharpnessOf,
} from './addressing';
import { blockHead, indexCoordinates, putBlocks } from './block-addressing';
import { type BlockPlan, multiplyBlocks, transitionBlock } from './blocks';
import { tokenRegister } from './carried';
import { copyOf, summary } from './compact';
import { joinBlocks } from './join';
import type { Instruction, Read, Register, RelationProgram } from './program';
import { carryBlock, collectBlock, pickBlock, readBlock, uniteBlock } from './set-blocks';
import { copiedColumn, readToken } from './spread';

/**
 * The width of a program's network, without building it: weights of large flat automata take long.
 */
export function widthOf(program: RelationProgram): number {
  return layoutOf(program, placeFrequenciesOf(program, program.blockLength).length).width;
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
  const placeFrequencies = placeFrequenciesOf(program, program.blockLength);
  const segmentFrequencies = segmentFrequenciesOf(program);
  const layout = layoutOf(program, placeFrequencies.length);
  const table = tableOf(program, layout, placeFrequencies);
  return {
    automaton,
    bounds,
    activation,
    layout,
    embedding: embeddingOf(program, layout, table),
    places: table,
    rotaryPairs: segmentFrequencies.length,
    layers: layersOf(program, { layout, placeFrequencies, segmentFrequencies }),
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

/** The blocks: the token's kind, its place, its relations, and what steps write in between. */
function layoutOf(program: RelationProgram, placePairs: number): Layout {
  const { registers, scratch } = program;
  const separators = markedSeparators(program);
  const vector = (name: string, columns: readonly string[]): BlockShape => ({ name, rows: [''], columns });
  const angles = Array.from({ length: placePairs }, (_, pair) => `π/${2 ** pair}`);
  return layOut([
    vector('one', ['1']),
    vector('start', ['start']),
    ...(separators.length > 0 ? [vector('separators', separators)] : []),
    vector('place', [
      ...angles.map((angle) => `cos ${angle}`),
      ...angles.map((angle) => `sin ${angle}`),
      ...Array.from({ length: program.blockLength ?? 0 }, (_, index) => `index ${index}`),
    ]),
    ...registers.map(({ name, rows, columns }): BlockShape => ({ name, rows, columns })),
    ...scratch,
  ]);
}

/** The separators that tokens are marked with: heads and transitions read them with BiPE alone. */
function markedSeparators({ automaton, bounds }: RelationProgram): readonly string[] {
  return bounds.encoding === 'bipe' && automaton.type === 'bi-nfa' ? automaton.separators : [];
}

/** The table of places, [places, width]; with blocks, it also marks the index in registers. */
function tableOf(program: RelationProgram, layout: Layout, frequencies: Float64Array): Matrix {
  const { blockLength } = program;
  const places = placesOf(program);
  if (blockLength === undefined)
    return widen(placeTable(places, frequencies), layout.width, blockNamed(layout, 'place').start);
  const table = zeros(places, layout.width);
  putBlocks(table, { layout, frequencies, blockLength });
  for (const { name, columns, marksIndex } of program.registers) {
    const first = blockNamed(layout, name).start + columns.length - blockLength;
    if (marksIndex === true)
      for (let row = 1; row < places; row++) put(table, row, first + ((row - 1) % blockLength), 1);
  }
  return table;
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
function embeddingOf(program: RelationProgram, layout: Layout, places: Matrix): Matrix {
  const { automaton, registers } = program;
  const names = alphabetOf(automaton);
  const embedding = zeros(1 + names.length, layout.width);
  const place = blockNamed(layout, 'place');
  for (let column = place.start; column < place.start + place.columns.length; column++)
    put(embedding, 0, column, -(places.values[column] ?? 0));
  put(embedding, 0, blockNamed(layout, 'start').start, 1);
  for (let token = 0; token <= names.length; token++)
    put(embedding, token, blockNamed(layout, 'one').start, 1);
  for (const index of markedSeparators(program).keys())
    put(embedding, 1 + automaton.symbols.length + index, blockNamed(layout, 'separators').start + index, 1);
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

/** What the heads of a program share. */
interface Addresses {
  readonly layout: Layout;
  /** Frequencies of places, or of blocks of them. */
  readonly placeFrequencies: Float64Array;
  /** Frequencies of RoPE; empty with absolute positions. */
  readonly segmentFrequencies: Float64Array;
}

/**
 * Makes a layer for each step with a source; a `transition` and a `pick` are another feed-forward
 * block of the layer before them. Layers that do the same share their blocks, and their
 * head if it is from the same source.
 */
function layersOf(program: RelationProgram, addresses: Addresses): LayerPlan[] {
  const layers: { head: CopyHead; feedForward: BlockPlan[] }[] = [];
  const { layout, placeFrequencies, segmentFrequencies } = addresses;
  const blockLength = program.blockLength ?? 0;
  const sharpness = sharpnessOf(program);
  const headOf = ({ source, ...copied }: Pick<CopyHead, 'register' | 'source' | 'value'>): CopyHead =>
    source.among === 'block'
      ? blockHead({ ...copied, source }, { layout, frequencies: placeFrequencies, blockLength, sharpness })
      : copyHead({ ...copied, source }, { layout, placeFrequencies, segmentFrequencies, sharpness });
  const shared = new Map<string, readonly BlockPlan[]>();
  const heads = new Map<string, CopyHead>();
  for (const instruction of program.instructions) {
    if (instruction.op === 'transition' || instruction.op === 'pick') {
      const layer = layers.at(-1);
      if (layer === undefined) throw new Error(`a ${instruction.op} before the first layer`);
      layer.feedForward.push(
        instruction.op === 'pick'
          ? pickBlock(instruction, layout, indexCoordinates(layout, blockLength))
          : transitionBlock(instruction, layout),
      );
      continue;
    }
    const { register, value } = copiedBy(instruction, layout);
    const changed = 'register' in instruction ? instruction.register : register;
    const key = `${instruction.op} ${changed}`;
    const blocks = shared.get(key) ?? blocksOf(instruction, layout);
    shared.set(key, blocks);
    const asked = JSON.stringify([register, instruction.source]);
    const head = heads.get(asked) ?? headOf({ register, source: instruction.source, value });
    heads.set(asked, head);
    layers.push({ head, feedForward: [...blocks] });
  }
  return layers;
}

type Copying = Exclude<Instruction, { op: 'transition' | 'pick' }>;

function blocksOf(instruction: Copying, layout: Layout): BlockPlan[] {
  switch (instruction.op) {
    case 'join':
      return joinBlocks(instruction, layout);
    case 'multiply':
      return multiplyBlocks(blockNamed(layout, instruction.register), blockNamed(layout, 'copied'));
    case 'carry':
      return [carryBlock(instruction, layout)];
    case 'read':
      return [readBlock(instruction, layout)];
    case 'unite':
      return [uniteBlock(instruction, layout)];
    case 'collect':
      return [collectBlock(instruction, layout)];
  }
}

/** What a step's head copies, and where to: one register, or the whole summary. */
function copiedBy(instruction: Copying, layout: Layout): Pick<CopyHead, 'register' | 'value'> {
  if (instruction.op === 'join') {
    const names = Object.values(summary);
    const [from, to] = [blockNamed(layout, summary.sub), blockNamed(layout, copyOf(summary.sub))];
    const size = names.reduce((sum, name) => sum + blockSize(blockNamed(layout, name)), 0);
    return { register: 'summary', value: { from: from.start, to: to.start, size } };
  }
  const [name, copy] = ((): readonly [string, string] => {
    switch (instruction.op) {
      case 'read':
        return [tokenRegister, readToken];
      case 'unite':
        return [instruction.register, copiedColumn];
      case 'collect':
        return [instruction.from, instruction.to];
      default:
        return [instruction.register, 'copied'];
    }
  })();
  const [from, to] = [blockNamed(layout, name), blockNamed(layout, copy)];
  return { register: name, value: { from: from.start, to: to.start, size: blockSize(from) } };
}

function readoutOf(
  { name, register, row, anewAtSeparators }: Read,
  program: RelationProgram,
  layout: Layout,
): ReadoutPart {
  const { columns: states } = registerNamed(program, register);
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
