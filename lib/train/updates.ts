// Updates of the parameters, one after another: the captured training step, and the batches it is
// given.

import * as tf from '@tensorflow/tfjs';
import { present } from '../base/present';
import { type Batch, type BatchSource } from '../data/batches';
import { capture, type CapturedStep } from '../engine/graph/capture';
import { type NamedTensors } from '../engine/graph/specs';
import { type TrainingRun } from './run';
import { batchTensors } from './step/batches';
import { type Parameters, runningLossKey, type StepDesign, trainingStep, updateScalars } from './step/step';

/** Trains a state, which is on the device. */
export class Updates {
  private readonly step: CapturedStep<NamedTensors, NamedTensors, NamedTensors>;
  private readonly batches: BatchSource;
  /** The norm of the last update's gradient, a scalar. */
  private norm: tf.Tensor | undefined;

  /** @param state parameters, moments and running loss; copied */
  constructor(
    private readonly design: StepDesign,
    state: NamedTensors,
    { batches, execution, plan: { products = 'float32' } }: TrainingRun,
  ) {
    this.batches = batches;
    const eager = execution === 'eager';
    this.step = capture(trainingStep(design), { state, name: 'the training step', eager, products });
  }

  /** True if steps run as one native graph each, not operation by operation. */
  get captured(): boolean {
    return this.step.captured;
  }

  /**
   * Makes update number `step`, counted from 1.
   *
   * @param isStopped asked between two batches of the update
   * @returns predictions and tokens of its batches; undefined if it was stopped between two of
   *   them, as if it had not begun
   */
  async next(
    step: number,
    learningRate: number,
    isStopped: () => Promise<boolean>,
  ): Promise<Pick<Batch, 'weight' | 'tokens'> | undefined> {
    const { accumulation } = this.design;
    // Changed by batches before the last; the sum of gradients, changed too, is in no checkpoint.
    const before = accumulation > 1 ? { loss: this.runningLoss(), batches: this.batches.state() } : undefined;
    let [weight, tokens] = [0, 0];
    try {
      for (let left = accumulation; left > 0; left--) {
        if (before !== undefined && left < accumulation && (await isStopped())) {
          this.step.writeState({ [runningLossKey]: before.loss });
          this.batches.restore(before.batches);
          return undefined;
        }
        const batch = await this.batches.next();
        weight += batch.weight;
        tokens += batch.tokens;
        const scalars = left === 1 ? updateScalars(this.design, { step, weight, learningRate }) : {};
        const inputs = { ...batchTensors(batch), ...scalars };
        const { gradientNorm } = this.step.run(inputs);
        tf.dispose(inputs);
        if (gradientNorm === undefined) continue;
        this.norm?.dispose();
        this.norm = gradientNorm;
      }
    } finally {
      before?.loss.dispose();
    }
    return { weight, tokens };
  }

  /** The loss summed since its last reset, and the norm of the last gradient, from the device. */
  async readLoss(): Promise<{ readonly loss: number; readonly gradientNorm: number }> {
    const running = this.runningLoss();
    const [loss = Number.NaN] = await running.data();
    running.dispose();
    // None yet where a resumed run is stopped within its first step.
    const [gradientNorm = 0] = (await this.norm?.data()) ?? [];
    return { loss, gradientNorm };
  }

  /** Sets the running loss to zero. */
  resetLoss(): void {
    const zero = tf.scalar(0);
    this.step.writeState({ [runningLossKey]: zero });
    zero.dispose();
  }

  /** All tensors of the state, the caller's to dispose. */
  state(): NamedTensors {
    return this.step.readState();
  }

  /** The parameters' present values, the caller's to dispose. */
  parameters(): Parameters {
    return parametersOf(this.design, this.step.readState(this.design.parameters.map(({ name }) => name)));
  }

  dispose(): void {
    this.norm?.dispose();
    this.step.dispose();
  }

  /** A scalar, the caller's to dispose. */
  private runningLoss(): tf.Tensor {
    return this.step.readState([runningLossKey])[runningLossKey];
  }
}

/** The parameters among the tensors of a state. */
export function parametersOf({ parameters }: StepDesign, state: NamedTensors): Parameters {
  return new Map(parameters.map(({ name }) => [name, present(state[name], name)]));
}
