// Example automata for the page, small enough that every matrix is read at a glance, each with a
// word that shows its point.

import type { BiNfa, Word } from '../../lib/theory/automata/automaton';
import type { BilevelBounds } from '../../lib/theory/network/network';

/** An example of the page. */
export interface PageExample {
  readonly name: string;
  /** Says in a sentence which words it accepts. */
  readonly about: string;
  readonly automaton: BiNfa;
  readonly word: Word;
  readonly bounds: BilevelBounds;
}

/** Parses arrows, separated by ` / `. */
function arrows(text: string): BiNfa['subTransitions'] {
  return text.split(' / ').map((arrow) => {
    const [from = '', symbol = '', to = ''] = arrow.split(' ');
    return [from, symbol, to] as const;
  });
}

/** Parses arrows of the segment level; `|` separates sub-states that move alike. */
function segmentArrows(text: string): BiNfa['segmentTransitions'] {
  return text.split(' / ').flatMap((arrow) => {
    const [from = '', subStates = '', separator = '', to = ''] = arrow.split(' ');
    return subStates.split('|').map((subState) => [from, subState, separator, to] as const);
  });
}

/** The examples, in the order of the page's list. */
export const pageExamples: readonly PageExample[] = [
  {
    name: 'Alarm in a log',
    about:
      'Lines end at ; and a line with an e has an error. Two such lines in a row raise the alarm for good.',
    automaton: {
      type: 'bi-nfa',
      segmentStates: ['calm', 'once', 'alarm'],
      segmentStart: 'calm',
      accept: ['alarm'],
      subStates: ['ok', 'error'],
      subStart: 'ok',
      symbols: ['i', 'e'],
      separators: [';'],
      subTransitions: arrows('ok i ok / ok e error / error i error / error e error'),
      segmentTransitions: segmentArrows(
        'calm ok ; calm / calm error ; once / once ok ; calm / once error ; alarm / alarm ok|error ; alarm',
      ),
    },
    word: Array.from('iie;ii;ie;ei;ii;i'),
    bounds: { maxSegmentLength: 3, maxSegments: 8 },
  },
  {
    name: 'Parity of parities',
    about:
      'Is the number of segments with an odd number of 1s odd? On each level alone every move is a permutation; the sub-level begins again at each separator.',
    automaton: {
      type: 'bi-nfa',
      segmentStates: ['EVEN', 'ODD'],
      segmentStart: 'EVEN',
      accept: ['ODD'],
      subStates: ['even', 'odd'],
      subStart: 'even',
      symbols: ['0', '1'],
      separators: ['|'],
      subTransitions: arrows('even 0 even / odd 0 odd / even 1 odd / odd 1 even'),
      segmentTransitions: segmentArrows(
        'EVEN even | EVEN / EVEN odd | ODD / ODD even | ODD / ODD odd | EVEN',
      ),
    },
    word: Array.from('101|1|0110|1|11|01'),
    bounds: { maxSegmentLength: 7, maxSegments: 8 },
  },
  {
    name: 'A guess that must come true',
    about: 'Nondeterministic: is the second-to-last symbol an a in two consecutive segments?',
    automaton: {
      type: 'bi-nfa',
      segmentStates: ['wait', 'one', 'two'],
      segmentStart: 'wait',
      accept: ['two'],
      subStates: ['any', 'a', 'end'],
      subStart: 'any',
      symbols: ['a', 'b'],
      separators: ['.'],
      subTransitions: arrows('any a any / any b any / any a a / a a end / a b end'),
      segmentTransitions: segmentArrows(
        'wait any|a|end . wait / wait end . one / one end . two / two any|a|end . two',
      ),
    },
    word: Array.from('bab.abb.aab.ab.b'),
    bounds: { maxSegmentLength: 3, maxSegments: 8 },
  },
  {
    name: 'Records of two fields',
    about:
      'A name of letters (a), a comma, an age of digits (9), a semicolon. Its two separators move differently.',
    automaton: {
      type: 'bi-nfa',
      segmentStates: ['name', 'age', 'bad'],
      segmentStart: 'name',
      accept: ['name'],
      subStates: ['empty', 'text', 'number', 'mixed'],
      subStart: 'empty',
      symbols: ['a', '9'],
      separators: [',', ';'],
      subTransitions: arrows(
        'empty a text / empty 9 number / text a text / number 9 number / text 9 mixed / number a mixed / mixed a mixed / mixed 9 mixed',
      ),
      segmentTransitions: segmentArrows(
        'name text , age / name empty|number|mixed , bad / name empty|text|number|mixed ; bad / age number ; name / age empty|text|mixed ; bad / age empty|text|number|mixed , bad / bad empty|text|number|mixed , bad / bad empty|text|number|mixed ; bad',
      ),
    },
    word: Array.from('aa,99;a,9;aa,9a;a,9'),
    bounds: { maxSegmentLength: 3, maxSegments: 8 },
  },
  {
    name: 'Questions and answers',
    about:
      'Sentences of words (w) end at . or ?, paragraphs at ¶. Is every question of a paragraph answered before its end?',
    automaton: {
      type: 'bi-nfa',
      segmentStates: ['told', 'asked', 'open'],
      segmentStart: 'told',
      accept: ['told'],
      subStates: ['empty', 'words'],
      subStart: 'empty',
      symbols: ['w'],
      separators: ['.', '?', '¶'],
      subTransitions: arrows('empty w words / words w words'),
      segmentTransitions: segmentArrows(
        'told words . told / told words ? asked / told empty ¶ told / asked words . told / asked words ? asked / asked empty ¶ open / open words . open / open words ? open / open empty ¶ open',
      ),
    },
    word: Array.from('ww.w?ww.¶w?¶w.'),
    bounds: { maxSegmentLength: 3, maxSegments: 8 },
  },
];
