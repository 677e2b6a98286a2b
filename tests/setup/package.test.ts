// The library in another project: packed as npm would publish it, installed into an empty folder,
// imported in both ways, type-checked, and run on the portable engine, since no set-up has run.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

const minute = 60_000;
let folder: string;
let project: string;

/** What a command prints, in the project that has the package. */
function run(command: string, args: readonly string[], cwd = project): string {
  const { BIPE_ENGINE: _, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...environment, npm_config_cache: projectPath('.cache', 'npm') },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function program(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return run(process.execPath, [name]).trim();
}

describe('the package in another project', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bipe-package-'));
    const packed = join(folder, 'packed');
    project = join(folder, 'project');
    for (const path of [packed, project]) mkdirSync(path);
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    run('npm', ['pack', ...quietly, '--pack-destination', packed], projectPath());
    const [tarball = ''] = readdirSync(packed);
    writeFileSync(join(project, 'package.json'), '{ "name": "other", "version": "1.0.0" }\n');
    run('npm', ['install', ...quietly, '--prefer-offline', join(packed, tarball)]);
  }, 5 * minute);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is imported by an ES module, and computes on the portable engine', { timeout: minute }, () => {
    const printed = program(
      'module.mjs',
      `import { items, reproduce, segments, silentReporter, startEngine, texts } from 'bipe-workbench';
const tokenizer = await texts.getTokenizer('llama2');
const separators = segments.separatorsFor(tokenizer, 'paper');
const tokens = segments.segmentText('It rains. It pours.', tokenizer, separators);
console.log(tokens.map(({ intra }) => intra).join(''));
console.log((await startEngine({ reporter: silentReporter })).backend);
const report = await reproduce(items.lemma15, { preset: 'smoke', reporter: silentReporter });
console.log(report.findings.every(({ holds }) => holds === true));`,
    );
    expect(printed.split('\n')).toEqual(['01230123', 'wasm', 'true']);
    expect(readdirSync(project).sort()).toEqual([
      '.bipe',
      'module.mjs',
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
    expect(existsSync(join(project, 'node_modules', 'bipe-workbench', 'runs'))).toBe(false);
  });

  it('is required by a CommonJS module', { timeout: minute }, () => {
    const printed = program(
      'script.cjs',
      "const { encodings } = require('bipe-workbench'); console.log(encodings.alibiSlopes(2));",
    );
    expect(printed).toBe('[ 0.0625, 0.00390625 ]');
  });

  it.each(['nodenext', 'preserve'])('has types, with module %s', { timeout: 2 * minute }, (module) => {
    writeFileSync(
      join(project, 'typed.mts'),
      `import { type encodings, items, reproduce } from 'bipe-workbench';
export const config: encodings.EncodingConfig = { kind: 'alibi' };
const report = await reproduce(items.fig4, { settings: { seeds: [1] } });
export const perplexity: number | undefined = report.rows[0]?.perplexity;
// @ts-expect-error: a setting that Figure 4 does not have
await reproduce(items.fig4, { settings: { seed: 1 } });
`,
    );
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2022',
      '--types',
      '',
    ];
    const compiler = projectPath('node_modules', 'typescript-native', 'bin', 'tsc');
    expect(run(process.execPath, [compiler, ...options, '--module', module, 'typed.mts'])).toBe('');
  });

  it('has the command, which says how it is called there', { timeout: 2 * minute }, () => {
    expect(run('npx', ['bipe', 'list'])).toContain('Figure 4');
    expect(run('npx', ['bipe', 'reproduce', '--help'])).toContain('npx bipe reproduce fig4');
    const commands = run('npx', ['bipe', '--help']);
    expect(commands).toContain('compare');
    expect(commands).not.toMatch(/publish|bench/);
    expect(run('npx', ['bipe', 'doctor'])).toContain('wasm');
  });
});
