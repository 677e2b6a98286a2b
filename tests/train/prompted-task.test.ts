import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { promptedSequence, sequenceOptions } from '../../lib/data/scrolls/sequence';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { createDecoder } from '../../lib/model/config';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { readMetrics } from '../../lib/train/metrics';
import { createTask } from '../../lib/train/tasks/registry';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { numbersOf } from './regression';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});

const tokenizer = 'llama2-512';
const pairs = [
  ['What colour is it?\n\nThe sea is blue.', 'blue'],
  ['What colour is it?\n\nThe whale is white, and so are its ways.', 'white'],
  ['Who?\n\nIshmael.', 'Ishmael, or so he says'],
  ['A text without a question, longer than the others, of which something has to be cut off.', 'long'],
] as const;

/** A folder with the files of a task. */
function filesOfTask(): string {
  const folder = temporaryFolder();
  const lines = pairs.map(([input, output], index) =>
    JSON.stringify({ id: `${index}`, pid: `${index}_0`, input, output }),
  );
  writeFileSync(join(folder, 'train.jsonl'), lines.join('\n'));
  writeFileSync(join(folder, 'validation.jsonl'), lines.slice(0, 3).join('\n'));
  return folder;
}

function configWith(folder: string, change: object = {}, task: object = {}): TrainingConfig {
  return parseTrainingConfig({
    ...smallConfig,
    model: { ...smallConfig.model, vocabSize: 512, dropout: 0, encoding: 'alibi' },
    task: {
      kind: 'prompted',
      data: { kind: 'scrolls', task: 'qasper', folder },
      tokenizer,
      maxTokens: 48,
      outputTokens: 12,
      ...task,
    },
    batchSize: 2,
    steps: 6,
    schedule: { kind: 'constant', learningRate: 1e-2 },
    evaluateEvery: 6,
    ...change,
  });
}

describe('the prompted task', () => {
  it('counts the loss of outputs and their ends alone, whatever the padding', async () => {
    const config = configWith(filesOfTask());
    const decoder = createDecoder(config.model);
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    const { evaluate } = await createTask(config.task, { decoder, batchSize: 2, seed: 1 });
    const measured = await assertNoLeak(() => evaluate(parameters));
    const sequences = sequenceOptions({
      tokenizer: await getTokenizer(tokenizer),
      maxTokens: 48,
      outputTokens: 12,
    });
    let [sum, count] = [0, 0];
    for (const [input, output] of pairs.slice(0, 3)) {
      const { ids, promptLength } = promptedSequence(input, output, sequences);
      const losses = tf.tidy(() =>
        nextTokenLosses(decoder, parameters, tf.tensor2d(ids, [1, ids.length], 'int32')).dataSync(),
      );
      // The loss at a place is that of the token after it.
      const outputs = Array.from(losses as Float32Array).slice(promptLength - 1);
      sum += outputs.reduce((total, loss) => total + loss, 0);
      count += outputs.length;
    }
    expect(Object.keys(measured)).toEqual(['loss']);
    expect(measured['loss']).toBeCloseTo(sum / count, 4);
    disposeParameters(parameters);
  });

  it('learns the outputs by heart', async () => {
    const folder = join(temporaryFolder(), 'run');
    const config = configWith(filesOfTask(), { steps: 80, evaluateEvery: 80, batchSize: 4 });
    await assertNoLeak(async () => {
      disposeParameters((await trainModel(config, { folder })).parameters);
    });
    const last = (await readMetrics(folder)).at(-1);
    expect(last?.kind === 'evaluation' && last.metrics['loss']).toBeLessThan(1);
  });

  it.each(['alibi', 'randomized_rope'])(
    'goes on exactly where it stopped, in the middle of an epoch: %s',
    { timeout: 60_000 },
    async (encoding) => {
      const data = filesOfTask();
      const model = { ...smallConfig.model, vocabSize: 512, encoding };
      // Of the four rows, three a batch.
      const config = configWith(data, { model, batchSize: 3 }, { inputWeight: 0.25 });
      const [whole, stopped] = [join(temporaryFolder(), 'run'), join(temporaryFolder(), 'run')];
      const undisturbed = numbersOf((await trainModel(config, { folder: whole })).parameters);
      const stop = new AbortController();
      const first = await trainModel(config, {
        folder: stopped,
        signal: stop.signal,
        onMetrics: ({ step }) => {
          if (step === 3) stop.abort();
        },
      });
      disposeParameters(first.parameters);
      const resumed = await trainModel(config, { folder: stopped, resume: true });
      expect(first.step).toBe(3);
      expect(numbersOf(resumed.parameters)).toEqual(undisturbed);
    },
  );

  it.each<[what: string, change: object, task: object, says: RegExp]>([
    [
      'another vocabulary',
      { model: { ...smallConfig.model, vocabSize: 17 } },
      {},
      /vocabSize: 17, .* has 512 tokens/,
    ],
    [
      'a tokenizer without an end',
      {},
      { tokenizer: 'bytes' },
      /model\.vocabSize|has no token that ends an output/,
    ],
    ['no room for an input', {}, { outputTokens: 46 }, /leave no room for an input; make them longer/],
    [
      'files that are not there',
      {},
      { data: { kind: 'scrolls', task: 'qasper', folder: '/nowhere' } },
      /no such file; get it by: npm run -s bipe -- data scrolls qasper/,
    ],
  ])('is refused with %s', async (_, change, task, says) => {
    const folder = join(temporaryFolder(), 'run');
    await expect(trainModel(configWith(filesOfTask(), change, task), { folder })).rejects.toThrow(says);
  });

  it.each<[what: string, validation: string | undefined, says: RegExp]>([
    [
      'no validation rows',
      undefined,
      /validation\.jsonl: no such file; get it by: npm run -s bipe -- data scrolls qasper/,
    ],
    ['damaged validation rows', '{"id": "1",', /validation\.jsonl:1: not JSON/],
    [
      'validation rows without outputs',
      '{"id": "1", "pid": "1_0", "input": "Who?", "output": null}',
      /validation\.jsonl: '1_0' has no output/,
    ],
  ])('is refused with %s before it trains', async (_, validation, says) => {
    const [data, folder] = [filesOfTask(), join(temporaryFolder(), 'run')];
    const path = join(data, 'validation.jsonl');
    if (validation === undefined) rmSync(path);
    else writeFileSync(path, validation);
    await expect(trainModel(configWith(data), { folder })).rejects.toThrow(says);
    expect(existsSync(folder)).toBe(false);
  });

  it('reads through its validation rows once, however often it evaluates', async () => {
    const data = filesOfTask();
    const config = configWith(data);
    const decoder = createDecoder(config.model);
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    const { evaluate } = await createTask(config.task, { decoder, batchSize: 2, seed: 1 });
    const before = await evaluate(parameters);
    const path = join(data, 'validation.jsonl');
    // A further row, which another pass would find.
    appendFileSync(
      path,
      `\n${JSON.stringify({ id: '9', pid: '9_0', input: 'Who?', output: 'Nobody at all' })}`,
    );
    expect(await evaluate(parameters)).toEqual(before);
    disposeParameters(parameters);
  });

  it.each<[what: string, data: object, says: RegExp]>([
    ['a task of SCROLLS that is none', { kind: 'scrolls', task: 'quasper' }, /task\.data\.task: /],
    [
      'a quick task with documents too short',
      { kind: 'quick', task: 'find', documentLength: 10, perChapter: 1 },
      /task\.data\.documentLength: /,
    ],
    ['a kind of data that is none', { kind: 'scroll', task: 'qasper' }, /task\.data\.kind: /],
  ])('is refused for %s, in one line', (_, data, says) => {
    const parse = () => configWith('', {}, { data });
    expect(parse).toThrow(says);
    expect(parse).not.toThrow(/\n/);
  });
});
