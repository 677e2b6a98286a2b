/**
 * Automata and bilevel automata: examples, regular expressions, simulation, files, pictures.
 *
 * @example
 * ```ts
 * import { automata } from 'bipe-workbench';
 *
 * const automaton = automata.compileRegex('(ab)*');
 * const words = [[...'abab'], [...'aba']];
 * console.log(...words.map((word) => automata.isAccepted(automaton, word)));
 * console.log(automata.transitionMonoid(automaton).size);
 * ```
 *
 * @module
 */

export {
  evaluateStateSets,
  guessStateSets,
  type StateSetAccuracy,
  type StateSetGuesses,
  stateSetSeparators,
  stateSetVocabulary,
  type StateSetWords,
  stateSetWriter,
} from '../evaluate/state-sets';
export { alphabetOf, wordOf } from '../theory/automata/alphabet';
export type { Automaton, BiNfa, NamedAutomaton, Nfa, Word } from '../theory/automata/automaton';
export { type AutomatonExample, automatonExamples, exampleNamed } from '../theory/automata/examples';
export { formatAutomaton, parseAutomaton, readAutomaton, writeAutomaton } from '../theory/automata/file';
export { asNfa, flatten } from '../theory/automata/flatten';
export { automatonDot, drawAutomaton, type PictureOptions } from '../theory/automata/picture';
export { relationOf, transitionMonoid, type TransitionMonoid } from '../theory/automata/monoid';
export { informativeBiNfa, type SetStatistics, setStatistics } from '../theory/automata/informative';
export { type LevelSimulator, levelSimulator } from '../theory/automata/level-sets';
export { liveWords, type LiveWordSize } from '../theory/automata/live-words';
export { checkAutomaton, problemsOf } from '../theory/automata/problems';
export { allWords, randomBiNfa, randomNfa, randomWord } from '../theory/automata/random';
export type { Relation } from '../theory/automata/relation';
export {
  type FragmentSummary,
  fragmentSummary,
  relationOfFragment,
  relationOfSummary,
} from '../theory/automata/summary';
export { compileRegex } from '../theory/automata/regex';
export { isAccepted, simulate, type Simulator, simulator } from '../theory/automata/simulate';
export {
  automatonPage,
  type PageOptions,
  showAutomatonPage,
  writeAutomatonPage,
} from '../../apps/automaton-page/document';
export { type PageExample, pageExamples } from '../../apps/automaton-page/examples';
