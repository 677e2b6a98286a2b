import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { parseTrainingConfig } from '../../lib/train/config';
import { smallConfig } from './small-config';

describe('a training configuration', () => {
  it('gets defaults where it says nothing, and says all when written out', () => {
    const config = parseTrainingConfig(smallConfig);
    expect(config).toMatchObject({
      accumulation: 1,
      optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, groups: [] },
      schedule: { finalFraction: 0 },
      model: { encoding: { kind: 'randomized', encoding: { kind: 'rope' } } },
    });
    expect(parseTrainingConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it('may warm up to the last step', () => {
    const schedule = { ...smallConfig.schedule, warmupSteps: smallConfig.steps };
    expect(parseTrainingConfig({ ...smallConfig, schedule }).schedule.warmupSteps).toBe(150);
  });

  const { model, schedule } = smallConfig;
  const earlyStop = { metric: 'accuracy', better: 'larger', patience: 3 };
  it.each<[what: string, change: object, says: RegExp]>([
    [
      'an unknown field',
      { stepz: 4 },
      /^train\.json: unknown field 'stepz'; did you mean steps\? known are model, task/,
    ],
    [
      'an unknown field inside',
      { model: { ...model, heads: 2 } },
      /^train\.json: model: unknown field 'heads'; known are style, vocabSize/,
    ],
    [
      'an unknown field of the task',
      { task: { ...smallConfig.task, operatrs: 2 } },
      /^train\.json: task: unknown field 'operatrs'; did you mean operators\? known are kind, operators/,
    ],
    [
      'an unknown field deep inside',
      { optimizer: { groups: [{ match: 'norm', weigthDecay: 0 }] } },
      /^train\.json: optimizer\.groups\[0\]: unknown field 'weigthDecay'; did you mean weightDecay\? known/,
    ],
    ['an encoding that does not exist', { model: { ...model, encoding: 'rpoe' } }, /model\.encoding/],
    [
      'a kind of encoding that does not exist',
      { model: { ...model, encoding: { kind: 'ropee' } } },
      /model\.encoding.*did you mean rope/,
    ],
    ['heads that do not divide the width', { model: { ...model, numHeads: 3 } }, /numHeads.*2 or 4 would/],
    ['separators without levels', { model: { ...model, separators: [[9]] } }, /separators: 1 given/],
    ['an unknown task', { task: { kind: 'arithmetics' } }, /task\.kind: .*did you mean arithmetic/],
    ['no steps', { steps: 0 }, /steps/],
    ['a fraction of a step', { steps: 1.5 }, /steps/],
    ['a negative learning rate', { schedule: { ...schedule, learningRate: -1 } }, /schedule\.learningRate/],
    [
      'a warm-up that is longer than the training',
      { schedule: { ...schedule, warmupSteps: 151 } },
      /schedule\.warmupSteps: 151 of only 150 steps, .*give 150 at most/,
    ],
    ['a rounding that there is none of', { products: 'float16' }, /products: .*float32.*bfloat16/],
    ['a beta of 1', { optimizer: { beta2: 1 } }, /optimizer\.beta2/],
    [
      'an early stop that never stops',
      { earlyStop: { metric: 'accuracy', better: 'larger' } },
      /earlyStop: .*give a target, a patience, or both/,
    ],
    [
      'an early stop that no evaluation can bring about',
      { earlyStop, evaluateEvery: undefined },
      /earlyStop: nothing is evaluated before the last step; set evaluateEvery below 150/,
    ],
    [
      'an early stop whose first evaluation is the last',
      { earlyStop, evaluateEvery: 150 },
      /earlyStop: nothing is evaluated before the last step/,
    ],
    [
      'an early stop on a metric that the task has not',
      { earlyStop: { ...earlyStop, metric: 'acuracy' } },
      /earlyStop\.metric: unknown metric "acuracy"; did you mean accuracy\? known: accuracy, soundness/,
    ],
  ])('with %s is refused in one line', (_, change, says) => {
    const inFile = JSON.stringify({ ...smallConfig, ...change });
    const parse = () => parseTrainingConfig(JSON.parse(inFile), 'train.json');
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(says);
    expect(parse).not.toThrow(/\n/);
  });

  const arithmetic = { kind: 'arithmetic', operators: 2, modulus: 7 };
  const text = { kind: 'text', file: 'text.txt' };
  const corpus = { kind: 'corpus', sources: ['sotu'] };
  const prompted = {
    kind: 'prompted',
    data: { kind: 'quick', task: 'find', documentLength: 300, perChapter: 1 },
    tokenizer: 'bytes',
    maxTokens: 40,
    outputTokens: 8,
  };
  it.each<[field: string, least: number, below: number, task?: object]>([
    ['batchSize', 1, 0],
    ['seed', 0, -1],
    ['steps', 1, 0],
    ['accumulation', 1, 0],
    ['logEvery', 1, 0],
    ['checkpointEvery', 1, 0],
    ['evaluateEvery', 1, 0],
    ['clipNorm', 1e-9, 0],
    ['schedule.learningRate', 1e-9, 0],
    ['schedule.warmupSteps', 0, -1],
    ['schedule.finalFraction', 0, -0.01],
    ['schedule.finalFraction', 1, 1.01],
    ['optimizer.beta1', 0, -0.01],
    ['optimizer.beta1', 0.999999, 1],
    ['optimizer.beta2', 0, -0.01],
    ['optimizer.beta2', 0.999999, 1],
    ['optimizer.epsilon', 1e-30, 0],
    ['optimizer.weightDecay', 0, -0.01],
    ['task.operators', 1, 0, arithmetic],
    ['task.operators', 40, 41, arithmetic],
    ['task.instances', 1, 0, arithmetic],
    ['task.testInstances', 1, 0, arithmetic],
    ['task.testInstances', 134_217_728, 134_217_729, arithmetic],
    ['task.testShare', 1e-9, 0, text],
    ['task.testShare', 0.999, 1, text],
    ['task.maxTokens', 1, 0, corpus],
    ['task.validationMinimum', 1, 0, corpus],
    ['task.validationShare', 1e-9, 0, corpus],
    ['task.validationShare', 0.999, 1, corpus],
    ['task.maxTokens', 1, 0, prompted],
    ['task.outputTokens', 1, 0, prompted],
    ['task.testRows', 1, 0, prompted],
    ['task.inputWeight', 0, -0.01, prompted],
    ['task.inputWeight', 1, 1.01, prompted],
  ])('may say %s: %d, and not %d', (field, right, wrong, task = arithmetic) => {
    const config = (value: number): unknown => {
      const plain = { ...smallConfig, schedule: { learningRate: 1e-3 }, optimizer: {}, task };
      const [first = '', second] = field.split('.');
      const inside = (plain as Record<string, unknown>)[first] as object | undefined;
      return { ...plain, [first]: second === undefined ? value : { ...inside, [second]: value } };
    };
    const [first = '', second] = field.split('.');
    const parsed = (parseTrainingConfig(config(right)) as unknown as Record<string, unknown>)[first];
    expect(second === undefined ? parsed : (parsed as Record<string, unknown>)[second]).toBe(right);
    expect(() => parseTrainingConfig(config(wrong))).toThrow(`training: ${field}: `);
  });

  it.each(['weightDecay', 'learningRateFactor'])('may say 0 and more as %s of a group, not less', (field) => {
    const config = (value: number): unknown => ({
      ...smallConfig,
      optimizer: { groups: [{ match: 'norm', [field]: value }] },
    });
    for (const right of [0, 0.5, 3])
      expect(parseTrainingConfig(config(right)).optimizer.groups).toEqual([
        { match: 'norm', [field]: right },
      ]);
    expect(() => parseTrainingConfig(config(-0.01))).toThrow(`training: optimizer.groups[0].${field}: `);
  });
});
