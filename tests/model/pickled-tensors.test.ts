// A state dictionary that PyTorch wrote (tests/golden/README.md): tensors of three types, one of them a transposed view,
// one a part of a larger storage.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, WorkbenchError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { startEngine } from '../../lib/engine/engine';
import { loadCheckpoint } from '../../lib/model/checkpoint';
import { disposeParameters } from '../../lib/model/parameters';
import { openPickledTensors } from '../../lib/model/pickled-tensors';
import { sizeOf } from '../../lib/model/tensor-file';
import { temporaryFolder } from '../support/command';

const folder = projectPath('tests', 'golden', 'pickled');
const original = readFileSync(join(folder, 'pytorch_model.bin'));

async function readAll(path: string): Promise<Map<string, { shape: readonly number[]; values: number[] }>> {
  const file = await openPickledTensors(path);
  try {
    const all = new Map<string, { shape: readonly number[]; values: number[] }>();
    for (const name of file.tensors.keys()) {
      const { shape, values } = await file.read(name);
      all.set(name, { shape, values: [...values] });
    }
    return all;
  } finally {
    await file.close();
  }
}

async function failure(content: Uint8Array): Promise<Error> {
  const path = join(temporaryFolder(), 'pytorch_model.bin');
  writeFileSync(path, content);
  const error = await readAll(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error('it did not fail');
}

/** The same file with a text replaced by another of the same length. */
function replaced(text: string, other: string): Buffer {
  const bytes = Buffer.from(original);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  expect(other).toHaveLength(text.length);
  bytes.write(other, at, 'latin1');
  return bytes;
}

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

describe('a state dictionary of PyTorch', () => {
  it('has every tensor with the numbers that PyTorch gave it', async () => {
    const tensors = await readAll(join(folder, 'pytorch_model.bin'));
    expect(tensors.size).toBe(13);
    [...tensors].forEach(([name, { shape, values }], index) => {
      const wanted = Array.from(
        { length: sizeOf(shape) },
        (_, place) => (((place * 11 + index * 37) % 64) - 32) / 16,
      );
      expect(values, name).toEqual(wanted);
    });
    expect(tensors.get('model.layers.0.mlp.down_proj.weight')?.shape).toEqual([8, 16]);
  });

  it('is a checkpoint, its buffers of slopes left out', async () => {
    const { config, parameters } = await loadCheckpoint(folder);
    expect(config.encoding).toEqual({ kind: 'alibi' });
    expect(parameters.size).toBe(12);
    disposeParameters(parameters);
  });

  it('is passed over where there is safetensors too', async () => {
    const both = temporaryFolder();
    cpSync(projectPath('tests', 'golden', 'rope'), both, { recursive: true });
    writeFileSync(join(both, 'pytorch_model.bin'), 'not read');
    const { config, parameters } = await loadCheckpoint(both);
    expect(config.encoding).toEqual({ kind: 'rope' });
    disposeParameters(parameters);
  });

  it('that would call anything else is refused, and nothing is run', async () => {
    const error = await failure(replaced('collections\nOrderedDict', 'subprocess.\ncheck_call_'));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(
      /calls subprocess\.\.check_call_, which a state dictionary need not; nothing of it was run$/,
    );
  });

  it.each<[what: string, content: () => Buffer, message: RegExp]>([
    [
      'cut short',
      () => original.subarray(0, original.length - 1000),
      /not a file of PyTorch 1\.6 or newer, or cut short/,
    ],
    [
      'no archive',
      () => Buffer.from('a text that somebody gave this name'),
      /not a file of PyTorch 1\.6 or newer/,
    ],
    ['empty', () => Buffer.alloc(0), /not a file of PyTorch 1\.6 or newer/],
    [
      'of doubles',
      () => replaced('HalfStorage', 'RealStorage'),
      /holds numbers of torch\.RealStorage, which are not read here/,
    ],
  ])('that is %s is refused in one line', async (_, content, message) => {
    const error = await failure(content());
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('with any byte changed or cut anywhere is read or refused, and never crashes', async () => {
    const path = join(temporaryFolder(), 'pytorch_model.bin');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(original.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.option(fc.nat(original.length)),
        async (place, change, length) => {
          const bytes = Buffer.from(original);
          bytes[place] = (bytes[place] ?? 0) ^ change;
          writeFileSync(path, bytes.subarray(0, length ?? original.length));
          try {
            await readAll(path);
          } catch (error) {
            if (!(error instanceof WorkbenchError)) throw error;
            expect(error.message).not.toContain('\n');
          }
        },
      ),
      { numRuns: 300, seed: 17 },
    );
  });
});
