import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MachineError, UsageError } from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import {
  type ArithmeticModel,
  arithmeticModel,
  attentionFigure,
  solutionTable,
  solveArithmetic,
} from '../../lib/experiments/items/fig3/solve';
import { arithmeticIds } from '../../lib/data/arithmetic/vocabulary';
import { arithmeticRun, arithmeticTraining } from '../../lib/experiments/items/fig3/runs';
import { fig3Presets } from '../../lib/experiments/items/fig3/item';
import { RunStore } from '../../lib/experiments/run/store';
import { trainedCheckpoint } from '../../lib/experiments/run/trained-run';
import { disposeParameters } from '../../lib/model/parameters';
import { interruptibleCell } from '../support/cell';
import { temporaryFolder } from '../support/command';
import { expectPage } from '../support/page';
import { readFigure } from '../support/read-figure';

const reporter = silentReporter;
const { settings } = fig3Presets.smoke;
const point = { encoding: 'bipe_alibi', hiddenSize: 16, seed: 1 };

beforeAll(async () => {
  await startEngine();
});

describe('a run on the arithmetic task', () => {
  it('is trained once, and found the next time', async () => {
    const store = new RunStore(temporaryFolder());
    const steps: number[] = [];
    const onCurve = (step: number): void => void steps.push(step);
    const first = await arithmeticRun(point, settings, { store, reporter, onCurve });
    expect(steps).toEqual(first.curve.map(({ step }) => step));
    expect(first.curve.at(-1)?.step).toBe(settings.steps);
    expect(first.byOperators.map(({ operators }) => operators)).toEqual([1, 2]);
    expect(first.accuracy).toEqual(first.byOperators[0]?.accuracy);
    // 30 steps of 2 batches of 16 instances.
    expect(first.byInstances.map(({ instances, accuracy }) => [instances, accuracy.trials])).toEqual([
      [480, 20],
      [960, 20],
    ]);
    expect(await arithmeticRun(point, settings, { store, reporter, onCurve })).toEqual(first);
    expect(steps).toHaveLength(first.curve.length);
    expect(await arithmeticRun(point, settings, { store, reporter, onCurve, fresh: true })).toMatchObject({
      curve: first.curve,
      accuracy: first.accuracy,
    });
    expect(steps).toHaveLength(2 * first.curve.length);
  });

  it('is another one for other settings, seeds and encodings', () => {
    const store = new RunStore(temporaryFolder());
    const folders = [
      arithmeticTraining(point, settings),
      arithmeticTraining({ ...point, seed: 2 }, settings),
      arithmeticTraining({ ...point, encoding: 'rope' }, settings),
      arithmeticTraining(point, { ...settings, dropout: 0.1 }),
      arithmeticTraining(point, { ...settings, variants: { bipe_alibi: { kind: 'none' } } }),
    ].map((training) => trainedCheckpoint({ item: 'arithmetic', revision: 1, training }, store));
    expect(new Set(folders).size).toBe(folders.length);
  });

  it('that is asked more is not trained again', async () => {
    const store = new RunStore(temporaryFolder());
    const steps: number[] = [];
    const onCurve = (step: number): void => void steps.push(step);
    const first = await arithmeticRun(point, settings, { store, reporter, onCurve });
    const trained = steps.length;
    const more = await arithmeticRun(point, { ...settings, longer: [2, 3] }, { store, reporter, onCurve });
    expect(steps).toHaveLength(trained);
    expect(more.byOperators.map(({ operators }) => operators)).toEqual([1, 2, 3]);
    expect(more.byOperators.slice(0, 2)).toEqual(first.byOperators);
    expect(more.curve).toEqual(first.curve);
  });

  it('that the stop button ends goes on where it was, to the same numbers', async () => {
    const whole = await arithmeticRun(point, settings, { store: new RunStore(temporaryFolder()), reporter });
    const root = temporaryFolder();
    const store = new RunStore(root);
    const told: number[] = [];
    const stop = interruptibleCell();
    const onCurve = (step: number): void => {
      told.push(step);
      if (step >= 10) stop();
    };
    const stopped = arithmeticRun(point, settings, { store, reporter, onCurve });
    await expect(stopped).rejects.toThrow(MachineError);
    interruptibleCell();
    const [begun = ''] = readdirSync(root).filter((name) => name.startsWith('arithmetic-training-'));
    expect(existsSync(join(root, begun, 'checkpoint', 'model.safetensors'))).toBe(true);
    const curve: { step: number; loss: number }[] = [];
    const resumed = await arithmeticRun(point, settings, {
      store,
      reporter,
      onCurve: (step, loss) => curve.push({ step, loss }),
    });
    expect(resumed.curve).toEqual(whole.curve);
    // Who draws the curve is told what was trained before the stop, too, and each point once.
    expect(curve).toEqual(whole.curve);
    expect(told.at(-1)).toBeLessThan(settings.steps);
    expect(resumed.accuracy).toEqual(whole.accuracy);
    expect(readdirSync(root).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

describe('a trained model', () => {
  let model: ArithmeticModel;
  const folder = mkdtempSync(join(tmpdir(), 'bipe-test-'));

  beforeAll(async () => {
    model = await arithmeticModel('bipe_alibi', { preset: 'smoke', store: new RunStore(folder), reporter });
  });

  afterAll(() => {
    disposeParameters(model.parameters);
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes a solution that begins with the question and is judged step by step', async () => {
    const { numTensors } = tf.memory();
    const solution = await solveArithmetic(model, '3*4');
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(solution.tokens.slice(0, 4)).toEqual(['3', '*', '4', '=']);
    expect(solution.expected).toBe(2); // 12 modulo 5
    expect(solution.steps[0]?.text).toBe('3 * 4');
    const { rows, title } = solutionTable(model, solution);
    expect(rows).toHaveLength(solution.steps.length);
    expect(rows[0]).toEqual({ step: 0, text: '3 * 4', verdict: 'asked' });
    const last = solution.steps.at(-1);
    expect(solution.correct).toBe(last?.text === '2' && solution.tokens.at(-1) === '<eos>');
    expect(solution.sound).toBe(solution.correct && solution.steps.every((step) => step.correct));
    const verdict = solution.sound ? 'right' : solution.correct ? 'right by chance' : 'wrong';
    expect(title).toBe(`BiPE-ALiBi is ${verdict}: the value is 2`);
  });

  it('says where an expression is wrong', async () => {
    await expect(solveArithmetic(model, '3 * (4')).rejects.toThrow(UsageError);
    await expect(solveArithmetic(model, '3 / 0')).rejects.toThrow(UsageError);
    await expect(solveArithmetic(model, '3 * 7')).rejects.toThrow(UsageError);
  });

  it('shows what each head attends to: causal rows that sum to 1, and the borders of segments', async () => {
    const solution = await solveArithmetic(model, '3*4');
    const figure = attentionFigure(model, solution, 1);
    const { panels, points, lines } = readFigure(figure);
    const { numHeads } = model.decoder.architecture;
    const size = solution.ids.length;
    // The end is named as it is said, without its brackets.
    const labels = solution.tokens.map((token) => (token === '<eos>' ? 'eos' : token));
    expect(panels.map(({ title, y }) => [title, y.ticks?.map(([, label]) => label)])).toEqual(
      Array.from({ length: numHeads }, (_, head) => [`Head ${head}`, labels]),
    );
    for (let head = 0; head < numHeads; head += 1)
      for (let query = 0; query < size; query += 1) {
        const row = points.filter(({ panel, y }) => panel === head && y === query);
        expect(row.map(({ x }) => x)).toEqual(Array.from({ length: query + 1 }, (_, key) => key));
        expect(row.reduce((sum, { z = NaN }) => sum + z, 0)).toBeCloseTo(1, 5);
      }
    // After each `=`, the first after `3 * 4 =`; none after the last token.
    const borders = solution.tokens
      .slice(0, -1)
      .flatMap((token, index) => (token === '=' ? [index + 0.5] : []));
    expect(borders[0]).toBe(3.5);
    expect(lines).toEqual(
      panels.flatMap((_, panel) =>
        borders.flatMap((border) => [
          { panel, x: border, ends: [border, size - 0.5] },
          { panel, y: border, ends: [-0.5, border] },
        ]),
      ),
    );
  });

  it('says what its page has', async () => {
    const tokens = ['3', '*', '4', '=', '2', '<eos>'];
    // What it wrote and how well it learnt differ from machine to machine.
    const idsOf = async (text: string): Promise<Int32Array> => (await solveArithmetic(model, text)).ids;
    const two = (await idsOf('2*4')).slice(0, 1);
    const solution = {
      ids: Int32Array.of(...(await idsOf('3*4')).slice(0, 4), ...two, arithmeticIds.eos),
      tokens,
      steps: [
        { ids: two, text: '3 * 4', correct: true },
        { ids: two, text: '2', correct: true },
      ],
      expected: 2,
      correct: true,
      sound: true,
    };
    const accuracy = { ...model.run.accuracy, share: 0.4321, trials: 234 };
    const known = { ...model, run: { ...model.run, parameters: 56_789, accuracy } };
    const verdicts = [{}, { sound: false }, { sound: false, correct: false }];
    await expectPage('arithmetic-model', {
      figures: [attentionFigure(model, solution, 1)],
      tables: verdicts.map((verdict) => solutionTable(known, { ...solution, ...verdict })),
    });
  });

  it('has no layer beyond its last', async () => {
    const solution = await solveArithmetic(model, '3*4');
    expect(() => attentionFigure(model, solution, 3)).toThrow("there is no layer 3; the model's are 0 to 2");
  });

  it('is trained by settings of its own, and by none that Figure 3 would refuse', async () => {
    const options = { preset: 'smoke', store: new RunStore(temporaryFolder()), reporter };
    const changes = { hiddenSizes: [8], steps: 10, warmupSteps: 2, modulus: 3, seeds: [2] };
    const other = await arithmeticModel('alibi', { ...options, settings: changes });
    expect(other.decoder.architecture.hiddenSize).toBe(8);
    expect(other.run).toMatchObject({ modulus: 3, hiddenSize: 8, seed: 2, encoding: 'alibi' });
    expect(other.run.curve.at(-1)?.step).toBe(10);
    disposeParameters(other.parameters);
    await expect(arithmeticModel('alibi', { ...options, settings: { hiddenSizes: [9] } })).rejects.toThrow(
      /fig3 settings.*hiddenSizes.*multiple of 8/s,
    );
  });

  it('must have an encoding and a preset that exist', async () => {
    const store = new RunStore(temporaryFolder());
    await expect(arithmeticModel('xpoz', { preset: 'smoke', store, reporter })).rejects.toThrow(UsageError);
    await expect(arithmeticModel('rope', { preset: 'smok', store, reporter })).rejects.toThrow('smoke');
  });
});
