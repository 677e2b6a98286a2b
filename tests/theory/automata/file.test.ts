import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/base/errors';
import { displayPath } from '../../../lib/base/paths';
import type { Nfa } from '../../../lib/theory/automata/automaton';
import {
  formatAutomaton,
  parseAutomaton,
  readAutomaton,
  writeAutomaton,
} from '../../../lib/theory/automata/file';
import { degenerateAutomata, smallBiNfa as bi } from '../../support/automata';
import { temporaryFolder } from '../../support/command';
import { biNfas, nfas } from './arbitrary';

const nfa: Nfa = {
  type: 'nfa',
  states: ['a', 'b'],
  symbols: ['0', '1'],
  start: 'a',
  accept: ['b'],
  transitions: [['a', '0', 'b']],
};

describe('an automaton as text', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(nfas, biNfas), (automaton) => {
        expect(parseAutomaton(formatAutomaton(automaton), 'A.json')).toEqual(automaton);
      }),
    );
    for (const { automaton } of degenerateAutomata())
      expect(parseAutomaton(formatAutomaton(automaton), 'A.json')).toEqual(automaton);
  });

  it('has a line for each arrow', () => {
    expect(formatAutomaton(nfa)).toBe(
      [
        '{',
        '  "type": "nfa",',
        '  "states": ["a","b"],',
        '  "symbols": ["0","1"],',
        '  "start": "a",',
        '  "accept": ["b"],',
        '  "transitions": [',
        '    ["a","0","b"]',
        '  ]',
        '}',
        '',
      ].join('\n'),
    );
  });

  const cases: [string, unknown, string][] = [
    ['another type', { ...nfa, type: 'dfa' }, 'A.json: type: must be "nfa" or "bi-nfa"'],
    ['no type', { states: ['a'] }, 'A.json: type: must be "nfa" or "bi-nfa"'],
    ['a list', [nfa], 'A.json: the value: Invalid input: expected object, received array'],
    [
      'an unknown field',
      { ...nfa, transition: [] },
      "A.json: unknown field 'transition'; did you mean transitions? known are type, states, symbols, start, accept, transitions",
    ],
    [
      'a missing field',
      { ...nfa, start: undefined },
      'A.json: start: Invalid input: expected string, received undefined',
    ],
    [
      'a field of the wrong type',
      { ...nfa, accept: 'b' },
      'A.json: accept: Invalid input: expected array, received string',
    ],
    [
      'a state that is a number',
      { ...nfa, states: ['a', 1] },
      'A.json: states[1]: Invalid input: expected string, received number',
    ],
    [
      'an arrow of two names',
      {
        ...nfa,
        transitions: [
          ['a', '0', 'b'],
          ['a', 'b'],
        ],
      },
      'A.json: transitions[1]: must be three names: [from, symbol, to]',
    ],
    [
      'an arrow of four names',
      { ...nfa, transitions: [['a', '0', '1', 'b']] },
      'A.json: transitions[0]: must be three names: [from, symbol, to]',
    ],
    [
      'a move between segments without its separator',
      { ...bi, segmentTransitions: [['s0', 'k1', 's1']] },
      'A.json: segmentTransitions[0]: must be four names: [segment state, sub-state, separator, segment state]',
    ],
    [
      'a state that does not exist',
      { ...nfa, transitions: [['a', '0', 'c1']] },
      'A.json: transitions[0]: state "c1" is not in states; known: "a", "b"',
    ],
    [
      'several mistakes',
      { ...bi, symbols: ['a', ';'], subStart: 'x' },
      'A.json: separators[0]: ";" is also a symbol; rename one of them (and 1 more)',
    ],
  ];
  it.each(cases)('is refused in one line: %s', (_what, value, message) => {
    expect(() => parseAutomaton(JSON.stringify(value), 'A.json')).toThrow(new DataError(message));
  });

  it('is refused in one line where it is not JSON', () => {
    for (const text of ['{"type": "nfa",\n  states: []}', '', '{\n']) {
      const attempt = (): unknown => parseAutomaton(text, 'A.json');
      expect(attempt).toThrow(DataError);
      expect(attempt).toThrow(/^A\.json: not JSON \([^\n]+\); correct it$/);
    }
  });
});

describe('the JSON of an automaton', () => {
  it('is refused where a field or a file is more than is read', () => {
    const text = `{\n"start": "b",\n"start": "a",\n${JSON.stringify(nfa).slice(1)}`;
    expect(() => parseAutomaton(text, 'A.json')).toThrow(
      new DataError('A.json: line 3, column 1: "start" is named twice; remove or rename one'),
    );
    const deep = `{"type": "nfa", "states": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(() => parseAutomaton(deep, 'A.json')).toThrow(
      new DataError('A.json: nested more than 64 deep; write it flatter'),
    );
  });

  it('is refused by its first mistake, however many there are', () => {
    const states = Array.from({ length: 50_000 }, (_, index) => `s${index}`);
    const transitions = states.map((state) => [state, 'x', `${state}!`]);
    const text = JSON.stringify({ ...nfa, states: [...states, 'a'], transitions });
    expect(() => parseAutomaton(text, 'A.json')).toThrow(/ \(and at least 99 more\)$/);
  });
});

describe('an automaton file', () => {
  it('is read back as it was written', async () => {
    const path = join(temporaryFolder(), 'automata', 'B.json');
    await writeAutomaton(path, bi);
    expect(await readAutomaton(path)).toEqual(bi);
  });

  it('is not written if the automaton is not sound', async () => {
    const path = join(temporaryFolder(), 'A.json');
    await expect(writeAutomaton(path, { ...nfa, start: 'c' })).rejects.toThrow(
      new DataError(`${displayPath(path)}: start: state "c" is not in states; known: "a", "b"`),
    );
    await expect(readAutomaton(path)).rejects.toThrow(
      new DataError(`${displayPath(path)}: no such file; check the path`),
    );
  });

  it('is named where it is not right', async () => {
    const path = join(temporaryFolder(), 'A.json');
    writeFileSync(path, JSON.stringify({ ...nfa, states: ['a', 'b', 'a'] }));
    await expect(readAutomaton(path)).rejects.toThrow(
      new DataError(`${displayPath(path)}: states[2]: state "a" is named twice; rename or remove one`),
    );
  });
});
