import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { type Finding } from '../../lib/experiments/run/report';
import { experimentNamed } from '../../lib/experiments/registry';
import { statementsTable } from '../../lib/experiments/start-page/tables';
import { RunStore } from '../../lib/experiments/run/store';
import {
  describeStatus,
  statements,
  statementStatus,
  statusOf,
} from '../../lib/experiments/start-page/statements';
import { temporaryFolder } from '../support/command';
import { expectText } from '../support/page';
import { replaceRun } from '../support/store';

const lemma = present(
  statements.find(({ id }) => id === 'lemma1.3'),
  'Lemma 1.3',
);

const finding = (holds: boolean | null, check?: true): Finding => ({
  claim: '',
  measured: '',
  holds,
  ...(check === undefined ? {} : { check }),
});

/** Runs Lemma 1.3's item with these bounds. */
async function run(store: RunStore, bounds: readonly number[]): Promise<void> {
  const settings = { bounds };
  await experimentNamed('lemma1.3').execute({ preset: 'smoke', settings, reporter: silentReporter, store });
}

describe('the statements of the paper', () => {
  it('are its two theorems by both numbers, its five lemmas and the definition, each once', () => {
    const names = statements.map(({ name }) => name).join('; ');
    for (const number of [
      '3.1',
      '3.2',
      '1.6',
      '1.7',
      ...[1, 2, 3, 4, 5].map((place) => `Lemma 1.${place}`),
      'Bi-NFA',
    ])
      expect(names).toContain(number);
    expect(new Set(statements.map(({ id }) => id)).size).toBe(8);
  });

  it('say what is kept of them: what is proved and tried here, and what is open', async () => {
    const { rows } = await statementsTable(new RunStore(temporaryFolder()));
    const lines = rows.map((row) => Object.values(row).join(' | '));
    await expectText('statements', `${lines.join('\n')}\n`);
  });

  it('are checked by items with the notebook that is named', () => {
    for (const { check, notebook } of statements) {
      expect(experimentNamed(check).notebook).toBe(notebook);
      expect(existsSync(projectPath(notebook))).toBe(true);
    }
  });
});

describe('the status of a statement', () => {
  it('is that of the checks, not of observations', () => {
    const status = (findings: readonly Finding[]) => statusOf({ preset: 'quick', findings });
    expect(status([finding(true, true), finding(false)])).toEqual({
      status: 'checked',
      preset: 'quick',
      checks: 1,
      holding: 1,
    });
    expect(describeStatus(status([finding(true, true), finding(false, true), finding(null, true)]))).toBe(
      'failed: 1 of 3 (quick)',
    );
    expect(status([finding(true), finding(null, true)]).status).toBe('undecided');
    expect(describeStatus(statusOf(undefined))).toBe('not run');
  });

  it('is that of the run which ended last, and none before the first', async () => {
    const store = new RunStore(temporaryFolder());
    expect((await statementStatus(lemma, store)).status).toBe('not run');
    await run(store, [1]);
    const [first] = readdirSync(store.folder);
    utimesSync(join(store.folder, first ?? '', 'result.json'), 1, 1);
    expect(await statementStatus(lemma, store)).toMatchObject({
      status: 'checked',
      preset: 'smoke, changed',
      checks: 4,
    });
    await run(store, [1, 2]);
    expect((await statementStatus(lemma, store)).checks).toBe(5);
    const { rows } = await statementsTable(store);
    expect(rows.map(({ notebook }) => `notebooks/${String(notebook)}`)).toEqual(
      statements.map(({ notebook }) => notebook),
    );
    expect(rows.map(({ status }) => status).filter((status) => status !== 'not run')).toEqual([
      'checked: 5 of 5 (smoke, changed)',
    ]);
  });

  it('is failed where a stored error is above its bound', async () => {
    const store = new RunStore(temporaryFolder());
    await run(store, [1]);
    const { configuration } = present(await store.latest(lemma.check, () => true), 'run');
    await replaceRun(store, configuration, (text) => text.replace('"holds":true', '"holds":false'));
    expect((await statementStatus(lemma, store)).status).toBe('failed');
  });

  it('does not come from runs of another revision, or damaged ones', async () => {
    const store = new RunStore(temporaryFolder());
    await run(store, [1]);
    const folder = join(store.folder, readdirSync(store.folder)[0] ?? '');
    const configuration = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
      revision: number;
    };
    const older = { ...configuration, revision: configuration.revision - 1 };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(older));
    expect((await statementStatus(lemma, store)).status).toBe('not run');
    writeFileSync(join(folder, 'config.json'), JSON.stringify(configuration));
    writeFileSync(join(folder, 'result.json'), '{"resu');
    expect((await statementStatus(lemma, store)).status).toBe('not run');
  });
});
