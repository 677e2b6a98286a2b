import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CheckError } from '../../lib/base/errors';
import { createProgram } from '../../lib/cli/main';
import { defineExperiment } from '../../lib/experiments/run/experiment';
import { type Experiment } from '../../lib/experiments/run/definition';
import { type Finding } from '../../lib/experiments/run/report';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';

const known = vi.hoisted(() => ({ experiments: [] as Experiment[] }));

vi.mock('../../lib/experiments/registry', () => ({
  experiments: known.experiments,
  experimentNamed: (id: string) => known.experiments.find((experiment) => experiment.id === id),
}));

/** An item without figures that finds `findings`. */
function itemFinding(id: string, findings: readonly Finding[]): Experiment {
  const store = new RunStore(temporaryFolder());
  const experiment = defineExperiment({
    id,
    title: `Made up: ${id}`,
    question: 'Does it hold?',
    claim: 'It does.',
    notebook: 'notebooks/none.ipynb',
    revision: 1,
    schema: z.strictObject({}),
    presets: { quick: { description: () => 'all', time: 'seconds', settings: {} } },
    prepare: () => Promise.resolve({ input: null, data: [], missing: [] }),
    run: () => Promise.resolve({ error: 2 }),
    scale: () => 'Made up.',
    draw: () => ({
      figures: [],
      tables: [{ id, title: 'Errors', caption: 'Made up.', columns: [], rows: [] }],
      findings,
    }),
  });
  return { ...experiment, execute: (options) => experiment.execute({ ...options, store }) };
}

const broken: Finding = { claim: 'error <= 1', holds: false, measured: '2', check: true };
const kept: Finding = { claim: 'error <= 3', holds: true, measured: '2', check: true };
const unsure: Finding = { claim: 'error <= 4', holds: null, measured: 'too short', check: true };
const observed: Finding = { claim: 'small', holds: false, measured: '2' };

describe('the checks of a report', () => {
  it('fail where one does not hold, not where an observation does not', () => {
    expect(failedCheck({ item: 'a', findings: [kept, unsure, observed] })).toBeUndefined();
    expect(failedCheck({ item: 'a', findings: [kept, broken, observed] })?.message).toBe(
      'a: a check does not hold: error <= 1: 2',
    );
    expect(failedCheck({ item: 'a', findings: [broken, kept, broken] })?.message).toMatch(
      /^a: 2 checks do not hold: error <= 1: 2$/,
    );
  });
});

describe('bipe reproduce', () => {
  let printed = '';
  const { exitCode } = process;

  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = exitCode;
    known.experiments.length = 0;
    printed = '';
  });

  const reproduce = (...args: readonly string[]): Promise<unknown> => {
    const keep = (text: string | Uint8Array): boolean => {
      printed += text.toString();
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    // These items are known to this process alone.
    return createProgram().parseAsync(['reproduce', '--workers', '1', ...args], { from: 'user' });
  };

  it('fails by a check that does not hold, once everything is written and printed', async () => {
    known.experiments.push(itemFinding('wrong', [kept, broken]));
    const out = temporaryFolder();
    const failure = reproduce('wrong', '--out', out);
    await expect(failure).rejects.toThrow(CheckError);
    await expect(failure).rejects.toMatchObject({ exitCode: 1 });
    expect(readFileSync(join(out, 'wrong.md'), 'utf8')).toContain('Errors');
    expect(printed).toContain('✓ holds: error <= 3: 2');
    expect(printed).toContain('✗ does not hold: error <= 1: 2');
  });

  it('does not keep other items from being done, and prints every summary as JSON', async () => {
    known.experiments.push(itemFinding('wrong', [broken]), itemFinding('right', [kept, observed]));
    const out = temporaryFolder();
    await reproduce('all', '--out', out, '--json');
    expect(process.exitCode).toBe(1);
    expect(existsSync(join(out, 'right.json'))).toBe(true);
    expect(printed).toContain('wrong: a check does not hold: error <= 1: 2\n');
    const summaries = JSON.parse(printed.slice(printed.indexOf('[{'))) as unknown[];
    expect(summaries).toMatchObject([
      { item: 'wrong', findings: [broken] },
      { item: 'right', findings: [kept, observed] },
    ]);
  });

  it('does not fail by an inconclusive check', async () => {
    known.experiments.push(itemFinding('unsure', [unsure]));
    await reproduce('unsure', '--out', temporaryFolder());
    expect(process.exitCode).toBe(exitCode);
    expect(printed).toContain('~ inconclusive: error <= 4: too short');
  });
});
