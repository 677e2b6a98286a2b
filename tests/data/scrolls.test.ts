import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../lib/base/errors';
import {
  groupScrollsRows,
  readScrollsInstances,
  readScrollsRows,
  type ScrollsRow,
} from '../../lib/data/scrolls/file';
import { outputCue, promptedSequence, promptIds } from '../../lib/data/scrolls/sequence';
import { documentOf, parseScrollsTask, scrollsTaskNames } from '../../lib/data/scrolls/tasks';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { temporaryFolder } from '../support/command';

function file(content: string | Buffer): string {
  const path = join(temporaryFolder(), 'validation.jsonl');
  writeFileSync(path, content);
  return path;
}

async function all(rows: AsyncIterable<ScrollsRow>): Promise<ScrollsRow[]> {
  const list: ScrollsRow[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

const text = fc.string({ unit: fc.constantFrom('é', '中', '\u2028', '\n', '"', 'a', '🐋'), minLength: 1 });
const row = fc.record({
  id: fc.constantFrom('first', 'second', 'third'),
  pid: text,
  input: text,
  output: fc.option(text),
});

describe('the tasks of SCROLLS', () => {
  it('are seven, in the order of the official evaluator', () => {
    expect(scrollsTaskNames).toEqual([
      'gov_report',
      'summ_screen_fd',
      'qmsum',
      'narrative_qa',
      'qasper',
      'quality',
      'contract_nli',
    ]);
  });

  it('are found by name', () => {
    expect(parseScrollsTask('qasper')).toBe('qasper');
    expect(() => parseScrollsTask('quasper')).toThrow(
      'unknown SCROLLS task "quasper"; did you mean qasper? known: gov_report, ',
    );
  });
});

describe('the document of an input', () => {
  const document = 'It was (D) dark.\n\nIt rained.';

  it('is all of it where a task has no query, and what stands after the query where it has one', () => {
    for (const task of ['gov_report', 'summ_screen_fd'] as const)
      expect(documentOf(task, document)).toBe(document);
    for (const task of ['qmsum', 'narrative_qa', 'qasper', 'contract_nli'] as const)
      for (const query of ['', 'Who?', 'When (A), or (D)?'])
        expect(documentOf(task, `${query}\n\n${document}`)).toBe(document);
  });

  it('of QuALITY stands after the choices', () => {
    const choices = ' (A) yes\n (B) no\n (C) both\n (D) neither';
    for (const query of ['Who?', 'When?'])
      expect(documentOf('quality', `${query}\n\n${choices}\n\n\n${document}`)).toBe(document);
  });

  it('is all there is where nothing else is there', () => {
    for (const task of scrollsTaskNames) expect(documentOf(task, 'One line.')).toBe('One line.');
  });
});

describe('a file of SCROLLS', () => {
  it('gives its rows, whatever they hold and however the file is cut into pieces', async () => {
    const long = 'é🐋\u2028'.repeat(40_000); // several of the pieces in which a file is read
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 5 }), fc.boolean(), async (rows, ended) => {
        const written = [...rows, { id: 'long', pid: 'l', input: long, output: null }];
        const lines = written.map((one) => JSON.stringify({ ...one, is_hard: true }));
        const path = file(lines.join('\r\n\n') + (ended ? '\n' : ''));
        expect(await all(readScrollsRows(path))).toEqual(written);
      }),
      { numRuns: 20 },
    );
  });

  it('becomes instances with all references, as keeping the first row of each id and collecting outputs does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
        const instances = await groupScrollsRows(rows);
        const ids = rows.map(({ id }) => id).filter((id, place, list) => list.indexOf(id) === place);
        expect(instances).toEqual(
          ids.map((id) => ({
            id,
            input: rows.find((one) => one.id === id)?.input,
            references: rows.flatMap((one) => (one.id === id && one.output !== null ? [one.output] : [])),
          })),
        );
      }),
    );
  });

  it.each([
    ['', /validation\.jsonl: no rows; a file of SCROLLS has one on each line$/],
    [
      '{"id":"1","pid":"1","input":"x","output":"y"}\n{"id":',
      /validation\.jsonl:2: not JSON \(.+\); get the file again$/,
    ],
    ['\n{"id":"1","pid":"1","output":"y"}', /validation\.jsonl:2: input: .+; a row of SCROLLS is \{"id": /],
    ['{"id":"1","pid":"1","input":"x","output":7}', /validation\.jsonl:1: output: .+; a row of SCROLLS is /],
    ['{"id":"1","pid":"1","input":"","output":"y"}', /validation\.jsonl:1: input: .+; a row of SCROLLS is /],
    ['["1"]', /validation\.jsonl:1: the value: .+; a row of SCROLLS is /],
    [Buffer.from([0x7b, 0xff, 0x7d]), /validation\.jsonl: not UTF-8 text; get the file again$/],
    [Buffer.from([0x20, 0xe2, 0x82]), /validation\.jsonl: not UTF-8 text; get the file again$/],
  ])('is refused in one line: %j', async (content, says) => {
    const reading = readScrollsInstances(file(content));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(says);
    await expect(reading).rejects.not.toThrow('\n');
  });

  it('that is not there is said so', async () => {
    await expect(all(readScrollsRows('/nowhere/test.jsonl'))).rejects.toThrow(
      new DataError('/nowhere/test.jsonl: no such file; check the path'),
    );
  });
});

describe('a sequence of SCROLLS', () => {
  const bytes = new ByteTokenizer();
  const end = 0;

  it('is the input, the cue, the output and the end', () => {
    const options = { tokenizer: bytes, maxTokens: 100, outputTokens: 20, end };
    const { ids, promptLength } = promptedSequence('Who?\n\nCall me Ishmael.', 'Ishmael', options);
    expect(bytes.decode(ids.subarray(0, promptLength))).toBe(`Who?\n\nCall me Ishmael.${outputCue}`);
    expect(bytes.decode(ids.subarray(promptLength, -1))).toBe('Ishmael');
    expect(ids.at(-1)).toBe(end);
  });

  it("loses the document's end, never the query, the cue or the end token, and is never too long", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 30, max: 60 }),
        (input, output, outputTokens, maxTokens) => {
          const options = { tokenizer: bytes, maxTokens, outputTokens, end };
          const { ids, promptLength } = promptedSequence(input, output, options);
          const cue = [...bytes.encode(outputCue)];
          const prompt = [...ids.subarray(0, promptLength)];
          expect(ids.length).toBeLessThanOrEqual(maxTokens);
          expect(prompt).toEqual([...promptIds(input, options)]);
          expect(prompt.slice(-cue.length)).toEqual(cue);
          const room = maxTokens - outputTokens - cue.length;
          expect(prompt.slice(0, -cue.length)).toEqual([...bytes.encode(input)].slice(0, room));
          expect([...ids.subarray(promptLength)]).toEqual([
            ...[...bytes.encode(output)].slice(0, outputTokens - 1),
            end,
          ]);
        },
      ),
    );
  });

  it('begins with the tokens that the whole text begins with, also where only a part of it was read', async () => {
    const llama2 = await getTokenizer('llama2');
    const input = 'Who is it?\n\n' + 'Some years ago, never mind how long precisely. '.repeat(2000);
    const whole = llama2.encode(input, { beginOfText: true });
    for (const maxTokens of [64, 3000, 8192]) {
      const ids = promptIds(input, { tokenizer: llama2, maxTokens, outputTokens: 16, end: 2 });
      const cue = llama2.encode(outputCue).length;
      expect(ids).toHaveLength(maxTokens - 16);
      expect(ids.slice(0, -cue)).toEqual(whole.slice(0, maxTokens - 16 - cue));
    }
  });

  it('needs room for an input', () => {
    expect(() => promptIds('x', { tokenizer: bytes, maxTokens: 20, outputTokens: 11, end })).toThrow(
      new UsageError(
        'sequences of 20 tokens with 11 for the output leave no room for an input; make them longer',
      ),
    );
  });
});
