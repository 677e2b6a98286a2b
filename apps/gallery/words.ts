// What a result says, in few words, as HTML text: its answer, its verdicts, whose it is.

import { answerOf, countVerdicts, signOf, type Verdict, verdictOf } from '../../lib/experiments/run/findings';
import { type Finding } from '../../lib/experiments/run/report';
import { escapeXml } from '../../lib/report/text';
import { type Showing } from './showings';

/** The class of a verdict in the style sheet. */
function verdictClass(verdict: Verdict): string {
  return verdict.replaceAll(' ', '-');
}

/** A verdict with its sign and colour. */
export function verdictHtml(verdict: Verdict): string {
  return `<span class="verdict ${verdictClass(verdict)}"><span aria-hidden="true">${signOf(verdict)}</span> ${verdict}</span>`;
}

/** How many claims have each verdict. */
export function verdictCounts(findings: readonly Finding[]): string {
  return countVerdicts(findings)
    .map(
      ({ verdict, count }) =>
        `<span class="verdict ${verdictClass(verdict)}"><span aria-hidden="true">${signOf(verdict)}</span> ${verdict}: ${count}</span>`,
    )
    .join(' ');
}

/** The answer of a result in a sentence; without findings, what the paper says. */
export function answerHtml({ findings, experiment }: Pick<Showing, 'findings' | 'experiment'>): string {
  const answer = answerOf(experiment, findings);
  if (answer === undefined) return `<b>The paper:</b> ${escapeXml(experiment.claim)}`;
  return `${verdictHtml(verdictOf(answer))}: ${escapeXml(`${answer.claim}: ${answer.measured}`)}`;
}

/** Whose result it is, and its preset. */
export function sourceWords({ source, preset }: Pick<Showing, 'source' | 'preset'>): string {
  return `${source === 'own' ? 'Run on this machine' : 'The maintainers’ result'}, preset ${preset}`;
}
