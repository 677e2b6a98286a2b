// Writing a token file: ids go to the disk as they come, hashed on the way, so that a corpus may be
// larger than memory. Nothing takes its name before all of it is on the disk, and the index, which
// says that it is whole, comes last.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic, writeFileInPieces } from '../../base/files';
import { present } from '../../base/present';
import {
  type CorpusDocument,
  type CorpusIndex,
  type CorpusSource,
  formatIndex,
  idsFile,
  type IdType,
  idTypeFor,
  indexFile,
  type TokenizerIdentity,
} from './corpus-index';

/** Takes the documents of a corpus, one after the other. */
export interface CorpusWriter {
  /** Tokens so far. */
  readonly tokens: number;
  /** Begins a document; what is appended from now on is its own. */
  begin(document: Pick<CorpusDocument, 'id' | 'title' | 'source'>): void;
  /** The next ids of the document, [count]; not to be changed until the promise is kept. */
  append(ids: Int32Array): Promise<void>;
}

/** The tokenizer that made the ids, and the sources. */
export interface CorpusOrigin {
  readonly tokenizer: TokenizerIdentity;
  /** In their order; a source may be added until its first document is begun. */
  readonly sources: readonly CorpusSource[];
}

/** Ids that are written at once. */
const idsAtOnce = 1 << 19;

/**
 * Writes a whole corpus or nothing; one that is there already is replaced.
 *
 * @param fill gives the documents to the writer
 * @returns what was written
 * @throws MachineError if the disk is full or the folder cannot be written; what `fill` throws, as
 *   it is
 */
export async function writeCorpus(
  folder: string,
  { tokenizer: { name, fingerprint, vocabularySize }, sources }: CorpusOrigin,
  fill: (writer: CorpusWriter) => Promise<void>,
): Promise<CorpusIndex> {
  const wasThere = existsSync(folder);
  try {
    const { documents, ...info } = await writeFileInPieces(join(folder, idsFile), async (file) => {
      const writer = new ChunkedWriter(file, vocabularySize, sources);
      await fill(writer);
      const written = await writer.finish();
      await rm(join(folder, indexFile), { force: true });
      return written;
    });
    const tokenizer = { name, fingerprint, vocabularySize };
    const index: CorpusIndex = { ...info, tokenizer, sources, documents };
    await writeFileAtomic(join(folder, indexFile), formatIndex(index));
    return index;
  } catch (error) {
    // An empty folder would pass for a corpus that was begun.
    if (!wasThere) await rmdir(folder).catch(() => undefined);
    throw error;
  }
}

class ChunkedWriter implements CorpusWriter {
  tokens = 0;
  readonly #type: IdType;
  readonly #documents: CorpusDocument[] = [];
  readonly #hash = createHash('sha256');
  readonly #chunk: Uint16Array | Uint32Array;
  #held = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly vocabularySize: number,
    private readonly sources: readonly CorpusSource[],
  ) {
    this.#type = idTypeFor(vocabularySize);
    this.#chunk = this.#type === 'uint16' ? new Uint16Array(idsAtOnce) : new Uint32Array(idsAtOnce);
  }

  begin({ id, title, source }: Pick<CorpusDocument, 'id' | 'title' | 'source'>): void {
    this.#endDocument();
    const { modality } = present(
      this.sources.find(({ name }) => name === source),
      `source ${source}`,
    );
    this.#documents.push({ id, title, source, modality, start: this.tokens, length: 0 });
  }

  async append(ids: Int32Array): Promise<void> {
    if (this.#documents.length === 0) throw new Error('ids before a document was begun');
    if (ids.some((id) => id < 0 || id >= this.vocabularySize))
      throw new Error(`an id that is not in a vocabulary of ${this.vocabularySize}`);
    this.tokens += ids.length;
    for (let taken = 0; taken < ids.length;) {
      const some = ids.subarray(taken, taken + idsAtOnce - this.#held);
      this.#chunk.set(some, this.#held);
      this.#held += some.length;
      taken += some.length;
      if (this.#held === idsAtOnce) await this.#flush();
    }
  }

  async finish(): Promise<Pick<CorpusIndex, 'tokens' | 'type' | 'sha256' | 'documents'>> {
    this.#endDocument();
    await this.#flush();
    return {
      tokens: this.tokens,
      type: this.#type,
      sha256: this.#hash.digest('hex'),
      documents: this.#documents,
    };
  }

  #endDocument(): void {
    const last = this.#documents.pop();
    if (last !== undefined) this.#documents.push({ ...last, length: this.tokens - last.start });
  }

  async #flush(): Promise<void> {
    const bytes = new Uint8Array(this.#chunk.buffer, 0, this.#held * this.#chunk.BYTES_PER_ELEMENT);
    this.#hash.update(bytes);
    await this.file.writeFile(bytes);
    this.#held = 0;
  }
}
