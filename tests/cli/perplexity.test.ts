import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { bipe } from '../support/command';

const golden = projectPath('tests', 'golden', 'bipe_rope');
const files = ['--checkpoint', golden, '--ids', join(golden, 'expected.safetensors')];

describe('bipe perplexity', () => {
  it("gives the loss of the authors' code at the whole length, and others at shorter ones", () => {
    const run = bipe(['perplexity', ...files, '--lengths', '32,96', '--json']);
    expect(run).toMatchObject({ exitCode: 0 });
    const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8')) as { loss: number };
    const [short, whole] = JSON.parse(run.stdout) as { loss: number; tokens: number }[];
    expect(short).toMatchObject({ length: 32, windows: 9, tokens: 9 * 31 });
    expect(whole).toMatchObject({ length: 96, windows: 3, tokens: 3 * 95 });
    expect(Math.abs((whole?.loss ?? NaN) - expected.loss)).toBeLessThan(1e-5);
  });

  it.each<[args: readonly string[], message: string]>([
    [['--lengths', '32,x'], "--lengths: 'x' is not a number of tokens; give e.g. 64,128,256\n"],
    [
      ['--lengths', '97'],
      'length 97: the longest document has 96 tokens; give longer documents or a shorter length\n',
    ],
  ])('says of %j what is wrong', (args, message) => {
    const run = bipe(['perplexity', ...files, ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe(message);
  });
});
