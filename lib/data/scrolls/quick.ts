// Tasks of SCROLLS' shape from the bundled books, so that finetuning, generation and scoring run in
// minutes and without a download: `name` and `choice`, which ask for names (names.ts); `kind`, the
// kind of a document, one of two; `find`, words to be found by their surroundings; and `heading`,
// the heading of a chapter as its summary. The very small models of the preset `quick` do not learn
// the last two. They measure nothing that SCROLLS measures, and their scores are not comparable
// with those of SCROLLS.

import { ConfigError } from '../../base/errors';
import { Random } from '../../engine/random/random';
import { prepareSource } from '../sources/prepare';
import { type SourceOptions, type TextDocument } from '../sources/source';
import { drawExcerpt } from './excerpts';
import { type ScrollsRow } from './file';
import { drawChoice, drawMostFrequent, findNames, type NameQuestionMaker, people, places } from './names';
import { type ScrollsTask } from './tasks';

/** The tasks. */
export const quickTasks = {
  name: {
    title: 'Most frequent name',
    documents: "excerpts of Moby-Dick's chapters and of State of the Union addresses",
    query: 'the question which name the text has most often',
    output: 'the name',
  },
  choice: {
    title: 'Choose the name',
    documents: "excerpts of Moby-Dick's chapters and of State of the Union addresses",
    query: 'the question which of four names the text has, and the choices, (A) to (D)',
    output: "the right choice's text",
  },
  kind: {
    title: 'Novel or address',
    documents: "excerpts of Moby-Dick's chapters and of State of the Union addresses",
    query: 'the question which of the two it is',
    output: '"A novel" or "An address"',
  },
  find: {
    title: 'Find and answer',
    documents: "excerpts of Moby-Dick's chapters and of State of the Union addresses",
    query: 'one of the sentences, with one to three words left out',
    output: 'the words',
  },
  heading: {
    title: 'Name the chapter',
    documents: "excerpts of Moby-Dick's chapters",
    query: null,
    output: "the chapter's heading",
  },
} as const satisfies Readonly<Record<string, ScrollsTask>>;

/** A quick task's name. */
export type QuickTaskName = keyof typeof quickTasks;

/** A text that is used as a whole for either training or evaluation. */
export interface Chapter {
  /** Unique among the chapters. */
  readonly id: string;
  /** null without a heading. */
  readonly heading: string | null;
  readonly text: string;
}

/** Options of rows made of chapters. */
export interface QuickOptions {
  /** Most characters of a document. */
  readonly documentLength: number;
  /** Most excerpts of a chapter; equal ones are kept once. */
  readonly perChapter: number;
  /** Share of the chapters whose excerpts are for the evaluation; default 0.2. */
  readonly validationShare?: number;
  readonly seed: number;
}

/**
 * Rows by split. All rows of a chapter are in the same one, as are those of chapters with the same
 * heading: together they are a group.
 */
export interface QuickRows {
  readonly train: readonly ScrollsRow[];
  readonly validation: readonly ScrollsRow[];
}

/** Stands in a query for the missing words. */
export const gap = '____';

/** Excerpts to try until one has a suitable sentence. */
const attempts = 20;

/**
 * The chapters of the bundled books: the 135 of Moby-Dick, with headings (the epilogue is part of
 * the last), and 233 addresses, without.
 *
 * @throws DataError if the packages are not installed correctly
 */
export async function quickChapters(options: SourceOptions = {}): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  for (const name of ['moby-dick', 'sotu']) {
    const source = await prepareSource(name, options);
    for await (const document of source.documents()) chapters.push(...chaptersOf(document, name));
  }
  return chapters;
}

/**
 * Splits a document into its numbered chapters, each with its heading; a document without headings
 * is one chapter.
 */
export function chaptersOf({ id, text }: TextDocument, source: string): Chapter[] {
  const headings = [...text.matchAll(/^CHAPTER (\d+)\. (.+)\n\n/gm)];
  if (headings.length === 0) return [{ id: `${source}/${id}`, heading: null, text }];
  return headings.map((match, place) => {
    const [whole, number = '', heading = ''] = match;
    const end = headings[place + 1]?.index ?? text.length;
    return {
      id: `${source}/chapter ${number}`,
      heading: heading.replace(/\.$/, ''),
      text: text.slice(match.index + whole.length, end).trimEnd(),
    };
  });
}

/**
 * Makes the rows of a task: a pure function of chapters and options. A chapter's rows depend on the
 * seed and the chapter alone.
 *
 * @param chapters those without a heading are left out of `heading`
 * @throws ConfigError if an option is out of range, or a split stays empty
 */
export function quickRows(
  task: QuickTaskName,
  chapters: readonly Chapter[],
  options: QuickOptions,
): QuickRows {
  const { documentLength, perChapter, validationShare = 0.2, seed } = options;
  check(
    'documentLength',
    documentLength,
    Number.isInteger(documentLength) && documentLength >= 100,
    '100 or more',
  );
  check('perChapter', perChapter, Number.isInteger(perChapter) && perChapter >= 1, '1 or more');
  check('validationShare', validationShare, validationShare > 0 && validationShare < 1, 'between 0 and 1');
  const random = Random.fromSeed(seed).fork(`quick task ${task}`);
  const usable = chapters.filter(({ heading }) => task !== 'heading' || heading !== null);
  const held = validationGroups(usable, validationShare, random.fork('split'));
  const rows = { train: new Array<ScrollsRow>(), validation: new Array<ScrollsRow>() };
  for (const chapter of usable)
    rows[held.has(groupOf(chapter)) ? 'validation' : 'train'].push(
      ...rowsOf(task, chapter, options, random.fork(chapter.id)),
    );
  for (const split of ['train', 'validation'] as const) {
    if (rows[split].length === 0)
      throw new ConfigError(
        `quick task ${task}: no rows for ${split} from ${usable.length} chapters; give more chapters`,
      );
  }
  return rows;
}

/** Chapters of one group are never in different splits. */
function groupOf({ id, heading }: Chapter): string {
  return heading === null ? `id ${id}` : `heading ${heading}`;
}

/** Groups for the evaluation, about that share of all. */
function validationGroups(chapters: readonly Chapter[], share: number, random: Random): ReadonlySet<string> {
  const groups = random.shuffle([...new Set(chapters.map(groupOf))]);
  return new Set(groups.slice(0, Math.max(1, Math.round(groups.length * share))));
}

function rowsOf(task: QuickTaskName, chapter: Chapter, options: QuickOptions, random: Random): ScrollsRow[] {
  const rows = new Map<string, ScrollsRow>(); // by input
  const drawPair = pairMakers[task](chapter, options);
  for (let place = 0; place < options.perChapter; place += 1) {
    const pair = drawPair(random);
    if (pair === undefined || rows.has(pair.input)) continue;
    const id = `${task} ${chapter.id} ${place}`;
    rows.set(pair.input, { id, pid: `${id} 0`, ...pair, group: groupOf(chapter) });
  }
  return [...rows.values()];
}

type Pair = Pick<ScrollsRow, 'input'> & { readonly output: string };

/** Draws pairs from a chapter, each time one; undefined if an attempt found none. */
type PairMaker = (chapter: Chapter, options: QuickOptions) => (random: Random) => Pair | undefined;

const drawnBy =
  (draw: (chapter: Chapter, options: QuickOptions, random: Random) => Pair | undefined): PairMaker =>
  (chapter, options) =>
  (random) =>
    draw(chapter, options, random);

/** Questions about names: of people in the novel, of places in addresses. */
const aboutNames =
  (draw: NameQuestionMaker): PairMaker =>
  ({ heading, text }, { documentLength }) => {
    const named = findNames(text, heading === null ? places : people);
    return (random) => {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const pair = draw(named, documentLength, random);
        if (pair !== undefined) return pair;
      }
      return undefined;
    };
  };

const pairMakers: Readonly<Record<QuickTaskName, PairMaker>> = {
  name: aboutNames(drawMostFrequent),
  choice: aboutNames(drawChoice),
  kind: drawnBy(drawKind),
  find: drawnBy(drawQuestion),
  heading: drawnBy(drawHeading),
};

/** The source of an excerpt: chapters of the novel have headings, addresses have none. */
function drawKind({ heading, text }: Chapter, { documentLength }: QuickOptions, random: Random): Pair {
  const document = drawExcerpt(text, documentLength, random);
  return {
    input: `Is the text from a novel or from an address?\n\n${document}`,
    output: heading === null ? 'An address' : 'A novel',
  };
}

function drawHeading(
  { heading, text }: Chapter,
  { documentLength }: QuickOptions,
  random: Random,
): Pair | undefined {
  if (heading === null) return undefined;
  return { input: drawExcerpt(text, documentLength, random), output: heading };
}

/**
 * A sentence of an excerpt with a gap, and the missing words; undefined if no excerpt has a
 * suitable sentence.
 */
function drawQuestion({ text }: Chapter, { documentLength }: QuickOptions, random: Random): Pair | undefined {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const document = drawExcerpt(text, documentLength, random);
    const sentences = document.match(/(?<=^|[.!?] )[^.!?\n]+[.!?](?= |$)/g) ?? [];
    if (sentences.length === 0) continue;
    const words = random.choice(sentences).split(' ');
    const length = random.integer(1, 4);
    if (words.length < length + 6) continue;
    const start = random.integer(3, words.length - length - 1);
    const missing = words.slice(start, start + length);
    const before = words.slice(0, start).join(' ');
    // Only words, too long for articles, which the scores ignore; only one place at which they can
    // be found; and only one gap: some addresses have blanks of their own.
    if (!missing.every((word) => /^[A-Za-z]{4,}$/.test(word)) || occurrences(document, before) !== 1)
      continue;
    const asked = [before, gap, ...words.slice(start + length)].join(' ');
    if (occurrences(asked, gap) !== 1) continue;
    return { input: `What is missing in "${asked}"?\n\n${document}`, output: missing.join(' ') };
  }
  return undefined;
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

function check(option: string, value: number, isRight: boolean, right: string): void {
  if (!isRight) throw new ConfigError(`quick task: ${option} is ${value}; it must be ${right}`);
}
