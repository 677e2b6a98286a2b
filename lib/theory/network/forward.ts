// Runs a compiled network on the tensor engine, in float32, with the library's own absolute table,
// RoPE, bilevel positions and causal attention.

import * as tf from '@tensorflow/tfjs';
import { lookup } from '../../engine/lookup';
import { causalAttention } from '../../model/attention';
import { encoded } from '../../positional/checked';
import type { AppliedEncoding, Encoding } from '../../positional/encoding';
import { learned, tableName } from '../../positional/learned';
import { rope } from '../../positional/rope';
import { bilevelPositions } from '../../segment/tensors';
import type { Mlp } from './mlp';
import { type Matrix, type Network, networkSeparators } from './network';
import { addMlp, disposeMlp, type MlpTensors, mlpTensors } from './sparse-mlp';

/** A network's weights as tensors; `disposeNetwork` frees them. */
export interface NetworkTensors {
  readonly network: Network;
  /** [tokens, width] */
  readonly embedding: tf.Tensor2D;
  /** [places, width] */
  readonly places: tf.Tensor2D;
  readonly layers: readonly LayerTensors[];
}

interface LayerTensors {
  /** [coordinates that the head reads: the first ones, headDim] */
  readonly query: tf.Tensor2D;
  readonly key: tf.Tensor2D;
  readonly value: Network['layers'][number]['head']['value'];
  readonly feedForward: readonly MlpTensors[];
}

/** Makes the tensors of a network. The engine must have been started. */
export function networkTensors(network: Network): NetworkTensors {
  // Layers that share a feed-forward block share its tensors.
  const feedForwards = new Map<Mlp, MlpTensors>();
  const shared = (mlp: Mlp): MlpTensors => {
    const tensors = feedForwards.get(mlp) ?? mlpTensors(mlp);
    feedForwards.set(mlp, tensors);
    return tensors;
  };
  return {
    network,
    embedding: tensorOf(network.embedding),
    places: tensorOf(network.places),
    layers: network.layers.map(({ head, feedForward }) => {
      // Heads read what tells tokens apart, which comes first, and no relations.
      const read = Math.max(rowsOf(head.query), rowsOf(head.key));
      return {
        query: tensorOf(head.query, read),
        key: tensorOf(head.key, read),
        value: head.value,
        feedForward: feedForward.map(({ mlp }) => shared(mlp)),
      };
    }),
  };
}

/** The number of rows up to the last that is not 0, at least one. */
function rowsOf({ columns, values }: Matrix): number {
  return (
    1 +
    Math.floor(
      Math.max(
        0,
        values.findLastIndex((value) => value !== 0),
      ) / columns,
    )
  );
}

/** Frees a network's tensors. */
export function disposeNetwork({ embedding, places, layers }: NetworkTensors): void {
  tf.dispose([embedding, places]);
  for (const { query, key } of layers) tf.dispose([query, key]);
  new Set(layers.flatMap(({ feedForward }) => feedForward)).forEach(disposeMlp);
}

function tensorOf({ rows, columns, values }: Matrix, first = rows): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(values.subarray(0, first * columns)), [first, columns]);
}

/**
 * Computes the residual stream after the last layer.
 *
 * @param ids [batch, time] int32, each row beginning with the start token
 * @returns [batch, time, width]
 */
export function forward(tensors: NetworkTensors, ids: tf.Tensor2D): tf.Tensor3D {
  return tf.tidy(() => {
    const { network, layers } = tensors;
    const { residual, rotation } = begin(tensors, ids);
    return layers.reduce((stream, layer) => throughLayer(stream, layer, network, rotation), residual);
  });
}

/**
 * Reads what the network computes without each of some layers. What is before the layer that is
 * left out is computed once.
 *
 * @param ids [batch, time] int32, each row beginning with the start token
 * @param left indices of layers
 * @param read makes of a residual stream, [batch, time, width], what is wanted of it
 */
export function forwardWithout<T extends tf.Tensor>(
  tensors: NetworkTensors,
  ids: tf.Tensor2D,
  left: readonly number[],
  read: (residual: tf.Tensor3D) => T,
): T[] {
  return tf.tidy(() => {
    const { network, layers } = tensors;
    const { residual, rotation } = begin(tensors, ids);
    const through = (stream: tf.Tensor3D, layer: LayerTensors): tf.Tensor3D =>
      throughLayer(stream, layer, network, rotation);
    let [before, computed] = [residual, 0];
    return left.map((index) => {
      before = layers.slice(computed, index).reduce(through, before);
      computed = index;
      return tf.tidy(() => read(layers.slice(index + 1).reduce(through, before)));
    });
  });
}

interface Begun {
  /** [batch, time, width] */
  readonly residual: tf.Tensor3D;
  readonly rotation: AppliedEncoding | undefined;
}

/** The residual stream before the first layer, and what turns queries and keys. */
function begin({ network, embedding, places }: NetworkTensors, ids: tf.Tensor2D): Begun {
  const { place, segment } = positionsOf(network, ids);
  const shape = {
    hiddenSize: network.layout.width,
    numHeads: 1,
    headDim: 2 * network.rotaryPairs,
    trainLength: 1,
  };
  const table = learned({ rows: places.shape[0] }).apply(
    [place],
    [place],
    shape,
    new Map([[tableName, places]]),
  );
  const rotation = segment && segmentEncoding(network).apply([segment], [segment], shape, new Map());
  const start = lookup(embedding, ids) as tf.Tensor3D;
  return { residual: encoded(table.embed?.(start), start, 'embeddings'), rotation };
}

interface TokenPositions {
  /** The place in the word (APE) or in the segment (BiPE): [batch or 1, time] int32 */
  readonly place: tf.Tensor2D;
  /** The segment index: [batch, time] int32; none with APE */
  readonly segment: tf.Tensor2D | undefined;
}

function positionsOf(network: Network, ids: tf.Tensor2D): TokenPositions {
  if (network.bounds.encoding !== 'bipe')
    return { place: tf.range(0, ids.shape[1], 1, 'int32').expandDims<tf.Tensor2D>(0), segment: undefined };
  const { intra, segment } = bilevelPositions(ids, networkSeparators(network), network.places.rows);
  return { place: intra, segment };
}

/** RoPE whose pair i turns by pi / 2^i a position: base 2^pairs, positions multiplied by pi. */
function segmentEncoding({ rotaryPairs }: Network): Encoding {
  return rope({ base: 2 ** rotaryPairs, scaling: { type: 'linear', factor: 1 / Math.PI } });
}

function throughLayer(
  residual: tf.Tensor3D,
  { query, key, value, feedForward }: LayerTensors,
  { layout, rotaryPairs }: Network,
  rotation: AppliedEncoding | undefined,
): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, time] = residual.shape;
    const headDim = Math.max(query.shape[1], value.size);
    const rotating = 2 * rotaryPairs;
    const [read] = query.shape;
    const addresses = tf.slice(residual, [0, 0, 0], [batch, time, read]);
    const vectors = (
      weights: tf.Tensor2D,
      turn: ((part: tf.Tensor4D) => tf.Tensor) | undefined,
    ): tf.Tensor4D => {
      const flat = tf.matMul(addresses.reshape<tf.Tensor2D>([batch * time, read]), weights);
      const whole = flat.reshape<tf.Tensor4D>([batch, 1, time, weights.shape[1]]);
      if (turn === undefined || rotating === 0) return widened(whole, headDim);
      const [turned, still] = tf.split(whole, [rotating, weights.shape[1] - rotating], 3) as [
        tf.Tensor4D,
        tf.Tensor4D,
      ];
      return widened(tf.concat([encoded(turn(turned), turned, 'vectors'), still], 3), headDim);
    };
    const values = tf.slice(residual, [0, 0, value.from], [batch, time, value.size]);
    const context = causalAttention(
      {
        queries: vectors(query, rotation?.queries),
        keys: vectors(key, rotation?.keys),
        values: widened(values.expandDims<tf.Tensor4D>(1), headDim),
      },
      { queryChunk: 256 },
    );
    const copied = tf.slice(
      context.reshape<tf.Tensor3D>([batch, time, headDim]),
      [0, 0, 0],
      [batch, time, value.size],
    );
    const added = tf.pad3d(copied, [
      [0, 0],
      [0, 0],
      [value.to, layout.width - value.to - value.size],
    ]);
    return feedForward.reduce<tf.Tensor3D>((stream, mlp) => addMlp(stream, mlp), tf.add(residual, added));
  });
}

/** Pads with zeros: queries, keys and values of a head must be equally wide. */
function widened(vectors: tf.Tensor4D, headDim: number): tf.Tensor4D {
  const missing = headDim - vectors.shape[3];
  return missing === 0
    ? vectors
    : tf.pad4d(vectors, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, missing],
      ]);
}
