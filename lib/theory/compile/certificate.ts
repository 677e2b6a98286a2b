// The certificate of a compiled network, computed from its weights as float32 holds them: its size,
// by how much each head prefers its source token, and how far counts may be off before rounding.
// Bounds are derived for the weights that the compiler builds, so the network is compiled again and
// every number compared.

import type { Mlp } from '../network/mlp';
import { type CopyHead, describeHead, type Layer, type Network } from '../network/network';
import { networkSize, type NetworkSize } from '../network/size';
import type { BlockPlan } from './blocks';
import { type BlockScores, blockScores } from './block-scores';
import { countError, entryError, mostLeak, room, sumError } from './count-error';
import { differencesOf, planAgain } from './differences';
import { headScores } from './scores';
import { countTrial } from './trials';
import { type LayerPlan, mostTokens } from './weights';

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
  /** Differences from the weights that the compiler builds for the automaton, a line each. */
  readonly mistakes: readonly string[];
  /**
   * Whether the weights are the compiler's, number by number, and the bounds leave room for every
   * word: every word within the bounds is then read out right.
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
 * Certifies a network in steps, to show progress: one step more than it has layers.
 */
export function* certifySteps(network: Network): Generator<undefined, NetworkCertificate, undefined> {
  const tokens = mostTokens(network);
  const plan = planAgain(network);
  const mistakes = differencesOf(network, plan);
  yield;
  const known: Known = { measured: new Map(), scores: new Map() };
  const parts: ReturnType<typeof certifyLayer>[] = [];
  for (const [index, layer] of network.layers.entries()) {
    const planned = plan?.layers[index];
    if (planned !== undefined) parts.push(certifyLayer(network, layer, planned, tokens, known));
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

/** What is known of parts that layers share. */
interface Known {
  /** The largest error of a block's counts that was found. */
  readonly measured: Map<Mlp, Map<BlockPlan, number>>;
  readonly scores: Map<CopyHead, BlockScores>;
}

function scoresOf(network: Network, head: CopyHead): BlockScores {
  const { source } = head;
  return source.among === 'block'
    ? blockScores(network, { ...head, source }, entryError(network))
    : { ...headScores(network, head), unevenness: 0 };
}

function certifyLayer(
  network: Network,
  { head, feedForward }: Layer,
  plan: LayerPlan,
  tokens: number,
  { measured, scores }: Known,
): { readonly certificate: LayerCertificate; readonly exactUpTo: number } {
  const { gap, rounding, unevenness } = scores.get(head) ?? scoresOf(network, head);
  scores.set(head, { gap, rounding, unevenness });
  const leakOf = (count: number): number => (count - 1) * Math.exp(rounding - gap);
  const sizes = plan.feedForward.flatMap(({ products }) => products.map(({ left }) => left.columns));
  const bounds = [
    ...sizes.map((states) => (elsewhere: number) => countError(states, network, elsewhere)),
    ...plan.feedForward.flatMap(({ sums }) =>
      sums === undefined
        ? []
        : [(elsewhere: number) => sumError(sums, network, { leak: elsewhere, unevenness })],
    ),
  ];
  const most = Math.min(...bounds.map(mostLeak));
  const errors = plan.feedForward.map((block, index) => {
    const mlp = feedForward[index]?.mlp;
    if (mlp === undefined) return Number.POSITIVE_INFINITY;
    const errorsOf = measured.get(mlp) ?? new Map<BlockPlan, number>();
    measured.set(mlp, errorsOf);
    const error = errorsOf.get(block) ?? countTrial(network, mlp, block.products);
    errorsOf.set(block, error);
    return error;
  });
  const leak = leakOf(tokens);
  return {
    certificate: {
      name: describeHead(head),
      gap,
      leak,
      bound: Math.max(...bounds.map((errorAt) => errorAt(leak))),
      measured: Math.max(...errors),
    },
    exactUpTo: most <= 0 || gap <= rounding ? 0 : Math.floor(1 + most * Math.exp(gap - rounding)),
  };
}
