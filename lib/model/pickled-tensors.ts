// State dictionaries as `torch.save` writes them (`pytorch_model.bin`): a zip archive with a pickle that says what tensors
// there are, and a file for each storage. Older checkpoints on the hub have nothing else. Opening one runs nothing of it.

import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../base/errors';
import { ownEntry } from '../base/own';
import { readBytes, readError } from '../base/files';
import { displayPath } from '../base/paths';
import { type ZipEntry, zipDirectory, ZipFailure } from '../data/zip-directory';
import { PickledName, unpickle } from './pickle';
import {
  decodeNumbers,
  bytesOf,
  formatShape,
  type Numbers,
  type NumberType,
  sizeOf,
  type TensorFile,
} from './tensor-file';

const typeOfStorage: Readonly<Record<string, NumberType | undefined>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.IntStorage': 'I32',
  'torch.LongStorage': 'I64',
};

/** A run of numbers that tensors are views of. */
class Storage {
  constructor(
    readonly type: NumberType,
    readonly place: ZipEntry,
  ) {}
}

/** A view of a storage. */
class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  get type(): NumberType {
    return this.storage.type;
  }

  /** Numbers from the first of the view to the last, whatever lies between. */
  get extent(): number {
    if (sizeOf(this.shape) === 0) return 0;
    return this.shape.reduce((sum, length, axis) => sum + (length - 1) * (this.strides[axis] ?? 0), 1);
  }
}

/**
 * Opens a state dictionary and checks that all its tensors are there.
 *
 * @throws DataError if there is no such file, or it cannot be read
 * @throws CheckpointError if it is no state dictionary, is damaged or cut short, or would call something unknown
 */
export async function openPickledTensors(path: string): Promise<TensorFile> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw readError(path, error);
  }
  try {
    const tensors = await readViews(file, displayPath(path));
    return {
      tensors,
      async read(name) {
        const view = tensors.get(name);
        if (view === undefined) throw new CheckpointError(`${displayPath(path)}: has no tensor ${name}`);
        return { shape: view.shape, values: await readView(file, view, `${displayPath(path)}: ${name}`) };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof CheckpointError ? error : readError(path, error);
  }
}

async function readViews(file: FileHandle, where: string): Promise<Map<string, View>> {
  const entries = await archiveEntries(file, where);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name)) ?? '';
  const pickle = entries.get(pickleName);
  if (pickle === undefined)
    throw new CheckpointError(`${where}: a zip archive, but not of PyTorch; check the path`);
  const prefix = pickleName.slice(0, -'data.pkl'.length);
  const byteOrder = entries.get(`${prefix}byteorder`);
  if (byteOrder && (await readBytes(file, byteOrder.begin, byteOrder.bytes)).toString() === 'big')
    throw new CheckpointError(`${where}: written on a big-endian machine; save it again on another one`);
  const value = unpickle(
    await readBytes(file, pickle.begin, pickle.bytes),
    {
      call: (name, args) => callKnown(name, args, where),
      persistent: (id) => storageOf(id, (key) => entries.get(`${prefix}data/${key}`), where),
    },
    where,
  );
  return viewsOf(value, where);
}

/** The files of an archive as PyTorch writes it, each as it is. */
async function archiveEntries(file: FileHandle, where: string): Promise<Map<string, ZipEntry>> {
  const entries = await zipDirectory(file).catch((error: unknown) => {
    if (!(error instanceof ZipFailure)) throw error;
    throw new CheckpointError(
      error.kind === 'none'
        ? `${where}: not a file of PyTorch 1.6 or newer, or cut short; get it again`
        : `${where}: the archive is damaged; get it again`,
      { cause: error },
    );
  });
  for (const { method } of entries.values()) {
    if (method !== 0)
      throw new CheckpointError(
        `${where}: a zip archive of compressed files; PyTorch writes none, check the path`,
      );
  }
  return entries;
}

function viewsOf(value: unknown, where: string): Map<string, View> {
  const views = new Map<string, View>();
  for (const [name, view] of value instanceof Map ? (value as Map<unknown, unknown>) : []) {
    if (typeof name === 'string' && view instanceof View) views.set(name, view);
  }
  if (views.size === 0)
    throw new CheckpointError(`${where}: not a state dictionary; it holds no named tensors`);
  for (const [name, { storage, offset, extent, shape }] of views) {
    if ((offset + extent) * bytesOf[storage.type] > storage.place.bytes)
      throw new CheckpointError(
        `${where}: ${name} ${formatShape(shape)} reaches beyond its numbers; get it again`,
      );
  }
  return views;
}

/** The few functions that state dictionaries call. */
function callKnown(name: string, args: readonly unknown[], where: string): unknown {
  if (name === 'collections.OrderedDict' && args.length === 0) return new Map();
  if (name === 'torch._utils._rebuild_parameter') return args[0];
  if (name === 'torch._utils._rebuild_tensor_v2') {
    const [storage, offset, shape, strides] = args;
    if (storage instanceof Storage && isCount(offset) && isCounts(shape) && isCounts(strides))
      return new View(storage, offset, shape, strides);
  }
  throw new CheckpointError(
    `${where}: calls ${name}, which a state dictionary need not; nothing of it was run`,
  );
}

function storageOf(id: unknown, entryOf: (key: string) => ZipEntry | undefined, where: string): Storage {
  const [tag, kind, key] = Array.isArray(id) ? (id as unknown[]) : [];
  if (tag !== 'storage' || !(kind instanceof PickledName) || typeof key !== 'string')
    throw new CheckpointError(`${where}: refers to something that is no storage; get it again`);
  const type = ownEntry(typeOfStorage, kind.name);
  if (type === undefined)
    throw new CheckpointError(
      `${where}: holds numbers of ${kind.name}, which are not read here; convert them to float32`,
    );
  const place = entryOf(key);
  if (place === undefined)
    throw new CheckpointError(`${where}: its numbers ${key} are missing; get it again`);
  return new Storage(type, place);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

async function readView(file: FileHandle, view: View, where: string): Promise<Numbers> {
  const width = bytesOf[view.type];
  const bytes = await readBytes(file, view.storage.place.begin + view.offset * width, view.extent * width);
  const numbers = decodeNumbers(bytes, view.type, where);
  return isDense(view) ? numbers : gathered(numbers, view);
}

/** Whether numbers follow each other in the order of the axes, without gaps. */
function isDense({ shape, strides }: View): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const length = shape[axis] ?? 0;
    if (length !== 1 && strides[axis] !== expected) return false;
    expected *= length;
  }
  return true;
}

function gathered(numbers: Numbers, { shape, strides }: View): Numbers {
  const size = sizeOf(shape);
  const result = numbers instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
  const index = shape.map(() => 0);
  for (let place = 0; place < size; place += 1) {
    const from = index.reduce((sum, step, axis) => sum + step * (strides[axis] ?? 0), 0);
    result[place] = numbers[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
  return result;
}
