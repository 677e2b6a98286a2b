// A training in a process of its own, killed at any moment and resumed, measures what one that was
// left alone does.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { Random } from '../../lib/engine/random/random';
import { bipe, temporaryFolder } from '../support/command';
import { smallConfig } from './small-config';

function linesOf(folder: string): string[] {
  const path = join(folder, 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** The lines, byte for byte, without what depends on the machine and the moment. */
function withoutMachine(folder: string): string[] {
  return linesOf(folder).map((line) =>
    JSON.stringify(JSON.parse(line), (key, value: unknown) => (key === 'machine' ? undefined : value)),
  );
}

/**
 * Trains until `lines` lines of metrics are there, then kills the process. @returns whether it was
 * killed in time
 */
async function trainAndKill(args: readonly string[], folder: string, lines: number): Promise<boolean> {
  const child = spawn(process.execPath, [projectPath('scripts', 'bipe.mjs'), ...args], { stdio: 'ignore' });
  const ended = new Promise<boolean>((resolve) => {
    child.once('exit', (code) => {
      resolve(code === null);
    });
  });
  while (child.exitCode === null && linesOf(folder).length < lines) await pause(3);
  child.kill('SIGKILL');
  return ended;
}

describe('bipe train', () => {
  it(
    'killed at random moments and resumed is the run that was not, bit for bit',
    { timeout: 240_000 },
    async () => {
      const [whole, killed] = [temporaryFolder(), temporaryFolder()];
      const file = join(whole, 'train.json');
      writeFileSync(file, JSON.stringify(smallConfig));
      const undisturbed = bipe(['train', '--config', file, '--out', join(whole, 'run'), '--json']);
      expect(undisturbed.stderr).toMatch(/150 steps done/);
      expect(undisturbed.exitCode).toBe(0);

      const seed = Date.now() % 1_000_000;
      const random = Random.fromSeed(seed);
      const run = join(killed, 'run');
      const args = ['train', '--config', file, '--out', run, '--resume', '--json'];
      const kills: number[] = [];
      // Not before the first checkpoint only: also within, between and after them.
      for (let lines = random.integer(1, 30); lines < 150; lines += random.integer(25, 60)) {
        if (await trainAndKill(args, run, lines)) kills.push(linesOf(run).length);
      }
      const last = bipe(args);
      expect(last.exitCode).toBe(0);
      expect(kills.length, `seed ${seed}`).toBeGreaterThan(1);
      const told = `killed after ${kills.join(', ')} lines, seed ${seed}`;
      expect(withoutMachine(run), told).toEqual(withoutMachine(join(whole, 'run')));
      expect(linesOf(run)).toHaveLength(152);
      for (const name of ['model.safetensors', 'config.json']) {
        const [a, b] = [run, join(whole, 'run')].map((folder) =>
          readFileSync(join(folder, 'checkpoint', name)),
        );
        expect(a?.equals(b ?? Buffer.alloc(0)), `${name}, ${told}`).toBe(true);
      }
      const { step, outcome } = JSON.parse(last.stdout) as { step: number; outcome: string };
      expect([step, outcome]).toEqual([150, 'finished']);
    },
  );

  it('says in one line where no folder can be made', () => {
    const folder = temporaryFolder();
    const config = join(folder, 'train.json');
    writeFileSync(config, JSON.stringify(smallConfig));
    const places = [
      [join(config, 'run'), /train\.json\/run: a file stands where a folder should be; choose another name/],
      [config, /train\.json: a file stands where a folder should be; choose another name/],
      ...(process.platform === 'linux'
        ? [['/proc/1/x/y', /^\/proc\/1\/x\/y: could not be written \(ENOENT/] as const]
        : []),
    ] as const;
    for (const [out, says] of places) {
      const { exitCode, stdout, stderr } = bipe(['train', '--config', config, '--out', out]);
      expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(says)]);
      expect([exitCode, stdout]).toEqual([1, '']);
    }
  });

  it('refuses a configuration with a mistake, and writes nothing', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'train.json');
    for (const [change, says] of [
      [{ model: { ...smallConfig.model, numHeads: 3 } }, /numHeads: 3 heads do not divide the width 16/],
      [{ model: { ...smallConfig.model, vocabSize: 21 } }, /model\.vocabSize: 21, .* has 17 tokens; give 17/],
      [{ optimizer: { groups: [{ match: 'nrom', weightDecay: 0 }] } }, /'nrom' applies to no parameter/],
      [{ model: { ...smallConfig.model, numHeads: 16 } }, /rope: the width of a head is 1/],
      [{ task: { ...smallConfig.task, modulus: 10 } }, /modulus 10: must be a prime/],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...smallConfig, ...change }));
      const { exitCode, stdout, stderr } = bipe(['train', '--config', file, '--out', join(folder, 'run')]);
      expect(stderr).toMatch(says);
      expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('train.json: ')]);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(existsSync(join(folder, 'run'))).toBe(false);
    }
    writeFileSync(file, '{"model": ');
    expect(bipe(['train', '--config', file]).stderr).toMatch(/train\.json: not JSON/);
  });
});
