// The index of a token file: the JSON beside the ids. It is written last, so its presence says that
// the ids are whole.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bipe } from '../../base/command';
import { ConfigError, DataError, systemCode } from '../../base/errors';
import { readError } from '../../base/files';
import { displayPath } from '../../base/paths';
import { present } from '../../base/present';
import { parseWith } from '../../base/schema';
import { type Modality } from '../sources/source';
import { type Tokenizer } from '../tokenizers/tokenizer';

/** The files of a corpus in its folder. */
export const idsFile = 'ids.bin';
export const indexFile = 'index.json';

/** The number type of a stored id: unsigned, little-endian. */
export type IdType = 'uint16' | 'uint32';

/** Bytes of an id. */
export const idBytes: Readonly<Record<IdType, number>> = { uint16: 2, uint32: 4 };

/** The tokenizer that made the ids. */
export type TokenizerIdentity = Pick<Tokenizer, 'name' | 'fingerprint' | 'vocabularySize'>;

const words = z.string().min(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const count = z.int().nonnegative();

const sourceSchema = z.strictObject({
  name: words,
  version: words,
  /** SHA-256 of its text, lower-case hex. */
  checksum: hash,
  modality: z.enum(['books', 'code', 'papers']),
});

/** A text source that was read, pinned: what provenance needs to know. */
export type CorpusSource = Readonly<z.infer<typeof sourceSchema>>;

const documentSchema = z.strictObject({
  /** Unique in the corpus and the same on every machine: `<source>/<the document's own id>`. */
  id: words,
  title: z.string(),
  /** The name of its source. */
  source: words,
  /** Its first token, counted from the beginning of the corpus. */
  start: count,
  /** Tokens. */
  length: count,
});

/** A document, and the place of its ids in the corpus. */
export interface CorpusDocument extends Readonly<z.infer<typeof documentSchema>> {
  readonly modality: Modality;
}

const infoFields = {
  tokens: count,
  type: z.enum(['uint16', 'uint32']),
  /** SHA-256 of the ids as they are stored: the identity of the corpus. */
  sha256: hash,
  tokenizer: z.strictObject({ name: words, fingerprint: hash, vocabularySize: z.int().positive() }),
  sources: z.array(sourceSchema).readonly(),
};

/** The index of a corpus without its documents. */
export type CorpusInfo = Readonly<z.infer<z.ZodObject<typeof infoFields>>>;

/** The whole index. */
export interface CorpusIndex extends CorpusInfo {
  readonly documents: readonly CorpusDocument[];
}

const indexSchema = z
  .strictObject({
    format: z.literal('bipe tokens'),
    version: z.literal(1),
    ...infoFields,
    documents: z.array(documentSchema),
  })
  .superRefine(({ tokens, type, tokenizer, sources, documents }, context) => {
    const fail = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (type !== idTypeFor(tokenizer.vocabularySize))
      fail('type', `${type} for a vocabulary of ${tokenizer.vocabularySize}`);
    const names = new Set(sources.map(({ name }) => name));
    let end = 0;
    for (const [place, { source, start, length }] of documents.entries()) {
      if (!names.has(source)) fail(`documents[${place}].source`, `${source} is not among the sources`);
      if (start !== end) fail(`documents[${place}].start`, `${start}, but the one before ends at ${end}`);
      end = start + length;
    }
    if (end !== tokens) fail('tokens', `${tokens}, but the documents have ${end}`);
  });

/** The smallest type that holds every id of a vocabulary. */
export function idTypeFor(vocabularySize: number): IdType {
  return vocabularySize <= 2 ** 16 ? 'uint16' : 'uint32';
}

/** The index as it is stored: a document a line, for whoever looks into it. */
export function formatIndex({ documents, ...info }: CorpusIndex): string {
  const head = JSON.stringify({ format: 'bipe tokens', version: 1, ...info }, null, 1).replace(/\n}$/, '');
  const lines = documents.map(({ id, title, source, start, length }) =>
    JSON.stringify({ id, title, source, start, length }),
  );
  return `${head},\n "documents": [\n${lines.join(',\n')}\n ]\n}\n`;
}

/**
 * The index of a corpus.
 *
 * @throws DataError if it is missing, unreadable or not such an index
 */
export async function readIndex(folder: string): Promise<CorpusIndex> {
  const path = join(folder, indexFile);
  const where = displayPath(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readError(path, error);
    throw new DataError(
      `${displayPath(folder)}: no token file (it has no ${indexFile}); make one with ${bipe('data tokens')}`,
      { cause: error },
    );
  }
  try {
    const { tokens, type, sha256, tokenizer, sources, documents } = parseWith(
      indexSchema,
      JSON.parse(text),
      where,
    );
    const modalities = new Map(sources.map(({ name, modality }) => [name, modality]));
    return {
      tokens,
      type,
      sha256,
      tokenizer,
      sources,
      documents: documents.map((document) => ({
        ...document,
        modality: present(modalities.get(document.source), 'source'),
      })),
    };
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof SyntaxError)) throw error;
    const why = error instanceof ConfigError ? error.message : `${where}: not JSON`;
    throw new DataError(`${why}; delete the folder and make it again with ${bipe('data tokens')}`, {
      cause: error,
    });
  }
}
