import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectProvenance, provenanceLine, sourceState } from '../../lib/report/provenance';
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

describe.skipIf(!hasGit)('sourceState', () => {
  let folder = '';
  const git = (...parameters: string[]): string => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    const run = spawnSync('git', [...identity, ...parameters], { cwd: folder, encoding: 'utf8' });
    return run.stdout.trim();
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
    git('init');
    await writeFile(join(folder, 'code.ts'), 'one');
    git('add', '.');
    git('commit', '-m', 'first');
    const commit = git('rev-parse', 'HEAD');
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

  it('does not take the repository of someone around it for its own', async () => {
    git('init');
    await mkdir(join(folder, 'inside'));
    await writeFile(join(folder, 'code.ts'), 'one');
    git('add', '.');
    git('commit', '-m', 'first');
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
