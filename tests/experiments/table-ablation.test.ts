import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AblationGroup,
  ablationGroups,
  ablationsOf,
  basesOfAblation,
} from '../../lib/experiments/items/ablation/ablations';
import { type PlannedJob } from '../../lib/experiments/run/definition';
import { experimentNamed } from '../../lib/experiments/registry';
import { RunStore } from '../../lib/experiments/run/store';
import { silentReporter } from '../../lib/base/progress';
import { type ModelConfig } from '../../lib/model/config';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { separatorsFor } from '../../lib/segment/separators';
import { prepareLanguageModels } from '../../lib/experiments/language-models/comparison';
import { type SegmentRule } from '../../lib/segment/ends';
import { temporaryFolder } from '../support/command';
import { rarestTokens, rulesLike } from '../../lib/experiments/items/ablation/ends-like';
import { type LanguageModelRun } from '../../lib/experiments/language-models/runs';
import { ablationPresets } from '../../lib/experiments/items/ablation/item';
import { drawAblations } from '../../lib/experiments/items/ablation/draw';
import { type AblationScale } from '../../lib/experiments/items/ablation/rows';
import { createEncoding } from '../../lib/positional/registry';

const groups = Object.keys(ablationGroups) as AblationGroup[];
const lengths = [16, 64];
const scale: AblationScale = { groups, seeds: [1], trainLength: 16, lengths };
const rules = rulesLike([2, 4, 6], 0);

/**
 * A run that has each of these perplexities on two documents of 100 tokens, at both lengths alike
 * but for `growth`.
 */
function run(
  encoding: string,
  perplexities: readonly number[],
  { seed = 1, growth = 1 } = {},
): LanguageModelRun {
  const byLength = lengths.map((length, index) => {
    const losses = [...perplexities, ...perplexities].map((perplexity) =>
      Math.log(perplexity * growth ** index),
    );
    const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
    return {
      length,
      stride: length,
      windows: 6,
      tokens: 600,
      documents: 6,
      byDocument: losses.map((one) => ({ sum: 100 * one, tokens: 100 })),
      loss,
      perplexity: Math.exp(loss),
      interval: {
        estimate: Math.exp(loss),
        low: Math.exp(loss) * 0.9,
        high: Math.exp(loss) * 1.1,
        level: 0.95,
      },
      byPosition: [],
    };
  });
  return {
    encoding,
    hiddenSize: 8,
    seed,
    modalities: [{ modality: 'books', byLength }],
    parameters: 1000,
    curve: [],
    tokensPerSecond: 1,
    seconds: 1,
  };
}

const names = [...new Set(groups.flatMap((group) => ablationsOf(group, 16).map(({ id }) => id)))];
const alike = names.map((name) => run(name, [30, 32, 34]));
const without = (name: string): LanguageModelRun[] => alike.filter(({ encoding }) => encoding !== name);

describe.each(groups)('the ablations %s', (group) => {
  it('are models that can be made, each with ends for each of its levels but the outermost', () => {
    for (const { encoding, separators, id } of ablationsOf(group, 16))
      expect(separators, id).toHaveLength(createEncoding(encoding).levels - 1);
  });

  it('have different names and labels, and one is what the others differ from', () => {
    const ablations = ablationsOf(group, 16);
    expect(new Set(ablations.map(({ id }) => id)).size).toBe(ablations.length);
    expect(new Set(ablations.map(({ label }) => label)).size).toBe(ablations.length);
    expect(ablations.filter(({ id }) => basesOfAblation.includes(id)).length).toBeGreaterThan(0);
  });
});

it('a model of several groups is the same in each', () => {
  const all = groups.flatMap((group) => ablationsOf(group, 16));
  for (const name of names) {
    const same = all
      .filter(({ id }) => id === name)
      .map(({ encoding, separators }) => ({ encoding, separators }));
    for (const one of same) expect(one).toEqual(same[0]);
  }
});

describe('rules that are like segments', () => {
  const segments = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 300 });

  it('have their mean length', () => {
    fc.assert(
      fc.property(segments, (found) => {
        const mean = found.reduce((sum, length) => sum + length, 0) / found.length;
        expect(rulesLike(found, 0).mean).toEqual({ kind: 'every', tokens: Math.round(mean) });
      }),
    );
  });

  it('have their lengths in proportion: the share below any length differs by less than a quantile', () => {
    fc.assert(
      fc.property(segments, fc.integer({ min: 1, max: 500 }), (found, limit) => {
        const { lengths: rule } = rulesLike(found, 0);
        if (rule.kind !== 'random') throw new Error('no random rule');
        const below = (some: readonly number[]): number =>
          some.filter((length) => length < limit).length / some.length;
        expect(Math.abs(below(rule.lengths) - below(found))).toBeLessThan(1 / 64 + 1e-9);
      }),
    );
  });
});

describe('the rarest tokens', () => {
  const text = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 400 });
  const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  const frequencyIn = (ids: readonly number[], some: readonly number[]): number =>
    ids.filter((id) => some.includes(id)).length / ids.length;

  it('are none of them more frequent than any other token, and are all that the text does not have', () => {
    fc.assert(
      fc.property(text, share, (ids, wanted) => {
        const rare = rarestTokens(ids, 24, wanted);
        const others = Array.from({ length: 24 }, (_, id) => id).filter((id) => !rare.includes(id));
        const most = Math.max(0, ...rare.map((id) => frequencyIn(ids, [id])));
        for (const id of others) expect(frequencyIn(ids, [id])).toBeGreaterThanOrEqual(most);
        for (const id of others) expect(ids).toContain(id);
      }),
    );
  });

  it('are together as frequent as the share: one more or one fewer is no closer to it', () => {
    fc.assert(
      fc.property(text, share, (ids, wanted) => {
        const rare = rarestTokens(ids, 24, wanted);
        const error = Math.abs(frequencyIn(ids, rare) - wanted);
        const others = Array.from({ length: 24 }, (_, id) => id).filter((id) => !rare.includes(id));
        const next = Math.min(...others.map((id) => frequencyIn(ids, [id])));
        const last = Math.max(0, ...rare.map((id) => frequencyIn(ids, [id])));
        expect(Math.abs(frequencyIn(ids, rare) + next - wanted)).toBeGreaterThan(error - 1e-9);
        expect(Math.abs(frequencyIn(ids, rare) - last - wanted)).toBeGreaterThan(error - 1e-9);
      }),
    );
  });
});

describe('the table of ablations', () => {
  it('has a row for each model of each group, with its perplexities and their intervals', () => {
    const [table] = drawAblations({ runs: alike, rules }, scale).tables;
    expect(table?.rows).toHaveLength(groups.flatMap((group) => ablationsOf(group, 16)).length);
    expect(table?.rows[0]).toMatchObject({
      model: 'both, RoPE between segments',
      at16: expect.closeTo(Math.cbrt(30 * 32 * 34)) as number,
      at64Low: expect.closeTo(0.9 * Math.cbrt(30 * 32 * 34)) as number,
    });
    expect(table?.caption).toContain('n is 4');
  });

  it('shows in the figure a panel for each group, a mark for each model and length', () => {
    const [figure] = drawAblations(
      { runs: alike, rules },
      { ...scale, groups: ['separators', 'third'] },
    ).figures;
    const marks = (figure?.data ?? []).map(({ y }) => (y as string[]).length);
    expect(marks).toEqual([5, 0, 5, 0, 2, 0, 2, 0]);
  });

  it('marks, hollow, further seeds of the models that the others differ from', () => {
    const more = run('bipe_rope', [300, 320, 340], { seed: 2 });
    const [figure] = drawAblations(
      { runs: [...alike, more], rules },
      { ...scale, groups: ['third'] },
    ).figures;
    const hollow = (figure?.data ?? []).filter(({ name }) => String(name).endsWith('another seed'));
    expect(hollow.map(({ x }) => x)).toEqual(
      lengths.map(() => [expect.closeTo(Math.cbrt(300 * 320 * 340)) as number]),
    );
    expect((figure?.layout['yaxis'] as { ticktext: string[] }).ticktext).toEqual([
      '<b>two levels</b>',
      'three: place, sentence, paragraph',
    ]);
  });

  it('takes the mean over seeds, not those that only show chance', () => {
    const more = run('bipe_rope', [300, 320, 340], { seed: 2 });
    const at = (seeds: number[]): unknown =>
      drawAblations({ runs: [...alike, more], rules }, { ...scale, groups: ['third'], seeds }).tables[0]
        ?.rows[0]?.['at16'];
    expect(at([1])).toBeCloseTo(Math.cbrt(30 * 32 * 34));
    expect(at([1, 2])).toBeCloseTo(Math.sqrt(10) * Math.cbrt(30 * 32 * 34));
  });
});

describe('the findings on ablations', () => {
  const verdict = (runs: readonly LanguageModelRun[], claim: string): (boolean | null | undefined)[] =>
    drawAblations({ runs, rules }, scale)
      .findings.filter((finding) => finding.claim.includes(claim))
      .map(({ holds }) => holds);
  const chance = run('bipe_rope', [31, 33, 35], { seed: 2 });
  const none = 'segments predict better than none';

  it('hold or not where models differ on every document by more than seeds do', () => {
    expect(verdict([...without('no_ends'), run('no_ends', [60, 63, 66]), chance], none)).toEqual([
      true,
      true,
    ]);
    expect(verdict([...without('no_ends'), run('no_ends', [15, 16, 17]), chance], none)).toEqual([
      false,
      false,
    ]);
  });

  it('are inconclusive where seeds of one model differ as much', () => {
    expect(verdict([...without('no_ends'), run('no_ends', [30.5, 32.5, 34.5]), chance], none)).toEqual([
      null,
      null,
    ]);
  });

  it('are inconclusive where documents disagree', () => {
    expect(verdict([...without('no_ends'), run('no_ends', [60, 20, 34]), chance], none)).toEqual([
      null,
      null,
    ]);
  });

  it('tell the lengths apart', () => {
    const runs = [...without('no_ends'), run('no_ends', [30, 32, 34], { growth: 2 }), chance];
    expect(verdict(runs, none)).toEqual([null, true]);
  });

  it('say where nothing is known of seeds', () => {
    const [finding] = drawAblations({ runs: alike, rules }, { ...scale, groups: ['third'] }).findings;
    expect(finding?.measured).toMatch(/seed-to-seed variation is not known$/);
  });
});

it.each(Object.entries(ablationPresets))(
  'the preset %s reads the same text at every length',
  (_, { settings }) => {
    const longest = Math.max(...settings.lengths);
    expect(settings.lengths).toContain(settings.trainLength);
    expect(longest).toBe(4 * settings.trainLength);
    expect(settings.documentTokens % longest).toBe(0);
  },
);

describe('the models of the item', () => {
  const plan = async (settings: object) => {
    const store = new RunStore(temporaryFolder());
    return experimentNamed('table-ablation').plan({
      store,
      reporter: silentReporter,
      preset: 'smoke',
      settings,
    });
  };
  /** What a job trains. */
  const modelOf = ({ next }: PlannedJob) =>
    (next?.settings as { training: { seed: number; model: ModelConfig } }).training;

  it('are each trained once for a seed, with the encoding and the segment ends of its group', async () => {
    const rows = ablationPresets.smoke.settings.trainLength;
    const { jobs } = await plan({ groups, seeds: [3, 4], chanceSeeds: [9] });
    const all = new Map(
      groups.flatMap((group) => ablationsOf(group, rows)).map((model) => [model.id, model]),
    );
    expect(jobs.map(({ name }) => name)).toEqual([
      ...[3, 4].flatMap((seed) => [...all.keys()].map((id) => `${id}, seed ${seed}`)),
      ...[...all.keys()].filter((id) => basesOfAblation.includes(id)).map((id) => `${id}, seed 9`),
    ]);
    for (const job of jobs) {
      const [, id = '', seed] = /^(\w+), seed (\d)$/.exec(job.name) ?? [];
      const { seed: trained, model } = modelOf(job);
      expect([trained, model.encoding]).toEqual([Number(seed), all.get(id)?.encoding]);
      expect(model.separators).toHaveLength(createEncoding(model.encoding).levels - 1);
    }
  });

  it('have ends like those of the paper in number, in distances, or in how often they occur', async () => {
    const { jobs } = await plan({ groups: ['ends'], seeds: [1], chanceSeeds: [] });
    const endsOf = new Map(
      jobs.map((job) => [job.name.replace(/,.*/, ''), modelOf(job).model.separators[0]]),
    );
    const settings = { ...ablationPresets.smoke.settings, variants: {}, separators: 'paper' };
    const { input, close } = await prepareLanguageModels(settings, [], silentReporter);
    const ids = input.corpus.read(0, input.corpus.info.tokens);
    close?.();
    const tokenizer = await getTokenizer(settings.tokenizer);
    const isEnd = new Set(endsOf.get('bipe_alibi') as number[]);
    expect(isEnd).toEqual(new Set(separatorsFor(tokenizer, 'paper')));
    const share = ids.filter((id) => isEnd.has(id)).length / ids.length;
    const mean = 1 / share;
    const every = endsOf.get('alibi_every') as SegmentRule & { tokens: number };
    expect(every.kind).toBe('every');
    expect(Math.abs(every.tokens - mean)).toBeLessThan(1);
    const random = endsOf.get('alibi_random') as SegmentRule & { lengths: number[] };
    expect(random.kind).toBe('random');
    const drawn = random.lengths.reduce((sum, length) => sum + length, 0) / random.lengths.length;
    expect(drawn / mean).toBeGreaterThan(0.8);
    expect(drawn / mean).toBeLessThan(1.1);
    const rare = new Set(endsOf.get('alibi_rare') as number[]);
    const rareShare = ids.filter((id) => rare.has(id)).length / ids.length;
    expect(Math.abs(rareShare / share - 1)).toBeLessThan(0.02);
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    const countOf = (id: number): number => counts.get(id) ?? 0;
    const others = [...counts.keys()].filter((id) => !rare.has(id));
    expect(Math.max(...[...rare].map(countOf))).toBeLessThanOrEqual(Math.min(...others.map(countOf)));
  });
});
