import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Draft,
  draftOf,
  type Field,
  limits,
  readDraft,
  toggleArrow,
} from '../../../apps/automaton-page/draft';
import { pageExamples } from '../../../apps/automaton-page/examples';
import { biNfas, segmentsOf } from '../../theory/automata/arbitrary';

const [log] = pageExamples;
if (log === undefined) throw new Error('no example');
const draft = draftOf(log);

/** The lines beside the fields after a change of texts. */
function problemsAfter(change: Partial<Draft>): Partial<Record<Field, string>> {
  const read = readDraft({ ...draft, ...change });
  return 'problems' in read ? read.problems : {};
}

describe('the texts of the fields', () => {
  it('mean the automaton, word and bounds that they were written for', () => {
    const sources = biNfas.chain((automaton) =>
      segmentsOf(automaton).map((word) => ({
        automaton,
        word,
        bounds: { maxSegmentLength: 5, maxSegments: 10 },
      })),
    );
    fc.assert(
      fc.property(sources, (source) => {
        expect(readDraft(draftOf(source))).toEqual({ source });
      }),
    );
  });

  it('may hold names of several letters, then separated in the word, too', () => {
    const automaton = { ...log.automaton, symbols: ['in', 'er'], subTransitions: [] };
    const source = { automaton, word: ['in', ';', 'er'], bounds: log.bounds };
    expect(draftOf(source).word).toBe('in ; er');
    expect(readDraft(draftOf(source))).toEqual({ source });
  });

  it.each<[string, Partial<Draft>, Partial<Record<Field, string>>]>([
    [
      'a state named twice',
      { subStates: 'ok ok error' },
      { subStates: 'sub-state "ok" is named twice; rename or remove one' },
    ],
    [
      'an arrow to a state that does not exist',
      { subTransitions: 'ok i ok\n\nok e eror' },
      { subTransitions: 'line 3: sub-state "eror" is not among the sub-states; did you mean "error"?' },
    ],
    [
      'an arrow of too few names',
      { segmentTransitions: 'calm ok ; calm\ncalm error once' },
      { segmentTransitions: 'line 2: 3 names; write segment state, sub-state, separator, segment state' },
    ],
    [
      'an arrow twice',
      { subTransitions: 'ok i ok\n ok  i  ok' },
      { subTransitions: 'line 2: ["ok","i","ok"] repeats line 1; remove one' },
    ],
    [
      'a separator that is also a symbol',
      { separators: '; i' },
      { separators: '"i" is also a symbol; rename one of them' },
    ],
    [
      'a start that is no state',
      { segmentStart: 'callm' },
      { segmentStart: 'segment state "callm" is not among the segment states; did you mean "calm"?' },
    ],
    [
      'a symbol outside the alphabet',
      { word: 'ii;x' },
      { word: 'symbol 4, "x", is not in the alphabet; known: "i", "e", ";"' },
    ],
    [
      'a segment beyond the bound',
      { word: 'ii;iiii;' },
      { word: 'a segment of 4 symbols, and 3 are allowed for; raise the bound or shorten the word' },
    ],
    [
      'more segments than the bound',
      { word: ';;;', maxSegments: '2' },
      { word: '3 segments, and 2 are allowed for; raise the bound or shorten the word' },
    ],
    [
      'a bound that is no whole number',
      { maxSegments: '2.5', maxSegmentLength: '' },
      {
        maxSegments: 'must be a whole number from 1 to 16',
        maxSegmentLength: 'must be a whole number from 1 to 16',
      },
    ],
    [
      'more states than fit',
      { subStates: 'ok error c d e f g h j' },
      { subStates: '9 sub-states, and the page shows at most 8; remove some' },
    ],
    [
      'two mistakes at once',
      { subStates: 'ok ok error', word: 'z' },
      {
        subStates: 'sub-state "ok" is named twice; rename or remove one',
        word: 'symbol 1, "z", is not in the alphabet; known: "i", "e", ";"',
      },
    ],
  ])('say in one line beside the field what is wrong: %s', (_, change, problems) => {
    expect(problemsAfter(change)).toEqual(problems);
  });

  it('are read or refused for any text, and never fail', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '\n', '1', ';', '"', '<'),
      maxLength: 12,
    });
    const change = fc.record(
      Object.fromEntries(Object.keys(draft).map((field) => [field, texts])) as Record<
        Field,
        fc.Arbitrary<string>
      >,
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(change, (texts) => {
        const read = readDraft({ ...draft, ...texts });
        if ('problems' in read)
          for (const line of Object.values(read.problems)) expect(line).toMatch(/^[^\n]+$/);
        else expect(read.source.automaton.subStates.length).toBeLessThanOrEqual(limits.states);
      }),
    );
  });
});

describe('switching an arrow', () => {
  it('adds it, and takes it away again', () => {
    const arrow = ['calm', 'error', ';', 'alarm'];
    const added = toggleArrow(draft, 'segmentTransitions', arrow);
    expect(readDraft(added)).toMatchObject({
      source: { automaton: { segmentTransitions: [...log.automaton.segmentTransitions, arrow] } },
    });
    expect(toggleArrow(added, 'segmentTransitions', arrow)).toEqual(draft);
  });

  it('finds it however it is spaced', () => {
    const spaced = { ...draft, subTransitions: '  ok   i ok \nok e error' };
    expect(toggleArrow(spaced, 'subTransitions', ['ok', 'i', 'ok']).subTransitions).toBe('ok e error');
  });
});
