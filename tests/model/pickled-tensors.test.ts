// A state dictionary that PyTorch wrote (tests/golden/README.md): tensors of three types, one of
// them a transposed view, one a part of a larger storage.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, WorkbenchError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { elementCount } from '../../lib/base/shape';
import { startEngine } from '../../lib/engine/engine';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { disposeParameters } from '../../lib/model/parameters';
import { openPickledTensors } from '../../lib/model/files/pickled-tensors';
import { zipOf, type ZipMember } from '../data/zip';
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

/** A tensor of a state dictionary, and what its view says. */
interface TensorSaid {
  readonly name: string;
  /** Of the archive's files of numbers. */
  readonly key?: string;
  readonly storage?: string;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The pickle that PyTorch would write for these tensors. */
function pickleOf(tensors: readonly TensorSaid[]): Buffer {
  const bytes = (...values: number[]): Buffer => Buffer.from(values);
  const text = (value: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(value));
    return Buffer.concat([Buffer.from('X'), length, Buffer.from(value)]);
  };
  const integer = (value: number): Buffer => {
    const words = Buffer.alloc(8);
    words.writeBigInt64LE(BigInt(value));
    return Buffer.concat([bytes(0x8a, 8), words]);
  };
  const plain = (value: string): Buffer => Buffer.from(value);
  const tuple = (items: readonly Buffer[]): Buffer => Buffer.concat([plain('('), ...items, plain('t')]);
  const parts = tensors.map(({ name, key = '0', storage = 'FloatStorage', offset = 0, shape, strides }) => {
    const reference = [text('storage'), plain(`ctorch\n${storage}\n`), text(key), text('cpu'), integer(6)];
    const view = [
      Buffer.concat([tuple(reference), plain('Q')]),
      integer(offset),
      tuple(shape.map(integer)),
      tuple(strides.map(integer)),
      bytes(0x89),
      plain('ccollections\nOrderedDict\n)R'),
    ];
    return Buffer.concat([text(name), plain('ctorch._utils\n_rebuild_tensor_v2\n'), tuple(view), plain('R')]);
  });
  return Buffer.concat([bytes(0x80, 2), plain('}('), ...parts, plain('u.')]);
}

/** An archive as PyTorch writes it; each file of numbers has six of float32: 0, 1, 2, 3, 4, 5. */
function dictionaryOf(tensors: readonly TensorSaid[], wrong: Partial<ZipMember> = {}): Buffer {
  return archiveOf(pickleOf(tensors), wrong);
}

function archiveOf(pickle: Buffer, wrong: Partial<ZipMember> = {}): Buffer {
  const content = Buffer.from(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
  return zipOf({
    'archive/data.pkl': { content: pickle, stored: true },
    'archive/data/0': { content, stored: true, ...wrong },
    'archive/data/1': { content: Buffer.alloc(400, 0x40), stored: true },
  });
}

async function readDictionary(content: Buffer): ReturnType<typeof readAll> {
  const path = join(temporaryFolder(), 'pytorch_model.bin');
  writeFileSync(path, content);
  return readAll(path);
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
        { length: elementCount(shape) },
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
      /holds numbers of torch\.RealStorage, which are not supported/,
    ],
  ])('that is %s is refused in one line', async (_, content, message) => {
    const error = await failure(content());
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('has views with gaps, transposed ones, and two of the same numbers', async () => {
    const tensors = await readDictionary(
      dictionaryOf([
        { name: 'a', shape: [2, 2], strides: [3, 1], offset: 1 },
        { name: 'b', shape: [3, 2], strides: [1, 3] },
        { name: 'c', shape: [6], strides: [1] },
        { name: 'none', shape: [0, 2 ** 40], strides: [1, 1] },
      ]),
    );
    expect([...tensors].map(([name, { values }]) => [name, values])).toEqual([
      ['a', [1, 2, 4, 5]],
      ['b', [0, 3, 1, 4, 2, 5]],
      ['c', [0, 1, 2, 3, 4, 5]],
      ['none', []],
    ]);
  });

  it.each<[what: string, tensor: Omit<TensorSaid, 'name'>, message: RegExp]>([
    ['repeats its numbers', { shape: [2 ** 23, 64], strides: [0, 0] }, /\[8388608, 64\] reaches beyond its/],
    ['repeats them a little', { shape: [7], strides: [0] }, /model \[7\] reaches beyond its numbers/],
    ['has more numbers than there are', { shape: [7], strides: [1] }, /reaches beyond its numbers/],
    ['begins beyond them', { shape: [1], strides: [1], offset: 6 }, /reaches beyond its numbers/],
    [
      'has no size that is a number',
      { shape: Array.from({ length: 40 }, () => 2 ** 50).concat(0, 0), strides: new Array(42).fill(1) },
      /reaches beyond its numbers/,
    ],
    [
      'has an axis without a stride',
      { shape: [2, 3], strides: [1] },
      /calls torch\._utils\._rebuild_tensor_v2/,
    ],
    [
      'has a thousand axes',
      { shape: new Array(1000).fill(1), strides: new Array(1000).fill(1) },
      /calls torch/,
    ],
  ])('with a tensor that %s is refused in one line', async (_, tensor, message) => {
    const error = await failure(dictionaryOf([{ name: 'model', ...tensor }]));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('whose tensors share numbers again and again is refused: a file means about as much as it has', async () => {
    const tensors = Array.from({ length: 2000 }, (_, index) => ({
      name: `t${index}`,
      key: '1',
      shape: [100],
      strides: [1],
    }));
    const error = await failure(dictionaryOf(tensors));
    expect(await readDictionary(dictionaryOf(tensors.slice(0, 2)))).toHaveProperty('size', 2);
    expect(error.message).toMatch(
      /its tensors take 800000 bytes, more than a file of \d+ can mean; get it again$/,
    );
  });

  it.each<[what: string, wrong: Partial<ZipMember>, message: RegExp]>([
    ['size is not what is stored', { bytes: 400 }, /the archive is damaged; get it again/],
    [
      'checksum is another',
      { crc32: 5 },
      /model: is not what its checksum in the archive says; get it again/,
    ],
  ])('is refused where the %s', async (_, wrong, message) => {
    const error = await failure(dictionaryOf([{ name: 'model', shape: [6], strides: [1] }], wrong));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
  });

  it('whose list of tensors is not what its checksum says is refused', async () => {
    const error = await failure(replaced('model.norm.weight', 'model.nurm.weight'));
    expect(error.message).toMatch(/is not what its checksum in the archive says; get it again$/);
  });

  it('whose list is changed anywhere, its checksum with it, is read or refused, and never crashes', async () => {
    const path = join(temporaryFolder(), 'pytorch_model.bin');
    const pickle = pickleOf([
      { name: 'a', shape: [2, 2], strides: [3, 1], offset: 1 },
      { name: 'b', key: '1', storage: 'HalfStorage', shape: [4, 25], strides: [25, 1] },
    ]);
    const change = fc.record({ at: fc.nat(pickle.length - 1), to: fc.nat(255), removed: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let bytes: Buffer = Buffer.from(pickle);
        for (const { at, to, removed } of changes)
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(to), bytes.subarray(at + removed)]);
        writeFileSync(path, archiveOf(bytes));
        try {
          await readAll(path);
        } catch (error) {
          if (!(error instanceof WorkbenchError)) throw error;
          expect(error.message).not.toContain('\n');
        }
      }),
      { numRuns: 1000, seed: 23 },
    );
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
