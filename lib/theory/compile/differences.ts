// Compares a network with the one that the compiler makes of its automaton, bounds and activation:
// every number, as float32 holds it. Bounds are derived for those weights; what others change has
// bounds of its own (`stream.ts`). Feed-forward blocks are compared unit by unit, without a second
// copy in memory.

import { canonicalJson } from '../../base/json';
import { present } from '../../base/present';
import type { Activation, Connection, Mlp } from '../network/mlp';
import { describeHead, type Layer, type Matrix, type Network } from '../network/network';
import type { BlockPlan } from './blocks';
import { programFor } from './programs';
import { same, type UnitEdit, visitEdits } from './unit-edits';
import { type LayerPlan, type NetworkPlan, planOf } from './weights';

/**
 * Plans the network that the compiler makes of a network's automaton; undefined if it makes none.
 */
export function planAgain({ automaton, bounds, activation }: Network): NetworkPlan | undefined {
  const program = programFor(automaton, bounds);
  return program && planOf(program, activation);
}

/** Where a network is not the compiler's, a line each. */
export interface Differences {
  /** In what it is made of: blocks, layers, what heads copy, what is read out. */
  readonly structure: readonly string[];
  /** In its numbers. */
  readonly weights: readonly string[];
}

/** Lists where a network differs from the compiler's. */
export function differencesOf(network: Network, plan: NetworkPlan | undefined): Differences {
  const structure = structureOf(network, plan);
  if (plan === undefined || structure.length > 0) return { structure, weights: [] };
  const compared: Compared = new Map();
  const weights = [
    ...matrixDifferences('embedding', network.embedding, plan.embedding),
    ...matrixDifferences('places', network.places, plan.places),
    ...network.layers.flatMap((layer, index) =>
      layerDifferences(layer, present(plan.layers[index], 'layer'), network, compared).map(
        (what) => `layer ${index + 1}: ${what}`,
      ),
    ),
    ...(sameJson(network.readout, plan.readout) ? [] : ["readout: its weights are not the compiler's"]),
  ];
  return { structure, weights };
}

function structureOf(network: Network, plan: NetworkPlan | undefined): string[] {
  if (plan === undefined) return ['bounds: they do not fit this kind of automaton'];
  if (!sameJson(network.layout, plan.layout))
    return ["layout: its blocks are not those of this automaton's network"];
  return [
    ...sizeDifferences('embedding', network.embedding, plan.embedding),
    ...sizeDifferences('places', network.places, plan.places),
    ...(network.rotaryPairs === plan.rotaryPairs
      ? []
      : [`rotary pairs: ${network.rotaryPairs} instead of ${plan.rotaryPairs}`]),
    ...(network.layers.length === plan.layers.length
      ? network.layers.flatMap((layer, index) =>
          layerStructure(layer, present(plan.layers[index], 'layer'), network).map(
            (what) => `layer ${index + 1}: ${what}`,
          ),
        )
      : [`layers: ${network.layers.length} instead of ${plan.layers.length}`]),
    ...(sameJson(
      network.readout.map(({ states }) => states),
      plan.readout.map(({ states }) => states),
    )
      ? []
      : ["readout: its states are not the automaton's"]),
    ...network.readout.flatMap(({ name, states, inputs }) =>
      inputs.length === states.length && inputs.every(hasEachOnce)
        ? []
        : [`readout: ${name} have not one sum each, of different coordinates`],
    ),
  ];
}

function hasEachOnce(connections: readonly Connection[]): boolean {
  return new Set(connections.map(([coordinate]) => coordinate)).size === connections.length;
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function sizeDifferences(name: string, found: Matrix, wanted: Matrix): string[] {
  return found.rows === wanted.rows && found.columns === wanted.columns
    ? []
    : [`${name}: ${found.rows} x ${found.columns} numbers instead of ${wanted.rows} x ${wanted.columns}`];
}

function matrixDifferences(name: string, found: Matrix, wanted: Matrix): string[] {
  const at = found.values.findIndex((value, index) => !same(value, wanted.values[index]));
  if (at < 0) return [];
  return [`${name}: row ${Math.floor(at / found.columns)} is not the compiler's`];
}

/** What is known of blocks that were compared: layers share them. */
type Compared = Map<Mlp, Map<BlockPlan, string | undefined>>;

function layerStructure({ head, feedForward }: Layer, plan: LayerPlan, { activation }: Network): string[] {
  const names = plan.feedForward.map(({ name }) => name);
  const other = feedForward.find(({ mlp }) => mlp.activation !== activation);
  return [
    ...(describeHead(head) === describeHead(plan.head) && sameJson(head.value, plan.head.value)
      ? []
      : [`its head does not copy ${plan.head.register} as it should`]),
    ...sizeDifferences('query', head.query, plan.head.query),
    ...sizeDifferences('key', head.key, plan.head.key),
    ...(sameJson(
      feedForward.map(({ name }) => name),
      names,
    )
      ? []
      : [`its feed-forward blocks are not ${names.join(', ')}`]),
    ...(other === undefined ? [] : [`${other.name}: it is of ${other.mlp.activation}`]),
    ...feedForward.flatMap(({ name, mlp }) =>
      hasWholeLists(mlp) ? [] : [`${name}: its lists are not those of ${mlp.hidden} units`],
    ),
  ];
}

/** Whether all lists of a layer are of the units that it says it has. */
function hasWholeLists({ hidden, bias, ...lists }: Mlp): boolean {
  const areParts = (start: Int32Array, index: Int32Array, weight: Float64Array): boolean =>
    start.length === hidden + 1 &&
    start[0] === 0 &&
    start.every((first, unit) => unit === 0 || first >= (start[unit - 1] ?? Number.NaN)) &&
    start[hidden] === index.length &&
    index.length === weight.length;
  return (
    bias.length === hidden &&
    areParts(lists.inputStart, lists.inputIndex, lists.inputWeight) &&
    areParts(lists.outputStart, lists.outputIndex, lists.outputWeight)
  );
}

function layerDifferences(
  { head, feedForward }: Layer,
  plan: LayerPlan,
  { activation }: Network,
  compared: Compared,
): string[] {
  return [
    ...matrixDifferences('query', head.query, plan.head.query),
    ...matrixDifferences('key', head.key, plan.head.key),
    ...feedForward.flatMap(({ name, mlp }, index) => {
      const block = present(plan.feedForward[index], 'block');
      const known = compared.get(mlp) ?? new Map<BlockPlan, string | undefined>();
      compared.set(mlp, known);
      if (!known.has(block)) known.set(block, unitDifference(mlp, block, activation));
      const difference = known.get(block);
      return difference === undefined ? [] : [`${name}: ${difference}`];
    }),
  ];
}

function unitDifference(mlp: Mlp, block: BlockPlan, activation: Activation): string | undefined {
  let first: UnitEdit | undefined;
  const units = visitEdits(mlp, block, activation, (edit) => (first ??= edit));
  if (first === undefined) return undefined;
  return first.found !== undefined && first.wanted !== undefined
    ? `unit ${first.number} is not the compiler's`
    : `${mlp.hidden} units instead of ${units}`;
}
