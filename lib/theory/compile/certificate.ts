// What a compiled network is known to do, computed from its weights as float32 holds them, not from how they were meant: how large it
// is, by how much each head prefers the token it copies from, and what is left of the room between 0 and 1 before rounding. A weight
// that was changed shows here.
//
// An entry after rounding errs by e at most, a copied one by leak + e more, so a count of n products by
// n (leak + 2e + ...) + what Lemma 1.4 says of the products. Rounding takes counts to 0 and 1 if that is below 3/20: between 1/4 and 3/4
// it would not, and GELU wants to be a little away from there.

import { Random } from '../../engine/random';
import { float32 } from '../lemmas/certificate';
import { productRounding, productTruncation } from '../lemmas/product';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Block, blockNamed } from '../network/layout';
import type { Mlp } from '../network/mlp';
import { describeHead, type Layer, type Network } from '../network/network';
import { networkSize, type NetworkSize } from '../network/size';
import { headScores } from './scores';
import { booleanProductScale, mostTokens } from './weights';

/** What counts may err by before they are rounded. */
const room = 0.15;

/** Of one layer. */
export interface LayerCertificate {
  readonly name: string;
  /** The score of the token to copy less that of any other, at worst. */
  readonly gap: number;
  /** The attention on all other tokens together, at most. */
  readonly leak: number;
  /** What counts err by at most, after the product. */
  readonly bound: number;
  /** What they were found to err by, with random and full matrices of 0 and 1, in float32. */
  readonly measured: number;
}

/** What is known of a network. */
export interface NetworkCertificate extends NetworkSize {
  readonly layers: readonly LayerCertificate[];
  /** The smallest gap of a head; null without heads. */
  readonly worstGap: number | null;
  /** Tokens of a word for which float32 leaves attention exact enough, whatever the bounds; null without heads. */
  readonly exactUpTo: number | null;
  /** Tokens that a word within the bounds has at most. */
  readonly mostTokens: number;
  /** Whether every word within the bounds is certain to be read out right. */
  readonly holds: boolean;
}

/** The certificate of a network. */
export function certify(network: Network): NetworkCertificate {
  const tokens = mostTokens(network);
  const measured = new Map<Mlp, number>();
  const parts = network.layers.map((layer) => certifyLayer(network, layer, tokens, measured));
  const exactUpTo = parts.map((part) => part.exactUpTo);
  return {
    ...networkSize(network),
    layers: parts.map(({ certificate }) => certificate),
    worstGap: parts.length === 0 ? null : Math.min(...parts.map(({ certificate }) => certificate.gap)),
    exactUpTo: parts.length === 0 ? null : Math.min(...exactUpTo),
    mostTokens: tokens,
    holds:
      exactUpTo.every((most) => most >= tokens) &&
      parts.every(({ certificate }) => certificate.bound < room && certificate.measured <= certificate.bound),
  };
}

function certifyLayer(
  network: Network,
  layer: Layer,
  tokens: number,
  measured: Map<Mlp, number>,
): { readonly certificate: LayerCertificate; readonly exactUpTo: number } {
  const { head, feedForward } = layer;
  const register = blockNamed(network.layout, head.register);
  const product = feedForward[0]?.mlp;
  if (product === undefined) throw new Error(`${describeHead(head)}: a layer without a product`);
  const { gap, rounding } = headScores(network, head);
  const leakOf = (count: number): number => (count - 1) * Math.exp(rounding - gap);
  const most = mostLeak(register, network);
  const error = measured.get(product) ?? productError(product, register, network);
  measured.set(product, error);
  const leak = leakOf(tokens);
  return {
    certificate: {
      name: describeHead(head),
      gap,
      leak,
      bound: countError(register, network, leak),
      measured: error,
    },
    exactUpTo: most <= 0 || gap <= rounding ? 0 : Math.floor(1 + most * Math.exp(gap - rounding)),
  };
}

/** What a count errs by at most, if attention elsewhere is `leak`. */
function countError({ rows: { length: states } }: Block, { activation }: Network, leak: number): number {
  const { unit } = float32;
  // Of an entry after rounding: sums of numbers up to `states`, a few roundings each.
  const entry = 16 * unit * (states + 1);
  const factors = 1.01 * states * (leak + 2 * entry + 16 * unit);
  const erasing = 8 * unit * states;
  const scale = booleanProductScale(states);
  const products =
    activation === 'gelu'
      ? productTruncation(scale, 1.01, states) + productRounding(scale, 1.01, float32, states)
      : 4 * unit * states * states;
  return factors + erasing + products;
}

/** The most that attention elsewhere may be. */
function mostLeak(register: Block, network: Network): number {
  return (room - countError(register, network, 0)) / (1.01 * register.rows.length);
}

/** The largest error of a count that the layer makes of full and of random matrices, fewer where the layer is large. */
function productError(mlp: Mlp, register: Block, { layout }: Network): number {
  const random = Random.fromSeed(1);
  const copied = blockNamed(layout, 'copied');
  const size = register.rows.length;
  const tries = Math.max(1, Math.min(16, Math.floor(4e5 / mlp.hidden)));
  let largest = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    const density = attempt === 0 ? 1 : random.uniform();
    const residual = new Float64Array(layout.width);
    for (let entry = 0; entry < size * size; entry++) {
      residual[copied.start + entry] = random.uniform() < density ? 1 : 0;
      residual[register.start + entry] = random.uniform() < density ? 1 : 0;
    }
    const added = evaluateMlp(mlp, residual, float32.round);
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        const place = register.start + row * size + column;
        let wanted = 0;
        for (let middle = 0; middle < size; middle++)
          wanted +=
            (residual[copied.start + row * size + middle] ?? 0) *
            (residual[register.start + middle * size + column] ?? 0);
        const found = (residual[place] ?? Number.NaN) + (added[place] ?? Number.NaN);
        largest = Math.max(largest, Math.abs(found - wanted));
      }
  }
  return largest;
}
