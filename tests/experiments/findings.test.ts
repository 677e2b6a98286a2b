import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { type Finding, type Report } from '../../lib/experiments/run/report';
import { exportReport } from '../../lib/experiments/run/export';
import { answerOf, describeFinding, findingsTable, verdictOf } from '../../lib/experiments/run/findings';
import { experiments } from '../../lib/experiments/registry';
import { readReference } from '../../lib/experiments/run/reference';
import { collectProvenance } from '../../lib/report/provenance';
import { provenanceLine } from '../../lib/report/provenance-line';
import { escapeMarkdown, toMarkdown } from '../../lib/report/tables';
import { temporaryFolder } from '../support/command';
import { readTable } from '../support/read-table';
import { reportWith } from '../support/report';

const findings: readonly Finding[] = [
  { claim: 'BiPE-RoPE is below RoPE', holds: true, measured: '20.1 and 25.3' },
  { claim: 'A | is no end of a cell', holds: false, measured: 'error 2' },
  { claim: 'Seeds agree', holds: null, measured: 'one seed' },
];

function reportFinding(found: readonly Finding[], item = 'thm9_9.trained'): Report {
  return reportWith({
    item,
    title: 'Made up',
    missing: ['papers: no apt'],
    provenance: collectProvenance({
      item,
      preset: 'quick',
      scale: 'Measured on nothing.',
      startedAt: 0,
      seeds: [3],
    }),
    findings: found,
  });
}

describe('a verdict', () => {
  it('has the same words in the terminal and in tables', () => {
    const { rows } = findingsTable(reportFinding(findings));
    expect(rows.map(({ verdict }) => verdict)).toEqual(['holds', 'does not hold', 'inconclusive']);
    findings.forEach((finding) => {
      expect(describeFinding(finding)).toContain(
        ` ${verdictOf(finding)}: ${finding.claim}: ${finding.measured}`,
      );
    });
  });
});

describe('the answer to a question', () => {
  it('is the first finding that the item names by its claim, else the first, else nothing', () => {
    expect(answerOf({ answer: /^A |^Seeds/ }, findings)).toBe(findings[1]);
    expect(answerOf({ answer: /^Seeds/ }, findings)).toBe(findings[2]);
    expect(answerOf({ answer: /^Nothing/ }, findings)).toBe(findings[0]);
    expect(answerOf({}, findings)).toBe(findings[0]);
    expect(answerOf({ answer: /^Seeds/ }, [])).toBeUndefined();
  });

  it.each(experiments.filter(({ answer }) => answer !== undefined).map((item) => [item.id, item] as const))(
    'that %s names is among what was published of it',
    async (item, { answer }) => {
      const published = await readReference({ item, preset: 'quick' });
      const claims = published?.findings.map(({ claim }) => claim) ?? [];
      expect(claims.filter((claim) => answer?.test(claim))).not.toEqual([]);
    },
  );
});

it('findings as a table say which item they are of, the claim, whether it holds, and what was measured', () => {
  const table = findingsTable(reportFinding(findings));
  expect(table.title).toBe('What holds in this run: Made up');
  expect(readTable(table)).toEqual({
    headers: ['Claim', 'Verdict', 'Measured'],
    rows: findings.map((finding, index) => [
      finding.claim,
      `${['✓', '✗', '~'][index] ?? ''} ${verdictOf(finding)}`,
      finding.measured,
    ]),
  });
});

describe('exported findings', () => {
  const reporter = silentReporter;

  it('are a Markdown file beside the figures: claim, verdict, what was measured, and where from', async () => {
    const folder = temporaryFolder();
    const report = reportFinding(findings);
    const files = await exportReport(report, { folder, reporter });
    expect(files.map((file) => basename(file))).toEqual(['thm9-9-trained-findings.md']);
    const text = readFileSync(join(folder, 'thm9-9-trained-findings.md'), 'utf8');
    expect(text).toBe(toMarkdown(findingsTable(report)));
    expect(text).toContain('| BiPE-RoPE is below RoPE | ✓ holds | 20.1 and 25.3 |');
    expect(text).toContain('| A \\| is no end of a cell | ✗ does not hold | error 2 |');
    expect(text).toContain('Measured on nothing.');
    expect(text).toContain(escapeMarkdown(provenanceLine(report.provenance)));
  });

  it('of an earlier run are not left behind where there are none any more', async () => {
    const folder = temporaryFolder();
    const [path = ''] = await exportReport(reportFinding(findings), { folder, reporter });
    expect(existsSync(path)).toBe(true);
    expect(await exportReport(reportFinding([]), { folder, reporter })).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it('take no name of a table', async () => {
    const table = { id: 'fig9-findings', title: 'T', caption: 'C', columns: [], rows: [] };
    await expect(
      exportReport(
        { ...reportFinding(findings, 'fig9'), tables: [table] },
        { folder: temporaryFolder(), reporter },
      ),
    ).rejects.toThrow(/fig9: two of its figures, tables and findings have the id fig9-findings/);
  });
});
