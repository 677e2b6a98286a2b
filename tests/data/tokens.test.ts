import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { takeLock } from '#lock';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ConfigError, DataError, MachineError, UsageError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { type Reporter, silentReporter } from '../../lib/base/progress';
import { withLock } from '../../lib/data/io/lock';
import { type Modality } from '../../lib/data/sources/source';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { blockStarts, releasedEvaluationStarts } from '../../lib/data/tokens/blocks';
import { openCorpus, verifyCorpus } from '../../lib/data/tokens/corpus';
import { type CorpusDocument } from '../../lib/data/tokens/corpus-index';
import { writeCorpus } from '../../lib/data/tokens/corpus-writer';
import { prepareCorpus, preparedCorpora, verifyPrepared } from '../../lib/data/tokens/prepare';
import { documentSequence } from '../../lib/data/tokens/sequence';
import { splitDocuments } from '../../lib/data/tokens/split';
import { interruptibleCell } from '../support/cell';
import { temporaryFolder } from '../support/command';
import { corpusOf, originOf, textSources, vocabularyOf } from './tokens.support';

vi.mock('../../lib/data/io/lock', { spy: true });

/** For long arrays, which a matcher compares slowly. */
function bytesOf(ids: Int32Array): Buffer {
  return Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
}

/** Documents of a vocabulary, as lists of ids. */
const documentsOf = (vocabulary: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(fc.nat(vocabulary - 1), { maxLength: 40 }), { maxLength: 12 });

describe('a token file', () => {
  it('gives back the ids of any documents, however they were appended and are read', async () => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(256, 65_536, 65_537, 2 ** 31)
          .chain((vocabulary) => fc.tuple(fc.constant(vocabulary), documentsOf(vocabulary))),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
        async ([vocabulary, documents], pieces, reads) => {
          let turn = 0;
          await writeCorpus(folder, originOf(vocabulary), async (writer) => {
            for (const [index, ids] of documents.entries()) {
              writer.begin({ id: `d${index}`, title: '', source: 'test' });
              for (let start = 0; start < ids.length;) {
                const size = turn % 9 === 8 ? 1 : (pieces[turn % pieces.length] ?? 1);
                turn += 1;
                await writer.append(Int32Array.from(ids.slice(start, start + size)));
                start += size;
              }
            }
          });
          const corpus = await openCorpus(folder);
          try {
            const all = documents.flat();
            expect(corpus.info.tokens).toBe(all.length);
            expect(Array.from(corpus.read(0, all.length))).toEqual(all);
            for (const [place, size] of reads) {
              const start = place % (all.length + 1);
              const count = size % (all.length - start + 1);
              expect(Array.from(corpus.read(start, count))).toEqual(all.slice(start, start + count));
            }
            const found = corpus.documents.map(({ start, length }) => Array.from(corpus.read(start, length)));
            expect(found).toEqual(documents);
          } finally {
            corpus.close();
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on from one chunk of the writer to the next', async () => {
    const ids = Array.from({ length: 1_300_000 }, (_, place) => (place * 7919) % 256);
    const corpus = await corpusOf(temporaryFolder(), [ids.slice(0, 5), ids.slice(5)]);
    const read = corpus.read(0, ids.length);
    expect(bytesOf(read).equals(bytesOf(Int32Array.from(ids)))).toBe(true);
    expect(corpus.info.sha256).toBe(sha256(new Uint8Array(Uint16Array.from(ids).buffer)));
    corpus.close();
  });

  it('stores ids in two bytes where they fit, in four where they do not, the lower byte first', async () => {
    for (const [vocabulary, bytes] of [
      [65_536, [2, 1, 255, 255]],
      [65_537, [2, 1, 0, 0, 255, 255, 0, 0]],
    ] as const) {
      const folder = temporaryFolder();
      (await corpusOf(folder, [[258, 65_535]], vocabulary)).close();
      expect([...readFileSync(join(folder, 'ids.bin'))]).toEqual(bytes);
    }
  });

  it('refuses a read beyond its end', async () => {
    const corpus = await corpusOf(temporaryFolder(), [[1, 2, 3]]);
    expect(() => corpus.read(2, 2)).toThrow(RangeError);
    expect(() => corpus.read(-1, 2)).toThrow('tokens -1 to 1 of a corpus of 3');
    corpus.close();
  });

  it('is nothing until it is whole', async () => {
    const folder = temporaryFolder();
    const failing = writeCorpus(folder, originOf(9), async (writer) => {
      writer.begin({ id: 'd', title: '', source: 'test' });
      await writer.append(new Int32Array(1_000_000));
      throw new Error('the source ends here');
    });
    await expect(failing).rejects.toThrow('the source ends here');
    expect(readdirSync(folder)).toEqual([]);
    await expect(openCorpus(folder)).rejects.toThrow(
      /: no token file \(it has no index\.json\); make one with/,
    );
  });

  it('leaves no folder of its own where it fails', async () => {
    const folder = join(temporaryFolder(), 'corpus');
    const failing = writeCorpus(folder, originOf(9), () => Promise.reject(new Error('no source')));
    await expect(failing).rejects.toThrow('no source');
    expect(existsSync(folder)).toBe(false);
  });

  it('keeps the one that is there when another one fails', async () => {
    const folder = temporaryFolder();
    (await corpusOf(folder, [[1, 2, 3]])).close();
    const failing = writeCorpus(folder, originOf(9), async (writer) => {
      writer.begin({ id: 'd', title: '', source: 'test' });
      await writer.append(Int32Array.of(9));
    });
    await expect(failing).rejects.toThrow('an id that is not in a vocabulary of 9');
    expect((await verifyCorpus(folder)).tokens).toBe(3);
  });

  it('says in one line what is wrong with it', async () => {
    const refusals: [change: (folder: string) => void, opening: RegExp | undefined, verifying: RegExp][] = [
      [
        (folder) => {
          truncateSync(join(folder, 'ids.bin'), 5);
        },
        /ids\.bin: cut short: 5 bytes, but 3 tokens take 6; delete the folder and make it again with npm run -s bipe -- data/,
        /cut short/,
      ],
      [
        (folder) => {
          writeFileSync(join(folder, 'ids.bin'), Buffer.alloc(7));
        },
        /too long: 7 bytes/,
        /too long/,
      ],
      [
        (folder) => {
          writeFileSync(join(folder, 'ids.bin'), Buffer.alloc(6));
        },
        undefined,
        /ids\.bin: ids were changed \(SHA-256 is [0-9a-f]{64}, should be [0-9a-f]{64}\); delete the folder/,
      ],
      ...['{"format"', '{}', '{"tokens": 3}'].map((text): [(folder: string) => void, RegExp, RegExp] => [
        (folder) => {
          writeFileSync(join(folder, 'index.json'), text);
        },
        /index\.json: .*; delete the folder and make it again/,
        /index\.json: /,
      ]),
      [
        (folder) => {
          const text = readFileSync(join(folder, 'index.json'), 'utf8');
          writeFileSync(join(folder, 'index.json'), text.replace('"length":2', '"length":3'));
        },
        /index\.json: documents\[1\]\.start: 2, but the one before ends at 3/,
        /documents\[1\]/,
      ],
      [
        (folder) => {
          const text = readFileSync(join(folder, 'index.json'), 'utf8');
          writeFileSync(join(folder, 'index.json'), text.replace('"source":"test"', '"source":"best"'));
        },
        /index\.json: documents\[0\]\.source: best is not among the sources; delete the folder/,
        /documents\[0\]/,
      ],
    ];
    for (const [change, opening, verifying] of refusals) {
      const folder = temporaryFolder();
      (await corpusOf(folder, [[1, 2], [3]])).close();
      change(folder);
      if (opening === undefined) (await openCorpus(folder)).close();
      else await expect(openCorpus(folder)).rejects.toThrow(opening);
      const error: unknown = await verifyCorpus(folder).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DataError);
      expect((error as Error).message).toMatch(verifying);
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it('is refused where another tokenizer is wanted', async () => {
    const folder = temporaryFolder();
    (await corpusOf(folder, [[1]], 256)).close();
    const bytes = await getTokenizer('bytes');
    await expect(openCorpus(folder, bytes)).rejects.toThrow(
      /: made with the tokenizer of 256, not bytes; make one with npm run -s bipe -- data tokens --tokenizer bytes/,
    );
    const newer = { ...vocabularyOf(256), fingerprint: sha256('newer') };
    await expect(verifyCorpus(folder, newer)).rejects.toThrow(
      /: made with another version of the tokenizer of 256 \(fingerprint [0-9a-f]{12}, now [0-9a-f]{12}\)/,
    );
    (await openCorpus(folder, vocabularyOf(256))).close();
  });
});

describe('a corpus of sources', () => {
  const tales = { hare: 'The hare ran.\nIt slept.', wolf: 'The wolf waited. '.repeat(5000) };
  const songs = { rain: 'Rain, rain.' };

  it('has the documents in order, each as its tokenizer encodes it after a begin-of-text token', async () => {
    const options = textSources(temporaryFolder(), { tales, songs });
    for (const name of ['bytes', 'llama2-4096']) {
      const corpus = await prepareCorpus({ sources: ['songs', 'tales'], tokenizer: name }, options);
      const tokenizer = await getTokenizer(name);
      const beginOfText = tokenizer.beginOfText !== undefined;
      const read = corpus.documents.map(({ id, title, start, length }) => [
        id,
        title,
        corpus.read(start, length),
      ]);
      expect(read).toEqual([
        ['songs/songs/text/rain.txt', 'text/rain.txt', tokenizer.encode(songs.rain, { beginOfText })],
        ['tales/tales/text/hare.txt', 'text/hare.txt', tokenizer.encode(tales.hare, { beginOfText })],
        ['tales/tales/text/wolf.txt', 'text/wolf.txt', tokenizer.encode(tales.wolf, { beginOfText })],
      ]);
      expect(corpus.info.tokenizer).toEqual({
        name,
        fingerprint: tokenizer.fingerprint,
        vocabularySize: tokenizer.vocabularySize,
      });
      expect(corpus.data.map(({ name: source, version }) => [source, version])).toEqual([
        ['songs', '1'],
        ['tales', '1'],
      ]);
      expect(corpus.documents.every(({ modality }) => modality === 'books')).toBe(true);
      expect((await verifyCorpus(corpus.folder, tokenizer)).sha256).toBe(corpus.info.sha256);
      corpus.close();
    }
  });

  it('is made once, and anew when a text or what is asked changes', async () => {
    const home = temporaryFolder();
    const options = textSources(home, { tales, songs });
    const made: string[] = [];
    const reporter: Reporter = {
      ...silentReporter,
      task: (label) => {
        made.push(label);
        return silentReporter.task('', 0);
      },
    };
    const prepare = async (request: Parameters<typeof prepareCorpus>[0]): Promise<string> => {
      const corpus = await prepareCorpus(request, { ...options, reporter });
      corpus.close();
      return corpus.folder;
    };
    const request = { sources: ['songs'], tokenizer: 'bytes' };
    const first = await prepare(request);
    expect(first).toMatch(/prepared\/songs-bytes-[0-9a-f]{12}$/);
    expect(await prepare(request)).toBe(first);
    expect(made).toEqual(['tokenize songs']);
    const others = [
      await prepare({ ...request, maxTokens: 5 }),
      await prepare({ ...request, tokenizer: 'characters' }),
      await prepare({ ...request, sources: ['songs', 'tales'] }),
      await prepare({ ...request, sources: ['tales', 'songs'] }),
    ];
    textSources(home, { songs: { rain: 'Sun.' } });
    const changed = await prepare(request);
    expect(new Set([first, ...others, changed]).size).toBe(6);
    expect(made).toHaveLength(6);
    const names = [first, ...others, changed].map((folder) => basename(folder));
    mkdirSync(`${first}.lock`);
    expect(await preparedCorpora(options)).toEqual(names.sort());
  });

  it('ends after as many tokens as it may have', async () => {
    const options = textSources(temporaryFolder(), { tales, songs });
    const whole = await prepareCorpus({ sources: ['songs', 'tales'], tokenizer: 'bytes' }, options);
    for (const maxTokens of [1, 11, 12, 40, 100_000, 1_000_000]) {
      const request = { sources: ['songs', 'tales'], tokenizer: 'bytes', maxTokens };
      const corpus = await prepareCorpus(request, options);
      const tokens = Math.min(maxTokens, whole.info.tokens);
      expect(corpus.info.tokens).toBe(tokens);
      expect(bytesOf(corpus.read(0, tokens)).equals(bytesOf(whole.read(0, tokens)))).toBe(true);
      expect(corpus.documents.every(({ length }) => length > 0)).toBe(true);
      // Of the first source there are eleven tokens.
      expect(corpus.data.map(({ name }) => name)).toEqual(maxTokens > 11 ? ['songs', 'tales'] : ['songs']);
      corpus.close();
    }
    whole.close();
  });

  it.each<[what: string, says: RegExp, spoil: (path: string) => void]>([
    [
      'are cut short',
      /ids\.bin: cut short: 10 bytes, .*; it is made again$/,
      (path) => {
        truncateSync(path, 10);
      },
    ],
    [
      'end with zeros',
      /ids\.bin: ids were changed \(SHA-256 is .*\); it is made again$/,
      (path) => {
        const { size } = statSync(path);
        truncateSync(path, size - 4);
        truncateSync(path, size);
      },
    ],
  ])('is made again, and says so, when its ids %s', async (_what, says, spoil) => {
    const options = textSources(temporaryFolder(), { tales });
    const notes: string[] = [];
    const reporter: Reporter = { ...silentReporter, note: (line) => notes.push(line) };
    const request = { sources: ['tales'], tokenizer: 'bytes' };
    const { folder, info, close } = await prepareCorpus(request, { ...options, reporter });
    close();
    spoil(join(folder, 'ids.bin'));
    const again = await prepareCorpus(request, { ...options, reporter });
    expect(again.info).toEqual(info);
    again.close();
    expect(notes).toEqual([expect.stringMatching(says)]);
    await verifyCorpus(folder);
  });

  it('is made by the next cell where the one that was making it was stopped', async () => {
    const options = textSources(temporaryFolder(), { tales });
    const request = { sources: ['tales'], tokenizer: 'bytes' };
    const stop = interruptibleCell();
    const reporter: Reporter = {
      ...silentReporter,
      task: () => {
        stop();
        return silentReporter.task('', 0);
      },
    };
    await expect(prepareCorpus(request, { ...options, reporter })).rejects.toThrow(
      'the cell was interrupted',
    );
    interruptibleCell();
    const corpus = await prepareCorpus(request, options);
    corpus.close();
    expect(corpus.documents).toHaveLength(2);
  });

  it('is made again where the process that was making it was killed', async () => {
    const options = textSources(temporaryFolder(), { tales });
    const request = { sources: ['tales'], tokenizer: 'bytes' };
    const whole = await prepareCorpus(request, options);
    whole.close();
    const name = basename(whole.folder);
    const { status, detail } = await verifyPrepared(name, options);
    expect([status, detail]).toEqual(['ok', expect.stringMatching(/^2 documents, \d+ tokens, SHA-256 /)]);
    // Killed before the index was written, with a lock that nobody holds.
    rmSync(join(whole.folder, 'index.json'));
    writeFileSync(join(whole.folder, 'ids.bin.99-1.partial'), 'ids');
    const lock = `${whole.folder}.lock`;
    takeLock(lock);
    const [entry = ''] = readdirSync(lock);
    renameSync(join(lock, entry), join(lock, entry.replace(/^\d+/, String(2 ** 22 + 1))));
    expect((await verifyPrepared(name, options)).status).toBe('missing');
    const again = await prepareCorpus(request, options);
    again.close();
    expect(again.info).toEqual(whole.info);
    expect(readdirSync(whole.folder).sort()).toEqual(['ids.bin', 'index.json']);
    expect(existsSync(lock)).toBe(false);
  });

  it('is used as it is where another process made it before the lock was free', async () => {
    const options = textSources(temporaryFolder(), { songs });
    const request = { sources: ['songs'], tokenizer: 'bytes' };
    const inBetween = async (): Promise<void> => {
      const { folder, close } = await prepareCorpus(request, options);
      close();
      writeFileSync(join(folder, 'theirs'), '');
    };
    vi.mocked(withLock).mockImplementationOnce(async (path, what, work) => {
      await inBetween();
      return withLock(path, what, work);
    });
    const corpus = await prepareCorpus(request, options);
    expect(existsSync(join(corpus.folder, 'theirs'))).toBe(true);
    expect(Buffer.from(corpus.read(0, corpus.info.tokens)).toString()).toBe(songs.rain);
    corpus.close();
  });

  it('is left to the process that is making it', async () => {
    const options = textSources(temporaryFolder(), { songs });
    const request = { sources: ['songs'], tokenizer: 'bytes' };
    const { folder, close } = await prepareCorpus(request, options);
    close();
    truncateSync(join(folder, 'ids.bin'), 1);
    writeFileSync(`${folder}.lock`, '1 another-machine');
    await expect(prepareCorpus(request, options)).rejects.toThrow(MachineError);
    expect(existsSync(join(folder, 'ids.bin'))).toBe(true);
  });

  it('is refused before anything is made of a request that makes no sense', async () => {
    const options = textSources(temporaryFolder(), { songs });
    const refuse = async (change: object, says: string): Promise<void> => {
      const refusal = prepareCorpus({ sources: ['songs'], tokenizer: 'bytes', ...change }, options);
      await expect(refusal).rejects.toThrow(UsageError);
      await expect(refusal).rejects.toThrow(says);
    };
    await refuse({ sources: [] }, 'corpus: no sources; name some of npm run -s bipe -- data list');
    await refuse({ sources: ['songs', 'songs'] }, 'source songs is named twice');
    await refuse({ sources: ['sings'] }, 'unknown dataset "sings"; did you mean songs?');
    await refuse({ tokenizer: 'byte' }, 'unknown tokenizer "byte"; did you mean bytes?');
    await refuse({ maxTokens: 0 }, 'maxTokens 0: must be an integer of 1 or more');
    expect(await preparedCorpora(options)).toEqual([]);
  });
});

/** Documents of these lengths, one after the other. */
function laidOut(lengths: readonly number[], modalities: readonly Modality[] = ['books']): CorpusDocument[] {
  let start = 0;
  return lengths.map((length, index) => {
    const modality = modalities[index % modalities.length] ?? 'books';
    const document = { id: `d${index}`, title: '', source: 'test', modality, start, length };
    start += length;
    return document;
  });
}

function tokensIn(documents: readonly CorpusDocument[]): number {
  return documents.reduce((sum, { length }) => sum + length, 0);
}

describe('a split of documents', () => {
  it('gives validation whole documents of each modality, long enough, up to its share, and training the rest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200), { minLength: 4, maxLength: 40 }),
        fc.nat(100),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        fc.constantFrom<Modality[][]>(['books'], ['books', 'code'], ['papers', 'code', 'books']),
        (lengths, minimumLength, share, modalities) => {
          const documents = laidOut(lengths, modalities);
          const groups = modalities.map((modality) => {
            const all = documents.filter((one) => one.modality === modality && one.length > 0);
            return { all, long: all.filter(({ length }) => length >= minimumLength) };
          });
          fc.pre(groups.some(({ all, long }) => all.length > 1 && long.length > 0));
          const { training, validation } = splitDocuments(documents, {
            validationShare: share,
            minimumLength,
          });
          for (const part of [training, validation])
            expect(part).toEqual(documents.filter((document) => part.includes(document)));
          expect(training.length + validation.length).toBe(documents.length);
          expect(training.filter((document) => validation.includes(document))).toEqual([]);
          for (const { all, long } of groups) {
            const taken = validation.filter((document) => all.includes(document));
            expect(long).toEqual(expect.arrayContaining(taken));
            const shortest = Math.min(...long.map(({ length }) => length));
            if (shortest <= share * tokensIn(all)) {
              expect(taken.length).toBeGreaterThan(0);
              expect(tokensIn(taken)).toBeLessThanOrEqual(share * tokensIn(all));
              // No document that was left would still have fitted.
              for (const { length } of long.filter((document) => training.includes(document)))
                expect(tokensIn(taken) + length).toBeGreaterThan(share * tokensIn(all));
            } else {
              const only = long.length > 0 && all.length > 1 ? [shortest] : [];
              expect(taken.map(({ length }) => length)).toEqual(only);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is decided by the ids of the documents, not by their order', () => {
    const documents = laidOut(Array.from({ length: 40 }, () => 10));
    const options = { validationShare: 0.25, minimumLength: 1 };
    const names = (some: readonly CorpusDocument[]): string[] => some.map(({ id }) => id).sort();
    const { validation } = splitDocuments(documents, options);
    expect(validation).toHaveLength(10);
    expect(names(splitDocuments([...documents].reverse(), options).validation)).toEqual(names(validation));
    const renamed = documents.map((document) => ({ ...document, id: `other ${document.id}` }));
    expect(names(splitDocuments(renamed, options).validation)).not.toEqual(
      names(validation).map((id) => `other ${id}`),
    );
  });

  it('says when no document is long enough, or none can be spared', () => {
    expect(() => splitDocuments(laidOut([5, 9]), { validationShare: 0.5, minimumLength: 10 })).toThrow(
      new ConfigError(
        'validation: no document has 10 tokens, the longest has 9; ask for fewer, or take a source with longer documents',
      ),
    );
    for (const alone of [laidOut([50]), laidOut([50, 0]), laidOut([50, 60], ['books', 'code'])])
      expect(() => splitDocuments(alone, { validationShare: 0.5, minimumLength: 10 })).toThrow(
        /^validation: a document that is the only one of its kind cannot be both trained on and evaluated; add/,
      );
  });
});

describe('blocks', () => {
  /**
   * The blocks of lists of ids as one would write them down, by the released code's `group_texts`.
   */
  function naiveBlocks(pieces: readonly (readonly number[])[], length: number, dropped = 0): number[][] {
    return pieces.flatMap((ids) =>
      Array.from({ length: Math.max(0, Math.floor(ids.length / length) - dropped) }, (_, block) =>
        ids.slice(block * length, (block + 1) * length),
      ),
    );
  }

  it('are those of a plain implementation, over documents that are not side by side in the file', async () => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(
        documentsOf(256),
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 1, max: 30 }),
        async (all, chosen, length) => {
          const corpus = await corpusOf(folder, all);
          try {
            const documents = corpus.documents.filter(() => chosen.next().value ?? true);
            const ids = documents.map(({ start, length: size }) => Array.from(corpus.read(start, size)));
            const sequence = documentSequence(corpus, documents);
            expect(sequence.length).toBe(ids.flat().length);
            for (const [rule, expected] of [
              ['concatenated', naiveBlocks([ids.flat()], length)],
              ['documents', naiveBlocks(ids, length)],
            ] as const) {
              if (expected.length === 0) {
                expect(() => blockStarts(documents, length, rule)).toThrow(ConfigError);
                continue;
              }
              const starts = blockStarts(documents, length, rule);
              const read = Array.from(starts, (start) =>
                Array.from(sequence.subarray(start, start + length)),
              );
              expect(read).toEqual(expected);
            }
          } finally {
            corpus.close();
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are cut anew after every thousand documents, as the released code does it', () => {
    const documents = laidOut(Array.from({ length: 2300 }, (_, index) => index % 4));
    const ids = documents.map(({ length, start }) => Array.from({ length }, (_, place) => start + place));
    const groups = [ids.slice(0, 1000), ids.slice(1000, 2000), ids.slice(2000)].map((group) => group.flat());
    const startsOf = (blocks: number[][]): (number | undefined)[] => blocks.map(([first]) => first);
    expect(Array.from(blockStarts(documents, 64, 'concatenated'))).toEqual(startsOf(naiveBlocks(groups, 64)));
    expect(Array.from(releasedEvaluationStarts(documents, 64))).toEqual(startsOf(naiveBlocks(groups, 64, 1)));
  });

  it('say when there is not one', () => {
    expect(() => blockStarts(laidOut([60, 30]), 100, 'concatenated')).toThrow(
      new ConfigError(
        'blocks of 100 tokens: there is none in 90 tokens; take shorter blocks or a text of 100 tokens or more',
      ),
    );
    expect(() => blockStarts(laidOut([60, 30]), 61, 'documents')).toThrow(/there is none in 60 tokens/);
    const released = (length: number) => () => releasedEvaluationStarts(laidOut([60, 30]), length);
    expect(released(90)).toThrow(
      new ConfigError(
        'blocks of 90 tokens: there is one in 90 tokens, and the released code drops the last one; take shorter blocks or a text of 180 tokens or more',
      ),
    );
    expect(released(91)).toThrow(/there is none in 90 tokens; take shorter blocks or a text of 182 tokens/);
    expect(Array.from(released(45)())).toEqual([0]);
    expect(() => blockStarts(laidOut([60]), 0, 'documents')).toThrow(/must be an integer of 1 or more/);
  });
});
