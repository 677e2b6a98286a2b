import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError, DataError, MachineError } from '../../lib/base/errors';
import { openSafetensors, type TensorSource, writeSafetensors } from '../../lib/model/files/safetensors';
import { type StoredTensor } from '../../lib/model/files/tensor-file';
import { temporaryFolder } from '../support/command';
import { pythonWith, runPython } from '../support/python';

/** A file as the format wants it, of a header and bytes. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

async function stored(content: Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), 'x.safetensors');
  await writeFile(path, content);
  return path;
}

async function readOne(content: Uint8Array, name = 'a'): Promise<StoredTensor> {
  const file = await openSafetensors(await stored(content));
  try {
    return await file.read(name);
  } finally {
    await file.close();
  }
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error('it did not fail');
}

/** A file of two tensors of different types. */
async function storedTensors(): Promise<string> {
  const path = join(temporaryFolder(), 'x.safetensors');
  const tensors: TensorSource[] = [
    { name: 'model.a', type: 'F32', shape: [2, 2], values: () => Float32Array.of(1, -2.5, 3, 4) },
    { name: 'b', type: 'I32', shape: [3], values: () => Int32Array.of(7, -8, 9) },
  ];
  await writeSafetensors(path, tensors, { note: 'zwölf' });
  return path;
}

const pair = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

describe('safetensors', () => {
  it('gives back what was written: numbers to the bit, shapes, names and metadata', async () => {
    const path = join(temporaryFolder(), 'deep', 'x.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.string({ minLength: 1 }).filter((name) => !name.startsWith('__')),
          {
            maxLength: 5,
          },
        ),
        fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 5, maxLength: 5 }),
        fc.float32Array({ minLength: 27, maxLength: 27 }),
        async (names, shapes, pool) => {
          const tensors = names.map((name, index) => {
            const shape = shapes[index] ?? [];
            const size = shape.reduce((product, length) => product * length, 1);
            return { name, type: 'F32' as const, shape, values: () => pool.slice(0, size) };
          });
          await writeSafetensors(path, tensors, { note: 'zwölf' });
          const file = await openSafetensors(path);
          try {
            expect([...file.tensors.keys()].sort()).toEqual([...names].sort());
            expect(file.metadata).toEqual({ note: 'zwölf' });
            for (const { name, shape, values } of tensors) {
              const read = await file.read(name);
              expect(read.shape).toEqual(shape);
              expect(Buffer.from(read.values.buffer).equals(Buffer.from(values().buffer))).toBe(true);
            }
          } finally {
            await file.close();
          }
        },
      ),
      { numRuns: 30, seed: 3 },
    );
  });

  it.skipIf(pythonWith() === undefined)(
    'is read by a parser that knows only the format: aligned, without gaps, in Python',
    async () => {
      const path = await storedTensors();
      const script = `
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
(length,) = struct.unpack('<Q', data[:8])
assert length % 8 == 0
header = json.loads(data[8:8 + length])
assert header.pop('__metadata__') == {'note': 'zwölf'}
body = data[8 + length:]
ends = sorted(entry['data_offsets'] for entry in header.values())
assert ends[0][0] == 0 and ends[-1][1] == len(body) and all(a[1] == b[0] for a, b in zip(ends, ends[1:]))
codes = {'F32': 'f', 'I32': 'i'}
def numbers(entry):
    begin, end = entry['data_offsets']
    return struct.unpack('<%d%s' % ((end - begin) // 4, codes[entry['dtype']]), body[begin:end])
print(json.dumps({name: [entry['shape'], numbers(entry)] for name, entry in header.items()}))
`;
      expect(runPython(pythonWith(), script, [path])).toEqual({
        'model.a': [
          [2, 2],
          [1, -2.5, 3, 4],
        ],
        b: [[3], [7, -8, 9]],
      });
    },
  );

  const withPackage = pythonWith('safetensors.numpy');

  it.skipIf(withPackage === undefined)("is read by Python's safetensors, its metadata too", async () => {
    const path = await storedTensors();
    const script = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'np') as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps([file.metadata(), {name: [str(a.dtype), a.tolist()] for name, a in tensors.items()}]))
`;
    expect(runPython(withPackage, script, [path])).toEqual([
      { note: 'zwölf' },
      {
        'model.a': [
          'float32',
          [
            [1, -2.5],
            [3, 4],
          ],
        ],
        b: ['int32', [7, -8, 9]],
      },
    ]);
  });

  it.skipIf(withPackage === undefined)("reads what Python's safetensors writes", async () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    const script = `
import sys, numpy
from safetensors.numpy import save_file
a = numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 4
save_file({'a': a, 'half': a.astype(numpy.float16), 'wide': numpy.array([3, -4])}, sys.argv[1], {'by': 'Python'})
print('null')
`;
    runPython(withPackage, script, [path]);
    const file = await openSafetensors(path);
    try {
      expect(file.metadata).toEqual({ by: 'Python' });
      const numbers = Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25);
      expect(await file.read('a')).toEqual({ shape: [2, 3], values: numbers });
      expect(await file.read('half')).toEqual({ shape: [2, 3], values: numbers });
      expect(await file.read('wide')).toEqual({ shape: [2], values: Int32Array.of(3, -4) });
    } finally {
      await file.close();
    }
  });

  it('widens numbers of 16 bits', async () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x0000);
    const header = (dtype: string): unknown => ({ a: { dtype, shape: [6], data_offsets: [0, 12] } });
    const f16 = await readOne(fileOf(header('F16'), new Uint8Array(half.buffer)));
    expect([...f16.values]).toEqual([1, -2, 65504, 2 ** -24, Infinity, 0]);
    const brain = Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x0000, 0xff80, 0x3eaa);
    const bf16 = await readOne(fileOf(header('BF16'), new Uint8Array(brain.buffer)));
    expect([...bf16.values]).toEqual([1, -2, 3.140625, 0, -Infinity, 0.33203125]);
  });

  it('narrows integers of 64 bits, and says where one does not fit', async () => {
    const header = { a: { dtype: 'I64', shape: [2], data_offsets: [0, 16] } };
    const fitting = await readOne(fileOf(header, new Uint8Array(BigInt64Array.of(5n, -6n).buffer)));
    expect(fitting.values).toEqual(Int32Array.of(5, -6));
    const error = await failure(
      readOne(fileOf(header, new Uint8Array(BigInt64Array.of(5n, 2n ** 40n).buffer))),
    );
    expect(error.message).toMatch(/a: holds 1099511627776, which does not fit into 32 bits$/);
  });

  it.each<[what: string, content: Buffer, message: RegExp]>([
    ['empty', Buffer.alloc(0), /not a safetensors file: it has 0 bytes/],
    [
      'another format',
      Buffer.from('PK\x03\x04 and so on, a zip file'),
      /not a safetensors file: it does not begin with/,
    ],
    ['garbage for a header', fileOf('{"a": nothing}'), /not a safetensors file: its header is not JSON/],
    ['a list for a header', fileOf('[1, 2]'), /not a safetensors file: its header lists no tensors/],
    ['null for a header', fileOf('null'), /not a safetensors file: its header lists no tensors/],
    ['a number for a header', fileOf('77777777'), /not a safetensors file: its header lists no tensors/],
    ['a text for a header', fileOf('"a"'), /not a safetensors file: its header lists no tensors/],
    ['cut within the header', fileOf({ a: pair }).subarray(0, 20), /cut short: its header alone takes/],
    [
      'cut within the numbers',
      fileOf({ a: pair }, new Uint8Array(7)),
      /cut short: its tensors take 8 bytes, and it has 7/,
    ],
    ['longer than its tensors', fileOf({ a: pair }, new Uint8Array(9)), /1 bytes follow its last tensor/],
    [
      'a tensor without a place',
      fileOf({ a: { dtype: 'F32', shape: [2] } }),
      /a: type, shape or place is missing/,
    ],
    [
      'a type nobody knows',
      fileOf({ a: { ...pair, dtype: 'F8_E4M3' } }, new Uint8Array(8)),
      /numbers of type F8_E4M3 are not supported/,
    ],
    [
      'a shape that is not its size',
      fileOf({ a: { ...pair, shape: [3] } }, new Uint8Array(8)),
      /takes 8 bytes, but F32 \[3\] needs 12/,
    ],
    [
      'overlapping tensors',
      fileOf({ a: pair, b: { ...pair, data_offsets: [4, 12] } }, new Uint8Array(12)),
      /b begins at byte 4, not where the tensor before it ends \(8\)/,
    ],
    ['metadata that is no text', fileOf({ __metadata__: { a: 1 } }), /its metadata is not text/],
  ])('refuses a file that is %s, in one line that names it', async (_, content, message) => {
    const path = await stored(content);
    const error = await failure(openSafetensors(path));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('x.safetensors');
    expect(error.message).not.toContain('\n');
  });

  it('says that there is no such file or tensor', async () => {
    expect(await failure(openSafetensors(join(temporaryFolder(), 'none')))).toBeInstanceOf(DataError);
    const error = await failure(readOne(fileOf({ a: pair }, new Uint8Array(8)), 'b'));
    expect(error.message).toMatch(/has no tensor b$/);
  });

  it('leaves the earlier file as it was when a write fails, and nothing beside it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'x.safetensors');
    await writeFile(path, 'the earlier file');
    const broken = (): AsyncIterable<Float32Array> => ({
      async *[Symbol.asyncIterator]() {
        yield await Promise.resolve(Float32Array.of(1));
        throw new Error('power cut');
      },
    });
    const error = await failure(
      writeSafetensors(path, [{ name: 'a', type: 'F32', shape: [2], values: broken }]),
    );
    expect(error.message).toBe('power cut');
    expect(await readFile(path, 'utf8')).toBe('the earlier file');
    expect(await readdir(folder)).toEqual(['x.safetensors']);
  });

  it('says that the folder cannot be written', async () => {
    const file = join(temporaryFolder(), 'file');
    await writeFile(file, '');
    const error = await failure(writeSafetensors(join(file, 'x.safetensors'), []));
    expect(error).toBeInstanceOf(MachineError);
  });
});
