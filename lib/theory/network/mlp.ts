// A feed-forward layer as the theory builds it. Each hidden unit has few connections, so weights
// are lists, not matrices. Connections lead from and to coordinates of the residual stream; the
// layer's output is added to it.

/** The activation of hidden units. GELU is x Phi(x), without the approximation by tanh. */
export type Activation = 'gelu' | 'relu';

/** A coordinate of the residual stream and a weight. */
export type Connection = readonly [coordinate: number, weight: number];

/**
 * A sparse feed-forward layer.
 *
 * output[o] = sum over hidden units h of outputWeight * activation(bias[h] + sum of inputWeight *
 * input[i]). Unit h has entries inputStart[h] to inputStart[h + 1] of the input lists, and likewise
 * of the output lists.
 */
export interface Mlp {
  readonly activation: Activation;
  readonly hidden: number;
  /** [hidden] */
  readonly bias: Float64Array;
  /** [hidden + 1] */
  readonly inputStart: Int32Array;
  readonly inputIndex: Int32Array;
  readonly inputWeight: Float64Array;
  /** [hidden + 1] */
  readonly outputStart: Int32Array;
  readonly outputIndex: Int32Array;
  readonly outputWeight: Float64Array;
}

/**
 * Takes the hidden units of a layer one by one, to build the layer or to compare it with another.
 */
export interface Units {
  readonly activation: Activation;
  /** Takes the next hidden unit. */
  readonly unit: (inputs: readonly Connection[], bias: number, outputs: readonly Connection[]) => void;
}

/** Collects the hidden units of a layer. */
export class MlpBuilder implements Units {
  private readonly bias = new Numbers();
  private readonly inputStart = new Numbers([0]);
  private readonly inputIndex = new Numbers();
  private readonly inputWeight = new Numbers();
  private readonly outputStart = new Numbers([0]);
  private readonly outputIndex = new Numbers();
  private readonly outputWeight = new Numbers();

  constructor(readonly activation: Activation) {}

  /** Adds a hidden unit. */
  unit(inputs: readonly Connection[], bias: number, outputs: readonly Connection[]): void {
    this.bias.push(bias);
    for (const [index, weight] of inputs) {
      this.inputIndex.push(index);
      this.inputWeight.push(weight);
    }
    for (const [index, weight] of outputs) {
      this.outputIndex.push(index);
      this.outputWeight.push(weight);
    }
    this.inputStart.push(this.inputIndex.length);
    this.outputStart.push(this.outputIndex.length);
  }

  /** Makes the layer of the units added so far. */
  build(): Mlp {
    return {
      activation: this.activation,
      hidden: this.bias.length,
      bias: this.bias.toArray(),
      inputStart: Int32Array.from(this.inputStart.toArray()),
      inputIndex: Int32Array.from(this.inputIndex.toArray()),
      inputWeight: this.inputWeight.toArray(),
      outputStart: Int32Array.from(this.outputStart.toArray()),
      outputIndex: Int32Array.from(this.outputIndex.toArray()),
      outputWeight: this.outputWeight.toArray(),
    };
  }
}

/** The fields of a layer that are lists of numbers. */
export const mlpLists = [
  'bias',
  'inputStart',
  'inputIndex',
  'inputWeight',
  'outputStart',
  'outputIndex',
  'outputWeight',
] as const;

/** Whether two layers have the same activation, and the same numbers in the same order. */
export function sameMlp(a: Mlp, b: Mlp): boolean {
  if (a === b) return true;
  return (
    a.activation === b.activation &&
    mlpLists.every((list) => {
      const [own, other] = [a[list], b[list]];
      return own.length === other.length && own.every((value, index) => value === other[index]);
    })
  );
}

/** A list of numbers that grows without an object for each: layers have millions of connections. */
class Numbers {
  private values = new Float64Array(64);
  length = 0;

  constructor(first: readonly number[] = []) {
    for (const value of first) this.push(value);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  toArray(): Float64Array {
    return this.values.slice(0, this.length);
  }
}
