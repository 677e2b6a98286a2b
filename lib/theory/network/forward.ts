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
  /** [width, headDim] */
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
    layers: network.layers.map(({ head, feedForward }) => ({
      query: tensorOf(head.query),
      key: tensorOf(head.key),
      value: head.value,
      feedForward: feedForward.map(({ mlp }) => shared(mlp)),
    })),
  };
}

/** Frees a network's tensors. */
export function disposeNetwork({ embedding, places, layers }: NetworkTensors): void {
  tf.dispose([embedding, places]);
  for (const { query, key } of layers) tf.dispose([query, key]);
  new Set(layers.flatMap(({ feedForward }) => feedForward)).forEach(disposeMlp);
}

function tensorOf({ rows, columns, values }: Matrix): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(values), [rows, columns]);
}

/**
 * Computes the residual stream after the last layer.
 *
 * @param ids [batch, time] int32, each row beginning with the start token
 * @returns [batch, time, width]
 */
export function forward(
  { network, embedding, places, layers }: NetworkTensors,
  ids: tf.Tensor2D,
): tf.Tensor3D {
  return tf.tidy(() => {
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
    let residual = encoded(table.embed?.(start), start, 'embeddings');
    for (const layer of layers) residual = throughLayer(residual, layer, network, rotation);
    return residual;
  });
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
    const vectors = (
      weights: tf.Tensor2D,
      turn: ((part: tf.Tensor4D) => tf.Tensor) | undefined,
    ): tf.Tensor4D => {
      const flat = tf.matMul(residual.reshape<tf.Tensor2D>([batch * time, layout.width]), weights);
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
