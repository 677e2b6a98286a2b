// Everything the page shows of one automaton and one word, computed at once: the compiled network,
// what it does with the word, what the set simulator says, the certificate; and, for one token,
// which arrows it takes, where its head looks, what its blocks hold.

import { flatten } from '../../lib/theory/automata/flatten';
import { indexOfNames } from '../../lib/theory/automata/relation';
import { simulator } from '../../lib/theory/automata/simulate';
import { certifyNetwork, type NetworkCertificate } from '../../lib/theory/compile/certificate';
import { compileBiPE } from '../../lib/theory/compile/compile';
import { flatProgram } from '../../lib/theory/compile/program';
import { mostTokens, widthOf } from '../../lib/theory/compile/weights';
import { type Block, blockNamed, blockSize } from '../../lib/theory/network/layout';
import { type CopySource, type Network, networkSeparators, startId } from '../../lib/theory/network/network';
import { type Trace, trace } from '../../lib/theory/network/plain';
import { tokenReader } from '../../lib/theory/network/words';
import type { Source } from './draft';

/** One automaton with one word. Tokens are a start, then the names of the word. */
export interface Scene extends Source {
  readonly network: Network;
  readonly certificate: NetworkCertificate;
  /** Of the network that absolute positions take for words as long. */
  readonly flatWidth: number;
  readonly trace: Trace;
  /** [tokens, pairs] of 0 and 1: what the set simulator says after each token. */
  readonly simulated: Uint8Array;
  /** Segment of each token, the start's own left out: -1 for the start, then from 0. */
  readonly segments: readonly number[];
  /** Whether each token ends a segment; the start does. */
  readonly isSeparator: readonly boolean[];
}

/**
 * Compiles the automaton and sends the word through. @throws DataError for a word beyond the bounds
 */
export function createScene(source: Source): Scene {
  const { automaton, word, bounds } = source;
  const network = compileBiPE(automaton, bounds);
  const ids = tokenReader(network)(word);
  const ends = new Set(networkSeparators(network));
  const isSeparator = [startId, ...ids].map((id) => ends.has(id));
  let segment = -1;
  return {
    ...source,
    network,
    certificate: certifyNetwork(network),
    flatWidth: widthOf(flatProgram(flatten(automaton), mostTokens(network) - 1)),
    trace: trace(network, ids),
    simulated: simulator(automaton).run(word),
    segments: isSeparator.map((isEnd) => (isEnd ? segment++ : segment)),
    isSeparator,
  };
}

/** States of both levels that are reached after a token, each by its index. */
export interface Reached {
  readonly segment: readonly boolean[];
  readonly sub: readonly boolean[];
}

/**
 * What `sets` says of a token, level by level: a state of a level counts if it is in a reached
 * pair.
 */
export function reachedAt({ automaton }: Source, sets: Uint8Array, token: number): Reached {
  const [segments, subs] = [automaton.segmentStates.length, automaton.subStates.length];
  const row = sets.subarray(token * segments * subs, (token + 1) * segments * subs);
  return {
    segment: automaton.segmentStates.map((_, state) =>
      row.subarray(state * subs, (state + 1) * subs).includes(1),
    ),
    sub: automaton.subStates.map((_, state) =>
      row.some((value, pair) => value === 1 && pair % subs === state),
    ),
  };
}

/** Whether the network reads the very set that the simulator has, after each token. */
export function agreement({ trace: { reached, tokens }, simulated }: Scene): boolean[] {
  const states = simulated.length / tokens;
  return Array.from({ length: tokens }, (_, token) =>
    simulated
      .subarray(token * states, (token + 1) * states)
      .every((value, state) => value === reached[token * states + state]),
  );
}

/** Whether an accepting segment state is reached after a token. */
export function isAccepting(scene: Scene, token: number): boolean {
  const { segment } = reachedAt(scene, scene.simulated, token);
  return scene.automaton.segmentStates.some(
    (state, index) => segment[index] === true && scene.automaton.accept.includes(state),
  );
}

/** Arrows of one level between two states, drawn as one. */
export interface MergedArrow {
  readonly from: number;
  readonly to: number;
  /** A line each: symbols; or sub-states with their separator. */
  readonly labels: readonly string[];
  /** Whether the current token takes one of them. */
  readonly isTaken: boolean;
}

/** The arrows of the sub-level, and which of them a token takes. */
export function subArrows(scene: Source & Pick<Scene, 'simulated'>, token: number): MergedArrow[] {
  const { automaton, word } = scene;
  const index = indexOfNames(automaton.subStates);
  const symbol = word[token - 1];
  const before = token === 0 ? undefined : reachedAt(scene, scene.simulated, token - 1).sub;
  return merge(
    automaton.subTransitions.map(([from, name, to]) => ({
      from: index.get(from) ?? 0,
      to: index.get(to) ?? 0,
      label: name,
      isTaken: name === symbol && before?.[index.get(from) ?? 0] === true,
    })),
    (labels) => [labels.join(', ')],
  );
}

/** The arrows of the segment level, and which of them a token takes. */
export function segmentArrows(scene: Source & Pick<Scene, 'simulated'>, token: number): MergedArrow[] {
  const { automaton, word } = scene;
  const [index, subIndex] = [indexOfNames(automaton.segmentStates), indexOfNames(automaton.subStates)];
  const separator = word[token - 1];
  const before = token === 0 ? undefined : reachedAt(scene, scene.simulated, token - 1);
  const several = automaton.separators.length > 1;
  const every = automaton.subStates.length;
  const among = (names: readonly string[]): string =>
    every > 1 && names.length === every ? everySubState : names.join(', ');
  return merge(
    automaton.segmentTransitions.map(([from, subState, name, to]) => ({
      from: index.get(from) ?? 0,
      to: index.get(to) ?? 0,
      label: several ? `${name} ${subState}` : subState,
      isTaken:
        name === separator &&
        before?.segment[index.get(from) ?? 0] === true &&
        before.sub[subIndex.get(subState) ?? 0] === true,
    })),
    (labels) =>
      several
        ? [...grouped(labels, (label) => label.slice(0, label.indexOf(' ')))].map(
            ([name, own]) => `‹${name}› ${among(own.map((label) => label.slice(name.length + 1)))}`,
          )
        : [among(labels)],
  );
}

function merge(
  arrows: readonly {
    readonly from: number;
    readonly to: number;
    readonly label: string;
    readonly isTaken: boolean;
  }[],
  lines: (labels: readonly string[]) => readonly string[],
): MergedArrow[] {
  const groups = grouped(arrows, ({ from, to }) => `${from} ${to}`);
  return [...groups.values()].map((group) => ({
    from: group[0]?.from ?? 0,
    to: group[0]?.to ?? 0,
    labels: lines(group.map(({ label }) => label)),
    isTaken: group.some(({ isTaken }) => isTaken),
  }));
}

/** Stands at an arrow of the segment level that is taken whatever the sub-state. */
export const everySubState = 'all';

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

/** The token a token copies from in a layer, and how much of its attention that has. */
export function copiedFrom(scene: Scene, layer: number, token: number): { from: number; weight: number } {
  const { trace: traced } = scene;
  const attention = traced.layers[layer]?.attention ?? new Float64Array();
  const row = attention.subarray(token * traced.tokens, token * traced.tokens + token + 1);
  const weight = row.reduce((most, value) => Math.max(most, value), 0);
  return { from: row.indexOf(weight), weight };
}

/**
 * What a token's answer is made of: [layers + 1][tokens] whether it needs a token before each
 * layer, and after the last.
 */
export function ancestry(scene: Scene, token: number): boolean[][] {
  const { layers, tokens } = scene.trace;
  const needed = [Array.from({ length: tokens }, (_, other) => other === token)];
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const after = needed[0] ?? [];
    const before = [...after];
    after.forEach((isNeeded, other) => {
      if (isNeeded) before[copiedFrom(scene, layer, other).from] = true;
    });
    needed.unshift(before);
  }
  return needed;
}

/** A block as one token holds it. */
export interface HeldBlock {
  readonly name: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows * columns] */
  readonly values: Float64Array;
  /** The row that is read: the start's; undefined where none is. */
  readonly readRow?: number;
}

/** A layer at one token, as the sum it is: copied, times own, is counts, rounded to 0 and 1. */
export interface LayerAtToken {
  readonly name: string;
  readonly source: CopySource;
  readonly level: 'sub' | 'segment';
  readonly from: number;
  readonly weight: number;
  readonly copied: HeldBlock;
  readonly own: HeldBlock;
  /** After each feed-forward block: the block it has changed. */
  readonly after: readonly { readonly step: string; readonly block: HeldBlock }[];
}

/** What a token holds before the first layer. */
export function embeddedAt({ network, trace: { embedded } }: Scene, token: number): HeldBlock[] {
  return network.layout.blocks
    .filter(({ name }) => name !== 'copied')
    .map((block) => hold(network, block, embedded, token));
}

/** What each layer does at a token. */
export function layersAt(scene: Scene, token: number): LayerAtToken[] {
  const { network, trace: traced } = scene;
  return network.layers.map(({ head }, index): LayerAtToken => {
    const { name = '', residuals = [] } = traced.layers[index] ?? {};
    const register = blockNamed(network.layout, head.register);
    const [attention, ...others] = residuals;
    const values = attention?.values ?? new Float64Array();
    const own = hold(network, register, values, token);
    return {
      name,
      source: head.source,
      level: levelOf(head.register),
      ...copiedFrom(scene, index, token),
      // What is copied stands in the first entries of a block that may be larger.
      copied: {
        ...hold(network, { ...register, start: head.value.to }, values, token),
        name: 'copied',
      },
      own,
      after: others.map(({ name: step, values: after }) => ({
        step,
        block: hold(
          network,
          step === 'transition' ? blockNamed(network.layout, 'segment relation') : register,
          after,
          token,
        ),
      })),
    };
  });
}

/** What a token holds after the last layer, of the blocks that are read. */
export function finalAt(scene: Scene, token: number): HeldBlock[] {
  const { network, trace: traced, isSeparator } = scene;
  const last = traced.layers.at(-1)?.residuals.at(-1)?.values ?? traced.embedded;
  return ['segment relation', 'sub relation'].map((name) => {
    const { readRow, ...block } = hold(network, blockNamed(network.layout, name), last, token);
    // At a separator the sub-level starts anew, whatever the block holds.
    const isRead = name === 'segment relation' || isSeparator[token] !== true;
    return { ...block, ...(isRead && readRow !== undefined ? { readRow } : {}) };
  });
}

/** Which level a block belongs to, by its name. */
export function levelOf(name: string): 'sub' | 'segment' {
  return name.startsWith('segment') ? 'segment' : 'sub';
}

function hold({ layout, automaton }: Network, block: Block, values: Float64Array, token: number): HeldBlock {
  const first = token * layout.width + block.start;
  const { name, rows, columns } = block;
  const start = automaton.type === 'nfa' ? automaton.start : startOf(name, automaton);
  return {
    name,
    rows,
    columns,
    values: values.slice(first, first + blockSize(block)),
    ...(start !== undefined && rows.length > 0 && rows.includes(start)
      ? { readRow: rows.indexOf(start) }
      : {}),
  };
}

function startOf(block: string, automaton: Source['automaton']): string | undefined {
  if (!block.endsWith('relation')) return undefined;
  return levelOf(block) === 'segment' ? automaton.segmentStart : automaton.subStart;
}

/** How many layers belong to a level. */
export function layersOfLevel({ network }: Scene, level: 'sub' | 'segment'): number {
  return network.layers.filter(({ head }) => levelOf(head.register) === level).length;
}

/** What a token is called: the start's sign, or its name in the word. */
export function tokenName({ word }: Source, token: number): string {
  return token === 0 ? startSign : (word[token - 1] ?? '');
}

/** Stands for the token before every word. */
export const startSign = '▷';
