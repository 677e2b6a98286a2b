// AdamW in float64, as PyTorch computes it.

import { type AdamWSettings } from '../../lib/train/step/adamw';

/**
 * PyTorch's AdamW (torch/optim/adamw.py, `_single_tensor_adamw`), in place; each [size], `step`
 * counted from 1.
 */
export function referenceStep(
  parameter: Float64Array,
  gradient: ArrayLike<number>,
  first: Float64Array,
  second: Float64Array,
  step: number,
  learningRate: number,
  { beta1, beta2, epsilon, weightDecay }: Omit<AdamWSettings, 'groups'>,
): void {
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i] ?? NaN;
    let p = parameter[i] ?? NaN;
    p -= learningRate * weightDecay * p;
    const m = beta1 * (first[i] ?? NaN) + (1 - beta1) * g;
    const v = beta2 * (second[i] ?? NaN) + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const denominator = Math.sqrt(v) / Math.sqrt(1 - beta2 ** step) + epsilon;
    parameter[i] = p - ((learningRate / (1 - beta1 ** step)) * m) / denominator;
  }
}
