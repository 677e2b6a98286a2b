import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { claims } from '../../lib/experiments/results-page/claims';
import { resultsPage } from '../../lib/experiments/results-page/page';
import { experiments } from '../../lib/experiments/registry';
import { readReference } from '../../lib/experiments/run/reference';
import { presetOrder } from '../../lib/experiments/settings/preset-names';
import { statements } from '../../lib/experiments/start-page/statements';
import { temporaryFolder } from '../support/command';

/** Claims that no published scale measures. */
const unmeasured = ['The same at other hidden sizes', 'The same on papers and code', 'On the mean of seven'];

describe('the page of results', () => {
  it("is what the gallery's numbers make of it", async () => {
    await expect(await resultsPage()).toMatchFileSnapshot(projectPath('docs', 'results.md'));
  });

  it('has every statement and every claim, also those that nothing measures', async () => {
    const page = await resultsPage(temporaryFolder());
    for (const { name } of statements) expect(page).toContain(`**${name}`);
    expect(page.match(/ \| not measured \| /g)).toHaveLength(claims.length + statements.length);
  });

  it.each(claims)('finds the measurements of: $where, $claim', async ({ claim, item, findings }) => {
    expect(experiments.map(({ id }) => id)).toContain(item);
    const published = await Promise.all(presetOrder.map((preset) => readReference({ item, preset })));
    const found = published.flatMap((reference) => reference?.findings ?? []);
    const matching = found.filter((finding) => findings.test(finding.claim));
    const isMeasured = !unmeasured.some((start) => claim.startsWith(start));
    expect(matching.length > 0).toBe(isMeasured);
  });
});
