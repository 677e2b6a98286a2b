// The Pile's validation set (Gao et al., 2020): one compressed file of JSON lines, each a document
// with the name of its subset. The paper's ArXiv and GitHub corpora are two of its subsets. The
// file is decompressed as it is read; nothing larger than a document is held.

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DataError, messageOf } from '../../base/errors';
import { readError } from '../../base/files';
import { heedStop } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { type ReaderSettings } from './registry';
import { type CachedFolder, ensureFiles, inspectFiles } from './cached-files';
import { type SourceContext, type SourceReader, type TextDocument } from './source';
import { normalizedText } from './text';

/** Opens one subset of the Pile's validation set; all subsets share the file. */
export function openPile(
  settings: Extract<ReaderSettings, { kind: 'pile' }>,
  context: SourceContext,
): SourceReader {
  const { info } = context;
  const place: CachedFolder = {
    folder: join(context.cacheFolder, 'pile'),
    addresses: settings.addresses,
    mirrorVariable: 'BIPE_MIRROR_PILE',
    maxBytes: 2e9,
  };
  const files = [
    { path: settings.file, bytes: info.checksum === null ? null : info.bytes, sha256: info.checksum },
  ];
  return {
    async prepare() {
      const [checksum = ''] = await ensureFiles(files, place, context);
      return { checksum, pinned: checksum === info.checksum };
    },
    inspect: () => inspectFiles(files, place),
    documents: () => readSubset(join(place.folder, settings.file), settings.subset),
  };
}

async function* readSubset(file: string, subset: string): AsyncGenerator<TextDocument> {
  const mark = JSON.stringify(subset);
  let [line, count] = [0, 0];
  for await (const bytes of decompressedLines(file)) {
    await heedStop();
    line += 1;
    if (!bytes.includes(mark)) continue; // most lines are of other subsets and need not be parsed
    const entry = parseLine(bytes, file, line);
    if (entry.meta.pile_set_name !== subset) continue;
    count += 1;
    yield { id: `line-${line}`, title: `${subset} document ${count}`, text: normalizedText(entry.text) };
  }
}

interface PileEntry {
  readonly text: string;
  readonly meta: { readonly pile_set_name: string };
}

function parseLine(bytes: Buffer, file: string, line: number): PileEntry {
  try {
    const entry = JSON.parse(bytes.toString('utf8')) as Partial<PileEntry>;
    if (typeof entry.text === 'string' && typeof entry.meta?.pile_set_name === 'string')
      return entry as PileEntry;
  } catch {
    // falls through to the same line as an entry without the fields
  }
  throw new DataError(
    `${displayPath(file)}: line ${line} is not an entry of the Pile; delete the file and prepare it again`,
  );
}

/** Yields the lines of a Zstandard-compressed file while it is decompressed. */
async function* decompressedLines(file: string): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  let pieces: Uint8Array[] = [];
  const decompressor = new Decompress((piece) => pieces.push(piece));
  const push = (chunk: Uint8Array, final: boolean): void => {
    try {
      decompressor.push(chunk, final);
    } catch (error) {
      throw new DataError(
        `${displayPath(file)}: is cut short or not Zstandard (${messageOf(error)}); delete it and prepare it again`,
        { cause: error },
      );
    }
  };
  let begun: Buffer[] = []; // the pieces of a line whose end has not come yet
  const take = function* (): Generator<Buffer> {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield Buffer.concat([...begun, bytes.subarray(start, end)]);
        begun = [];
        start = end + 1;
      }
      if (start < bytes.length) begun.push(bytes.subarray(start));
    }
    pieces = [];
  };
  const stream = createReadStream(file, { highWaterMark: 1 << 18 });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      push(chunk, false);
      yield* take();
    }
  } catch (error) {
    throw error instanceof DataError ? error : readError(file, error);
  }
  push(new Uint8Array(0), true);
  yield* take();
  if (begun.length > 0) yield Buffer.concat(begun);
}
