import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import {
  type Chapter,
  chaptersOf,
  gap,
  quickChapters,
  type QuickOptions,
  quickRows,
} from '../../lib/data/scrolls/quick';

const options: QuickOptions = { documentLength: 600, perChapter: 4, seed: 7 };

describe('the quick tasks', () => {
  let chapters: readonly Chapter[] = [];
  beforeAll(async () => {
    chapters = await quickChapters();
  });
  const headed = (): readonly Chapter[] => chapters.filter(({ heading }) => heading !== null);

  it('are made of the chapters of Moby-Dick and of the addresses', () => {
    expect(headed()).toHaveLength(135);
    expect(chapters).toHaveLength(135 + 233);
    expect(new Set(chapters.map(({ id }) => id)).size).toBe(chapters.length);
    expect(headed()[0]).toMatchObject({ id: 'moby-dick/chapter 1', heading: 'Loomings' });
    expect(headed()[0]?.text).toMatch(/^Call me Ishmael\./);
    expect(chapters.filter(({ text }) => /^CHAPTER \d/m.test(text)).map(({ id }) => id)).toEqual([]);
  });

  it('ask for words that stand in the document, at one place only, where the query says', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 300, max: 3000 }), (seed, documentLength) => {
        const { train, validation } = quickRows('find', chapters, { documentLength, perChapter: 1, seed });
        const rows = [...train, ...validation];
        expect(rows.length).toBeGreaterThan(0.9 * chapters.length);
        for (const { input, output } of rows) {
          const [query, document] = splitOnce(input, '\n\n');
          expect(query.split(gap)).toHaveLength(2);
          const asked = /^What is missing in "(.+)"\?$/.exec(query)?.[1] ?? '';
          const [before, after] = splitOnce(asked, gap);
          expect(document.length).toBeLessThanOrEqual(documentLength);
          expect(document).toContain(before + String(output) + after);
          expect(document.split(before.trimEnd())).toHaveLength(2);
          expect(String(output)).toMatch(/^[A-Za-z]{4,}( [A-Za-z]{4,}){0,2}$/);
        }
      }),
      { numRuns: 5 },
    );
  });

  it('ask of no sentence that has a blank of its own', () => {
    const blank = `The rate is of ${gap} per cent for everybody that holds these bonds today.`;
    const plain = 'Every year the harvest of the northern valleys feeds half the country again.';
    const made = ['one', 'two', 'three'].map((id) => ({
      id,
      heading: null,
      text: `${blank} ${plain} ${id}`,
    }));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { train, validation } = quickRows('find', made, { documentLength: 600, perChapter: 4, seed });
        for (const { input } of [...train, ...validation])
          expect(splitOnce(input, '\n\n')[0]).toContain('Every year');
      }),
    );
  });

  it('ask what an excerpt is from, of two kinds of text', () => {
    const { train, validation } = quickRows('kind', chapters, options);
    const rows = [...train, ...validation];
    expect(rows.length).toBeGreaterThan(3.9 * chapters.length);
    for (const { id, input, output } of rows) {
      const [query, document] = splitOnce(input, '\n\n');
      const [, chapter] = /^kind (.+) \d+$/.exec(id) ?? [];
      expect(query).toBe('Is the text from a novel or from an address?');
      expect(chapters.find((one) => one.id === chapter)?.text).toContain(document);
      expect(output).toBe(id.startsWith('kind moby-dick/') ? 'A novel' : 'An address');
    }
  });

  it('ask for the heading of the chapter that an excerpt is from', () => {
    const { train, validation } = quickRows('heading', chapters, options);
    const rows = [...train, ...validation];
    expect(rows.length).toBeGreaterThan(3.8 * 135);
    for (const { input, output } of rows) {
      expect(input.length).toBeLessThanOrEqual(options.documentLength);
      const origin = headed().filter(({ text }) => text.includes(input));
      expect(origin.map(({ heading }) => heading)).toContain(output);
    }
  });

  it.each(['kind', 'find', 'heading'] as const)(
    '%s has no chapter in both splits, and about the share that was asked for',
    (task) => {
      const { train, validation } = quickRows(task, chapters, { ...options, validationShare: 0.25 });
      const chaptersIn = (rows: typeof train): Set<string> =>
        new Set(rows.map(({ id }) => id.replace(/ \d+$/, '')));
      const [trained, held] = [chaptersIn(train), chaptersIn(validation)];
      expect([...trained].filter((id) => held.has(id))).toEqual([]);
      const share = held.size / (trained.size + held.size);
      expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
      const ids = [...train, ...validation].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  it('have no heading in both splits, though two chapters of Moby-Dick share one', () => {
    expect(headed().filter(({ heading }) => heading === 'Knights and Squires')).toHaveLength(2);
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const { train, validation } = quickRows('heading', chapters, { ...options, perChapter: 1, seed });
      const known = new Set(train.map(({ output }) => output));
      expect(validation.filter(({ output }) => known.has(output))).toEqual([]);
      outcomes.add(known.has('Knights and Squires') ? 'trained' : 'held');
    }
    expect(outcomes.size).toBe(2);
  });

  it.each(['kind', 'find', 'heading'] as const)(
    '%s says which rows are of one chapter, or of chapters with one heading',
    (task) => {
      const { train, validation } = quickRows(task, chapters, options);
      const headingOf = new Map(chapters.map(({ id, heading }) => [id, heading ?? id]));
      const rows = [...train, ...validation].map(({ id, group }) => ({
        group,
        shared: headingOf.get(id.replace(`${task} `, '').replace(/ \d+$/, '')),
      }));
      const pairs = new Set(rows.map(({ group, shared }) => `${group} | ${shared}`));
      expect(pairs.size).toBe(new Set(rows.map(({ group }) => group)).size);
      expect(pairs.size).toBe(new Set(rows.map(({ shared }) => shared)).size);
      expect(pairs.size).toBeLessThan(rows.length / 3);
    },
  );

  it('are the same for the same seed, others for another, and a chapter has its rows whatever else there is', () => {
    const first = quickRows('find', chapters, options);
    expect(quickRows('find', chapters, options)).toEqual(first);
    expect(quickRows('find', chapters, { ...options, seed: 8 })).not.toEqual(first);
    const all = new Set([...first.train, ...first.validation].map((row) => JSON.stringify(row)));
    const fewer = quickRows('find', chapters.slice(0, 40), options);
    const rows = [...fewer.train, ...fewer.validation];
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) expect(all.has(JSON.stringify(row))).toBe(true);
  });

  it('ask nothing of a chapter that has no fit sentence', () => {
    const bare = { id: 'bare', heading: 'bare', text: 'no sentence ends here '.repeat(100) };
    const rows = quickRows('find', [...chapters.slice(0, 40), bare], options);
    const asked = new Set([...rows.train, ...rows.validation].map(({ id }) => id.replace(/ \d+$/, '')));
    expect(asked.has('find bare')).toBe(false);
    expect(asked.size).toBeGreaterThan(35);
  });

  it('leave out excerpts that are equal', () => {
    const short = ['one', 'two'].map((id) => ({ id, heading: id, text: `A short chapter, ${id}.` }));
    const { train, validation } = quickRows('heading', short, options);
    expect(train).toHaveLength(1);
    expect(validation).toHaveLength(1);
  });

  it('say what is wrong with options or chapters', () => {
    expect(() => quickRows('find', chapters, { ...options, documentLength: 20 })).toThrow(
      new ConfigError('quick task: documentLength is 20; it must be 100 or more'),
    );
    expect(() => quickRows('find', chapters, { ...options, validationShare: 1 })).toThrow(
      new ConfigError('quick task: validationShare is 1; it must be between 0 and 1'),
    );
    const addresses = chapters.filter(({ heading }) => heading === null);
    expect(() => quickRows('heading', addresses, options)).toThrow(
      new ConfigError('quick task heading: no rows for train from 0 chapters; give more chapters'),
    );
  });
});

describe('a document', () => {
  it('without chapters is one', () => {
    expect(chaptersOf({ id: 'x', title: 'X', text: 'All of it.' }, 'book')).toEqual([
      { id: 'book/x', heading: null, text: 'All of it.' },
    ]);
  });
});

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
