// docs/results.md: every claim of the paper with its number, a replication's and ours, the verdict
// and what would decide it. Our numbers are those of the published gallery; nothing is computed
// here but counts of verdicts.

import { escapeMarkdown } from '../../report/tables';
import { explainSources, type PaperSource } from '../paper/values';
import { replicationSource } from '../paper/replication';
import { experiments } from '../registry';
import { type Verdict, verdictOf } from '../run/findings';
import { fileNameOf, galleryFolder, readReference, type Reference } from '../run/reference';
import { presetOrder, unchanged } from '../settings/preset-names';
import { statements } from '../start-page/statements';
import { type Claim, claims } from './claims';

/** One measurement of a claim. */
interface Measurement {
  /** The preset, and the page of the gallery that shows it. */
  readonly scale: string;
  readonly measured: string;
  readonly seeds: string;
  readonly verdict: Verdict | typeof asFarAsChecked | 'not measured';
}

/** The verdict on a theorem or lemma: what it leaves open is in the last column. */
const asFarAsChecked = 'holds, as far as checked';

/** A claim with all its measurements: rows of the table that belong together. */
interface Entry extends Pick<Claim, 'where' | 'claim' | 'paper' | 'replication' | 'needed'> {
  readonly measurements: readonly Measurement[];
}

/**
 * Makes the page.
 *
 * @param folder the gallery
 * @throws DataError if a file of the gallery is damaged
 */
export async function resultsPage(folder = galleryFolder()): Promise<string> {
  const published = await readGallery(folder);
  const entries = [
    ...claims.map((claim) => claimEntry(claim, published)),
    ...statements.map((statement) => statementEntry(statement, published)),
  ];
  const letters: PaperSource[] = ['S', 'C', 'N'];
  return [
    '# Results: the claims of the paper',
    '',
    `Every claim of the paper that is known to us, and where it stands. ${counted(entries)}`,
    '',
    '- **Paper**: its number with the letter of its source; most are not at hand, since we have not seen the full text.',
    `- **Replication**: ${replicationSource}. Its models have 155 million parameters. Its numbers are not the paper's; on PG-19 its ALiBi rises with length, as in no other report, and contradicts the paper's number.`,
    '- **Claim**: with the letter of its source. "Our wording" where we know that the paper compares the two, but not what it finds.',
    "- **Ours**: from the published [gallery](../figures/README.md), by preset; the link shows figure, tables and all findings. `quick` and `evening` are far below the paper's scale: a verdict is about that scale. A changed preset is one with some settings replaced. A row without a scale has not been measured.",
    '- **Verdict**: a claim holds or does not hold where the whole interval, or every seed, is on one side; otherwise it is inconclusive. Intervals of one seed do not include the variation between seeds.',
    '- **To decide**: the smallest measurement we know of that would settle the claim at the scale of the paper. For a theorem or lemma it is the part that is neither proved nor tried here.',
    '',
    `${explainSources(letters)}.`,
    '',
    '<!-- numbers: the gallery and the paper values of lib/experiments/paper, by lib/experiments/results-page -->',
    '',
    row(['Claim', 'Paper', 'Replication', 'Scale', 'Ours', 'Seeds', 'Verdict', 'To decide']),
    row(Array.from({ length: 8 }, () => ':---')),
    ...entries.flatMap(rowsOf),
    '',
    'This page is written by `npm run -s bipe -- publish`, with the gallery; a test compares the two. An independent script recomputes the numbers behind the verdicts ([how](reproducing.md#recomputed-independently)).',
    '',
  ].join('\n');
}

/** All that is published, by item, the smallest preset first. */
async function readGallery(folder: string): Promise<Map<string, Reference[]>> {
  const published = new Map<string, Reference[]>();
  for (const { id } of experiments) {
    const found: Reference[] = [];
    for (const preset of presetOrder) {
      const reference = await readReference({ item: id, preset }, folder);
      if (reference !== undefined) found.push(reference);
    }
    published.set(id, found);
  }
  return published;
}

function claimEntry(claim: Claim, published: ReadonlyMap<string, readonly Reference[]>): Entry {
  const { item, findings, source } = claim;
  const measurements = (published.get(item) ?? []).flatMap((reference) =>
    reference.findings
      .filter((finding) => findings.test(finding.claim))
      .map((finding) => ({
        scale: scaleOf(reference),
        measured: `${finding.claim}: ${finding.measured}`,
        seeds: seedsOf(reference),
        verdict: verdictOf(finding),
      })),
  );
  const known = source === null ? '(our wording)' : `[${source}]`;
  return { ...claim, claim: `${claim.claim} ${known}`, measurements };
}

/** A theorem or lemma: all its checks as one measurement. */
function statementEntry(
  { name, says, here, open, check }: (typeof statements)[number],
  published: ReadonlyMap<string, readonly Reference[]>,
): Entry {
  const measurements = (published.get(check) ?? []).flatMap((reference): Measurement[] => {
    const checks = reference.findings.filter((finding) => finding.check === true);
    if (checks.length === 0) return [];
    const holding = checks.filter(({ holds }) => holds === true).length;
    const failed = checks.some(({ holds }) => holds === false);
    return [
      {
        scale: scaleOf(reference),
        measured: `${holding} of ${checks.length} checks hold; ${here}`,
        seeds: '–',
        verdict: failed ? 'does not hold' : holding === checks.length ? asFarAsChecked : 'inconclusive',
      },
    ];
  });
  return {
    where: name,
    claim: `${escapeMarkdown(says)} [S]`,
    paper: 'we have not seen its wording or proof',
    replication: null,
    needed: escapeMarkdown(open),
    measurements,
  };
}

function scaleOf({ item, preset }: Reference): string {
  return `[${preset}](../figures/${unchanged(preset)}/${fileNameOf(item)}.md)`;
}

/** The number of seeds of trained models; what is computed without an engine has none. */
function seedsOf({ provenance }: Reference): string {
  return provenance.engine === null ? '–' : String(provenance.seeds.length);
}

/** The claim stands in the first of its rows alone. */
function rowsOf({ where, claim, paper, replication, needed, measurements }: Entry): string[] {
  const [first, ...others] = measurements.length === 0 ? [unmeasured] : measurements;
  const cells = ({ scale, measured, seeds, verdict }: Measurement): string[] => [
    scale,
    escapeMarkdown(measured),
    seeds,
    verdict,
  ];
  return [
    row([`**${where}.** ${claim}`, paper, replication ?? '–', ...cells(first ?? unmeasured), needed]),
    ...others.map((one) => row(['', '', '', ...cells(one), ''])),
  ];
}

const unmeasured: Measurement = { scale: '–', measured: '–', seeds: '–', verdict: 'not measured' };

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** How many claims have which verdicts; one with several different ones is counted as such. */
function counted(entries: readonly Entry[]): string {
  const verdictsOf = ({ measurements }: Entry): Set<Measurement['verdict']> =>
    new Set(measurements.length === 0 ? ['not measured'] : measurements.map(({ verdict }) => verdict));
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const [first, ...others] = verdictsOf(entry);
    const word = first === undefined || others.length > 0 ? 'mixed, by scale or measurement' : first;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const said = [...counts].map(([word, count]) => `${word}: ${count}`);
  return `Of ${entries.length} claims, ${said.join('; ')}.`;
}
