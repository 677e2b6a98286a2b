import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interruptibleCell } from '../support/cell';
import { checkpointStep, loadTensors, saveTensors } from '../../lib/model/files/checkpoint';
import { disposeParameters } from '../../lib/model/parameters';
import { silentReporter } from '../../lib/base/progress';
import { RememberingStore, RunStore } from '../../lib/experiments/run/store';
import { trainedCheckpoint, trainedModel, trainedRun } from '../../lib/experiments/run/trained-run';
import { beginSession, trainingParts } from '../../lib/experiments/run/training-sessions';
import { arithmeticTraining } from '../../lib/experiments/items/fig3/runs';
import { fig3Presets } from '../../lib/experiments/items/fig3/item';
import { type Origin, originOf, type ProvenancePart } from '../../lib/report/provenance';
import { temporaryFolder } from '../support/command';
import { sampleProvenance } from '../report/samples';

const origin = (commit: string): Origin => ({ ...originOf(sampleProvenance), commit, dirty: false });

/** Metrics of a training of which each line took a second. */
function writeMetrics(folder: string, lines: number): void {
  const line = (second: number) => ({
    kind: 'training',
    step: second,
    loss: 1,
    learningRate: 1e-3,
    gradientNorm: 1,
    tokens: second,
    machine: { wallTime: second, seconds: second, tokensPerSecond: 1 },
  });
  const text = Array.from({ length: lines }, (_, index) => `${JSON.stringify(line(index + 1))}\n`);
  writeFileSync(join(folder, 'metrics.jsonl'), text.join(''));
}

/** Makes the first loss of a run another one. */
function changeLoss(folder: string): void {
  const path = join(folder, 'metrics.jsonl');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/"loss":\d/, '"loss":9');
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
}

/** Of each piece of work: what it is, whose it is, how long it took. */
function described(parts: readonly ProvenancePart[]): unknown[] {
  return parts.flatMap((part) =>
    part.work.map(({ name, seconds }) => [name, part.origin?.commit ?? null, seconds]),
  );
}

describe('sessions of a training', () => {
  it('have the seconds from where each began to where the next one did', async () => {
    const folder = temporaryFolder();
    await beginSession(folder, { step: 0, seconds: 0 }, origin('a'));
    await beginSession(folder, { step: 4, seconds: 4 }, origin('b'));
    writeMetrics(folder, 10);
    expect(described(await trainingParts(folder))).toEqual([
      ['training', 'a', 4],
      ['training', 'b', 6],
    ]);
  });

  it('do not have one of which nothing was kept, because it ended before its first checkpoint', async () => {
    const folder = temporaryFolder();
    await beginSession(folder, { step: 0, seconds: 0 }, origin('a'));
    await beginSession(folder, { step: 4, seconds: 4 }, origin('lost'));
    await beginSession(folder, { step: 4, seconds: 4 }, origin('c'));
    writeMetrics(folder, 6);
    expect(described(await trainingParts(folder))).toEqual([
      ['training', 'a', 4],
      ['training', 'c', 2],
    ]);
  });

  it('do not claim what was trained before they were kept', async () => {
    const folder = temporaryFolder();
    writeMetrics(folder, 10);
    expect(described(await trainingParts(folder))).toEqual([['training', null, 10]]);
    await beginSession(folder, { step: 7, seconds: 7 }, origin('b'));
    expect(described(await trainingParts(folder))).toEqual([
      ['training', null, 7],
      ['training', 'b', 3],
    ]);
  });

  it('are told from a damaged file in one line', async () => {
    const folder = temporaryFolder();
    for (const text of ['[{', 'null', '[null]', '[{"step":1,"seconds":"1"}]']) {
      writeFileSync(join(folder, 'sessions.json'), text);
      await expect(trainingParts(folder)).rejects.toThrow(/sessions\.json: damaged; delete it/);
    }
    // One that cannot be read is not one that is not there.
    const other = temporaryFolder();
    expect(await trainingParts(other)).toEqual([]);
    mkdirSync(join(other, 'sessions.json'));
    await expect(trainingParts(other)).rejects.toThrow(/sessions\.json: is a folder; name a file in it$/);
  });
});

describe('a trained run', () => {
  const { settings } = fig3Presets.smoke;
  const training = arithmeticTraining(
    { encoding: 'rope', hiddenSize: 16, seed: 1 },
    { ...settings, steps: 4, warmupSteps: 1 },
  );
  const spec = (question: string) => ({
    item: 'small',
    revision: 1,
    label: 'rope',
    training,
    asked: { question },
    ask: () => Promise.resolve({ answer: question }),
  });
  const folderOf = (store: RunStore): string => join(trainedCheckpoint(spec(''), store), '..');

  /** Without what depends on the moment. */
  const withoutTimes = (result: Awaited<ReturnType<typeof trained>>) => ({
    ...result,
    tokensPerSecond: 0,
    seconds: 0,
  });
  const trained = (store: RunStore, question: string, notes: string[] = []) =>
    trainedRun(spec(question), {
      store,
      reporter: { ...silentReporter, note: (line) => void notes.push(line) },
    });

  /** The parts of a run, found or made, and its result. */
  async function partsOf(folder: string, question: string) {
    const store = new RememberingStore(folder);
    const result = await trainedRun(spec(question), { store, reporter: silentReporter });
    return { store, result, parts: store.parts };
  }

  it(
    'has its training and its evaluation as parts, however often it is found',
    { timeout: 60_000 },
    async () => {
      const { store, parts, result } = await partsOf(temporaryFolder(), 'first');
      const [part] = parts;
      expect(parts).toHaveLength(1);
      expect(part?.work.map(({ name, run }) => [name, run.replace(/-[0-9a-f]{16}$/, '')])).toEqual([
        ['rope: training', 'small-training'],
        ['rope: evaluation', 'small'],
      ]);
      expect(part?.work[0]?.seconds).toBeGreaterThanOrEqual(result.seconds - 1e-3);
      expect(part?.origin?.engine).toMatch(/./);
      expect((await partsOf(store.folder, 'first')).parts).toEqual(parts);
    },
  );

  it.each<[what: string, says: RegExp, spoil: (folder: string) => void]>([
    ['changed metrics', /metrics\.jsonl: changed since/, changeLoss],
    [
      'metrics that are null',
      /metrics\.jsonl: line 1/,
      (folder) => {
        writeFileSync(join(folder, 'metrics.jsonl'), 'null\n');
      },
    ],
    [
      'metrics that are gone',
      /its metrics are gone/,
      (folder) => {
        rmSync(join(folder, 'metrics.jsonl'));
      },
    ],
    [
      'a state cut short',
      /training\.safetensors/,
      (folder) => {
        truncateSync(join(folder, 'checkpoint', 'training.safetensors'), 1000);
      },
    ],
  ])(
    'is trained anew after %s, says so, and keeps what was there',
    { timeout: 60_000 },
    async (_, says, spoil) => {
      const store = new RunStore(temporaryFolder());
      const first = await trained(store, 'first');
      const folder = folderOf(store);
      spoil(folder);
      const spoilt = readdirSync(folder).sort();
      const notes: string[] = [];
      const second = await trained(store, 'second', notes);
      expect(withoutTimes(second)).toEqual({ ...withoutTimes(first), answer: 'second' });
      const [note] = notes.filter((line) => line.startsWith('damaged'));
      expect(note).toMatch(says);
      expect(note).toMatch(/; trained anew, and what was there is in .*\.damaged-1$/);
      expect(readdirSync(`${folder}.damaged-1`).sort()).toEqual(spoilt);
      // A third question finds all in order.
      notes.length = 0;
      await trained(store, 'third', notes);
      expect(notes.filter((line) => line.startsWith('damaged'))).toEqual([]);
    },
  );

  it.each(['model.safetensors', 'config.json'])(
    'writes its model again where %s is gone or cut short',
    { timeout: 60_000 },
    async (name) => {
      const store = new RunStore(temporaryFolder());
      await trained(store, 'first');
      const folder = trainedCheckpoint(spec(''), store);
      const path = join(folder, name);
      const original = readFileSync(path);
      const notes: string[] = [];
      const reporter = { ...silentReporter, note: (line: string) => void notes.push(line) };
      for (const how of ['gone', 'cut short']) {
        if (how === 'gone') rmSync(path);
        else truncateSync(path, original.length >> 1);
        expect(await trainedModel(spec(''), { store, reporter })).toBe(folder);
        expect(readFileSync(path)).toEqual(original);
        expect(notes.splice(0).filter((line) => /^damaged \(.*; made anew$/.test(line))).toHaveLength(1);
      }
      await trainedModel(spec(''), { store, reporter });
      expect(notes).toEqual([]);
    },
  );

  it(
    'is not taken for finished where it is gone, and was made anew in part',
    { timeout: 60_000 },
    async () => {
      const store = new RunStore(temporaryFolder());
      await trained(store, 'first');
      const folder = trainedCheckpoint(spec(''), store);
      const path = join(folder, 'model.safetensors');
      const original = readFileSync(path);
      const { steps } = spec('').training;
      expect(await checkpointStep(folder)).toBe(steps);
      rmSync(folderOf(store), { recursive: true });
      const stop = interruptibleCell();
      const update = (done: number): void => {
        if (done > 0) stop();
      };
      const reporter = { ...silentReporter, task: () => ({ update, finish: () => undefined }) };
      await expect(trainedModel(spec(''), { store, reporter })).rejects.toThrow('training was interrupted');
      const step = (await checkpointStep(folder)) ?? NaN;
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(steps);
      interruptibleCell();
      const notes: string[] = [];
      const noted = { ...silentReporter, note: (line: string) => void notes.push(line) };
      expect(await trainedModel(spec(''), { store, reporter: noted })).toBe(folder);
      expect(notes[0]).toMatch(
        new RegExp(`^damaged \\(.*: the model is of step ${step} of ${steps}\\); made anew$`),
      );
      expect(readFileSync(path)).toEqual(original);
      // A model that does not say of which step it is, is written again by the training's state.
      const { tensors } = await loadTensors(path);
      await saveTensors(path, tensors, { format: 'pt' });
      disposeParameters(tensors);
      await trainedModel(spec(''), { store, reporter: silentReporter });
      expect(readFileSync(path)).toEqual(original);
    },
  );

  it('makes what it begins with before it begins, and not again', { timeout: 60_000 }, async () => {
    const store = new RunStore(temporaryFolder());
    const calls: boolean[] = [];
    const onStart = (): Promise<void> => {
      calls.push(existsSync(folderOf(store)) && readdirSync(folderOf(store)).length > 0);
      return Promise.resolve();
    };
    const options = { store, reporter: silentReporter, onStart };
    await trainedRun(spec('a'), options);
    await trainedRun(spec('a'), options);
    await trainedRun(spec('b'), options);
    expect(calls).toHaveLength(1);
    rmSync(join(folderOf(store), 'checkpoint', 'model.safetensors'));
    await trainedModel(spec(''), options);
    expect(calls).toHaveLength(1);
    rmSync(folderOf(store), { recursive: true });
    await trainedModel(spec(''), options);
    expect(calls).toHaveLength(2);
    // Nothing stands yet where the training will be.
    expect(calls).toEqual([false, false]);
  });

  it('says of a training that it found who made it', { timeout: 60_000 }, async () => {
    const { store } = await partsOf(temporaryFolder(), 'first');
    const path = join(folderOf(store), 'sessions.json');
    const [session] = JSON.parse(readFileSync(path, 'utf8')) as { origin: Origin }[];
    writeFileSync(
      path,
      JSON.stringify([{ ...session, origin: { ...session?.origin, commit: 'f'.repeat(40) } }]),
    );
    const { parts } = await partsOf(store.folder, 'second');
    expect(parts.map(({ origin: one, work }) => [one?.commit, work.map(({ name }) => name)])).toEqual([
      ['f'.repeat(40), ['rope: training']],
      [parts[1]?.origin?.commit, ['rope: evaluation']],
    ]);
    expect(parts[1]?.origin?.commit).not.toBe('f'.repeat(40));
  });
});
