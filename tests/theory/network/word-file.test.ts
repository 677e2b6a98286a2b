import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/base/errors';
import type { BiNfa } from '../../../lib/theory/automata/automaton';
import { asNfa } from '../../../lib/theory/automata/flatten';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { readWordFile } from '../../../lib/theory/network/word-file';
import { temporaryFolder } from '../../support/command';

const automaton: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['s'],
  segmentStart: 's',
  accept: [],
  subStates: ['k'],
  subStart: 'k',
  symbols: ['left', 'right', '\n'],
  separators: [';'],
  subTransitions: [],
  segmentTransitions: [],
};
const bilevel = compileBiPE(automaton, { maxSegmentLength: 2, maxSegments: 3 });
const flat = compileApe(asNfa(automaton), 4);

function file(content: string | Buffer): string {
  const path = join(temporaryFolder(), 'words.jsonl');
  writeFileSync(path, content);
  return path;
}

describe('a file of words', () => {
  it('is read as ids, one more than a symbol has in the alphabet, whatever ends its lines', async () => {
    const names = [...automaton.symbols, ...automaton.separators];
    const word = fc.array(fc.nat(3), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (words, end, ended) => {
          const lines = words.map((indices) => JSON.stringify(indices.map((index) => names[index])));
          const path = file(lines.join(end) + (ended ? end : ''));
          const read = await readWordFile(path, flat);
          expect(read.map((ids) => [...ids])).toEqual(
            words.map((indices) => indices.map((index) => index + 1)),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    ['', /words\.jsonl: no words; write an array of symbols a line, e\.g\. \["left","right"\]$/],
    ['["left"]\n\n["left"]\n', /words\.jsonl:2: an empty line; remove it, or write \[\] for the empty word$/],
    [
      '["left"]\n["left"',
      /words\.jsonl:2: not JSON \([^\n]+\); write an array of symbols, e\.g\. \["left","right"\]$/,
    ],
    ['{"word": []}\n', /words\.jsonl:1: not an array of symbols; write one a line, e\.g\. /],
    ['["left", 1]\n', /words\.jsonl:1: not an array of symbols; write one a line, e\.g\. /],
    ['"left"\n', /words\.jsonl:1: not an array of symbols; /],
    [
      '[]\n["left", "lefd"]\n',
      /words\.jsonl:2: symbol 2, "lefd", is not in the alphabet; did you mean "left"\?$/,
    ],
    [
      '["left", ";", "left", "right", "left"]\n',
      /words\.jsonl:1: 3 symbols in a segment, and the network was compiled for 2; compile it with --max-segment 3$/,
    ],
    [
      '[";", ";", ";", "left"]\n',
      /words\.jsonl:1: 4 segments, and the network was compiled for 3; compile it with --max-segments 4$/,
    ],
    [Buffer.from([0x5b, 0xff, 0x5d]), /words\.jsonl: not UTF-8 text \(byte 1\)/],
  ])('is refused in one line: %j', async (content, says) => {
    const reading = readWordFile(file(content), bilevel);
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(says);
  });

  it('is refused where a word is longer than absolute positions were compiled for', async () => {
    await expect(readWordFile(file('["left","left","left","left","left"]\n'), flat)).rejects.toThrow(
      /words\.jsonl:1: 5 symbols, and the network was compiled for 4; compile it with --max-length 5$/,
    );
  });
});
