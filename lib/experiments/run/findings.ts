// The verdicts of a report on the paper's claims, in the words that terminal, notebooks and files
// share.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile, writeFilesAtomic } from '../../base/files';
import { checkOutputs } from '../../base/outputs';
import { provenanceLine } from '../../report/provenance-line';
import { type CellSign, type Table, toMarkdown } from '../../report/tables';
import { type Finding, type Report } from './report';
import { fileNameOf } from './reference';

/** The verdicts that a finding can have, each with its sign. */
const signs = {
  holds: { sign: '✓', tone: 'good' },
  'does not hold': { sign: '✗', tone: 'bad' },
  inconclusive: { sign: '~', tone: 'open' },
} as const satisfies Readonly<Record<string, CellSign>>;

/** A finding's verdict. */
export type Verdict = keyof typeof signs;

/** In the order in which they are counted. */
const verdicts = Object.keys(signs) as readonly Verdict[];

/** The verdict on a claim in this run. */
export function verdictOf({ holds }: Pick<Finding, 'holds'>): Verdict {
  if (holds === null) return 'inconclusive';
  return holds ? 'holds' : 'does not hold';
}

/** The sign of a verdict. */
export function signOf(verdict: Verdict): string {
  return signs[verdict].sign;
}

/** How many findings have each verdict, without those that none has. */
export function countVerdicts(
  findings: readonly Finding[],
): { readonly verdict: Verdict; readonly count: number }[] {
  return verdicts
    .map((verdict) => ({
      verdict,
      count: findings.filter((finding) => verdictOf(finding) === verdict).length,
    }))
    .filter(({ count }) => count > 0);
}

/** The finding that answers an item's question; undefined where nothing was found. */
export function answerOf(
  { answer }: { readonly answer?: RegExp },
  findings: readonly Finding[],
): Finding | undefined {
  return findings.find(({ claim }) => answer?.test(claim)) ?? findings[0];
}

/** A finding on a line of a terminal. */
export function describeFinding(finding: Finding): string {
  const verdict = verdictOf(finding);
  return `${signOf(verdict)} ${verdict}: ${finding.claim}: ${finding.measured}`;
}

/** The findings of a report as a table: claim, verdict, measurement. */
export function findingsTable(report: Report): Table {
  return {
    id: findingsId(report),
    title: `What holds in this run: ${report.title}`,
    caption: `${report.provenance.scale} ${provenanceLine(report.provenance)}`,
    columns: [
      { key: 'claim', label: 'Claim' },
      { key: 'verdict', label: 'Verdict', signs },
      { key: 'measured', label: 'Measured' },
    ],
    rows: report.findings.map((finding) => ({
      claim: finding.claim,
      verdict: verdictOf(finding),
      measured: finding.measured,
    })),
  };
}

/** The name of its file without extension. */
export function findingsId({ item }: Pick<Report, 'item'>): string {
  return `${fileNameOf(item)}-findings`;
}

/**
 * Writes the findings as Markdown, `<item>-findings.md`. Of a report that has none, no earlier
 * findings are left behind.
 *
 * @returns the paths written
 * @throws MachineError if the folder cannot be written
 */
export async function exportFindings(report: Report, folder: string): Promise<string[]> {
  const path = join(folder, `${findingsId(report)}.md`);
  await checkOutputs([{ path, what: 'findings', isOwn: holdsFindings }]);
  if (report.findings.length === 0) {
    await rm(path, { force: true });
    return [];
  }
  await writeFilesAtomic([[path, toMarkdown(findingsTable(report))]]);
  return [path];
}

async function holdsFindings(path: string): Promise<boolean> {
  return /^\| Claim \| Verdict \|/m.test(await readTextFile(path).catch(() => ''));
}
