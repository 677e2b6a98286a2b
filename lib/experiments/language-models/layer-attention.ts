// The attention of one layer over one sequence, as arrays to draw.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../base/errors';
import { present } from '../../base/present';
import { type Decoder } from '../../model/decoder';
import { type ModelParameters } from '../../model/parameters';
import { attentionMaps } from '../../model/watch-attention';

/**
 * Attention weights of each token on each other, in each head of a layer.
 *
 * @param sequence token ids, and where an encoding draws positions, those at which they stand
 * @param layer    from 0
 * @returns [heads][queries][keys]
 * @throws UsageError if the model has no such layer
 */
export function layerAttention(
  decoder: Decoder,
  parameters: ModelParameters,
  { ids, positions }: { readonly ids: Int32Array; readonly positions?: Int32Array },
  layer: number,
): number[][][] {
  const { numLayers } = decoder.architecture;
  if (!Number.isInteger(layer) || layer < 0 || layer >= numLayers)
    throw new UsageError(`there is no layer ${layer}; the model's are 0 to ${numLayers - 1}`);
  return tf.tidy(() => {
    const row = tf.tensor2d(ids, [1, ids.length], 'int32');
    const drawn = positions && { drawnPositions: tf.tensor1d(positions, 'int32') };
    const map = present(attentionMaps(decoder, parameters, row, drawn)[layer], 'map');
    return map.squeeze<tf.Tensor3D>([0]).arraySync();
  });
}
