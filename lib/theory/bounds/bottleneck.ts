// Gives a compiled flat network a bottleneck: before the last layer multiplies, the relation of the
// fragment that a token ends is squeezed through d numbers of the residual stream. The share of
// words whose states are still right is the cliff of Theorem 3.1.

import { UsageError } from '../../base/errors';
import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import { blockNamed, coordinateOf, layOut, blockSize } from '../network/layout';
import { type Connection, type Mlp, MlpBuilder } from '../network/mlp';
import { type Matrix, type Network, zeros } from '../network/network';
import type { LinearCode } from './codes';

/** Steepness of thresholds: values 1/128 away or more are decided. */
const sharpening = 32;

/** Steepness of GELU that replaces ReLU, as in the compiler. */
const steepness = 32;

/**
 * Adds two feed-forward blocks to the last layer: `summary` replaces the relation by the code's
 * numbers, and `recall` puts back the relation that the thresholds decode. The copied relation is
 * left unchanged.
 *
 * @throws UsageError for a network that was not compiled with absolute positions, or has no layer
 */
export function withBottleneck(network: Network, code: LinearCode): Network {
  const last = network.layers.at(-1);
  if (network.bounds.encoding !== 'ape' || last === undefined)
    throw new UsageError('bottleneck: the network has no flat layer; compile an NFA for at least 2 symbols');
  const { register } = last.head;
  const numbers = code.encoder.columns;
  const shapes = network.layout.blocks.map(({ name, rows, columns }) => ({ name, rows, columns }));
  const columns = Array.from({ length: numbers }, (_, index) => String(index + 1));
  const layout = layOut([...shapes, { name: 'summary', rows: [''], columns }]);
  const block = blockNamed(layout, register);
  if (blockSize(block) !== code.encoder.rows)
    throw new Error(`a code of ${code.encoder.rows} entries for ${blockSize(block)}`);
  const entries = block.rows.flatMap((_, row) =>
    block.columns.map((_name, column) => coordinateOf(block, row, column)),
  );
  const summary = blockNamed(layout, 'summary').start;
  const { activation } = network;
  const feedForward = [
    { name: 'summary', mlp: summaryMlp(code, entries, summary, activation) },
    { name: 'recall', mlp: recallMlp(code, entries, summary, activation) },
  ];
  const wider = (matrix: Matrix): Matrix => resized(matrix, matrix.rows, layout.width);
  const layers = network.layers.map((layer) => ({
    head: {
      ...layer.head,
      query: resized(layer.head.query, layout.width, layer.head.query.columns),
      key: resized(layer.head.key, layout.width, layer.head.key.columns),
    },
    feedForward: layer === last ? [...feedForward, ...layer.feedForward] : layer.feedForward,
  }));
  return { ...network, layout, embedding: wider(network.embedding), places: wider(network.places), layers };
}

/** Enlarges a matrix with zeros. */
function resized({ rows, columns, values }: Matrix, newRows: number, newColumns: number): Matrix {
  const matrix = zeros(newRows, newColumns);
  for (let row = 0; row < rows; row++)
    matrix.values.set(values.subarray(row * columns, (row + 1) * columns), row * newColumns);
  return matrix;
}

/** summary := entries . encoder; entries := 0. */
function summaryMlp(
  { encoder }: LinearCode,
  entries: readonly number[],
  summary: number,
  activation: Network['activation'],
): Mlp {
  const mlp = new MlpBuilder(activation);
  for (let number = 0; number < encoder.columns; number++)
    pass(
      mlp,
      connections(entries, (entry) => encoder.values[entry * encoder.columns + number]),
      [[summary + number, 1]],
    );
  for (const entry of entries) pass(mlp, [[entry, 1]], [[entry, -1]]);
  return mlp.build();
}

/** entries := 1 where offset + summary . decoder is above 1/2, else 0. */
function recallMlp(
  { decoder, offset }: LinearCode,
  entries: readonly number[],
  summary: number,
  activation: Network['activation'],
): Mlp {
  const mlp = new MlpBuilder(activation);
  const numbers = Array.from({ length: decoder.rows }, (_, number) => summary + number);
  entries.forEach((coordinate, entry) => {
    const inputs = connections(
      numbers,
      (number) => sharpening * (decoder.values[number * decoder.columns + entry] ?? 0),
    );
    const bias = sharpening * ((offset[entry] ?? 0) - 1 / 2) + 1 / 2;
    atLeastOne(mlp, inputs, bias, [[coordinate, 1]], steepness);
  });
  return mlp.build();
}

function connections(
  coordinates: readonly number[],
  weightOf: (index: number) => number | undefined,
): Connection[] {
  return coordinates.flatMap((coordinate, index): Connection[] => {
    const weight = weightOf(index) ?? 0;
    return weight === 0 ? [] : [[coordinate, weight]];
  });
}
