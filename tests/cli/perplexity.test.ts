import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { readModelConfig, saveCheckpoint } from '../../lib/model/files/checkpoint';
import { createDecoder } from '../../lib/model/config';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { smallConfig } from '../model/small';
import { bipe, temporaryFolder } from '../support/command';

beforeAll(async () => {
  await startEngine();
});

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

  it('takes the separators of several levels, one after the other', async () => {
    const { vocabSize } = await readModelConfig(golden);
    const config = smallConfig(
      {
        kind: 'bipe',
        intra: { kind: 'sinusoidal' },
        inter: { kind: 'bipe', intra: { kind: 'sinusoidal' }, inter: { kind: 'rope' } },
      },
      { vocabSize, separators: [[13, 869], [2]] },
    );
    const checkpoint = join(temporaryFolder(), 'model');
    const parameters = initialParameters(createDecoder(config).parameters, 0.5, Random.fromSeed(1));
    await saveCheckpoint(checkpoint, config, parameters);
    disposeParameters(parameters);
    const read = ['perplexity', '--checkpoint', checkpoint, ...files.slice(2), '--lengths', '32', '--json'];
    expect(bipe([...read, '--separators', 'released/2'])).toMatchObject({ exitCode: 0 });
    const refused = bipe([...read, '--separators', 'released']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('trained for segments that end at 13,869 / 2, not at 13,869; give');
  });

  it.each<[args: readonly string[], message: string]>([
    [['--lengths', '32,x'], "--lengths: 'x' is not a whole number from 1; give e.g. --lengths 64,128,256\n"],
    [
      ['--lengths', '97'],
      'length 97: the longest document has 96 tokens; give longer documents or a shorter length\n',
    ],
    [
      ['--lengths', '32,97'],
      'length 97: the longest document has 96 tokens; give longer documents or a shorter length\n',
    ],
    [['--lengths', '96,32', '--stride', '48'], 'stride 48: must be an integer from 1 to the length, 32\n'],
  ])('says of %j what is wrong, before anything is read', (args, message) => {
    const run = bipe(['perplexity', ...files, ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe(message);
  });
});
