import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findGpu } from '../../lib/engine/backends/gpu';
import { projectPath } from '../../lib/base/paths';
import { bipe, temporaryFolder } from '../support/command';

/** An interpreter that runs the fake peer, whatever it is to run. */
function fakePython(plan: object): string {
  const path = join(temporaryFolder(), 'python');
  const script = projectPath('tests', 'bench', 'peer.fake.mjs');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${JSON.stringify(plan)}'\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('bipe bench', () => {
  it('measures our side with the library: evaluation, training, decoding', { timeout: 240_000 }, () => {
    const out = temporaryFolder();
    const rows = ['evaluate-151m-1024', 'train-151m-checkpointed', 'train-17m', 'decode-256'];
    const { exitCode, stdout, stderr } = bipe([
      'bench',
      '--quick',
      ...rows.flatMap((row) => ['--row', row]),
      '--out',
      out,
      '--json',
    ]);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    const printed = JSON.parse(stdout) as {
      quick: boolean;
      rows: { row: string; ours: { tokensPerSecond: { median: number }; peakBytes: number }; speed: null }[];
    };
    expect(printed.quick).toBe(true);
    expect(printed.rows.map(({ row }) => row)).toEqual(rows);
    for (const { ours, speed } of printed.rows) {
      expect(ours.tokensPerSecond.median).toBeGreaterThan(0);
      expect(ours.peakBytes).toBeGreaterThan(1e7);
      expect(speed).toBeNull();
    }
    expect(readdirSync(join(out, 'rows'))).toHaveLength(rows.length);
    const kept = JSON.parse(readFileSync(join(out, 'rows', 'train-17m.json'), 'utf8')) as {
      provenance: { item: string; preset: string };
      ways: { losses: number[] }[];
    };
    expect(kept.provenance).toMatchObject({ item: 'bench train-17m', preset: 'quick' });
    // A model that knows nothing: ln 64 of 64 tokens, and less after an update on the same batch.
    const [first = 0, second = 0] = kept.ways[0]?.losses ?? [];
    expect(first).toBeCloseTo(Math.log(64), 1);
    expect(second).toBeLessThan(first);
    expect(readFileSync(join(out, 'bench-table.md'), 'utf8')).toContain('training, 17 M');
  });

  it('says where the time of our side goes, by operation', { timeout: 120_000 }, () => {
    const out = temporaryFolder();
    const { exitCode, stdout, stderr } = bipe([
      'bench',
      '--profile',
      '--quick',
      '--row',
      'train-17m',
      '--out',
      out,
    ]);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^train-17m +share +times +ms a step\n/);
    expect(stdout).toMatch(/^MatMul +\d+\.\d % +\d+ +\d+\.\d{3}$/m);
    const folder = join(out, 'profiles');
    const files = ['train-17m', 'train-17m-inputs'].flatMap((name) =>
      ['csv', 'json', 'md', 'tex'].map((end) => `${name}.${end}`),
    );
    expect(readdirSync(folder).sort()).toEqual(files.sort());
    // 3 sequences of 40 tokens, hidden size 32.
    expect(readFileSync(join(folder, 'train-17m-inputs.csv'), 'utf8')).toMatch(/^MatMul,.*float\[120,32\]/m);
    const table = JSON.parse(readFileSync(join(folder, 'train-17m.json'), 'utf8')) as {
      rows: { operation: string; share: number }[];
      provenance: { item: string; preset: string };
    };
    expect(table.provenance).toMatchObject({ item: 'profile train-17m', preset: 'quick' });
    expect(table.rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(table.rows.map(({ operation }) => operation)).toContain('MatMul');
  });

  it('aborts a row whose losses differ, says so in one line, and fails', { timeout: 120_000 }, () => {
    const out = temporaryFolder();
    const python = fakePython({ name: 'fake torch', losses: [1], seconds: [1], peakBytes: 1 });
    const { exitCode, stdout, stderr } = bipe([
      'bench',
      '--quick',
      '--peer',
      'pytorch',
      '--python',
      python,
      '--row',
      'evaluate-151m-1024',
      '--out',
      out,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^evaluate-151m-1024: the losses differ by more than 0\.0001: .*not timed$/m);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('1 of 1 rows could not be measured: evaluate-151m-1024');
    expect(existsSync(join(out, 'rows'))).toBe(false);
  });

  it(
    'keeps what is measured and leaves no weights behind when it is interrupted',
    { timeout: 120_000 },
    async () => {
      const script = projectPath('scripts', 'bipe.mjs');
      const args = [script, 'bench', '--quick', '--suite', 'decode', '--out', temporaryFolder()];
      const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        // As a terminal does it: the command and its sides all hear of it, once the first row has
        // begun.
        if (!said.includes('decode-1 ...') && (said + text).includes('decode-1 ...'))
          process.kill(-(child.pid ?? 0), 'SIGINT');
        said += text;
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(1);
      // The row under way may end well if its side was not yet there to hear of it; the next one
      // does not begin.
      expect(said).toMatch(/^interrupted; [01] of 3 rows are measured and kept$/m);
      const folders = projectPath('.cache', 'bench-rows');
      const left = existsSync(folders) ? readdirSync(folders) : [];
      expect(left.filter((name) => name.endsWith(`-${child.pid ?? 0}`))).toEqual([]);
    },
  );

  it.skipIf(findGpu().state !== 'absent')(
    'says in one line that there is no GPU',
    { timeout: 120_000 },
    () => {
      const { exitCode, stderr } = bipe(['bench', '--quick', '--row', 'train-17m', '--device', 'gpu']);
      expect(exitCode).toBe(1);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ours: .*no NVIDIA GPU on this machine/);
    },
  );

  it('says in one line that an interpreter has no torch', { timeout: 120_000 }, () => {
    const python = fakePython({ name: 'no torch', dieAt: 'describe', seconds: [1] });
    const { exitCode, stderr } = bipe(['bench', '--quick', '--peer', 'pytorch', '--python', python]);
    expect(exitCode).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^PyTorch, eager: ended with code 7 at "describe": last words; .*python cannot be used, give --python/,
    );
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['an unknown suite', ['--suite', 'trai'], /unknown suite "trai"; did you mean train\?/],
    ['an unknown row', ['--row', 'train-17'], /unknown row "train-17"; did you mean train-17m\?/],
    ['an unknown peer', ['--peer', 'jax'], /--peer.*jax.*pytorch/],
    ['no pairs', ['--pairs', '0'], /--pairs: '0' is not a whole number above 0/],
    ['half a thread', ['--threads', '1.5'], /--threads: '1\.5'/],
    ['seconds that are no number', ['--seconds', 'x'], /--seconds: 'x' is not a number above 0/],
    ['a profile of PyTorch', ['--profile', '--peer', 'pytorch'], /--profile: .*leave out --peer/],
    [
      'PyTorch for a suite without it',
      ['--suite', 'segment', '--peer', 'pytorch'],
      /leave out --row, --peer and --profile/,
    ],
  ];

  it.each(wrong)('refuses %s in one line with exit code 2', (_what, args, says) => {
    const { exitCode, stdout, stderr } = bipe(['bench', ...args]);
    expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toMatch(says);
  });

  it('has examples in its help', () => {
    expect(bipe(['bench', '--help']).stdout).toMatch(
      /Examples:\n {2}npm run -s bipe -- bench --peer pytorch/,
    );
  });
});

describe('the set-up of the peer', () => {
  /** A copy of the set-up in a folder of its own, run with this Python. */
  function setUp(python: string): { exitCode: number | null; stderr: string } {
    const root = temporaryFolder();
    for (const part of [
      ['bench', 'pytorch'],
      ['scripts', 'lib'],
    ])
      cpSync(projectPath(...part), join(root, ...part), { recursive: true });
    const env = { ...process.env, BIPE_PYTHON: python };
    const script = join(root, 'bench', 'pytorch', 'setup.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
    return { exitCode: status, stderr };
  }

  it('says in one line that there is no Python', () => {
    const { exitCode, stderr } = setUp('/nowhere/python');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^no Python: install Python 3\.11 or newer \(.*\)\n$/);
  });

  it('says in one line what an installation failed by, and where its log is', () => {
    const python = join(temporaryFolder(), 'python');
    writeFileSync(
      python,
      '#!/bin/sh\n[ "$1" = -c ] && echo 3.11.9 && exit 0\necho "Error: no venv today" >&2\nexit 3\n',
    );
    chmodSync(python, 0o755);
    const { exitCode, stderr } = setUp(python);
    expect(exitCode).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /python ended with code 3: Error: no venv today \(log: \.cache\/setup\/pytorch\.log\)$/,
    );
  });
});
