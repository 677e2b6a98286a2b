import { cpSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { loadTensors } from '../../lib/model/files/checkpoint';
import { disposeParameters } from '../../lib/model/parameters';
import { type TensorSource, writeSafetensors } from '../../lib/model/files/safetensors';
import { bipe, temporaryFolder } from '../support/command';
import { largestDifference, tensorOf } from '../support/golden';
import { pythonWith, runPython } from '../support/python';

const golden = projectPath('tests', 'golden', 'bipe_alibi');

/** Writes a folder's model again, with other tensors. */
async function changeTensors(
  folder: string,
  change: (tensors: readonly TensorSource[]) => readonly TensorSource[],
): Promise<void> {
  const path = join(folder, 'model.safetensors');
  const { tensors, metadata } = await loadTensors(path);
  const sources = [...tensors].map(([name, tensor]): TensorSource => {
    const values = tensor.dataSync() as Float32Array;
    return { name, type: 'F32', shape: tensor.shape, values: () => values };
  });
  disposeParameters(tensors);
  await writeSafetensors(path, change(sources), metadata);
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
    expect((await tensorOf(out, 'logits')).shape).toEqual([3, 96, 1000]);
    expect(await largestDifference(out, golden)).toBeLessThan(1e-4);
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
      'a tensor that is missing',
      (folder) => changeTensors(folder, (tensors) => tensors.filter(({ name }) => name !== 'lm_head.weight')),
      /: tensor lm_head\.weight is missing; config\.json describes another model, or the file is incomplete$/,
    ],
    [
      'a tensor too many',
      (folder) =>
        changeTensors(folder, (tensors) => [
          ...tensors,
          { name: 'model.extra', type: 'F32', shape: [1], values: () => Float32Array.of(1) },
        ]),
      /: tensor model\.extra is not of this model; config\.json describes another one$/,
    ],
    [
      'a tensor of another shape',
      (folder) =>
        changeTensors(folder, (tensors) =>
          tensors.map((tensor) =>
            tensor.name === 'model.norm.weight' ? { ...tensor, shape: [6, 8] } : tensor,
          ),
        ),
      /: model\.norm\.weight is \[6, 8\], should be \[48\]; config\.json describes another model$/,
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

  const python = pythonWith('safetensors.numpy');

  it.skipIf(python === undefined)("writes files that Python's safetensors opens", async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out.safetensors');
    const ids = await idsFile(folder, [2, 2], [1, 2, 3, 4]);
    expect(bipe(['logits', '--checkpoint', golden, '--ids', ids, '--out', out]).exitCode).toBe(0);
    const script = `
import json, sys
from safetensors.numpy import load_file
print(json.dumps({name: [str(a.dtype), a.shape, float(a[1, 1, 7])] for name, a in load_file(sys.argv[1]).items()}))
`;
    const { values } = await tensorOf(out, 'logits');
    expect(runPython(python, script, [out])).toEqual({ logits: ['float32', [2, 2, 1000], values[3007]] });
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
