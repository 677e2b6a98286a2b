// The statements of the paper, each with the item that checks it. A statement's status is what the
// run of its item that ended last has found; docs/theory.md has the working definitions.

import { type LatestRun } from '../run/definition';
import { type Finding } from '../run/report';
import { experiments } from '../registry';
import { type RunStore } from '../run/store';

/** A definition, theorem or lemma of the paper. */
export interface Statement {
  readonly id: string;
  /** As the paper counts it; where the appendix counts it again, both. */
  readonly name: string;
  /** Its subject, as far as the paper's public summary page tells. */
  readonly says: string;
  /** What is proved or tried here, by the project's working definition. */
  readonly here: string;
  /** What is neither proved nor tried here. */
  readonly open: string;
  readonly notebook: string;
  /** The item whose findings check it. */
  readonly check: string;
}

/** The result of checking a statement on this machine. */
export interface StatementStatus {
  /** `undecided`: there is a run, and its checks are inconclusive. */
  readonly status: 'checked' | 'failed' | 'undecided' | 'not run';
  /** Of the run; null if there is none. */
  readonly preset: string | null;
  /** Checks of that run, and how many of them hold. */
  readonly checks: number;
  readonly holding: number;
}

const lemmas = 'notebooks/lemmas.ipynb';
const ownWording = 'whether the paper words it so';

/** The statements, in the paper's order. */
export const statements: readonly Statement[] = [
  {
    id: 'bi-nfa',
    name: 'Definition: Bi-NFA',
    says: 'a nondeterministic finite automaton with two levels',
    here: 'a working definition; tried: it and its flattening reach the same states on random words',
    open: ownWording,
    notebook: 'notebooks/thm3.2.ipynb',
    check: 'thm3.2',
  },
  {
    id: 'theorem3.1',
    name: 'Theorem 3.1 (1.6)',
    says: 'lower bound: absolute positions and NFA',
    here: 'proved: d·p ≥ n² for summaries of fragments, where words have all relations; counted for few states',
    open: 'for which networks a lower bound on the width follows; not for all: two constructions of Theorem 3.2 hold no such summaries',
    notebook: 'notebooks/thm3.1.ipynb',
    check: 'thm3.1',
  },
  {
    id: 'theorem3.2',
    name: 'Theorem 3.2 (1.7)',
    says: 'upper bound: BiPE and Bi-NFA',
    here: 'proved: width O(k² + |S|²) is enough, with bilevel positions and with absolute ones; tried: networks against a set simulator',
    open: 'any lower bound on the width that tells bilevel from absolute positions',
    notebook: 'notebooks/thm3.2.ipynb',
    check: 'thm3.2',
  },
  {
    id: 'lemma1.1',
    name: 'Lemma 1.1',
    says: 'from Feng et al.',
    here: 'a GELU MLP multiplies two numbers; proved: a bound of the error of weights in closed form; tried: a search for larger errors',
    open: ownWording,
    notebook: lemmas,
    check: 'lemma1.1',
  },
  {
    id: 'lemma1.2',
    name: 'Lemma 1.2',
    says: 'from Feng et al.',
    here: 'a GELU MLP in the place of a ReLU MLP; proved: a bound of the error of weights in closed form; tried: a search for larger errors',
    open: ownWording,
    notebook: lemmas,
    check: 'lemma1.2',
  },
  {
    id: 'lemma1.3',
    name: 'Lemma 1.3',
    says: 'from Feng et al.',
    here: 'linear maps, and selection by sign; proved: a bound of the error of weights in closed form; tried: a search for larger errors',
    open: ownWording,
    notebook: lemmas,
    check: 'lemma1.3',
  },
  {
    id: 'lemma1.4',
    name: 'Lemma 1.4',
    says: 'an MLP multiplies matrices',
    here: 'proved: a bound of the error of weights in closed form; tried: a search for larger errors',
    open: ownWording,
    notebook: lemmas,
    check: 'lemma1.4',
  },
  {
    id: 'lemma1.5',
    name: 'Lemma 1.5',
    says: 'from Feng et al.',
    here: 'an attention head copies, and takes means; proved: a bound of the error of weights in closed form; tried: a search for larger errors',
    open: ownWording,
    notebook: lemmas,
    check: 'lemma1.5',
  },
];

/** The status of a statement by the run of its item that ended last. */
export async function statementStatus({ check }: Statement, store?: RunStore): Promise<StatementStatus> {
  const experiment = experiments.find(({ id }) => id === check);
  return statusOf(await experiment?.latest(store));
}

/** A summary of a run's checks. */
export function statusOf(run: Pick<LatestRun, 'preset' | 'findings'> | undefined): StatementStatus {
  if (run === undefined) return { status: 'not run', preset: null, checks: 0, holding: 0 };
  const checks = run.findings.filter(({ check }) => check === true);
  const count = (verdict: Finding['holds']): number => checks.filter(({ holds }) => holds === verdict).length;
  const holding = count(true);
  const status = count(false) > 0 ? 'failed' : holding > 0 ? 'checked' : 'undecided';
  return { status, preset: run.preset, checks: checks.length, holding };
}

/** A status for readers, e.g. `checked: 11 of 11 (quick)`. */
export function describeStatus({ status, preset, checks, holding }: StatementStatus): string {
  return preset === null ? status : `${status}: ${holding} of ${checks} (${preset})`;
}
