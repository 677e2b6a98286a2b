import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../../lib/base/errors';
import { wordOf } from '../../../lib/theory/automata/alphabet';
import {
  type AutomatonExample,
  automatonExamples,
  exampleNamed,
} from '../../../lib/theory/automata/examples';
import { problemsOf } from '../../../lib/theory/automata/problems';
import { isAccepted, simulate } from '../../../lib/theory/automata/simulate';

const accepts = (name: string, text: string): boolean => {
  const { automaton } = exampleNamed(name);
  return isAccepted(automaton, wordOf(automaton, text));
};

describe.each(automatonExamples)('$name', ({ name, automaton, explanation, accepted, rejected }) => {
  it('is sound and explained', () => {
    expect(problemsOf(automaton)).toEqual([]);
    expect(explanation).toMatch(/^[A-Z].+\.$/s);
  });

  it.each(accepted)('accepts %j', (text) => {
    expect(accepts(name, text)).toBe(true);
  });

  it.each(rejected)('rejects %j', (text) => {
    expect(accepts(name, text)).toBe(false);
  });
});

/**
 * Texts of lines from a list, and what becomes of them when characters, or the words between
 * blanks, are lost.
 */
const textsOf = (lines: readonly string[], unit: RegExp): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.constantFrom(...lines), { maxLength: 7 }),
      fc.option(fc.nat(60), { freq: 3, nil: undefined }),
    )
    .map(([chosen, lost]) =>
      chosen
        .join('')
        .split(unit)
        .filter((_, place) => place !== lost)
        .join(''),
    );

/** The text with its last segment closed: of an open one only the sub-level has a say. */
function closed({ automaton }: AutomatonExample, text: string): string {
  if (automaton.type === 'nfa' || text === '') return text;
  const [separator = ''] = automaton.separators;
  return automaton.separators.includes(text.trim().slice(-1)) || text.endsWith(separator)
    ? text
    : text + separator;
}

/** What each example checks, programmed in another way. */
const programs: Readonly<Record<string, (text: string) => boolean>> = {
  'log-checker': (text) => {
    let state = 'closed';
    for (const line of text
      .split('\n')
      .slice(0, -1)
      .map((untrimmed) => untrimmed.trim())) {
      if (line === '') continue;
      const event = /^(INFO|WARN) (open|request|close)( text)*$|^ERROR (request)( text)*$/.exec(line);
      const key = `${state} ${event?.[2] ?? (event?.[4] === undefined ? '' : 'failure')}`;
      const next = /^closed open|^open request|^retry request/.test(key)
        ? 'open'
        : /^(open|retry) failure/.test(key)
          ? 'retry'
          : key === 'open close'
            ? 'closed'
            : '';
      if (next === '') return false;
      state = next;
    }
    return state === 'closed';
  },
  'csv-records': (text) => {
    const records = text.split('\n').slice(0, -1);
    const counts = records.map((record) => record.replace(/"[^"]*"/g, '').split(',').length);
    const balanced = records.every((record) => record.split('"').length % 2 === 1);
    return balanced && (counts[0] === 2 || counts[0] === 3) && counts.every((count) => count === counts[0]);
  },
  'arithmetic-lines': (text) => {
    let left = 0;
    for (const line of text.split('\n').slice(0, -1)) {
      if (line === '' && left === 0) continue;
      if (!/^\d+([-+*]\d+){0,3}$/.test(line)) return false;
      const count = line.split(/[-+*]/).length - 1;
      if (left !== 0 && count !== left - 1) return false;
      left = count;
    }
    return left === 0;
  },
  sentences: (text) => {
    const phrase = '(?:(?:the (?:old )*)?(?:old|man|boats|fish))';
    const act = `(?:man|fish|sleep)(?: ${phrase})?`;
    const statement = new RegExp(`^(?:${phrase} ${act}[.!]|who ${act}\\?)$`);
    const ended = (text.match(/[^.!?]*[.!?]/g) ?? []).map((sentence) =>
      sentence
        .replace(/\s+/g, ' ')
        .replace(/ ([.!?])/, '$1')
        .trim(),
    );
    const questions = ended.map((sentence) => sentence.endsWith('?'));
    return (
      ended.length > 0 &&
      ended.every((sentence) => statement.test(sentence)) &&
      questions.every((asks, index) => !asks || (index > 0 && questions[index - 1] === false)) &&
      questions.at(-1) === false
    );
  },
  numbers: (text) => /^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$/.test(text),
  'third-from-last': (text) => text.at(-3) === 'a',
};

const material: Readonly<Record<string, readonly [lines: readonly string[], unit: RegExp]>> = {
  'log-checker': [
    [
      'INFO open\n',
      'INFO open text\nERROR request\n',
      'WARN request text text\n',
      'ERROR request\nINFO request\n',
      'INFO close\n',
      'INFO open\nWARN request\nINFO close\n',
      '\n',
    ],
    /(?<=[ \n])/,
  ],
  'csv-records': [['a,b\n', '"x,y",2\n', 'q"a"",",1\n', 'a,b,c\n', ',,\n'], /(?:)/],
  'arithmetic-lines': [
    ['1+2*3\n', '1+6\n', '7\n', '\n', '5*6*7-1\n5*6-1\n', '12+12\n24\n', '1+2*3\n1+6\n7\n'],
    /(?:)/,
  ],
  sentences: [
    [
      'the old man the boats. ',
      'fish fish! ',
      'who man the old boats? ',
      'who sleep? fish. ',
      'old sleep fish. ',
    ],
    /(?<= )|(?=[.!?])|(?<=[.!?])/,
  ],
  numbers: [['1', '23', '-', '.', 'e', '4.5', '6e', '-7'], /(?:)/],
  'third-from-last': [['a', 'b', 'ab', 'ba'], /(?:)/],
};

describe('an example', () => {
  it.each(automatonExamples.map(({ name }) => name))(
    'accepts what a program written otherwise does: %s',
    (name) => {
      const [lines = [], unit = /(?:)/] = material[name] ?? [];
      const verdicts = { true: 0, false: 0 };
      fc.assert(
        fc.property(textsOf(lines, unit), (lost) => {
          const text = closed(exampleNamed(name), lost);
          const expected = programs[name]?.(text) ?? false;
          verdicts[`${expected}`] += 1;
          expect(accepts(name, text)).toBe(expected);
        }),
        { numRuns: 1000, examples: exampleNamed(name).accepted.map((text): [string] => [text]) },
      );
      expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(20);
    },
  );

  it('is found by its name', () => {
    expect(exampleNamed('sentences').automaton.type).toBe('bi-nfa');
    expect(() => exampleNamed('sentence')).toThrow(
      new UsageError(
        'unknown automaton "sentence"; did you mean sentences? known: log-checker, csv-records, arithmetic-lines, sentences, numbers, third-from-last',
      ),
    );
  });

  it('keeps several readings of a sentence alive: the old man ...', () => {
    const { automaton } = exampleNamed('sentences');
    expect(simulate(automaton, ['the', 'old', 'man'])).toEqual([
      ['begin,start'],
      ['begin,article'],
      ['begin,article', 'begin,subject'],
      ['begin,subject', 'begin,verb'],
    ]);
  });
});

describe('a text as a word', () => {
  it('has the longest names that stand there, without the blanks between them', () => {
    const { automaton } = exampleNamed('log-checker');
    expect(wordOf(automaton, ' INFO  open\n\tERROR request text\n')).toEqual([
      'INFO',
      'open',
      '\n',
      'ERROR',
      'request',
      'text',
      '\n',
    ]);
    const nested = { ...automaton, symbols: ['a', 'ab', ' '] };
    expect(wordOf(nested, 'aab a\n')).toEqual(['a', 'ab', ' ', 'a', '\n']);
  });

  it('is refused with the place where no name stands', () => {
    expect(() => wordOf(exampleNamed('log-checker').automaton, 'INFO open\nINFO clo')).toThrow(
      new DataError(
        'word: line 2, column 6: no symbol begins "clo"; known: "INFO", "WARN", "ERROR", "open", "request", "close", "text", "\\n"',
      ),
    );
    expect(() => wordOf(exampleNamed('sentences').automaton, 'the boat.')).toThrow(
      new DataError('word: line 1, column 5: no symbol begins "boat."; did you mean "boats"?'),
    );
  });
});
