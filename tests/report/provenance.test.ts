import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  collectProvenance,
  joinParts,
  type Origin,
  originOf,
  partsOf,
  provenancePart,
} from '../../lib/report/provenance';
import { provenanceLine } from '../../lib/report/provenance-line';
import { rememberedSources, rememberSources, sourceState } from '../../lib/report/machine';
import { sampleProvenance } from './samples';

const hasGit = spawnSync('git', ['--version']).status === 0;

describe('collectProvenance', () => {
  const provenance = collectProvenance({
    item: 'fig1',
    preset: 'quick',
    scale: 'Small.',
    startedAt: Date.now() - 2000,
  });

  it('says what the machine is without naming it or its user', () => {
    expect(provenance.machine).toMatchObject({ node: process.version, gpu: provenance.machine.gpu });
    expect(provenance.machine.cores).toBeGreaterThan(0);
    expect(provenance.machine.memoryBytes).toBeGreaterThan(0);
    const text = JSON.stringify(provenance);
    if (hostname().length > 4) expect(text).not.toContain(hostname());
    if (userInfo().username.length > 4) expect(text).not.toContain(userInfo().username);
  });

  it('counts the seconds since the work began', () => {
    expect(provenance.durationSeconds).toBeGreaterThanOrEqual(2);
    expect(new Date(provenance.createdAt).toISOString()).toBe(provenance.createdAt);
  });

  it('leaves null what does not apply', () => {
    expect(provenance).toMatchObject({ seeds: [], steps: null, data: [], engine: null, captured: null });
  });
});

describe('parts of a result', () => {
  const own = originOf(sampleProvenance);
  const other: Origin = { ...own, commit: 'f'.repeat(40), dirty: false };
  const piece = (name: string, seconds: number) => ({ name, run: `run-${name}`, seconds });

  it('are joined by what computed them, each piece of work once', () => {
    const joined = joinParts([
      provenancePart(own, [piece('a', 1)]),
      provenancePart(other, [piece('b', 2)]),
      provenancePart({ ...own }, [piece('c', 4), piece('a', 1)]),
      provenancePart(null, [piece('d', 8)]),
    ]);
    expect(joined).toEqual([
      { origin: own, seconds: 5, work: [piece('a', 1), piece('c', 4)] },
      { origin: other, seconds: 2, work: [piece('b', 2)] },
      { origin: null, seconds: 8, work: [piece('d', 8)] },
    ]);
  });

  it('have the seconds that they took when they were done', () => {
    const { durationSeconds, parts } = collectProvenance({
      item: 'fig4',
      preset: 'quick',
      scale: 'Small.',
      startedAt: Date.now() - 3000,
      parts: [provenancePart(own, [piece('a', 1000)]), provenancePart(null, [piece('b', 500)])],
      secondsInParts: 3000,
    });
    expect(durationSeconds).toBe(1500);
    expect(parts).toHaveLength(2);
  });

  it('are a stored result itself, unless it is made of parts', () => {
    const work = [{ name: 'quick', run: 'released-model-0', seconds: 12.5 }];
    const itself = [{ origin: own, seconds: 12.5, work }];
    expect(partsOf(sampleProvenance, 'released-model-0', 'quick')).toEqual(itself);
    const parts = [provenancePart(other, [piece('a', 1)])];
    expect(partsOf({ ...sampleProvenance, parts }, 'small-0', 'rope')).toEqual([
      provenancePart(other, [{ ...piece('a', 1), name: 'rope: a' }]),
    ]);
  });

  it('count once where one piece of work is asked for by two names', () => {
    const { run, seconds } = piece('a', 4);
    const parts = ['one', 'two'].map((name) => provenancePart(own, [{ name, run, seconds }]));
    expect(joinParts(parts)).toEqual([{ origin: own, seconds: 4, work: [{ name: 'one', run, seconds }] }]);
  });

  it('are named at the foot of a figure by their commits, engines and machines, each once', () => {
    const lineOf = (...origins: (Origin | null)[]): string =>
      provenanceLine({
        ...sampleProvenance,
        durationSeconds: 100 * origins.length,
        parts: origins.map((origin, index) => provenancePart(origin, [piece(String(index), 100)])),
      });
    expect(lineOf(own, { ...own })).toBe(provenanceLine(sampleProvenance));
    expect(lineOf(other)).toContain(' · commits ffffffffff, 0123456789 with changes · tensorflow');
    expect(lineOf(own, null)).toContain(
      ' · commit 0123456789 with changes · commit not recorded of 1 of 2 parts · ',
    );
    expect(lineOf({ ...own, commit: null })).toContain(
      ' · commit 0123456789 with changes · version 0.1.0 · tensorflow',
    );
    const many = ['a', 'b', 'c', 'd'].map((commit) => ({ ...own, commit: commit.repeat(40), dirty: false }));
    expect(lineOf(...many)).toContain(' · commits aaaaaaaaaa, bbbbbbbbbb, cccccccccc, 2 more · ');
    const threads = (engine: string): Origin => ({ ...own, engine });
    expect(lineOf(threads('native (1 thread)'), threads('native (2 threads)'))).toContain(
      ' · native (1 and 2 threads), captured · ',
    );
    const gpu: Origin = { ...own, machine: { ...own.machine, gpu: 'Imaginary GPU', cores: 16 } };
    expect(lineOf(gpu, own)).toMatch(
      / · Imaginary GPU, 16 cores, .* · Imaginary Processor 9000 .*, 2 cores, /,
    );
    // Each engine once, of parts that had one.
    expect(lineOf({ ...own, engine: 'webgpu' }, { ...own, engine: null }, own)).toContain(
      ' · webgpu, captured · tensorflow 2.21.0 (CPU), captured · ',
    );
    // The whole's own machine is named where it took a hundredth of the time,
    const whole = (seconds: number): string =>
      provenanceLine({
        ...sampleProvenance,
        durationSeconds: seconds,
        parts: [provenancePart(gpu, [piece('a', 100)])],
      });
    expect(whole(102)).toContain('Imaginary Processor');
    // and not where it only put the parts together.
    expect(lineOf(gpu)).not.toContain('Imaginary Processor');
  });
});

describe.skipIf(!hasGit)('sourceState', () => {
  let folder = '';
  const git = (...parameters: string[]): string => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    const run = spawnSync('git', [...identity, ...parameters], { cwd: folder, encoding: 'utf8' });
    return run.stdout.trim();
  };
  /** The commit of a repository with one file. */
  const committed = async (): Promise<string> => {
    git('init');
    await writeFile(join(folder, 'code.ts'), 'one');
    git('add', '.');
    git('commit', '-m', 'first');
    return git('rev-parse', 'HEAD');
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bipe-git-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('knows no commit where there is no repository, or none yet', () => {
    expect(sourceState(folder)).toEqual({ commit: null, dirty: false });
    git('init');
    expect(sourceState(folder)).toEqual({ commit: null, dirty: false });
  });

  it('tells a clean tree from one with changes, and does not count what was written as a result', async () => {
    const commit = await committed();
    expect(sourceState(folder)).toEqual({ commit, dirty: false });
    for (const written of ['figures', join('bench', 'results')]) {
      await mkdir(join(folder, written), { recursive: true });
      await writeFile(join(folder, written, 'fig1.svg'), 'new');
    }
    expect(sourceState(folder)).toEqual({ commit, dirty: false });
    await writeFile(join(folder, 'bench', 'script.mjs'), 'new');
    expect(sourceState(folder)).toEqual({ commit, dirty: true });
    await rm(join(folder, 'bench', 'script.mjs'));
    expect(sourceState(folder)).toEqual({ commit, dirty: false });
    await writeFile(join(folder, 'code.ts'), 'two');
    expect(sourceState(folder)).toEqual({ commit, dirty: true });
  });

  it('is that of when a command began, whatever is committed while it computes', async () => {
    const commit = await committed();
    expect(rememberedSources(folder)).toEqual({ commit, dirty: false });
    vi.stubEnv('BIPE_SOURCES', undefined);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    rememberSources(folder);
    await writeFile(join(folder, 'code.ts'), 'two');
    git('commit', '-a', '-m', 'second');
    expect(sourceState(folder).commit).not.toBe(commit);
    expect(rememberedSources(folder)).toEqual({ commit, dirty: false });
    expect(collectProvenance({ item: 'a', preset: 'b', scale: 'c', startedAt: 0 })).toMatchObject({
      commit,
      dirty: false,
    });
    // A command that begins later has the later code.
    rememberSources(folder);
    expect(rememberedSources(folder).commit).toBe(git('rev-parse', 'HEAD'));
  });

  it('does not take the repository of someone around it for its own', async () => {
    await committed();
    await mkdir(join(folder, 'inside'));
    expect(sourceState(join(folder, 'inside'))).toEqual({ commit: null, dirty: false });
  });
});

describe('provenanceLine', () => {
  it('says preset, seeds, steps, data, commit, engine and machine', () => {
    expect(provenanceLine(sampleProvenance)).toBe(
      'fig4, preset quick · seeds 1, 2, 3 · 2,000 steps · data moby-dick 0.2.3, state-of-the-union 0.2.3 · ' +
        'commit 0123456789 with changes · tensorflow 2.21.0 (CPU), captured · ' +
        'Imaginary Processor 9000 with a Long Name @ 2.90GHz, 2 cores, 8 GiB, linux x64',
    );
  });

  it('says where nothing was captured, and nothing of it where that was not recorded', () => {
    const lineOf = (captured: boolean | null): string => provenanceLine({ ...sampleProvenance, captured });
    expect(lineOf(false)).toContain('tensorflow 2.21.0 (CPU), operation by operation · ');
    expect(lineOf(null)).toContain('tensorflow 2.21.0 (CPU) · ');
  });

  it('leaves out what does not apply, and shortens long lists', () => {
    const data = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, version: '1', checksum: '' }));
    const line = provenanceLine({
      ...sampleProvenance,
      seeds: [],
      steps: null,
      engine: null,
      commit: null,
      data,
    });
    expect(line).toContain('data a 1, b 1, c 1, 2 more · version 0.1.0 · Imaginary');
    expect(line).not.toMatch(/seed|steps|commit/);
  });
});
