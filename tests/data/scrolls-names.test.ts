import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawSpanAround } from '../../lib/data/scrolls/excerpts';
import { people, places } from '../../lib/data/scrolls/names';
import { type Chapter, quickChapters, quickRows } from '../../lib/data/scrolls/quick';
import { Random } from '../../lib/engine/random/random';

/** How often a text has a name, as a word of its own. */
function count(text: string, name: string): number {
  return text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
}

interface Question {
  readonly query: string;
  readonly document: string;
  readonly output: string;
  /** The names that the document could have. */
  readonly names: readonly string[];
  readonly chapter: Chapter;
}

describe('the quick tasks about names', () => {
  let chapters: readonly Chapter[] = [];
  beforeAll(async () => {
    chapters = await quickChapters();
  });

  /** All questions of a task, a few from each chapter. */
  function questions(task: 'name' | 'choice', documentLength: number, seed: number): Question[] {
    const { train, validation } = quickRows(task, chapters, { documentLength, perChapter: 3, seed });
    const byId = new Map(chapters.map((chapter) => [chapter.id, chapter]));
    return [...train, ...validation].map(({ id, input, output }) => {
      const end = input.indexOf('\n\n');
      const chapter = byId.get(id.replace(/^\w+ /, '').replace(/ \d+$/, ''));
      if (chapter === undefined) throw new Error(`no chapter of ${id}`);
      const document = input.slice(end + 2);
      expect(document.length).toBeLessThanOrEqual(documentLength);
      expect(chapter.text).toContain(document);
      const names = chapter.heading === null ? places : people;
      return { query: input.slice(0, end), document, output: String(output), names, chapter };
    });
  }

  const seeds = fc.nat(1000);
  const lengths = fc.integer({ min: 100, max: 4000 });

  it('ask for the name that stands most often, more often than any other', () => {
    fc.assert(
      fc.property(seeds, lengths, (seed, length) => {
        for (const { query, document, output, names } of questions('name', length, seed)) {
          expect(query).toBe('Which name does the text have most often?');
          const others = names.filter((name) => name !== output).map((name) => count(document, name));
          expect(count(document, output)).toBeGreaterThan(Math.max(...others));
        }
      }),
      { numRuns: 3 },
    );
  });

  it('let choose among four names of the chapter, of which the document has one', () => {
    fc.assert(
      fc.property(seeds, lengths, (seed, length) => {
        for (const { query, document, output, chapter } of questions('choice', length, seed)) {
          const choices = [...query.matchAll(/^\(([A-D])\) (.+)$/gm)].map(([, letter, name]) => ({
            letter,
            name,
          }));
          expect(choices.map(({ letter }) => letter)).toEqual(['A', 'B', 'C', 'D']);
          const names = choices.map(({ name = '' }) => name);
          expect(new Set(names).size).toBe(4);
          expect(names.filter((name) => count(document, name) > 0)).toEqual([output]);
          for (const name of names) expect(count(chapter.text, name)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 3 },
    );
  });
});

describe('an excerpt around a place', () => {
  const text = fc
    .array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 5, maxLength: 60 })
    .map((words) => words.join(' '));

  it('has the place in it, at most as many characters as wanted, and whole words', () => {
    fc.assert(
      fc.property(
        text,
        fc.nat(),
        fc.integer({ min: 12, max: 200 }),
        fc.nat(1000),
        (all, place, length, seed) => {
          const words = [...all.matchAll(/[a-z]+/g)];
          const word = words[place % words.length];
          const within = { start: word?.index ?? 0, end: (word?.index ?? 0) + (word?.[0].length ?? 0) };
          const { start, end } = drawSpanAround(all, within, length, Random.fromSeed(seed));
          expect(start).toBeLessThanOrEqual(within.start);
          expect(end).toBeGreaterThanOrEqual(within.end);
          expect(end - start).toBeLessThanOrEqual(Math.max(length, within.end - within.start));
          expect(all[start - 1] ?? ' ').toBe(' ');
          expect(all[end] ?? ' ').toBe(' ');
        },
      ),
    );
  });
});
