import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { experiments, items } from '../../lib/experiments/registry';
import { runEach, trainingCost } from '../../lib/experiments/run/compared-models';
import { prepareNothing } from '../../lib/experiments/run/definition';
import { defineExperiment } from '../../lib/experiments/run/experiment';
import { measured } from '../../lib/experiments/run/measured';
import { RunStore } from '../../lib/experiments/run/store';
import { type TrainedRunOptions } from '../../lib/experiments/run/trained-run';
import { temporaryFolder } from '../support/command';

const reporter = silentReporter;

/** An item whose second models need its first ones, and what was computed for it. */
function twoStages(inPieces = true) {
  const computed: string[] = [];
  const model = (name: string) => ({
    style: { name, colour: 'black', dash: 'solid', symbol: 'circle' } as never,
    which: 'one seed',
    cost: name.length,
    run: async (options: TrainedRunOptions): Promise<{ name: string; seconds: number }> => {
      const configuration = { item: 'model', revision: 1, libraryVersion: '1', settings: { name }, data: [] };
      const { result } = await measured(options, configuration, { usesEngine: false }, () => {
        computed.push(name);
        return Promise.resolve({ result: { name, seconds: 3 } });
      });
      return result;
    },
  });
  const item = defineExperiment({
    id: 'two-stages',
    title: 'Two stages',
    question: '',
    claim: '',
    notebook: '',
    revision: 1,
    schema: z.strictObject({ first: z.array(z.string()).readonly() }).readonly(),
    presets: { quick: { description: () => '', time: '', settings: { first: ['a', 'bb'] } } },
    inPieces,
    prepare: prepareNothing,
    run: async ({ first }, _input, context) => {
      const begun = await runEach(first.map(model), context);
      const second = await runEach(
        begun.map(({ name }) => model(`after ${name}`)),
        context,
        'Second',
      );
      return { names: second.map(({ name }) => name) };
    },
    scale: () => '',
    draw: () => ({ figures: [], tables: [], findings: [] }),
  });
  return { item, computed };
}

it('the cost of a training counts the multiplications of its matrices', () => {
  const sizes = { steps: 3, batchSize: 5, time: 7, hiddenSize: 11, layers: 13 };
  expect(trainingCost(sizes)).toBe(3 * 5 * 7 * 13 * 11 * (11 + 7));
});

describe('the plan of an item', () => {
  it('has its models, of which none is computed for it', async () => {
    const { item, computed } = twoStages();
    const store = new RunStore(temporaryFolder());
    const { jobs, settings } = await item.plan({ store, reporter, settings: { first: ['x'] } });
    expect(settings).toEqual({ first: ['x'] });
    expect(jobs).toMatchObject([
      {
        piece: { title: 'Training loss', index: 0 },
        name: 'x, one seed',
        cost: 1,
        isDone: false,
        seconds: null,
      },
    ]);
    expect(jobs[0]?.next).toMatchObject({ item: 'model', settings: { name: 'x' } });
    expect(computed).toEqual([]);
  });

  it('has those that need others as soon as these are done, and none else', async () => {
    const { item, computed } = twoStages();
    const store = new RunStore(temporaryFolder());
    const names = async (): Promise<string[]> => {
      const { jobs } = await item.plan({ store, reporter });
      return jobs.map(({ name, isDone }) => `${name}: ${isDone ? 'done' : 'open'}`);
    };
    const perform = async (title: string, index: number): Promise<void> => {
      const { settings } = await item.plan({ store, reporter });
      const piece = { title, index, onCurve: () => undefined };
      await item.perform(settings, { store, reporter, fresh: false, piece });
    };
    await perform('Training loss', 1);
    expect(await names()).toEqual(['a, one seed: open', 'bb, one seed: done']);
    await perform('Training loss', 0);
    await perform('Second', 0);
    expect(await names()).toEqual([
      'a, one seed: done',
      'bb, one seed: done',
      'after a, one seed: done',
      'after bb, one seed: open',
    ]);
    await perform('Second', 1);
    expect(computed).toEqual(['bb', 'a', 'after a', 'after bb']);
    const { jobs } = await item.plan({ store, reporter });
    expect(jobs.map(({ isDone, seconds, next }) => [isDone, seconds, next])).toEqual(
      Array.from({ length: 4 }, () => [true, 3, null]),
    );
  });

  it('of one without models of its own is the item as a whole', async () => {
    const { item } = twoStages(false);
    const store = new RunStore(temporaryFolder());
    const { jobs, settings } = await item.plan({ store, reporter });
    expect(jobs).toMatchObject([{ piece: null, name: 'Two stages', isDone: false }]);
    await item.perform(settings, { store, reporter, fresh: false });
    expect((await item.plan({ store, reporter })).jobs).toMatchObject([{ isDone: true, next: null }]);
  });

  const inPieces = experiments.filter((item) => item.inPieces);
  it.each(inPieces.map((item) => [item.id, item] as const))(
    'of %s tells its models apart by their names, which say what differs',
    async (id, item) => {
      const seeds = [3, 5, 7];
      const settings = { ...('seeds' in (item.presets[0]?.settings ?? {}) && { seeds }) };
      const store = new RunStore(temporaryFolder());
      const { jobs } = await item.plan({ store, reporter, preset: 'smoke', settings });
      const names = jobs.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^\S.*, \S/);
      // The first models of these are the same for all seeds.
      if (['fig5', 'table-scrolls'].includes(id)) return;
      for (const seed of seeds) expect(names.join('; ')).toMatch(new RegExp(`, (.*, )?seed ${seed}\\b`));
    },
  );

  it('of Figure 3 has a model for each encoding and seed', async () => {
    const store = new RunStore(temporaryFolder());
    const settings = { seeds: [1, 2, 3] };
    const { jobs } = await items.fig3.plan({ store, reporter, preset: 'quick', settings });
    expect(new Set(jobs.map(({ name }) => name)).size).toBe(4 * 3);
    expect(jobs).toHaveLength(4 * 3);
    expect(jobs[0]).toMatchObject({ isDone: false, next: { item: 'arithmetic' } });
  });
});
