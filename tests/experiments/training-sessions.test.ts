import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { RememberingStore, type RunStore, type StoredRun } from '../../lib/experiments/run-store';
import { trainedCheckpoint, trainedRun } from '../../lib/experiments/trained-run';
import { beginSession, trainingParts } from '../../lib/experiments/training-sessions';
import { arithmeticTraining } from '../../lib/experiments/arithmetic-runs';
import { fig3Presets } from '../../lib/experiments/fig3';
import { type Origin, originOf, type ProvenancePart } from '../../lib/report/provenance';
import { temporaryFolder } from '../support/command';
import { sampleProvenance } from '../report/samples';

const origin = (commit: string): Origin => ({ ...originOf(sampleProvenance), commit, dirty: false });

/** Metrics of a training of which each line took a second. */
function writeMetrics(folder: string, lines: number): void {
  const line = (second: number) => ({ kind: 'training', step: second, machine: { seconds: second } });
  const text = Array.from({ length: lines }, (_, index) => `${JSON.stringify(line(index + 1))}\n`);
  writeFileSync(join(folder, 'metrics.jsonl'), text.join(''));
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
    expect(described(await trainingParts(folder, 'rope'))).toEqual([
      ['rope: training', 'a', 4],
      ['rope: training', 'b', 6],
    ]);
  });

  it('do not have one of which nothing was kept, because it ended before its first checkpoint', async () => {
    const folder = temporaryFolder();
    await beginSession(folder, { step: 0, seconds: 0 }, origin('a'));
    await beginSession(folder, { step: 4, seconds: 4 }, origin('lost'));
    await beginSession(folder, { step: 4, seconds: 4 }, origin('c'));
    writeMetrics(folder, 6);
    expect(described(await trainingParts(folder, 'rope'))).toEqual([
      ['rope: training', 'a', 4],
      ['rope: training', 'c', 2],
    ]);
  });

  it('do not claim what was trained before they were kept', async () => {
    const folder = temporaryFolder();
    writeMetrics(folder, 10);
    expect(described(await trainingParts(folder, 'rope'))).toEqual([['rope: training', null, 10]]);
    await beginSession(folder, { step: 7, seconds: 7 }, origin('b'));
    expect(described(await trainingParts(folder, 'rope'))).toEqual([
      ['rope: training', null, 7],
      ['rope: training', 'b', 3],
    ]);
  });

  it('are told from a damaged file in one line', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'sessions.json'), '[{');
    await expect(trainingParts(folder, 'rope')).rejects.toThrow(/sessions\.json: damaged; delete it/);
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

  describe('that was kept before sessions were', () => {
    /** Makes a run what it would have been then: without parts, and with the seconds since it began. */
    async function asBefore(durationSeconds: number) {
      const { store, result } = await partsOf(temporaryFolder(), 'first');
      rmSync(join(folderOf(store), 'sessions.json'));
      const stored = await store.latest<{ answer: string }>('small', () => true);
      const { configuration, ...finished } = stored as StoredRun<{ answer: string }>;
      writeFileSync(
        join(store.folderOf(configuration), 'result.json'),
        JSON.stringify({
          ...finished,
          provenance: { ...finished.provenance, commit: 'abc', durationSeconds, parts: undefined },
        }),
      );
      return { store, result };
    }

    it('counts as its own what was trained while it ran', { timeout: 60_000 }, async () => {
      const { store, result } = await asBefore(600);
      const { parts, result: found } = await partsOf(store.folder, 'first');
      expect(found).toEqual(result);
      const [trained, asked] = parts.flatMap(({ work }) => work.map(({ seconds }) => seconds));
      expect(described(parts)).toEqual([
        ['rope: training', 'abc', trained],
        ['rope: evaluation', 'abc', asked],
      ]);
      // The training's own evaluation is part of it, too.
      expect(trained).toBeGreaterThanOrEqual(result.seconds);
      expect((trained ?? 0) + (asked ?? 0)).toBeCloseTo(600, 2);
      // Whoever asks something else finds it recorded.
      const other = await partsOf(store.folder, 'second');
      expect(described(other.parts)[0]).toEqual(['rope: training', 'abc', trained]);
    });

    it('does not know who trained what was there before', { timeout: 60_000 }, async () => {
      const { store } = await asBefore(0);
      const { parts } = await partsOf(store.folder, 'first');
      expect(described(parts)).toEqual([
        ['rope: training', null, expect.any(Number)],
        ['rope: evaluation', 'abc', 0],
      ]);
    });

    it('is read where its training is gone', { timeout: 60_000 }, async () => {
      const { store, result } = await asBefore(0.5);
      rmSync(folderOf(store), { recursive: true });
      const { parts } = await partsOf(store.folder, 'first');
      expect(described(parts)).toEqual([
        ['rope: training', null, expect.closeTo(result.seconds, 2)],
        ['rope: evaluation', 'abc', 0.5],
      ]);
      expect(parts[0]?.work[0]?.run).toBe(basename(folderOf(store)));
      expect(existsSync(folderOf(store))).toBe(false);
    });
  });
});
