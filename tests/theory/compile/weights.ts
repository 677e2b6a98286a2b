import type { Network } from '../../../lib/theory/network/network';

/** Every list of weights that a network has, to be changed in place. */
export function listsOfWeights({ embedding, places, layers }: Network): Float64Array[] {
  return [
    embedding.values,
    places.values,
    ...layers.flatMap(({ head, feedForward }) => [
      head.query.values,
      head.key.values,
      ...feedForward.flatMap(({ mlp }) => [mlp.inputWeight, mlp.bias, mlp.outputWeight]),
    ]),
  ];
}
