// Computes everything that the page shows of an automaton and a word: the compiled network, its
// trace on the word, the set simulator's result, the certificate; and, for a token, the arrows it
// takes, the tokens it copies from, and the content of its blocks.

import { flatten } from '../../lib/theory/automata/flatten';
import { indexOfNames } from '../../lib/theory/automata/relation';
import { simulator } from '../../lib/theory/automata/simulate';
import { mostTokens } from '../../lib/theory/compile/addressing';
import { certifyNetwork, type NetworkCertificate } from '../../lib/theory/compile/certificate';
import { compileBiPE } from '../../lib/theory/compile/compile';
import { compactProgram } from '../../lib/theory/compile/compact';
import { flatProgram } from '../../lib/theory/compile/program';
import { widthOf } from '../../lib/theory/compile/weights';
import { type Block, blockNamed, blockSize } from '../../lib/theory/network/layout';
import { type CopySource, type Network, networkSeparators, startId } from '../../lib/theory/network/network';
import { type Trace, trace } from '../../lib/theory/network/plain';
import { tokenReader } from '../../lib/theory/network/words';
import type { Source } from './draft';

/** An automaton with a word. Tokens are the start, then the names of the word. */
export interface Scene extends Source {
  readonly network: Network;
  readonly certificate: NetworkCertificate;
  /** The width of the flat construction's network for words of the same length. */
  readonly flatWidth: number;
  /** The width of the compact construction's, with absolute positions as well. */
  readonly compactWidth: number;
  readonly trace: Trace;
  /** The set simulator's result after each token: [tokens, pairs] of 0 and 1. */
  readonly simulated: Uint8Array;
  /** The segment of each token, from 0; -1 for the start. */
  readonly segments: readonly number[];
  /** Whether each token ends a segment, as the start does. */
  readonly isSeparator: readonly boolean[];
}

/**
 * Compiles the automaton and runs the word.
 *
 * @throws DataError for a word beyond the bounds
 */
export function createScene(source: Source): Scene {
  const { automaton, word, bounds } = source;
  const network = compileBiPE(automaton, bounds);
  const ids = tokenReader(network)(word);
  const longest = mostTokens(network) - 1;
  const ends = new Set(networkSeparators(network));
  const isSeparator = [startId, ...ids].map((id) => ends.has(id));
  let segment = -1;
  return {
    ...source,
    network,
    certificate: certifyNetwork(network),
    flatWidth: widthOf(flatProgram(flatten(automaton), longest)),
    compactWidth: widthOf(compactProgram(automaton, longest)),
    trace: trace(network, ids),
    simulated: simulator(automaton).run(word),
    segments: isSeparator.map((isEnd) => (isEnd ? segment++ : segment)),
    isSeparator,
  };
}

/** The states of both levels that are reached after a token, by index. */
export interface Reached {
  readonly segment: readonly boolean[];
  readonly sub: readonly boolean[];
}

/** The states of each level that are in a reached pair of `sets` at a token. */
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

/** Checks, after each token, if the network's set equals the simulator's. */
export function agreement({ trace: { reached, tokens }, simulated }: Scene): boolean[] {
  const states = simulated.length / tokens;
  return Array.from({ length: tokens }, (_, token) =>
    simulated
      .subarray(token * states, (token + 1) * states)
      .every((value, state) => value === reached[token * states + state]),
  );
}

/** Checks if an accepting segment state is reached after a token. */
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
  /** The lines of the label: symbols, or sub-states with their separator. */
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

/** The label of an arrow of the segment level that every sub-state takes. */
export const everySubState = 'all';

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

/** The token that a token copies from in a layer, and the attention on it. */
export function copiedFrom(scene: Scene, layer: number, token: number): { from: number; weight: number } {
  const { trace: traced } = scene;
  const attention = traced.layers[layer]?.attention ?? new Float64Array();
  const row = attention.subarray(token * traced.tokens, token * traced.tokens + token + 1);
  const weight = row.reduce((most, value) => Math.max(most, value), 0);
  return { from: row.indexOf(weight), weight };
}

/**
 * The tokens on which a token's read-out depends, before each layer and after the last: [layers +
 * 1][tokens].
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

/** The content of a block at a token. */
export interface HeldBlock {
  readonly name: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows * columns] */
  readonly values: Float64Array;
  /** The row that is read out, the start's; undefined if none is. */
  readonly readRow?: number;
}

/** A layer at a token: copied times own gives counts, which are rounded to 0 and 1. */
export interface LayerAtToken {
  readonly name: string;
  readonly source: CopySource;
  readonly level: 'sub' | 'segment';
  readonly from: number;
  readonly weight: number;
  readonly copied: HeldBlock;
  readonly own: HeldBlock;
  /** The changed block after each feed-forward block. */
  readonly after: readonly { readonly step: string; readonly block: HeldBlock }[];
}

/** The blocks of a token before the first layer. */
export function embeddedAt({ network, trace: { embedded } }: Scene, token: number): HeldBlock[] {
  return network.layout.blocks
    .filter(({ name }) => name !== 'copied')
    .map((block) => hold(network, block, embedded, token));
}

/** Each layer at a token. */
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
      // The copied relation fills the first entries of a block that may be larger.
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

/** The blocks that are read out, after the last layer. */
export function finalAt(scene: Scene, token: number): HeldBlock[] {
  const { network, trace: traced, isSeparator } = scene;
  const last = traced.layers.at(-1)?.residuals.at(-1)?.values ?? traced.embedded;
  return ['segment relation', 'sub relation'].map((name) => {
    const { readRow, ...block } = hold(network, blockNamed(network.layout, name), last, token);
    // At a separator the sub-level restarts, whatever the block holds.
    const isRead = name === 'segment relation' || isSeparator[token] !== true;
    return { ...block, ...(isRead && readRow !== undefined ? { readRow } : {}) };
  });
}

/** The level of a block, by its name. */
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

/** Counts the layers of a level. */
export function layersOfLevel({ network }: Scene, level: 'sub' | 'segment'): number {
  return network.layers.filter(({ head }) => levelOf(head.register) === level).length;
}

/** The name of a token: the start's sign, or its name in the word. */
export function tokenName({ word }: Source, token: number): string {
  return token === 0 ? startSign : (word[token - 1] ?? '');
}

/** The sign of the start token. */
export const startSign = '▷';
