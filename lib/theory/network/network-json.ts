// A network as JSON (shapes and names) and as tensors by name (weights, rounded to the engine's
// float32).

import { z } from 'zod';
import { bipe } from '../../base/command';
import { CheckpointError } from '../../base/errors';
import { present } from '../../base/present';
import { formatShape } from '../../base/shape';
import { type Numbers, type StoredTensor } from '../../model/files/tensor-file';
import { automatonFrom } from '../automata/file';
import type { Layout } from './layout';
import { type Activation, type Mlp, mlpLists } from './mlp';
import type { Bounds, CopyHead, Matrix, Network, ReadoutPart } from './network';

/** Raise it when the format changes, so that older files are refused. */
const version = 1;

/** All but the weights. Feed-forward blocks are listed once; layers refer to them by index. */
export interface NetworkJson {
  readonly version: typeof version;
  readonly automaton: unknown;
  readonly bounds: Bounds;
  readonly activation: Activation;
  readonly layout: Layout;
  readonly rotaryPairs: number;
  readonly layers: readonly {
    readonly head: Pick<CopyHead, 'register' | 'source' | 'value'>;
    readonly feedForward: readonly { readonly name: string; readonly mlp: number }[];
  }[];
  readonly mlps: readonly { readonly activation: Activation }[];
  readonly readout: readonly ReadoutPart[];
}

const natural = z.number().int().nonnegative();
const names = z.array(z.string());
const activation = z.enum(['gelu', 'relu']);

/** The schema of a file with `NetworkJson`. */
export const networkSchema: z.ZodType<NetworkJson> = z.strictObject({
  version: z.literal(version, { error: 'this project is of another version; compile the automaton again' }),
  automaton: z.unknown(),
  bounds: z.discriminatedUnion('encoding', [
    z.strictObject({ encoding: z.enum(['ape', 'compact', 'carried', 'spread']), maxLength: natural }),
    z.strictObject({ encoding: z.literal('bipe'), maxSegmentLength: natural, maxSegments: natural }),
  ]),
  activation,
  layout: z.strictObject({
    width: natural,
    blocks: z.array(z.strictObject({ name: z.string(), start: natural, rows: names, columns: names })),
  }),
  rotaryPairs: natural,
  layers: z.array(
    z.strictObject({
      head: z.strictObject({
        register: z.string(),
        source: z.union([
          z.strictObject({ among: z.enum(['word', 'segment', 'separators']), back: natural }),
          z.strictObject({
            among: z.literal('block'),
            back: natural,
            at: z.union([natural, z.enum(['marked', 'all'])]),
          }),
        ]),
        value: z.strictObject({ from: natural, to: natural, size: natural }),
      }),
      feedForward: z.array(z.strictObject({ name: z.string(), mlp: natural })),
    }),
  ),
  mlps: z.array(z.strictObject({ activation })),
  readout: z.array(
    z.strictObject({
      name: z.string(),
      states: names,
      inputs: z.array(z.array(z.tuple([natural, z.number()]))),
    }),
  ),
});

/** The network without its weights. */
export function jsonOf(network: Network): NetworkJson {
  const { automaton, bounds, layout, rotaryPairs, readout } = network;
  const mlps = mlpsOf(network);
  return {
    version,
    automaton,
    bounds,
    activation: network.activation,
    layout,
    rotaryPairs,
    layers: network.layers.map(({ head: { register, source, value }, feedForward }) => ({
      head: { register, source, value },
      feedForward: feedForward.map(({ name, mlp }) => ({ name, mlp: mlps.indexOf(mlp) })),
    })),
    mlps: mlps.map((mlp) => ({ activation: mlp.activation })),
    readout,
  };
}

/** The weights by name: matrices [rows, columns], and the lists of feed-forward blocks. */
export function weightsOf(network: Network): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const put = (name: string, numbers: Float64Array | Int32Array, shape = [numbers.length]): void => {
    const values: Numbers = numbers instanceof Int32Array ? numbers : Float32Array.from(numbers);
    tensors.set(name, { shape, values });
  };
  const putMatrix = (name: string, { rows, columns, values }: Matrix): void => {
    put(name, values, [rows, columns]);
  };
  putMatrix('embedding', network.embedding);
  putMatrix('places', network.places);
  network.layers.forEach(({ head }, layer) => {
    putMatrix(`layers.${layer}.query`, head.query);
    putMatrix(`layers.${layer}.key`, head.key);
  });
  mlpsOf(network).forEach((mlp, index) => {
    for (const list of mlpLists) put(`mlps.${index}.${list}`, mlp[list]);
  });
  return tensors;
}

function mlpsOf({ layers }: Network): Mlp[] {
  return [...new Set(layers.flatMap(({ feedForward }) => feedForward.map(({ mlp }) => mlp)))];
}

/**
 * Puts a network together from its JSON and its weights, which are float32 numbers now.
 *
 * @throws CheckpointError for a tensor that is missing, or whose type or shape does not fit the
 *   JSON
 * @throws DataError for an automaton that is not sound
 */
export function networkOf(
  json: NetworkJson,
  tensors: ReadonlyMap<string, StoredTensor>,
  where: { readonly json: string; readonly tensors: string },
): Network {
  const { automaton, bounds, activation: of, layout, rotaryPairs, layers, mlps, readout } = json;
  const weights = new StoredWeights(tensors, where.tensors);
  const { width } = layout;
  const feedForwards = mlps.map((mlp, index): Mlp => {
    const name = (list: (typeof mlpLists)[number]): string => `mlps.${index}.${list}`;
    const bias = weights.floats(name('bias'));
    return {
      ...mlp,
      hidden: bias.length,
      bias,
      inputStart: weights.integers(name('inputStart')),
      inputIndex: weights.integers(name('inputIndex')),
      inputWeight: weights.floats(name('inputWeight')),
      outputStart: weights.integers(name('outputStart')),
      outputIndex: weights.integers(name('outputIndex')),
      outputWeight: weights.floats(name('outputWeight')),
    };
  });
  return {
    automaton: automatonFrom(automaton, `${where.json}: automaton`),
    bounds,
    activation: of,
    layout,
    rotaryPairs,
    readout,
    embedding: weights.matrix('embedding', undefined, width),
    places: weights.matrix('places', undefined, width),
    layers: layers.map(({ head, feedForward }, layer) => {
      const query = weights.matrix(`layers.${layer}.query`, width);
      return {
        head: { ...head, query, key: weights.matrix(`layers.${layer}.key`, width, query.columns) },
        feedForward: feedForward.map(({ name, mlp }) => ({
          name,
          mlp: present(feedForwards[mlp], `mlps[${mlp}]`),
        })),
      };
    }),
  };
}

/** Tensors by name, checked as they are taken. */
class StoredWeights {
  constructor(
    private readonly tensors: ReadonlyMap<string, StoredTensor>,
    private readonly where: string,
  ) {}

  floats(name: string): Float64Array {
    const { values } = this.tensor(name);
    if (values instanceof Float32Array) return Float64Array.from(values);
    throw this.wrong(`${name} holds integers`);
  }

  integers(name: string): Int32Array {
    const { values } = this.tensor(name);
    if (values instanceof Int32Array) return values;
    throw this.wrong(`${name} holds no integers`);
  }

  /** Reads a matrix [rows, columns] and checks the sizes that are given. */
  matrix(name: string, wantedRows?: number, wantedColumns?: number): Matrix {
    const { shape } = this.tensor(name);
    const [rows = 0, columns = 0] = shape;
    const wanted = [wantedRows ?? rows, wantedColumns ?? columns];
    if (formatShape(shape) !== formatShape(wanted))
      throw this.wrong(`${name} is ${formatShape(shape)}, should be ${formatShape(wanted)}`);
    return { rows, columns, values: this.floats(name) };
  }

  private tensor(name: string): StoredTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw this.wrong(`has no tensor ${name}`);
    return tensor;
  }

  private wrong(what: string): CheckpointError {
    return new CheckpointError(`${this.where}: ${what}; ${compileAgain}`);
  }
}

/** The way out when files do not belong together. */
export const compileAgain = `compile the automaton again (${bipe('theory compile')})`;
