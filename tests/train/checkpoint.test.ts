import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../lib/base/errors';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { loadTensors } from '../../lib/model/files/checkpoint';
import { defaultAdamW, planBundles } from '../../lib/train/step/adamw';
import { readState, type RunPosition, statePath, writeState } from '../../lib/train/checkpoint';
import { runOutputs } from '../../lib/train/run-files';
import { firstMomentKey, runningLossKey, secondMomentKey, type StepDesign } from '../../lib/train/step/step';
import { temporaryFolder } from '../support/command';
import { numbersOf } from './regression';

beforeAll(async () => {
  await startEngine();
});

const parameters = [
  { name: 'a.weight', shape: [2, 3] },
  { name: 'norm.weight', shape: [3] },
  { name: 'b.weight', shape: [3, 2] },
];

const position: RunPosition = {
  step: 7,
  tokens: 112,
  seconds: 1.5,
  runningWeight: 12,
  batches: { place: 3 },
  earlyStop: { best: { value: Infinity, step: 6 }, stale: 1 },
  config: 'f'.repeat(64),
  metrics: { lines: 3, sha256: 'e'.repeat(64) },
};

function designWith(limit: number): StepDesign {
  const optimizer = { ...defaultAdamW, groups: [{ match: '^norm', weightDecay: 0 }] };
  const bundles = planBundles(parameters, optimizer, limit);
  return { loss: () => tf.scalar(0), parameters, bundles, optimizer, clipNorm: undefined, accumulation: 1 };
}

/** Every number another one. */
function stateOf({ bundles }: StepDesign): Record<string, tf.Tensor> {
  const random = Random.fromSeed(3);
  const drawn = (shape: readonly number[]): tf.Tensor =>
    tf.tensor(random.normalArray(tf.util.sizeFromShape([...shape])), [...shape]);
  return Object.fromEntries([
    ...parameters.map(({ name, shape }) => [name, drawn(shape)] as const),
    ...bundles.flatMap(({ size }, index) =>
      [firstMomentKey, secondMomentKey].map((key) => [key(index), drawn([size])] as const),
    ),
    [runningLossKey, tf.scalar(random.normal())] as const,
  ]);
}

describe('the state of a run', () => {
  it('is read as it was written, however parameters are bundled, with the best parameters or without', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 8, 1000), fc.boolean(), async (limit, hasBest) => {
        const folder = temporaryFolder();
        const design = designWith(limit);
        await assertNoLeak(async () => {
          const tensors = stateOf(design);
          const best = new Map(
            parameters.map(({ name, shape }, index) => [name, tf.fill(shape, index)] as const),
          );
          await writeState(folder, design, { tensors, position, ...(hasBest && { best }) });
          const read = await readState(folder, design);
          expect(read.position).toStrictEqual(position);
          expect(numbersOf(new Map(Object.entries(read.tensors)))).toEqual(
            numbersOf(new Map(Object.entries(tensors))),
          );
          expect(read.best && numbersOf(read.best)).toEqual(hasBest ? numbersOf(best) : undefined);
          tf.dispose([...best.values()]);
        });
      }),
      { numRuns: 6 },
    );
  });

  it('does not depend on how its parameters are bundled: moments are known by the names of parameters', async () => {
    const folder = temporaryFolder();
    const [apart, together] = [designWith(1), designWith(1000)];
    const tensors = stateOf(apart);
    await writeState(folder, apart, { tensors, position });
    const written = await loadTensors(statePath(folder));
    const read = await readState(folder, together);
    apart.bundles.forEach(({ members: [member = -1] }, index) => {
      const { name } = present(parameters[member], 'parameter');
      for (const [key, kind] of [
        [firstMomentKey, 'first'],
        [secondMomentKey, 'second'],
      ] as const) {
        const values = [...present(tensors[key(index)], name).dataSync()];
        expect([
          ...present(written.tensors.get(`optimizer.${kind}_moment.${name}`), name).dataSync(),
        ]).toEqual(values);
        const bundle = together.bundles.findIndex(({ members }) => members.includes(member));
        const { members, sizes } = present(together.bundles[bundle], 'bundle');
        const start = sizes.slice(0, members.indexOf(member)).reduce((sum, size) => sum + size, 0);
        const vector = [...present(read.tensors[key(bundle)], name).dataSync()];
        expect(vector.slice(start, start + values.length)).toEqual(values);
      }
    });
    tf.dispose([tensors, read.tensors, [...written.tensors.values()]]);
  });

  it('of another model is refused, and leaves no tensor', async () => {
    const folder = temporaryFolder();
    const design = designWith(8);
    const tensors = stateOf(design);
    await writeState(folder, design, { tensors, position });
    tf.dispose(tensors);
    const other = { ...design, parameters: [{ name: 'a.weight', shape: [3, 2] }, ...parameters.slice(1)] };
    await assertNoLeak(async () => {
      const reading = readState(folder, other);
      await expect(reading).rejects.toThrow(CheckpointError);
      await expect(reading).rejects.toThrow(
        /a\.weight is \[2, 3\], this model's is \[3, 2\]; start the run anew$/,
      );
    });
  });

  it('makes its folder one of a run, as a configuration does', async () => {
    const folder = temporaryFolder();
    const isOwn = async (): Promise<Set<boolean>> => {
      const found = new Set<boolean>();
      for (const output of runOutputs(folder)) found.add(await output.isOwn(output.path));
      return found;
    };
    expect(await isOwn()).toEqual(new Set([false]));
    const design = designWith(8);
    const tensors = stateOf(design);
    await writeState(folder, design, { tensors, position });
    tf.dispose(tensors);
    expect(await isOwn()).toEqual(new Set([true]));
    expect(runOutputs(folder).map(({ path }) => path)).toEqual(
      [
        'metrics.jsonl',
        'events.out.tfevents.bipe',
        'checkpoint/config.json',
        'checkpoint/model.safetensors',
        'best/config.json',
        'best/model.safetensors',
        'checkpoint/training.safetensors',
      ].map((name) => join(folder, name)),
    );
  });
});
