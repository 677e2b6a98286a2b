// Compares a network with the one that the compiler makes of its automaton, bounds and activation:
// every number, as float32 holds it. Bounds are derived for those weights, so a certificate holds
// for no others. Feed-forward blocks are compared unit by unit, without a second copy in memory.

import { canonicalJson } from '../../base/json';
import { present } from '../../base/present';
import type { Activation, Connection, Mlp, Units } from '../network/mlp';
import { describeHead, type Layer, type Matrix, type Network } from '../network/network';
import type { BlockPlan } from './blocks';
import { programFor } from './programs';
import { type LayerPlan, type NetworkPlan, planOf } from './weights';

/**
 * Plans the network that the compiler makes of a network's automaton; undefined if it makes none.
 */
export function planAgain({ automaton, bounds, activation }: Network): NetworkPlan | undefined {
  const program = programFor(automaton, bounds);
  return program && planOf(program, activation);
}

/** Lists where a network differs from the compiler's, a line each. */
export function differencesOf(network: Network, plan: NetworkPlan | undefined): string[] {
  if (plan === undefined) return ['bounds: they do not fit this kind of automaton'];
  if (!sameJson(network.layout, plan.layout))
    return ["layout: its blocks are not those of this automaton's network"];
  const compared: Compared = new Map();
  return [
    ...matrixDifferences('embedding', network.embedding, plan.embedding),
    ...matrixDifferences('places', network.places, plan.places),
    ...(network.rotaryPairs === plan.rotaryPairs
      ? []
      : [`rotary pairs: ${network.rotaryPairs} instead of ${plan.rotaryPairs}`]),
    ...(network.layers.length === plan.layers.length
      ? network.layers.flatMap((layer, index) =>
          layerDifferences(layer, present(plan.layers[index], 'layer'), network, compared).map(
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
    ...(sameJson(network.readout, plan.readout) ? [] : ["readout: its weights are not the compiler's"]),
  ];
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** Equal in float32; NaN equals nothing. */
function same(a: number | undefined, b: number | undefined): boolean {
  return Math.fround(a ?? Number.NaN) === Math.fround(b ?? Number.NaN);
}

function matrixDifferences(name: string, found: Matrix, wanted: Matrix): string[] {
  if (found.rows !== wanted.rows || found.columns !== wanted.columns)
    return [
      `${name}: ${found.rows} x ${found.columns} numbers instead of ${wanted.rows} x ${wanted.columns}`,
    ];
  const at = found.values.findIndex((value, index) => !same(value, wanted.values[index]));
  if (at < 0) return [];
  return [`${name}: row ${Math.floor(at / found.columns)} is not the compiler's`];
}

/** What is known of blocks that were compared: layers share them. */
type Compared = Map<Mlp, Map<BlockPlan, string | undefined>>;

function layerDifferences(
  { head, feedForward }: Layer,
  plan: LayerPlan,
  { activation }: Network,
  compared: Compared,
): string[] {
  const names = plan.feedForward.map(({ name }) => name);
  return [
    ...(describeHead(head) === describeHead(plan.head) && sameJson(head.value, plan.head.value)
      ? []
      : [`its head does not copy ${plan.head.register} as it should`]),
    ...matrixDifferences('query', head.query, plan.head.query),
    ...matrixDifferences('key', head.key, plan.head.key),
    ...(sameJson(
      feedForward.map(({ name }) => name),
      names,
    )
      ? feedForward.flatMap(({ name, mlp }, index) => {
          const block = present(plan.feedForward[index], 'block');
          const known = compared.get(mlp) ?? new Map<BlockPlan, string | undefined>();
          compared.set(mlp, known);
          if (!known.has(block)) known.set(block, unitDifference(mlp, block, activation));
          const difference = known.get(block);
          return difference === undefined ? [] : [`${name}: ${difference}`];
        })
      : [`its feed-forward blocks are not ${names.join(', ')}`]),
  ];
}

function unitDifference(mlp: Mlp, block: BlockPlan, activation: Activation): string | undefined {
  const comparer = new UnitComparer(mlp, activation);
  block.addUnits(comparer);
  return comparer.difference();
}

/** Compares the units that a block should have with those of a layer. */
class UnitComparer implements Units {
  private units = 0;
  private firstWrong: number | undefined;

  constructor(
    private readonly mlp: Mlp,
    readonly activation: Activation,
  ) {}

  unit(inputs: readonly Connection[], bias: number, outputs: readonly Connection[]): void {
    const unit = this.units++;
    if (this.firstWrong !== undefined) return;
    const { inputStart, inputIndex, inputWeight, outputStart, outputIndex, outputWeight } = this.mlp;
    const isSame =
      same(this.mlp.bias[unit], bias) &&
      sameConnections(inputs, unit, inputStart, inputIndex, inputWeight) &&
      sameConnections(outputs, unit, outputStart, outputIndex, outputWeight);
    if (!isSame) this.firstWrong = unit;
  }

  /** Says where the layer differs, once all units have been taken. */
  difference(): string | undefined {
    if (this.mlp.activation !== this.activation) return `it is of ${this.mlp.activation}`;
    if (this.firstWrong !== undefined) return `unit ${this.firstWrong + 1} is not the compiler's`;
    return this.mlp.hidden === this.units ? undefined : `${this.mlp.hidden} units instead of ${this.units}`;
  }
}

function sameConnections(
  wanted: readonly Connection[],
  unit: number,
  start: Int32Array,
  index: Int32Array,
  weight: Float64Array,
): boolean {
  const first = start[unit] ?? -1;
  return (
    start[unit + 1] === first + wanted.length &&
    wanted.every(
      ([coordinate, value], at) => index[first + at] === coordinate && same(weight[first + at], value),
    )
  );
}
