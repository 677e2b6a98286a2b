// The certificate of a compiled network, computed from its weights as float32 holds them: its size,
// by how much each head prefers its source token, and how far counts may be off before rounding.
// Bounds are derived for the weights that the compiler builds; feed-forward blocks are tried as
// well, so that a changed weight shows as a small gap, a wrong product or a mistake.

import { type Block, blockNamed } from '../network/layout';
import type { Mlp } from '../network/mlp';
import { describeHead, type Layer, type Network } from '../network/network';
import { networkSize, type NetworkSize } from '../network/size';
import { countError, mostLeak, room } from './count-error';
import { mistakesOf } from './mistakes';
import { headScores } from './scores';
import { productTrial } from './trials';
import { mostTokens } from './weights';

/** The certificate of one layer. */
export interface LayerCertificate {
  readonly name: string;
  /** The source token's score minus the highest of any other token, at worst. */
  readonly gap: number;
  /** The derived bound of attention on all other tokens together. */
  readonly leak: number;
  /** The derived bound of the error of counts, after the product. */
  readonly bound: number;
  /** The largest error of counts found, with full and random matrices, in float32. */
  readonly measured: number;
}

/** The size of a network and its bounds. */
export interface NetworkCertificate extends NetworkSize {
  readonly layers: readonly LayerCertificate[];
  /** The smallest gap of a head; null without heads. */
  readonly worstGap: number | null;
  /**
   * Most tokens for which attention in float32 is exact enough, whatever the bounds; null without
   * heads.
   */
  readonly exactUpTo: number | null;
  /** Most tokens of a word within the bounds. */
  readonly mostTokens: number;
  /** Differences from the automaton, a line each; see `mistakesOf`. */
  readonly mistakes: readonly string[];
  /**
   * Whether the bounds leave room for every word, and no trial found a mistake. For weights as the
   * compiler builds them, every word within the bounds is then read out right.
   */
  readonly holds: boolean;
}

/** Certifies a network. */
export function certifyNetwork(network: Network): NetworkCertificate {
  const steps = certifySteps(network);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Certifies a network in steps, to show progress: one step more than it has layers. A step takes up
 * to minutes for words of thousands of tokens, since it visits all pairs of places.
 */
export function* certifySteps(network: Network): Generator<undefined, NetworkCertificate, undefined> {
  const tokens = mostTokens(network);
  const mistakes = mistakesOf(network);
  yield;
  const measured: Measured[] = [];
  const parts: ReturnType<typeof certifyLayer>[] = [];
  for (const layer of network.layers) {
    parts.push(certifyLayer(network, layer, tokens, measured));
    yield;
  }
  const exactUpTo = parts.map((part) => part.exactUpTo);
  return {
    ...networkSize(network),
    layers: parts.map(({ certificate }) => certificate),
    worstGap: parts.length === 0 ? null : Math.min(...parts.map(({ certificate }) => certificate.gap)),
    exactUpTo: parts.length === 0 ? null : Math.min(...exactUpTo),
    mostTokens: tokens,
    mistakes,
    holds:
      mistakes.length === 0 &&
      exactUpTo.every((most) => most >= tokens) &&
      parts.every(({ certificate }) => certificate.bound < room && certificate.measured <= certificate.bound),
  };
}

/** A product that was tried; layers share products. */
interface Measured {
  readonly product: Mlp;
  readonly register: Block;
  readonly error: number;
}

function certifyLayer(
  network: Network,
  layer: Layer,
  tokens: number,
  measured: Measured[],
): { readonly certificate: LayerCertificate; readonly exactUpTo: number } {
  const { head, feedForward } = layer;
  const register = blockNamed(network.layout, head.register);
  const product = feedForward[0]?.mlp;
  if (product === undefined) throw new Error(`${describeHead(head)}: a layer without a product`);
  const { gap, rounding } = headScores(network, head);
  const leakOf = (count: number): number => (count - 1) * Math.exp(rounding - gap);
  const most = mostLeak(register, network);
  const known = measured.find((one) => one.product === product && one.register === register);
  const error = known?.error ?? productTrial(network, register, product);
  if (known === undefined) measured.push({ product, register, error });
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
