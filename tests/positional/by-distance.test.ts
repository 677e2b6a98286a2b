import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { present } from '../../lib/base/present';
import { encodingKernel } from '../../lib/experiments/charts/encodings-effects';
import {
  alibiSlopes,
  frequencies,
  linearScore,
  rotaryScore,
  segmentSlopeFactor,
} from '../../lib/positional/by-distance';
import { type EncodingName, createEncoding, encodingNamed } from '../../lib/positional/registry';

const shape = { hiddenSize: 256, numHeads: 4, headDim: 64, trainLength: 1024 };
const distances = 300;

describe('scores by distance', () => {
  beforeAll(async () => {
    await startEngine();
  });

  const kernelOf = (name: EncodingName): number[][] =>
    encodingKernel(createEncoding(encodingNamed(name)), distances, { shape });

  it.each(['rope', 'bipe_rope'] as const)('are those of %s on tensors', (name) => {
    const rates = frequencies(shape.headDim, 10_000);
    for (const row of kernelOf(name))
      row.forEach((score, distance) => {
        expect(rotaryScore(rates, distance)).toBeCloseTo(score, 4);
      });
  });

  it.each([
    ['alibi', 1],
    ['bipe_alibi', segmentSlopeFactor],
  ] as const)('are those of %s on tensors, in each head', (name, factor) => {
    kernelOf(name).forEach((row, head) => {
      const slope = factor * present(alibiSlopes(shape.numHeads)[head], 'slope');
      row.forEach((score, distance) => {
        const expected = linearScore(slope, distance);
        expect(Math.abs(score - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)));
      });
    });
  });
});
