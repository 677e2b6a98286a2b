import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { openSafetensors, writeSafetensors } from '../../lib/model/safetensors';
import { type StoredTensor } from '../../lib/model/tensor-file';
import { bipe, temporaryFolder } from '../support/command';

const golden = projectPath('tests', 'golden', 'bipe_alibi');

async function tensorOf(path: string, name: string): Promise<StoredTensor> {
  const file = await openSafetensors(path);
  try {
    return await file.read(name);
  } finally {
    await file.close();
  }
}

async function idsFile(folder: string, shape: readonly number[], ids: readonly number[]): Promise<string> {
  const path = join(folder, 'ids.safetensors');
  await writeSafetensors(path, [
    { name: 'input_ids', type: 'I32', shape, values: () => Int32Array.from(ids) },
  ]);
  return path;
}

describe('bipe logits', () => {
  it("writes the authors' model's scores as the authors' code gives them", async () => {
    const out = join(temporaryFolder(), 'deep', 'logits.safetensors');
    const run = bipe([
      'logits',
      '--checkpoint',
      golden,
      '--ids',
      join(golden, 'expected.safetensors'),
      '--out',
      out,
      '--json',
    ]);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ out, shape: [3, 96, 1000] });
    const { shape, values } = await tensorOf(out, 'logits');
    expect(shape).toEqual([3, 96, 1000]);
    const expected = await tensorOf(join(golden, 'expected.safetensors'), 'logits');
    const times = (await tensorOf(join(golden, 'expected.safetensors'), 'times')).values;
    let largest = 0;
    for (let row = 0; row < 3; row += 1) {
      for (const [place, time] of times.entries()) {
        for (let id = 0; id < 1000; id += 1) {
          const own = values[(row * 96 + time) * 1000 + id] ?? NaN;
          const wanted = expected.values[(row * times.length + place) * 1000 + id] ?? NaN;
          largest = Math.max(largest, Math.abs(own - wanted));
        }
      }
    }
    expect(largest).toBeLessThan(1e-4);
  });

  it.each<[what: string, prepare: (folder: string) => Promise<void> | void, message: RegExp]>([
    [
      'a file of tensors that is cut short',
      (folder) => {
        truncateSync(join(folder, 'model.safetensors'), 400_000);
      },
      /model\.safetensors: cut short: .*; get it again$/,
    ],
    [
      'a file that is not safetensors at all',
      (folder) => {
        writeFileSync(join(folder, 'model.safetensors'), 'a text that somebody gave this name');
      },
      /model\.safetensors: not a safetensors file: /,
    ],
    [
      'an id that is not in the vocabulary',
      async (folder) => {
        await idsFile(folder, [1, 3], [5, 6, 1000]);
      },
      /ids\.safetensors: input_ids\[0, 2\] is 1000; the model's ids go from 0 to 999$/,
    ],
    [
      'ids that are no batch',
      async (folder) => {
        await idsFile(folder, [3], [5, 6, 7]);
      },
      /ids\.safetensors: input_ids is I32 \[3\]; give int32 \[batch, time\]$/,
    ],
    [
      'no ids',
      async (folder) => {
        await idsFile(folder, [1, 0], []);
      },
      /input_ids holds no tokens/,
    ],
  ])('says with %s what is wrong, in one line, and writes nothing', async (_, prepare, message) => {
    const folder = temporaryFolder();
    cpSync(golden, folder, { recursive: true });
    await idsFile(folder, [1, 3], [5, 6, 7]);
    await prepare(folder);
    const before = readdirSync(folder);
    const run = bipe([
      'logits',
      '--checkpoint',
      folder,
      '--ids',
      join(folder, 'ids.safetensors'),
      '--out',
      join(folder, 'out.safetensors'),
    ]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(run.stderr.trimEnd()).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('writes files that Python opens', async () => {
    const python = projectPath('.venv', 'bin', 'python');
    if (!existsSync(python)) return;
    const folder = temporaryFolder();
    const out = join(folder, 'out.safetensors');
    const ids = await idsFile(folder, [2, 2], [1, 2, 3, 4]);
    expect(bipe(['logits', '--checkpoint', golden, '--ids', ids, '--out', out]).exitCode).toBe(0);
    const script =
      "import json,struct,sys;d=open(sys.argv[1],'rb').read();n=struct.unpack('<Q',d[:8])[0];h=json.loads(d[8:8+n]);print(h['logits']['shape'],len(d)-8-n)";
    const run = spawnSync(python, ['-c', script, out], { encoding: 'utf8' });
    expect(run.stdout.trim()).toBe(`[2, 2, 1000] ${2 * 2 * 1000 * 4}`);
    expect(readFileSync(out).length).toBeGreaterThan(16_000);
  });
});

describe('bipe checkpoint', () => {
  it('shows what model a folder holds', () => {
    const run = bipe(['checkpoint', 'show', golden]);
    expect(run.stdout).toContain('bipe_alibi, llama style, 191,472 parameters');
    expect(run.exitCode).toBe(0);
  });

  it('refuses a name that is none', () => {
    const run = bipe(['checkpoint', 'download', 'BiPE']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe("checkpoint 'BiPE': give owner/name, e.g. hzy00/BiPE_RoPE-151M\n");
  });
});
