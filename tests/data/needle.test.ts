// Texts with facts: what stands where, whatever their sizes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import {
  checkNeedleShape,
  lineTokens,
  needleTokens,
  needleValues,
  writeNeedles,
} from '../../lib/data/needle';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { Random } from '../../lib/engine/random/random';

/** A haystack in which each id is its place, from 1,000 on; words have ids below. */
const first = 1000;
const haystack = {
  length: 5000,
  subarray: (start: number, end: number) =>
    Int32Array.from({ length: end - start }, (_, index) => first + start + index),
};
const tokens = {
  newline: 1,
  cue: 2,
  stop: 3,
  keys: Array.from({ length: 32 }, (_, key) => 100 + key),
  values: Array.from({ length: needleValues }, (_, value) => 200 + value),
};

const shapes = fc
  .record({
    facts: fc.integer({ min: 1, max: 6 }),
    text: fc.integer({ min: 1, max: 60 }),
    depth: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  })
  .chain(({ facts, text, depth }) =>
    fc.integer({ min: 1, max: facts }).map((asked) => ({
      facts,
      asked,
      time: text + lineTokens * (facts + asked) - 1,
      ...(depth !== undefined && { depth }),
    })),
  );

interface Parsed {
  readonly passage: number[];
  /** In the order of the text. */
  readonly lines: { readonly key: number; readonly value: number; readonly before: number }[];
}

/** A text taken apart: lines, each with the number of passage tokens before it. */
function parse(ids: Int32Array): Parsed {
  const parsed: Parsed = { passage: [], lines: [] };
  for (let place = 0; place < ids.length; place += 1) {
    const id = ids[place] ?? NaN;
    if (id >= first) {
      parsed.passage.push(id);
      continue;
    }
    expect([ids[place], ids[place + 1]]).toEqual([tokens.newline, tokens.cue]);
    expect(tokens.keys).toContain(ids[place + 2]);
    expect(tokens.values).toContain(ids[place + 3]);
    if (place + 4 < ids.length) expect(ids[place + 4]).toBe(tokens.stop);
    parsed.lines.push({
      key: ids[place + 2] ?? NaN,
      value: ids[place + 3] ?? NaN,
      before: parsed.passage.length,
    });
    place += lineTokens - 1;
  }
  return parsed;
}

describe('texts with facts', () => {
  it('are a passage with facts of different keys in it, and questions after it with their answers', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 1000 }), (shape, seed) => {
        const texts = 3;
        const ids = writeNeedles(haystack, tokens, shape, Random.fromSeed(seed), texts);
        expect(ids).toHaveLength(texts * shape.time);
        for (let text = 0; text < texts; text += 1) {
          const { passage, lines } = parse(ids.subarray(text * shape.time, (text + 1) * shape.time));
          passage.forEach((id, place) => {
            expect(id).toBe((passage[0] ?? NaN) + place);
          });
          const [facts, questions] = [lines.slice(0, shape.facts), lines.slice(shape.facts)];
          expect(new Set(facts.map(({ key }) => key)).size).toBe(shape.facts);
          expect(questions).toHaveLength(shape.asked);
          expect(new Set(questions.map(({ key }) => key)).size).toBe(shape.asked);
          for (const { key, value, before } of questions) {
            expect(before).toBe(passage.length);
            expect(facts.find((fact) => fact.key === key)?.value).toBe(value);
          }
          if (shape.depth === undefined) continue;
          const asked = facts.find(({ key }) => key === questions.at(-1)?.key);
          expect(asked?.before).toBe(Math.round(shape.depth * passage.length));
        }
      }),
    );
  });

  it('are the same for the same seed', () => {
    const write = (seed: number): number[] =>
      Array.from(writeNeedles(haystack, tokens, { time: 64, facts: 2, asked: 2 }, Random.fromSeed(seed), 2));
    expect(write(3)).toEqual(write(3));
    expect(write(3)).not.toEqual(write(4));
  });

  it('are refused where there is no room for them, or there are too few keys', () => {
    expect(() => {
      checkNeedleShape({ time: 20, facts: 2, asked: 2 }, 'trainLength');
    }).toThrow('trainLength: 20 tokens hold no text beside 2 facts and 2 questions; give 21 or more');
    expect(() => {
      checkNeedleShape({ time: 21, facts: 2, asked: 2 }, 'trainLength');
    }).not.toThrow();
    expect(() => {
      checkNeedleShape({ time: 1000, facts: 33, asked: 1 }, 'trainLength');
    }).toThrow('facts: 33, but there are 32 keys');
  });
});

describe('words of facts', () => {
  it.each(['llama2', 'llama2-2048'])('are whole tokens of %s, all different', async (name) => {
    const tokenizer = await getTokenizer(name);
    const { newline, cue, stop, keys, values } = needleTokens(tokenizer);
    const all = [newline, cue, stop, ...keys, ...values];
    expect(new Set(all).size).toBe(all.length);
    expect(tokenizer.decode([cue, keys[8] ?? 0, values[6] ?? 0, stop])).toBe('> method direct.');
  });

  it.each(['llama2-1024', 'bytes'])('are not tokens of %s, which is refused', async (name) => {
    const tokenizer = await getTokenizer(name);
    expect(() => needleTokens(tokenizer)).toThrow(ConfigError);
    expect(() => needleTokens(tokenizer)).toThrow(/^tokenizer .*: " question" is no token of it/);
  });
});
