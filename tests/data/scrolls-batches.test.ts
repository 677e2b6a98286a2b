import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError, UsageError } from '../../lib/base/errors';
import { type PaddedBatch } from '../../lib/data/batches';
import { padded, promptedBatches } from '../../lib/data/scrolls/batches';
import { readScrollsRows, type ScrollsRow } from '../../lib/data/scrolls/file';
import { openPromptedRows } from '../../lib/data/scrolls/prompted-data';
import { rowsInMemory, rowsOfFile } from '../../lib/data/scrolls/row-source';
import { promptedSequence, sequenceOptions } from '../../lib/data/scrolls/sequence';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { Random } from '../../lib/engine/random/random';
import { temporaryFolder } from '../support/command';

const bytes = new ByteTokenizer();
const end = 0;
const sequences = { tokenizer: bytes, maxTokens: 40, outputTokens: 8, end };

/** Rows whose input and output say their number. */
function numbered(count: number): ScrollsRow[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${index}`,
    pid: `${index}_0`,
    input: `input ${index} `.padEnd(10 + (index % 20), 'x'),
    output: `${index}`,
  }));
}

/** The outputs of a batch's rows, read where the mask says that they are. */
function outputsOf({ arrays: { ids, mask } }: PaddedBatch): string[] {
  const [batch, time] = ids.shape;
  return Array.from({ length: batch }, (_, row) => {
    const counted = Array.from(ids.values.subarray(row * time, (row + 1) * time)).filter(
      (_id, place) => mask.values[row * time + place] === 1,
    );
    expect(counted.at(-1)).toBe(end);
    return bytes.decode(counted.slice(0, -1));
  });
}

describe('the rows of a file, by number', () => {
  const text = fc.string({ unit: fc.constantFrom('é', '\u2028', '\n', '"', 'a', '🐋'), minLength: 1 });
  const rows = fc.array(fc.record({ id: text, pid: text, input: text, output: fc.option(text) }), {
    minLength: 1,
  });

  it('are those that reading it from the start gives', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n', '\n \t\n\n'), async (written, between) => {
        const path = join(temporaryFolder(), 'train.jsonl');
        writeFileSync(path, written.map((row) => JSON.stringify(row)).join(between) + between);
        const source = await rowsOfFile(path);
        const read = await Promise.all(
          Array.from({ length: source.count }, async (_, index) => source.row(index)),
        );
        const streamed: ScrollsRow[] = [];
        for await (const row of readScrollsRows(path)) streamed.push(row);
        expect(read).toEqual(streamed);
        expect(read).toEqual(written);
      }),
      { numRuns: 20 },
    );
  });

  it('of SCROLLS say which are of one document', async () => {
    const folder = temporaryFolder();
    const lines = ['Who?\n\nA whale.', 'When?\n\nA whale.', 'Who?\n\nA ship.'].map((input, index) =>
      JSON.stringify({ id: `${index}`, pid: `${index}_0`, input, output: 'He', group: 'not this' }),
    );
    writeFileSync(join(folder, 'validation.jsonl'), lines.join('\n'));
    const source = await openPromptedRows({ kind: 'scrolls', task: 'qasper', folder }, 'validation');
    const groups = await Promise.all([0, 1, 2].map(async (index) => (await source.row(index)).group));
    expect(groups[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(groups[1]).toBe(groups[0]);
    expect(groups[2]).not.toBe(groups[0]);
  });

  it('in memory are the same to a training whatever their groups are', () => {
    const rows = numbered(3);
    const grouped = rows.map((row) => ({ ...row, group: 'one' }));
    expect(rowsInMemory(grouped, 'rows').sha256).toBe(rowsInMemory(rows, 'rows').sha256);
    expect(rowsInMemory(rows.slice(1), 'rows').sha256).not.toBe(rowsInMemory(rows, 'rows').sha256);
  });

  it('are found in lines longer than a piece of the file', async () => {
    const path = join(temporaryFolder(), 'train.jsonl');
    const long = numbered(3).map((row) => ({ ...row, input: row.input.repeat(150_000) }));
    writeFileSync(path, long.map((row) => JSON.stringify(row)).join('\n'));
    const source = await rowsOfFile(path);
    expect(await source.row(2)).toEqual(long[2]);
    expect(await source.row(0)).toEqual(long[0]);
  });

  it('are not read where the file has none, a line is no row, or the file has changed', async () => {
    const path = join(temporaryFolder(), 'train.jsonl');
    await expect(rowsOfFile(path)).rejects.toThrow(/no such file/);
    writeFileSync(path, '\n \n');
    await expect(rowsOfFile(path)).rejects.toThrow(/train\.jsonl: no rows/);
    appendFileSync(path, '{"id": 1}\n');
    const source = await rowsOfFile(path);
    await expect(source.row(0)).rejects.toThrow(DataError);
    await expect(source.row(0)).rejects.toThrow(/train\.jsonl:3: id: /);
    appendFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]));
    await expect((await rowsOfFile(path)).row(1)).rejects.toThrow(/train\.jsonl:4: not UTF-8 text; get/);
    truncateSync(path, 5);
    await expect(source.row(0)).rejects.toThrow(/has become shorter while it was read/);
  });
});

describe('batches of prompted sequences', () => {
  const rows = rowsInMemory(numbered(10), 'ten rows');

  it('have each row once an epoch, in another order each time and by another seed', async () => {
    const take = async (seed: number): Promise<string[]> => {
      const source = promptedBatches(rows, { ...sequences, batch: 5, seed });
      const taken: string[] = [];
      for (let batch = 0; batch < 4; batch += 1) taken.push(...outputsOf(await source.next()));
      return taken;
    };
    const [first, second] = [await take(1), await take(2)];
    const whole = numbered(10).map(({ output }) => output);
    expect(first.slice(0, 10).sort()).toEqual(whole);
    expect(first.slice(10).sort()).toEqual(whole);
    expect(first.slice(10)).not.toEqual(first.slice(0, 10));
    expect(second).not.toEqual(first);
    expect(await take(1)).toEqual(first);
    // Its orders are those of the seed's streams, from epoch 0 on.
    const order = Random.fromSeed(1).fork('prompted order');
    const wanted = [0, 1].flatMap((epoch) => [...order.fork(`epoch ${epoch}`).permutation(10)]);
    expect(first).toEqual(wanted.map((row) => whole[row]));
  });

  it('go on exactly where their state was taken, also in the middle of an epoch', async () => {
    const make = () => promptedBatches(rows, { ...sequences, batch: 4, seed: 3 });
    const source = make();
    for (let batch = 0; batch < 3; batch += 1) await source.next();
    const state = JSON.parse(JSON.stringify(source.state())) as unknown;
    const next = [await source.next(), await source.next()];
    const resumed = make();
    resumed.restore(state);
    expect([await resumed.next(), await resumed.next()]).toEqual(next);
  });

  it('do not go on with other rows, other lengths, another weight or another seed', () => {
    const options = { ...sequences, batch: 4, seed: 3 };
    const state = promptedBatches(rows, options).state();
    for (const [others, change] of [
      [rowsInMemory(numbered(11), 'eleven rows'), {}],
      [rows, { maxTokens: 41 }],
      [rows, { inputWeight: 0.5 }],
      [rows, { seed: 4 }],
    ] as const) {
      const other = promptedBatches(others, { ...options, ...change });
      expect(() => {
        other.restore(state);
      }).toThrow(ConfigError);
    }
    promptedBatches(rows, options).restore(state);
  });

  it('are of few lengths, each the shortest that holds the longest sequence, and count outputs alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 50 }), fc.string({ maxLength: 12 })), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 30, max: 60 }),
        (pairs, lengths, maxTokens) => {
          const options = { ...sequences, maxTokens, lengths };
          const made = pairs.map(([input, output]) => promptedSequence(input, output, options));
          const { arrays, weight, tokens } = padded(made, options);
          const [batch, time] = arrays.ids.shape;
          const known = Array.from({ length: lengths }, (_, part) =>
            Math.ceil(((part + 1) * maxTokens) / lengths),
          );
          const longest = Math.max(...made.map(({ ids }) => ids.length));
          expect(time).toBe(known.find((length) => length >= longest));
          expect([batch, tokens]).toEqual([pairs.length, batch * time]);
          made.forEach(({ ids, promptLength }, row) => {
            const place = row * time;
            expect([...arrays.ids.values.subarray(place, place + ids.length)]).toEqual([...ids]);
            expect([...arrays.mask.values.subarray(place, place + time)]).toEqual(
              Array.from({ length: time }, (_, at) => Number(at >= promptLength && at < ids.length)),
            );
          });
          expect(weight).toBe(arrays.mask.values.reduce((sum, one) => sum + one, 0));
        },
      ),
    );
  });

  it('may count the tokens of inputs too, but for the first, which nothing predicts', () => {
    const made = [promptedSequence('abc', 'd', sequences), promptedSequence('abcdef', 'gh', sequences)];
    const { arrays, weight } = padded(made, { ...sequences, inputWeight: 0.25 });
    const [, time] = arrays.ids.shape;
    made.forEach(({ ids, promptLength }, row) => {
      expect([...arrays.mask.values.subarray(row * time, (row + 1) * time)]).toEqual(
        Array.from({ length: time }, (_, at) =>
          at === 0 || at >= ids.length ? 0 : at < promptLength ? 0.25 : 1,
        ),
      );
    });
    expect(weight).toBe(arrays.mask.values.reduce((sum, one) => sum + one, 0));
  });

  it('are not made of rows without an output', async () => {
    const test = rowsInMemory([{ id: 'a', pid: 'a_0', input: 'x', output: null }], 'test.jsonl');
    const source = promptedBatches(test, { ...sequences, batch: 1, seed: 1 });
    await expect(source.next()).rejects.toThrow(/test\.jsonl: 'a_0' has no output; train on train\.jsonl/);
  });
});

describe('what sequences are made with', () => {
  it("is the tokenizer's own end, which no text gives", async () => {
    const tokenizer = await getTokenizer('llama2');
    const options = sequenceOptions({ tokenizer, maxTokens: 60, outputTokens: 10 });
    expect(options.end).toBe(2);
    expect([...tokenizer.encode('</s>')]).not.toContain(2);
    expect([...promptedSequence('a', 'b', options).ids].filter((id) => id === 2)).toHaveLength(1);
  });

  it('is refused where a tokenizer has no end, or no room is left', async () => {
    expect(() => sequenceOptions({ tokenizer: bytes, maxTokens: 60, outputTokens: 10 })).toThrow(
      new ConfigError(
        'the tokenizer bytes has no token that ends an output; take llama2 or a smaller llama2',
      ),
    );
    const tokenizer = await getTokenizer('llama2');
    expect(() => sequenceOptions({ tokenizer, maxTokens: 12, outputTokens: 10 })).toThrow(UsageError);
  });
});

describe('the data of a finetuning', () => {
  it('is the rows of a quick task, split as its own options say', async () => {
    const data = { kind: 'quick', task: 'heading', documentLength: 300, perChapter: 1, seed: 1 } as const;
    const [train, validation] = [
      await openPromptedRows(data, 'train'),
      await openPromptedRows(data, 'validation'),
    ];
    expect([train.count, validation.count]).toEqual([107, 28]);
    expect(train.sha256).not.toBe(validation.sha256);
    expect((await openPromptedRows(data, 'train')).sha256).toBe(train.sha256);
    expect((await openPromptedRows({ ...data, seed: 2 }, 'train')).sha256).not.toBe(train.sha256);
  });
});
