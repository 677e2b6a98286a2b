// The certificate of a network, compiled or edited since, computed from its weights as float32
// holds them: its size, by how much each head prefers its source token, and how far counts may be
// off before rounding.
//
// Bounds are derived for the weights that the compiler builds, so the network is compiled again and
// every number compared. Where weights were edited, the differences are bounded layer by layer
// (`stream.ts`), and added to those bounds.

import { present } from '../../base/present';
import type { Mlp } from '../network/mlp';
import { type CopyHead, describeHead, type Network } from '../network/network';
import { networkSize, type NetworkSize } from '../network/size';
import { mostTokens } from './addressing';
import { blockDrift, largestChange } from './block-drift';
import type { BlockScores } from './block-scores';
import type { BlockPlan } from './blocks';
import { countError, entryError, type Errors, largest, mostLeak, room, sumError } from './count-error';
import { differencesOf, planAgain } from './differences';
import { tokensOf, type TokenVectors } from './kinds';
import { scoresOf } from './score-drift';
import { addThrough, copyThrough, largestDrift, numbersOf, type Stream, streamOf } from './stream';
import { countTrial } from './trials';
import { type NetworkPlan } from './weights';

/** The certificate of one layer. */
export interface LayerCertificate {
  readonly name: string;
  /** The source token's score minus the highest of any other token, at worst. */
  readonly gap: number;
  /** The derived bound of attention on all other tokens together. */
  readonly leak: number;
  /** The derived bound of the error of what is rounded. */
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
  /** Differences from what the compiler builds for the automaton, a line each. */
  readonly mistakes: readonly string[];
  /** The first place where the bounds leave no room; null if there is none. */
  readonly obstacle: string | null;
  /**
   * Whether the bounds leave room for every word, and for all that was edited: every word within
   * the network's bounds is then read out right.
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
  const { structure, weights } = differencesOf(network, plan);
  yield;
  const certifier =
    plan === undefined || structure.length > 0
      ? undefined
      : new Certifier(network, plan, weights.length > 0 ? streamOf(network, plan) : undefined);
  const parts: CertifiedLayer[] = [];
  for (const index of network.layers.keys()) {
    if (certifier !== undefined) parts.push(certifier.layer(index));
    yield;
  }
  const obstacle =
    structure[0] ?? parts.find((part) => part.obstacle !== null)?.obstacle ?? certifier?.readout() ?? null;
  return {
    ...networkSize(network),
    layers: parts.map(({ certificate }) => certificate),
    worstGap: parts.length === 0 ? null : Math.min(...parts.map(({ certificate }) => certificate.gap)),
    exactUpTo: parts.length === 0 ? null : Math.min(...parts.map(({ exactUpTo }) => exactUpTo)),
    mostTokens: tokens,
    mistakes: [...structure, ...weights],
    obstacle,
    holds: obstacle === null,
  };
}

interface CertifiedLayer {
  readonly certificate: LayerCertificate;
  readonly exactUpTo: number;
  readonly obstacle: string | null;
}

/** Certifies the layers of a network in their order. */
class Certifier {
  /** The largest error of a block's counts that was found; layers share blocks. */
  private readonly measured = new Map<Mlp, Map<BlockPlan, number>>();
  /** Scores of heads of a network without edits; layers share heads. */
  private readonly scores = new Map<CopyHead, BlockScores>();

  private readonly tokens: readonly TokenVectors[];

  /** @param stream what edits may have moved; undefined without edits */
  constructor(
    private readonly network: Network,
    private readonly plan: NetworkPlan,
    private readonly stream: Stream | undefined,
  ) {
    this.tokens = tokensOf({ ...network, embedding: plan.embedding, places: plan.places });
  }

  layer(index: number): CertifiedLayer {
    const { network, stream } = this;
    const { head, feedForward } = present(network.layers[index], 'layer');
    const plan = present(this.plan.layers[index], 'layer');
    const { gap, elsewhere, rounding, unevenness } = this.scoresOf(head, plan.head);
    const leak = elsewhere * Math.exp(rounding);
    if (stream !== undefined) copyThrough(stream, head.value, leak);
    let [bound, measured, most] = [0, 0, Number.POSITIVE_INFINITY];
    const obstacles = gap > rounding ? [] : ['another token may score as high as the one to copy'];
    for (const [at, block] of plan.feedForward.entries()) {
      const { mlp } = present(feedForward[at], 'block');
      const entry = entryError(network) + (stream === undefined ? 0 : largestDrift(stream));
      const added = stream === undefined ? 0 : this.throughBlock(stream, mlp, block);
      const errorAt = (share: number): number =>
        added + this.errorOf(block, { leak: share, entry, unevenness });
      const found = this.measuredOf(mlp, block);
      const error = errorAt(leak);
      [bound, measured] = [Math.max(bound, error), Math.max(measured, found)];
      most = Math.min(most, mostLeak(errorAt));
      if (error > 0 && !(entry < largest - 1))
        obstacles.push(`${block.name}: what it reads may be off by ${digits(entry)}`);
      if (!(error < room))
        obstacles.push(
          `${block.name}: what it rounds may be off by ${digits(error)}, and there is room for ${room}`,
        );
      if (!(found <= error))
        obstacles.push(`${block.name}: counts were off by ${digits(found)}, more than its bound`);
    }
    const [first] = obstacles;
    return {
      certificate: {
        name: describeHead(head),
        gap: finite(gap),
        leak: finite(leak),
        bound: finite(bound),
        measured: finite(measured),
      },
      exactUpTo: upTo(mostTokens(network), { most, leak, gap: gap - rounding }),
      obstacle: first === undefined ? null : `layer ${index + 1}: ${first}`,
    };
  }

  /** The first state whose sum may be on the wrong side of 1/2. */
  readout(): string | null {
    const { network, plan, stream } = this;
    if (stream === undefined) return null;
    const numbers = numbersOf(stream);
    const isKnown = largestDrift(stream) >= 0;
    for (const [part, { states, inputs }] of network.readout.entries())
      for (const [state, connections] of inputs.entries()) {
        const wanted = plan.readout[part]?.inputs[state] ?? [];
        const moved = wanted.reduce(
          (sum, [coordinate, weight]) =>
            sum + Math.abs(weight) * (entryError(network) + (stream.drift[coordinate] ?? Number.NaN)),
          largestChange(connections, wanted, numbers),
        );
        if (!(moved < halfway && isKnown))
          return `readout: ${states[state] ?? ''} may be off by ${digits(moved)}`;
      }
    return null;
  }

  private scoresOf(head: CopyHead, planned: CopyHead): BlockScores {
    const { network, plan, stream } = this;
    const known = this.scores.get(head) ?? scoresOf(network, { head, planned }, plan, this.tokens, stream);
    if (stream === undefined) this.scores.set(head, known);
    return known;
  }

  /** Follows the stream through a block, and bounds what edits add to its counts. */
  private throughBlock(stream: Stream, mlp: Mlp, block: BlockPlan): number {
    const { activation } = this.network;
    const added = blockDrift(mlp, block, {
      activation,
      numbers: numbersOf(stream),
      width: stream.low.length,
    });
    return addThrough(stream, block, { activation, added });
  }

  /** Bounds the error of what a block rounds, or leaves to be rounded; 0 if it does neither. */
  private errorOf({ products, sums }: BlockPlan, errors: Errors): number {
    return Math.max(
      0,
      ...products.map(({ left }) => countError(left.columns, this.network, errors)),
      ...(sums === undefined ? [] : [sumError(sums, this.network, errors)]),
    );
  }

  private measuredOf(mlp: Mlp, block: BlockPlan): number {
    const known = this.measured.get(mlp) ?? new Map<BlockPlan, number>();
    this.measured.set(mlp, known);
    const found = known.get(block) ?? countTrial(this.network, mlp, block.products);
    known.set(block, found);
    return found;
  }
}

/** Sums of the read-out are at most 0 or at least 1, and float32 rounds them. */
const halfway = 0.49;

/** Most tokens for which the attention on others leaves room: all of them may score the highest. */
function upTo(
  tokens: number,
  { most, leak, gap }: { readonly most: number; readonly leak: number; readonly gap: number },
): number {
  if (!(most > 0 && gap > 0)) return 0;
  const byGap = Math.floor(1 + most * Math.exp(gap));
  return leak <= most ? Math.max(tokens, byGap) : Math.min(tokens - 1, byGap);
}

function digits(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(2) : 'any amount';
}

/** JSON has finite numbers alone. */
function finite(value: number): number {
  return Number.isNaN(value)
    ? Number.MAX_VALUE
    : Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}
