// State dictionaries written by `torch.save` (`pytorch_model.bin`): a zip archive with a pickle
// that lists the tensors, and a file for each storage. Older checkpoints on the hub have no other
// format. Opening one runs no code of it.

import { type FileHandle } from 'node:fs/promises';
import { CheckpointError } from '../../base/errors';
import { openForReading, readBytes, readError } from '../../base/files';
import { displayPath } from '../../base/paths';
import { elementCount, formatShape } from '../../base/shape';
import { storedChecksum, type ZipEntry, zipDirectory, ZipFailure } from '../../data/io/zip-directory';
import { PickledName, unpickle } from './pickle';
import {
  decodeNumbers,
  bytesPerNumber,
  type Numbers,
  type NumberType,
  type PassedOver,
  type TensorFile,
} from './tensor-file';

const typeOfStorage: ReadonlyMap<string, NumberType> = new Map([
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.IntStorage', 'I32'],
  ['torch.LongStorage', 'I64'],
]);

/** PyTorch's own limit of axes. */
const mostAxes = 64;

/** Numbers that tensors are views of. */
class Storage {
  constructor(
    /** PyTorch's name of its type. */
    readonly kind: string,
    readonly place: ZipEntry,
  ) {}
}

/** The part of a storage that a tensor has. */
interface Place {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A tensor as described by the pickle. */
class StoredView {
  constructor(readonly place: Place) {}
}

/** A tensor of a supported type. */
interface View extends Place {
  readonly type: NumberType;
  /** Numbers from the first of the view to the last, including any in between. */
  readonly extent: number;
}

/**
 * Opens a state dictionary and checks that all its tensors are complete.
 *
 * @param passedOver tensors to ignore; none if left out
 * @throws DataError if there is no such file, or it cannot be read
 * @throws CheckpointError if it is no state dictionary, is damaged or truncated, or would call
 *   something unknown
 */
export async function openPickledTensors(
  path: string,
  passedOver: PassedOver = () => false,
): Promise<TensorFile> {
  const file = await openForReading(path);
  try {
    const tensors = await readViews(file, passedOver, displayPath(path));
    const checked = new Set<ZipEntry>();
    return {
      tensors,
      async read(name) {
        const view = tensors.get(name);
        if (view === undefined) throw new CheckpointError(`${displayPath(path)}: has no tensor ${name}`);
        const where = `${displayPath(path)}: ${name}`;
        const { place } = view.storage;
        if (!checked.has(place)) await checkEntry(file, place, where);
        checked.add(place);
        return { shape: view.shape, values: await readView(file, view, where) };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof CheckpointError ? error : readError(path, error);
  }
}

async function readViews(
  file: FileHandle,
  passedOver: PassedOver,
  where: string,
): Promise<Map<string, View>> {
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
  const views = viewsOf(value, passedOver, where);
  const { size } = await file.stat();
  checkSizes(views, size, where);
  await checkEntry(file, pickle, where);
  return views;
}

/** Makes sure that a file of the archive matches its checksum. */
async function checkEntry(file: FileHandle, entry: ZipEntry, where: string): Promise<void> {
  if ((await storedChecksum(file, entry)) !== entry.crc32)
    throw new CheckpointError(`${where}: is not what its checksum in the archive says; get it again`);
}

/** The uncompressed files of an archive, as PyTorch writes them. */
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

/** The named tensors that are not ignored. */
function viewsOf(value: unknown, passedOver: PassedOver, where: string): Map<string, View> {
  const views = new Map<string, View>();
  for (const [name, view] of value instanceof Map ? (value as Map<unknown, unknown>) : []) {
    if (typeof name === 'string' && view instanceof StoredView && !passedOver(name))
      views.set(name, readableView(view.place, `${where}: ${name}`));
  }
  if (views.size === 0)
    throw new CheckpointError(`${where}: not a state dictionary; it holds no named tensors`);
  return views;
}

function readableView(place: Place, where: string): View {
  const { storage, shape, strides } = place;
  const type = typeOfStorage.get(storage.kind);
  if (type === undefined)
    throw new CheckpointError(
      `${where}: holds numbers of ${storage.kind}, which are not supported; convert them to float32`,
    );
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), 1);
  return { ...place, type, extent: elementCount(shape) === 0 ? 0 : last };
}

/**
 * Makes sure that no tensor needs more numbers than its storage has, and all together no more than
 * the file. A file has a tied head twice; tensors that share numbers more often could require any
 * amount of memory.
 */
function checkSizes(views: ReadonlyMap<string, View>, fileBytes: number, where: string): void {
  let bytes = 0;
  for (const [name, { storage, offset, extent, shape, type }] of views) {
    const size = elementCount(shape);
    // Not `>`: the size of a made-up shape may be NaN.
    if (!((offset + Math.max(extent, size)) * bytesPerNumber[type] <= storage.place.bytes))
      throw new CheckpointError(
        `${where}: ${name} ${formatShape(shape)} reaches beyond its numbers; get it again`,
      );
    bytes += size * bytesPerNumber[type];
  }
  if (bytes > 2 * fileBytes)
    throw new CheckpointError(
      `${where}: its tensors take ${bytes} bytes, more than a file of ${fileBytes} can mean; get it again`,
    );
}

/** The few functions that state dictionaries call. */
function callKnown(name: string, args: readonly unknown[], where: string): unknown {
  if (name === 'collections.OrderedDict' && args.length === 0) return new Map();
  if (name === 'torch._utils._rebuild_parameter') return args[0];
  if (name === 'torch._utils._rebuild_tensor_v2') {
    const [storage, offset, shape, strides] = args;
    const isView = isCounts(shape) && isCounts(strides) && shape.length === strides.length;
    if (storage instanceof Storage && isCount(offset) && isView)
      return new StoredView({ storage, offset, shape, strides });
  }
  throw new CheckpointError(
    `${where}: calls ${name}, which a state dictionary need not; nothing of it was run`,
  );
}

function storageOf(id: unknown, entryOf: (key: string) => ZipEntry | undefined, where: string): Storage {
  const [tag, kind, key] = Array.isArray(id) ? (id as unknown[]) : [];
  if (tag !== 'storage' || !(kind instanceof PickledName) || typeof key !== 'string')
    throw new CheckpointError(`${where}: refers to something that is not a storage; get it again`);
  const place = entryOf(key);
  if (place === undefined)
    throw new CheckpointError(`${where}: its numbers ${key} are missing; get it again`);
  return new Storage(kind.name, place);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= mostAxes && value.every(isCount);
}

async function readView(file: FileHandle, view: View, where: string): Promise<Numbers> {
  const width = bytesPerNumber[view.type];
  const bytes = await readBytes(file, view.storage.place.begin + view.offset * width, view.extent * width);
  const numbers = decodeNumbers(bytes, view.type, where);
  return isDense(view) ? numbers : gathered(numbers, view);
}

/** True if numbers follow each other in the order of the axes, without gaps. */
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
  const size = elementCount(shape);
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
