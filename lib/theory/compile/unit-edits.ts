// Compares the hidden units of a feed-forward layer with those of the compiler's block, in order
// and without a second copy in memory.

import type { Activation, Connection, Mlp, Units } from '../network/mlp';
import type { BlockPlan } from './blocks';

/** A hidden unit. */
export interface Unit {
  readonly inputs: readonly Connection[];
  readonly bias: number;
  readonly outputs: readonly Connection[];
}

/** A place where a layer is not the compiler's: a unit that is another, one more, or one less. */
export interface UnitEdit {
  /** The number of the unit, or of the one before which it is missing, from 1 on. */
  readonly number: number;
  readonly found: Unit | undefined;
  readonly wanted: Unit | undefined;
}

/**
 * Visits the edits of a layer, and counts the units that it should have. A unit more or less is
 * recognized if the one after it is the compiler's.
 */
export function visitEdits(
  mlp: Mlp,
  block: BlockPlan,
  activation: Activation,
  visit: (edit: UnitEdit) => void,
): number {
  const pairing = new Pairing(mlp, activation, visit);
  block.addUnits(pairing);
  return pairing.finish();
}

/** Equal in float32; NaN equals nothing. */
export function same(a: number | undefined, b: number | undefined): boolean {
  return Math.fround(a ?? Number.NaN) === Math.fround(b ?? Number.NaN);
}

class Pairing implements Units {
  private wantedUnits = 0;
  /** The layer's next unit. */
  private next = 0;
  /** A unit that the next one of the layer is not. */
  private pending: Unit | undefined;

  constructor(
    private readonly mlp: Mlp,
    readonly activation: Activation,
    private readonly visit: (edit: UnitEdit) => void,
  ) {}

  unit(inputs: readonly Connection[], bias: number, outputs: readonly Connection[]): void {
    this.wantedUnits += 1;
    const wanted: Unit = { inputs, bias, outputs };
    if (this.pending !== undefined) {
      const { pending } = this;
      this.pending = undefined;
      if (this.isNext(wanted)) this.visit({ number: this.next + 1, found: undefined, wanted: pending });
      else this.take(pending);
    }
    if (!this.isNext(wanted) && this.isNext(wanted, 1)) this.take(undefined);
    if (this.isNext(wanted)) this.next += 1;
    else this.pending = wanted;
  }

  finish(): number {
    if (this.pending !== undefined) this.take(this.pending);
    while (this.next < this.mlp.hidden) this.take(undefined);
    return this.wantedUnits;
  }

  /** Visits the layer's next unit in place of another, or of none. */
  private take(wanted: Unit | undefined): void {
    const number = this.next + 1;
    if (this.next >= this.mlp.hidden) this.visit({ number, found: undefined, wanted });
    else this.visit({ number, found: unitOf(this.mlp, this.next++), wanted });
  }

  private isNext({ inputs, bias, outputs }: Unit, ahead = 0): boolean {
    const unit = this.next + ahead;
    const { mlp } = this;
    return (
      unit < mlp.hidden &&
      same(mlp.bias[unit], bias) &&
      sameConnections(inputs, unit, mlp.inputStart, mlp.inputIndex, mlp.inputWeight) &&
      sameConnections(outputs, unit, mlp.outputStart, mlp.outputIndex, mlp.outputWeight)
    );
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

/** A unit of a layer, from 0 on. */
export function unitOf(mlp: Mlp, unit: number): Unit {
  const list = (start: Int32Array, index: Int32Array, weight: Float64Array): Connection[] => {
    const first = start[unit] ?? 0;
    return Array.from({ length: (start[unit + 1] ?? 0) - first }, (_, at) => [
      index[first + at] ?? -1,
      weight[first + at] ?? Number.NaN,
    ]);
  };
  return {
    inputs: list(mlp.inputStart, mlp.inputIndex, mlp.inputWeight),
    bias: mlp.bias[unit] ?? Number.NaN,
    outputs: list(mlp.outputStart, mlp.outputIndex, mlp.outputWeight),
  };
}
