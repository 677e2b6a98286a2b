// The decoder as pure functions of parameters and token ids: embed the tokens, apply blocks of
// attention and feed-forward layers, score the next token. Shapes are fixed and no value is read
// back, so that whole steps can be captured as graphs.
//
// From the paper (He et al. 2024, arXiv 2401.16421, section 3) to the line. A token stands at place
// l of segment s; m and n are the segments of a query q and a key k.
//
//   l and s of each token       `nestedPositions` in lib/segment/levels.ts
//   one encoding for l, one     `bipe` in lib/positional/bipe.ts; the paper's two pairs are
//   for s                       `bipe_rope` and `bipe_alibi` in lib/positional/registry.ts
//   x = embedding + table[l]    `learned` in lib/positional/learned.ts, called by `embedTokens`
//                               in lib/model/decoder.ts
//   BiPE-RoPE: R(m) q, R(n) k   `rope` in lib/positional/rope.ts, called by `encodeHeads` in
//                               lib/model/encoded-attention.ts
//   BiPE-ALiBi: + r (n - m)     r: `alibiSlopes` in lib/positional/alibi.ts; the sum: `Scores` in
//                               native/attention.inc.h, or `linearRow` in lib/positional/bias.ts
//
// softmax(q k^T / sqrt(d) + bias) v is computed by `causalAttention` in lib/model/attention.ts, in
// one of two ways with the same result up to rounding:
//
// - On a CPU with the native kernels: `fusedAttention` in lib/model/attention.ts calls `attention`
//   in lib/engine/native/kernels.ts, whose C++ is `AttendBlock` in native/attention.inc.h. Scores
//   exist for a block of keys at a time.
// - On GPU, WebGPU, WASM and JavaScript, and on a CPU with dropout, with a bias that is not linear
//   in distance, or without the kernels: `chunkedAttention` in lib/model/attention.ts, in
//   TensorFlow.js operations; its `chunkWeights` in lib/model/attention.ts adds bias and causal
//   mask.
//
// Generation token by token chooses in the same way: `slotAttention` in lib/model/cache.ts.

import * as tf from '@tensorflow/tfjs';
import { present } from '../base/present';
import { recomputed } from '../engine/gradients';
import { lookup, rowAt } from '../engine/lookup';
import { encoded } from '../positional/checked';
import type {
  AppliedEncoding,
  Encoding,
  EncodingShape,
  ParameterSpec,
  Positions,
} from '../positional/encoding';
import type { Architecture } from './architecture';
import { blockParameters, type BlockPlace, decoderBlock } from './blocks';
import { drop, type Dropout } from './dropout';
import { attend, type ChunkOptions, encodeHeads, type PlacedEncoding } from './encoded-attention';
import { matrix, type ModelParameters, parameterNamed } from './parameters';
import { tokenPositions } from './positions';
import { decoderStyles } from './style';

/**
 * A model's structure: its architecture and encoding. Its numbers are `ModelParameters` beside it.
 */
export interface Decoder {
  readonly architecture: Architecture;
  readonly encoding: Encoding;
  /** The sizes that the encoding depends on. */
  readonly shape: EncodingShape;
  /** Every trainable tensor, in the order of a checkpoint. */
  readonly parameters: readonly ParameterSpec[];
}

/**
 * Options of the forward pass. Except for dropout and drawn positions, they do not change the
 * result beyond rounding.
 */
export interface ForwardOptions {
  /** Queries of a chunk; scores take [batch, heads, queryChunk, time]. Default 256. */
  readonly queryChunk?: number;
  /**
   * Tensors kept for the backward pass: every intermediate value, or each block's input alone.
   * Default `all`.
   */
  readonly remember?: 'all' | 'block-inputs';
  /**
   * Seed of dropout at the architecture's rate, [2] int32. Left out: nothing is dropped, as in
   * evaluation.
   */
  readonly dropoutSeed?: tf.Tensor1D;
  /** Positions instead of 0, 1, 2, ... (see `Encoding.drawPositions`): [time or more] int32. */
  readonly drawnPositions?: tf.Tensor1D;
}

/** Queries of a chunk by default. */
export const defaultQueryChunk = 256;

/** Makes a decoder of an architecture and an encoding. */
export function decoderWith(architecture: Architecture, encoding: Encoding): Decoder {
  const { vocabSize, outputs = vocabSize, hiddenSize, numHeads, numLayers, trainLength } = architecture;
  const padding = architecture.paddingIndex;
  const shape = {
    hiddenSize,
    numHeads,
    headDim: hiddenSize / numHeads,
    trainLength,
    ...(padding !== undefined && { paddingIndex: padding }),
  };
  const table = (name: string, rows: number): ParameterSpec[] => [
    { name, shape: [rows, hiddenSize], initial: 'normal' },
  ];
  const parameters = [
    ...table(embeddingName, vocabSize).map((spec) =>
      padding === undefined ? spec : { ...spec, zeroRow: rowAt(padding, vocabSize) },
    ),
    ...Array.from({ length: numLayers }, (_, layer) => blockParameters(architecture, layer)).flat(),
    ...decoderStyles[architecture.style].normParameters(finalNormName, hiddenSize),
    ...encoding.parameters(shape),
    ...(architecture.tieEmbeddings ? [] : table(headName, outputs)),
  ];
  return { architecture, encoding, shape, parameters };
}

/** Name of the embedding's table in checkpoints. */
export const embeddingName = 'model.embed_tokens.weight';
const finalNormName = 'model.norm';
/** Name of the head's table in checkpoints; there is none if the head shares the embedding's. */
export const headName = 'lm_head.weight';

/**
 * The hidden states after the last normalization, from which the head predicts.
 *
 * @param ids [batch, time] int32
 * @returns [batch, time, hiddenSize]
 */
export function hiddenStates(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: ForwardOptions = {},
): tf.Tensor3D {
  const { architecture } = decoder;
  const [batch, time] = ids.shape;
  return tf.tidy(() => {
    const placed = placeTokens(decoder, parameters, ids, options.drawnPositions);
    const dropout = dropoutOf(decoder, options);
    let hidden = drop(embedTokens(decoder, parameters, ids, placed.applied), dropout, { layer: -1, part: 0 });
    for (let layer = 0; layer < architecture.numLayers; layer += 1) {
      const place = { layer, batch, dropout };
      hidden =
        options.remember === 'block-inputs'
          ? recomputedBlock(decoder, parameters, place, hidden, placed.positions, options)
          : attentiveBlock(decoder, parameters, place, hidden, placed, options);
    }
    return finalNorm(decoder, parameters, hidden).reshape([batch, time, architecture.hiddenSize]);
  });
}

/**
 * The scores of each next token, or of what the head scores instead.
 *
 * @param ids [batch, time] int32
 * @returns [batch, time, outputs]: large for a large vocabulary; `loss.ts` never holds them all
 */
export function logits(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: ForwardOptions = {},
): tf.Tensor3D {
  const { hiddenSize, vocabSize, outputs = vocabSize } = decoder.architecture;
  const [batch, time] = ids.shape;
  return tf.tidy(() => {
    const hidden = hiddenStates(decoder, parameters, ids, options).reshape<tf.Tensor2D>([-1, hiddenSize]);
    return headLogits(parameters, hidden).reshape([batch, time, outputs]);
  });
}

/** The positions of tokens, and the encoding at them. */
export function placeTokens(
  { architecture, encoding, shape }: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  drawn?: tf.Tensor1D,
): PlacedEncoding {
  const positions = tokenPositions(ids, architecture.separators, drawn);
  return { positions, applied: encoding.apply(positions, positions, shape, parameters) };
}

/**
 * The embeddings of tokens with what the encoding adds.
 *
 * @param ids [batch, time] int32
 * @returns [batch * time, hiddenSize]
 */
export function embedTokens(
  { architecture: { paddingIndex } }: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  applied: AppliedEncoding,
): tf.Tensor2D {
  const table = matrix(parameters, embeddingName);
  const embedded = lookup(table, ids, paddingIndex) as tf.Tensor3D;
  return tf.reshape(encoded(applied.embed?.(embedded), embedded, 'embeddings'), [-1, table.shape[1]]);
}

/**
 * The last normalization.
 *
 * @param hidden [tokens, hiddenSize]
 */
export function finalNorm(
  { architecture: { style, normEps } }: Decoder,
  parameters: ModelParameters,
  hidden: tf.Tensor2D,
): tf.Tensor2D {
  return decoderStyles[style].norm(parameters, finalNormName, hidden, normEps);
}

/** The head's table, a row for each output: [outputs, hiddenSize]. */
export function headTable(parameters: ModelParameters): tf.Tensor2D {
  return matrix(parameters, parameters.has(headName) ? headName : embeddingName);
}

/**
 * The scores from hidden states.
 *
 * @param hidden [tokens, hiddenSize]
 * @returns [tokens, outputs]
 */
export function headLogits(parameters: ModelParameters, hidden: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(hidden, headTable(parameters), false, true);
}

/** A block whose tokens attend to their own and earlier ones. */
function attentiveBlock(
  decoder: Decoder,
  parameters: ModelParameters,
  place: BlockPlace,
  hidden: tf.Tensor2D,
  placed: PlacedEncoding,
  { queryChunk = defaultQueryChunk }: ForwardOptions,
): tf.Tensor2D {
  const { layer, dropout } = place;
  const onWeights: ChunkOptions['onWeights'] =
    dropout && ((weights, chunk) => drop(weights, dropout, { layer, part: 2 + chunk }));
  return decoderBlock(decoder.architecture, parameters, place, hidden, (heads) =>
    attend(decoder, placed, encodeHeads(decoder, placed, heads), { queryChunk, onWeights }),
  );
}

/**
 * Computes a block and keeps only its input for the backward pass, which computes the block again.
 * All tensors it uses are inputs of `recomputed`: intermediate ones of the forward pass no longer
 * exist then, and parameters need gradients.
 */
function recomputedBlock(
  decoder: Decoder,
  parameters: ModelParameters,
  { layer, batch, dropout }: BlockPlace,
  hidden: tf.Tensor2D,
  positions: Positions,
  options: ForwardOptions,
): tf.Tensor2D {
  const { architecture, encoding, shape } = decoder;
  const names = [...blockParameters(architecture, layer), ...encoding.parameters(shape)].map(
    ({ name }) => name,
  );
  const seeds = dropout === undefined ? [] : [dropout.seed];
  return recomputed(
    (input, ...rest) => {
      const levels = rest.slice(0, positions.length) as unknown as Positions;
      const own = new Map(names.map((name, index) => [name, present(rest[positions.length + index], name)]));
      const seed = rest[positions.length + names.length] as tf.Tensor1D | undefined;
      const place = { layer, batch, dropout: dropout && seed && { ...dropout, seed } };
      const placed = { positions: levels, applied: encoding.apply(levels, levels, shape, own) };
      return attentiveBlock(decoder, own, place, input as tf.Tensor2D, placed, options);
    },
    [hidden, ...positions, ...names.map((name) => parameterNamed(parameters, name)), ...seeds],
  );
}

function dropoutOf({ architecture }: Decoder, { dropoutSeed }: ForwardOptions): Dropout | undefined {
  const { dropout: rate = 0 } = architecture;
  return dropoutSeed === undefined || rate === 0 ? undefined : { rate, seed: dropoutSeed };
}
