// Named example automata that check a log, a table, a calculation or a paragraph: each line by
// itself, and lines in sequence. Each has texts that it accepts and texts that it rejects. A last
// line without its end only has to be the beginning of a correct line.

import { unknownName } from '../../base/suggest';
import type { Automaton, BiNfa } from './automaton';
import { compileRegex } from './regex';

/** An example automaton. */
export interface AutomatonExample {
  readonly name: string;
  /** Says in sentences what it checks. */
  readonly explanation: string;
  readonly automaton: Automaton;
  /** Texts that it accepts and rejects; `wordOf` splits them into words. */
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
}

type Arrow = BiNfa['subTransitions'][number];
type SegmentArrow = BiNfa['segmentTransitions'][number];

/** A transition for each of several symbols. */
function arrows(from: string, symbols: readonly string[], to: string): Arrow[] {
  return symbols.map((symbol) => [from, symbol, to]);
}

const digits = Array.from('0123456789');
const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
const newline = '\n';

const logChecker: AutomatonExample = {
  name: 'log-checker',
  explanation:
    'A log of connections. Each line is a level, an event, and any text. From line to line: a connection is opened before it is used, and closed in the end; a request that failed (an ERROR) is tried again until it succeeds before the connection is closed. Empty lines change nothing.',
  automaton: {
    type: 'bi-nfa',
    segmentStates: ['closed', 'open', 'retry'],
    segmentStart: 'closed',
    accept: ['closed'],
    subStates: ['begin', 'level', 'error', 'opens', 'asks', 'closes', 'fails'],
    subStart: 'begin',
    symbols: ['INFO', 'WARN', 'ERROR', 'open', 'request', 'close', 'text'],
    separators: [newline],
    subTransitions: [
      ...arrows('begin', ['INFO', 'WARN'], 'level'),
      ...arrows('begin', ['ERROR'], 'error'),
      ...arrows('level', ['open'], 'opens'),
      ...arrows('level', ['request'], 'asks'),
      ...arrows('level', ['close'], 'closes'),
      ...arrows('error', ['request'], 'fails'),
      ...['opens', 'asks', 'closes', 'fails'].flatMap((state) => arrows(state, ['text'], state)),
    ],
    segmentTransitions: [
      ['closed', 'opens', newline, 'open'],
      ['open', 'asks', newline, 'open'],
      ['open', 'closes', newline, 'closed'],
      ['open', 'fails', newline, 'retry'],
      ['retry', 'fails', newline, 'retry'],
      ['retry', 'asks', newline, 'open'],
      ...['closed', 'open', 'retry'].map((state): SegmentArrow => [state, 'begin', newline, state]),
    ],
  },
  accepted: [
    '',
    'INFO open\nINFO request text\nINFO close\n',
    'INFO open text\nERROR request text text\nERROR request\nWARN request\n\nINFO close\n',
    'INFO open\nINFO close\nINFO open\nINFO close\n',
  ],
  rejected: [
    'INFO request\n',
    'INFO open\nINFO request\n',
    'INFO open\nERROR request\nINFO close\n',
    'INFO open\nINFO open\nINFO close\n',
    'open INFO\nINFO close\n',
  ],
};

const columns = [1, 2, 3] as const;

const csvRecords: AutomatonExample = {
  name: 'csv-records',
  explanation:
    'A table of records, one a line, with two or three fields separated by commas. Between quotes a comma is text. From line to line: all records have as many fields as the first.',
  automaton: {
    type: 'bi-nfa',
    segmentStates: ['first', 'two', 'three'],
    segmentStart: 'first',
    accept: ['two', 'three'],
    subStates: columns.flatMap((column) => [`field ${column}`, `quoted ${column}`]),
    subStart: 'field 1',
    symbols: [...letters, ...digits, ',', '"'],
    separators: [newline],
    subTransitions: columns.flatMap((column) => [
      ...arrows(`field ${column}`, [...letters, ...digits], `field ${column}`),
      ...(column < 3 ? arrows(`field ${column}`, [','], `field ${column + 1}`) : []),
      ...arrows(`field ${column}`, ['"'], `quoted ${column}`),
      ...arrows(`quoted ${column}`, [...letters, ...digits, ','], `quoted ${column}`),
      ...arrows(`quoted ${column}`, ['"'], `field ${column}`),
    ]),
    segmentTransitions: [
      ['first', 'field 2', newline, 'two'],
      ['first', 'field 3', newline, 'three'],
      ['two', 'field 2', newline, 'two'],
      ['three', 'field 3', newline, 'three'],
    ],
  },
  accepted: ['name,age\nann,41\nbob,7\n', 'a,b,c\n1,"2,5",3\n,,\n', '"x","say ""hi"""\n'],
  rejected: ['', 'name,age\nann,41,x\n', 'name\n', 'a,b\n"a,b\n'],
};

const operators = ['+', '-', '*'];
const counts = [1, 2, 3, 4] as const;
/** The segment state after a first line of so many numbers. */
const dueAfter = { 1: 'ready', 2: '1 due', 3: '2 due', 4: '3 due' } as const;

const arithmeticLines: AutomatonExample = {
  name: 'arithmetic-lines',
  explanation:
    'Calculations without brackets, worked out step by step. Each line is at most four numbers with operators between them. From line to line: one number fewer, down to the answer; then the next calculation may begin. Whether the numbers are right is not checked.',
  automaton: {
    type: 'bi-nfa',
    segmentStates: ['ready', '3 due', '2 due', '1 due'],
    segmentStart: 'ready',
    accept: ['ready'],
    subStates: counts.flatMap((count) => [`want ${count}`, `have ${count}`]),
    subStart: 'want 1',
    symbols: [...digits, ...operators],
    separators: [newline],
    subTransitions: counts.flatMap((count) => [
      ...arrows(`want ${count}`, digits, `have ${count}`),
      ...arrows(`have ${count}`, digits, `have ${count}`),
      ...(count < 4 ? arrows(`have ${count}`, operators, `want ${count + 1}`) : []),
    ]),
    segmentTransitions: [
      ['ready', 'want 1', newline, 'ready'],
      ...counts.map((count): SegmentArrow => ['ready', `have ${count}`, newline, dueAfter[count]]),
      ['3 due', 'have 3', newline, '2 due'],
      ['2 due', 'have 2', newline, '1 due'],
      ['1 due', 'have 1', newline, 'ready'],
    ],
  },
  accepted: ['', '7+5*2\n7+10\n17\n', '1+2*3-4\n1+6-4\n7-4\n3\n\n12*12\n144\n', '5\n'],
  rejected: ['7+5*2\n17\n', '7+\n', '7+5\n', '1+2\n1+2\n3\n', '1+2+3+4+5\n'],
};

const nouns = ['old', 'man', 'boats', 'fish'];
const adjectives = ['old'];
const verbs = ['man', 'fish', 'sleep'];
const nounPhrase = (before: string, article: string, after: string): Arrow[] => [
  ...arrows(before, ['the'], article),
  ...arrows(article, adjectives, article),
  ...[before, article].flatMap((state) => arrows(state, nouns, after)),
];

const sentences: AutomatonExample = {
  name: 'sentences',
  explanation:
    'A paragraph of a toy English, one sentence a segment. A sentence says that somebody does something, or asks who does. Old is an adjective or a noun, man and fish are nouns or verbs, so several readings stay open until the sentence ends, as in the old man the boats. From sentence to sentence: a question follows a statement, and a statement answers it.',
  automaton: {
    type: 'bi-nfa',
    segmentStates: ['begin', 'told', 'asked'],
    segmentStart: 'begin',
    accept: ['told'],
    subStates: [
      'start',
      'article',
      'subject',
      'verb',
      'article 2',
      'object',
      'who',
      'asks',
      'article 3',
      'whom',
    ],
    subStart: 'start',
    symbols: ['the', 'who', 'old', 'man', 'boats', 'fish', 'sleep'],
    separators: ['.', '!', '?'],
    subTransitions: [
      ...nounPhrase('start', 'article', 'subject'),
      ...arrows('subject', verbs, 'verb'),
      ...nounPhrase('verb', 'article 2', 'object'),
      ...arrows('start', ['who'], 'who'),
      ...arrows('who', verbs, 'asks'),
      ...nounPhrase('asks', 'article 3', 'whom'),
    ],
    segmentTransitions: [
      ...['begin', 'told', 'asked'].flatMap((state) =>
        ['verb', 'object'].flatMap((end) =>
          ['.', '!'].map((separator): SegmentArrow => [state, end, separator, 'told']),
        ),
      ),
      ...['asks', 'whom'].map((end): SegmentArrow => ['told', end, '?', 'asked']),
    ],
  },
  accepted: [
    'the old man the boats.',
    'fish fish fish!',
    'fish sleep. who man the boats? the old fish.',
    'the old old man fish the fish. the boats sleep!',
  ],
  rejected: [
    '',
    'the old.',
    'the old man the.',
    'who sleep? fish sleep.',
    'fish sleep. who fish?',
    'fish sleep. who fish? who sleep? fish fish.',
    'fish sleep?',
  ],
};

const numbers: AutomatonExample = {
  name: 'numbers',
  explanation:
    'Numbers as computers write them, by the regular expression -?[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?: an optional sign, digits, perhaps a fraction, perhaps a power of ten.',
  automaton: compileRegex('-?[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?'),
  accepted: ['0', '-12', '3.14', '6.02e23', '-1e-9'],
  rejected: ['', '-', '.5', '5.', '1e', '1-2', '--1', '1e2.5'],
};

const thirdFromLast: AutomatonExample = {
  name: 'third-from-last',
  explanation:
    'Words of a and b whose third symbol from the end is an a, by the regular expression (a|b)*a(a|b)(a|b). The NFA guesses where the end is. A deterministic automaton has to remember the last symbols: for the n-th from the end it needs 2^n states, this NFA has 2n + 2.',
  automaton: compileRegex('(a|b)*a(a|b)(a|b)'),
  accepted: ['aaa', 'abb', 'bbbabb', 'babaab'],
  rejected: ['', 'aa', 'baa', 'aabaa'],
};

/** All examples, the bilevel ones first. */
export const automatonExamples: readonly AutomatonExample[] = [
  logChecker,
  csvRecords,
  arithmeticLines,
  sentences,
  numbers,
  thirdFromLast,
];

/**
 * The example of that name.
 *
 * @throws UsageError with the known names, or the one that was probably meant
 */
export function exampleNamed(name: string): AutomatonExample {
  const found = automatonExamples.find((example) => example.name === name);
  if (found) return found;
  throw unknownName(
    'automaton',
    name,
    automatonExamples.map((example) => example.name),
  );
}
