import * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { stateSetSeparators, stateSetWriter } from '../../lib/evaluate/state-sets';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { createDecoder } from '../../lib/model/config';
import { logits } from '../../lib/model/decoder';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { type BiNfa } from '../../lib/theory/automata/automaton';
import { type BatchSource } from '../../lib/data/batches';
import { batchTensors } from '../../lib/train/step/batches';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { readMetrics } from '../../lib/train/metrics';
import { stateSetBatches, stateSetLoss } from '../../lib/train/tasks/state-sets';
import { createTask, taskMetrics } from '../../lib/train/tasks/registry';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { numbersOf } from './regression';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});

/** Whether the segments with an a in them are odd in number; one sub-state can lead two ways. */
const automaton: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['even', 'odd'],
  segmentStart: 'even',
  accept: ['odd'],
  subStates: ['none', 'seen', 'end'],
  subStart: 'none',
  symbols: ['a', 'b'],
  separators: [';'],
  subTransitions: [
    ['none', 'a', 'seen'],
    ['none', 'b', 'none'],
    ['seen', 'a', 'seen'],
    ['seen', 'b', 'seen'],
    ['seen', 'b', 'end'],
  ],
  segmentTransitions: [
    ['even', 'none', ';', 'even'],
    ['even', 'seen', ';', 'odd'],
    ['odd', 'none', ';', 'odd'],
    ['odd', 'seen', ';', 'even'],
    ['odd', 'end', ';', 'odd'],
  ],
};

const stateSets = { kind: 'state-sets', automaton, maxSegmentLength: 3, testWords: 20 };

function configWith(change: object = {}): TrainingConfig {
  return parseTrainingConfig({
    ...smallConfig,
    model: {
      ...smallConfig.model,
      vocabSize: 4,
      outputs: 5,
      dropout: 0,
      separators: [stateSetSeparators(automaton)],
      encoding: { kind: 'bipe', intra: { kind: 'learned', rows: 4 }, inter: { kind: 'rope' } },
    },
    task: stateSets,
    checkpointEvery: 1000,
    evaluateEvery: 1000,
    ...change,
  });
}

async function lossesIn(folder: string): Promise<number[]> {
  return (await readMetrics(folder)).flatMap((line) => (line.kind === 'training' ? [line.loss] : []));
}

function sourceOf(seed: number): BatchSource {
  const write = stateSetWriter(automaton, { length: 13, maxSegmentLength: 3 });
  return stateSetBatches(write, { batch: 4, random: Random.fromSeed(seed) });
}

describe('batches of the state-set task', () => {
  it('have one shape, count every prefix, and are the same for the same seed', async () => {
    const [first, same, other] = [sourceOf(1), sourceOf(1), sourceOf(2)];
    const batch = await first.next();
    expect(batch.arrays['ids']?.shape).toEqual([4, 14]);
    expect(batch.arrays['sets']?.shape).toEqual([4, 14, 5]);
    expect([batch.weight, batch.tokens]).toEqual([56, 56]);
    expect(await same.next()).toEqual(batch);
    expect(await other.next()).not.toEqual(batch);
    expect(await first.next()).not.toEqual(batch);
  });

  it('say of each token where the automaton can be', async () => {
    const { arrays } = await sourceOf(3).next();
    const ids = [...(arrays['ids']?.values ?? [])];
    const sets = [...(arrays['sets']?.values ?? [])];
    for (let word = 0; word < 4; word += 1) {
      // The automaton by hand: sets of segment states and of sub-states.
      let segments = new Set(['even']);
      let subs = new Set(['none']);
      for (let token = 0; token < 14; token += 1) {
        const name = [undefined, 'a', 'b', ';'][ids[word * 14 + token] ?? 0];
        if (name === ';') {
          const moves = automaton.segmentTransitions.filter(([s, k]) => segments.has(s) && subs.has(k));
          segments = new Set(moves.map(([, , , to]) => to));
          subs = new Set(segments.size === 0 ? [] : ['none']);
        } else if (name !== undefined)
          subs = new Set(
            automaton.subTransitions.flatMap(([from, by, to]) => (by === name && subs.has(from) ? [to] : [])),
          );
        if (subs.size === 0) segments = new Set();
        const expected = [
          ...automaton.segmentStates.map((state) => Number(segments.has(state))),
          ...automaton.subStates.map((state) => Number(subs.has(state))),
        ];
        expect(sets.slice((word * 14 + token) * 5, (word * 14 + token + 1) * 5)).toEqual(expected);
      }
    }
  });

  it('go on from where their state was taken', async () => {
    const source = sourceOf(5);
    await source.next();
    const state: unknown = JSON.parse(JSON.stringify(source.state()));
    const following = await source.next();
    const other = sourceOf(6);
    other.restore(state);
    expect(await other.next()).toEqual(following);
    expect(() => {
      other.restore({ random: 3 });
    }).toThrow(/state of state-set batches: random/);
  });
});

describe('the state-set task', () => {
  it('sums the cross-entropy of all bits', async () => {
    const { model } = configWith();
    const decoder = createDecoder(model);
    const parameters = initialParameters(decoder.parameters, 1, Random.fromSeed(7));
    const batch = await sourceOf(8).next();
    tf.tidy(() => {
      const tensors = batchTensors(batch);
      const scores = logits(decoder, parameters, tensors['ids'] as tf.Tensor2D).dataSync();
      const bits = batch.arrays['sets']?.values ?? [];
      let expected = 0;
      for (const [place, score] of scores.entries()) {
        const against = bits[place] === 1 ? -score : score;
        expected += Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
      }
      const [sum = NaN] = stateSetLoss(decoder)(parameters, tensors).dataSync();
      expect(sum / expected).toBeCloseTo(1, 5);
    });
    disposeParameters(parameters);
  });

  it('measures what it names, the same each time', async () => {
    const { model, task: config } = configWith();
    const decoder = createDecoder(model);
    const parameters = initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
    const task = await createTask(config, { decoder, batchSize: 4, seed: 1 });
    await assertNoLeak(async () => {
      const metrics = await task.evaluate(parameters);
      expect(Object.keys(metrics)).toEqual(taskMetrics(config));
      expect(await task.evaluate(parameters)).toEqual(metrics);
    });
    disposeParameters(parameters);
  });

  it('is learnt, and its model is saved with its head', async () => {
    const folder = temporaryFolder();
    const schedule = { kind: 'linear', learningRate: 1e-2, warmupSteps: 10 };
    const config = configWith({ batchSize: 32, steps: 150, schedule, logEvery: 10 });
    const { parameters } = await trainModel(config, { folder });
    const losses = await lossesIn(folder);
    expect(losses.at(-1)).toBeLessThan(0.4 * (losses[0] ?? 0));
    const saved = await loadCheckpoint(join(folder, 'checkpoint'));
    expect(saved.config.outputs).toBe(5);
    expect(numbersOf(saved.parameters)).toEqual(numbersOf(parameters));
    disposeParameters(parameters);
  });

  it('takes the same course as a captured graph and operation by operation', async () => {
    const [captured = [], eager = []] = await Promise.all(
      (['captured', 'eager'] as const).map(async (execution) => {
        const folder = temporaryFolder();
        const { parameters } = await trainModel(configWith({ steps: 12 }), { folder, execution });
        disposeParameters(parameters);
        return lossesIn(folder);
      }),
    );
    expect(captured).toHaveLength(12);
    for (const [step, loss] of captured.entries()) expect(eager[step]).toBeCloseTo(loss, 4);
  });

  it('goes on after an interruption as if there had been none', async () => {
    const config = configWith({ steps: 12, logEvery: 1, checkpointEvery: 5 });
    const measured = async (folder: string): Promise<unknown[]> =>
      (await readMetrics(folder)).map((line) => ({ ...line, machine: undefined }));
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const undisturbed = await trainModel(config, { folder: whole });
    const stop = new AbortController();
    const first = await trainModel(config, {
      folder: parts,
      signal: stop.signal,
      onMetrics: ({ step }) => {
        if (step === 7) stop.abort();
      },
    });
    expect([first.outcome, first.step]).toEqual(['interrupted', 7]);
    const second = await trainModel(config, { folder: parts, resume: true });
    expect(await measured(parts)).toEqual(await measured(whole));
    expect(numbersOf(second.parameters)).toEqual(numbersOf(undisturbed.parameters));
    disposeParameters(first.parameters);
  });
});

describe('a state-set task that cannot be', () => {
  const { model } = configWith();
  it.each([
    [
      'of one level',
      { task: { ...stateSets, automaton: oneLevel() } },
      /automaton: has one level; give a "bi-nfa"/,
    ],
    [
      'of an automaton with a mistake',
      { task: { ...stateSets, automaton: { ...automaton, subStart: 'nnone' } } },
      /automaton: subStart: sub-state "nnone" is not in subStates; did you mean "none"\?/,
    ],
  ])('%s is refused', (_, change, message) => {
    expect(() => configWith(change)).toThrow(message);
  });

  it.each([
    [
      'other tokens',
      { vocabSize: 6 },
      /model\.vocabSize: 6, but the state-set task of this automaton has 4 tokens; give 4/,
    ],
    [
      'another head',
      { outputs: 4 },
      /model\.outputs: 4, but the state-set task of this automaton predicts 5 numbers; give 5/,
    ],
  ])('with a model of %s is refused', async (_, change, message) => {
    const config = configWith({ model: { ...model, ...change } });
    await expect(trainModel(config, { folder: temporaryFolder() })).rejects.toThrow(message);
  });

  it('a model with a head of its own learns no next tokens', async () => {
    const config = configWith({
      model: { ...model, vocabSize: 17, outputs: 5 },
      task: smallConfig.task,
    });
    await expect(trainModel(config, { folder: temporaryFolder() })).rejects.toThrow(
      /model\.outputs: 5, but the arithmetic task modulo 7 predicts the next token; leave it out/,
    );
  });
});

function oneLevel(): object {
  return { type: 'nfa', states: ['q'], symbols: ['a'], start: 'q', accept: [], transitions: [] };
}
