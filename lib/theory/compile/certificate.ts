// What a compiled network is known to do, computed from its weights as float32 holds them, not from
// how they were meant: how large it is, by how much each head prefers the token it copies from, and
// what is left of the room between 0 and 1 before rounding. A weight that was changed shows here,
// as a small gap, a product that is off, or a mistake.

import { type Block, blockNamed } from '../network/layout';
import type { Mlp } from '../network/mlp';
import { describeHead, type Layer, type Network } from '../network/network';
import { networkSize, type NetworkSize } from '../network/size';
import { countError, mostLeak, room } from './count-error';
import { mistakesOf } from './mistakes';
import { headScores } from './scores';
import { productTrial } from './trials';
import { mostTokens } from './weights';

/** Of one layer. */
export interface LayerCertificate {
  readonly name: string;
  /** The score of the token to copy less that of any other, at worst. */
  readonly gap: number;
  /** The attention on all other tokens together, at most. */
  readonly leak: number;
  /** What counts err by at most, after the product. */
  readonly bound: number;
  /** What they were found to err by, with full and random matrices, in float32. */
  readonly measured: number;
}

/** What is known of a network. */
export interface NetworkCertificate extends NetworkSize {
  readonly layers: readonly LayerCertificate[];
  /** The smallest gap of a head; null without heads. */
  readonly worstGap: number | null;
  /**
   * Tokens of a word for which float32 leaves attention exact enough, whatever the bounds; null
   * without heads.
   */
  readonly exactUpTo: number | null;
  /** Tokens that a word within the bounds has at most. */
  readonly mostTokens: number;
  /** What is not as the automaton has it, a line each; see `mistakesOf`. */
  readonly mistakes: readonly string[];
  /** Whether every word within the bounds is certain to be read out right. */
  readonly holds: boolean;
}

/** The certificate of a network. */
export function certifyNetwork(network: Network): NetworkCertificate {
  const steps = certifySteps(network);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * The same in steps, for who wants to say how far it is: one more than the network has layers, each
 * of up to minutes for words of thousands of tokens, since all pairs of places are looked at.
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

/** A product that was tried; layers share them. */
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
