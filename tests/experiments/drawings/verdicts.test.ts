import { beforeEach, describe, expect, it, vi } from 'vitest';
import { present } from '../../../lib/base/present';
import { perplexityRatio } from '../../../lib/evaluate/perplexity';
import { type ArithmeticRun } from '../../../lib/experiments/items/fig3/runs';
import { type AttentionBySegmentResult } from '../../../lib/experiments/items/attention-by-segment/result';
import { type MeasureName } from '../../../lib/experiments/items/attention-by-segment/statistics';
import { findings as attentionFindings } from '../../../lib/experiments/items/attention-by-segment/tables';
import {
  type AblationGroup,
  ablationGroups,
  ablationsOf,
} from '../../../lib/experiments/items/ablation/ablations';
import { rulesLike } from '../../../lib/experiments/items/ablation/ends-like';
import { type Finding } from '../../../lib/experiments/run/report';
import { drawFig3 } from '../../../lib/experiments/items/fig3/draw';
import { drawFig4 } from '../../../lib/experiments/items/fig4/draw';
import { drawFig5 } from '../../../lib/experiments/items/fig5/draw';
import { type ScaledModel } from '../../../lib/experiments/items/fig5/runs';
import { type PromptedRun } from '../../../lib/experiments/items/scrolls/runs';
import { differenceInterval } from '../../../lib/experiments/items/scrolls/score-intervals';
import { drawAblations } from '../../../lib/experiments/items/ablation/draw';
import { drawNormal } from '../../../lib/experiments/items/normal/draw';
import { drawTableScrolls } from '../../../lib/experiments/items/scrolls/draw';
import {
  drawThm32Trained,
  type Thm32TrainedResult,
} from '../../../lib/experiments/items/thm3-2-trained/draw';
import { scrollsTaskNames } from '../../../lib/data/scrolls/tasks';
import { Differing } from '../../support/differing';
import { expectVerdicts, type Judged } from '../../support/verdicts';
import { languageModel, readings } from './language-models.support';

// Intervals are given here, so that they can end exactly at a bound; how they are found has its own
// tests.
vi.mock('../../../lib/evaluate/perplexity', { spy: true });
vi.mock('../../../lib/experiments/items/scrolls/score-intervals', { spy: true });

const some = new Differing();
beforeEach(() => {
  vi.mocked(perplexityRatio).mockReset();
  vi.mocked(differenceInterval).mockReset();
});

/** What a claim about perplexities says that their ratio stays below. */
function boundOf(claim: string): number {
  const [, percent] = /at most (\d+) % worse/.exec(claim) ?? [];
  return percent === undefined ? 1 : 1 + Number(percent) / 100;
}

const lengths = [512, 2048, 4096];
const trained = ['bipe_rope', 'rope', 'bipe_alibi', 'alibi'].map((encoding) =>
  languageModel(some, encoding, 1, ['books'], lengths),
);
const scaled = ['rope', 'bipe_rope'].flatMap((encoding) =>
  (
    [
      ['trained', 'none'],
      ['finetuned', 'none'],
      ['finetuned', 'yarn'],
    ] as const
  ).map(([stage, scaling]): ScaledModel => ({
    encoding,
    stage,
    scaling,
    modalities: readings(some, ['books'], lengths),
  })),
);
const groups = Object.keys(ablationGroups) as AblationGroup[];
const ablations = [...new Set(groups.flatMap((group) => ablationsOf(group, 512).map(({ id }) => id)))].map(
  (id) => languageModel(some, id, 1, ['books'], lengths),
);
const ablationScale = { groups, seeds: [1], trainLength: 512, lengths };

describe.each([
  ['Figure 4', () => drawFig4({ kind: 'trained', runs: trained }, 512).findings, [1, 1.05]],
  [
    'Figure 5',
    () => drawFig5({ models: scaled }, { trainLength: 512, finetune: { length: 2048, steps: 1 } }).findings,
    [1, 1.02],
  ],
  [
    'the table at the training length',
    () => drawNormal({ runs: trained }, { trainLength: 512 }).findings,
    [1.05],
  ],
  [
    'the ablations',
    () => drawAblations({ runs: ablations, rules: rulesLike([4], 0) }, ablationScale).findings,
    [1],
  ],
] as const)('%s', (_, draw, bounds) => {
  it('judges each claim by the ratio of perplexities and the bound that the claim states', () => {
    vi.mocked(perplexityRatio).mockReturnValue({ estimate: 1, low: 1, high: 1 });
    const claims = draw().map(({ claim }) => claim);
    expect(new Set(claims.map(boundOf))).toEqual(new Set(bounds));
    const drawn = new Map<string, ReadonlyMap<string, boolean | null>>();
    const verdictsAt = (interval: Judged): ReadonlyMap<string, boolean | null> => {
      const key = JSON.stringify(interval);
      vi.mocked(perplexityRatio).mockReturnValue(interval);
      const found = drawn.get(key) ?? new Map(draw().map(({ claim, holds }) => [claim, holds]));
      drawn.set(key, found);
      return found;
    };
    for (const claim of claims)
      expectVerdicts((interval) => verdictsAt(interval).get(claim), boundOf(claim), 'below', 0.01);
  });

  it.each([
    [{ estimate: 1.2, low: 1.1, high: 1.4 }, '20.0 % higher (95 % CI 10.0 to 40.0 %'],
    [{ estimate: 0.7, low: 0.6, high: 0.9 }, '30.0 % lower (95 % CI 10.0 to 40.0 %'],
    [{ estimate: 0.99, low: 0.95, high: 1.02 }, '1.0 % lower (95 % CI 5.0 % lower to 2.0 % higher'],
  ])('says the change with its interval, the smaller end first: %o', (ratio, words) => {
    vi.mocked(perplexityRatio).mockReturnValue(ratio);
    for (const { measured } of draw())
      expect(measured).toMatch(new RegExp(`, ${words.replace('(', '\\(')}, \\d+ documents, 1 seed\\)`));
  });

  it('tells nothing where there are too few documents', () => {
    vi.mocked(perplexityRatio).mockReturnValue(undefined);
    for (const { holds } of draw()) expect(holds).toBeNull();
  });
});

describe('the ablations, of which two models have several seeds', () => {
  it('tell nothing that seeds alone can make, and what is beyond it', () => {
    // The deviation of the losses 2 and 2.2 is that of one degree of freedom: 0.1 √2.
    const seeds = [2, 2.2].map((loss, index) => ({
      ...languageModel(some, 'bipe_rope', index + 1, ['books'], [512]),
      modalities: [
        {
          modality: 'books' as const,
          byLength: readings(some, ['books'], [512]).flatMap(({ byLength }) =>
            byLength.map((one) => ({ ...one, loss, perplexity: Math.exp(loss) })),
          ),
        },
      ],
    }));
    const told = 12.706 * 0.1 * Math.SQRT2 * Math.sqrt(1 / 2 + 1);
    vi.mocked(perplexityRatio).mockReturnValue({ estimate: 0.5, low: 0.4, high: 0.6 });
    const judged = (difference: number): Finding => {
      const others = ablationsOf('levels', 512)
        .filter(({ id }) => id !== 'bipe_rope')
        .map(({ id }) => {
          const loss = 2.1 + difference;
          const model = languageModel(some, id, 1, ['books'], [512]);
          const byLength = present(model.modalities[0], 'books').byLength.map((one) => ({
            ...one,
            loss,
            perplexity: Math.exp(loss),
          }));
          return { ...model, modalities: [{ modality: 'books' as const, byLength }] };
        });
      const scale = { groups: ['levels'] as const, seeds: [1], trainLength: 512, lengths: [512] };
      const { findings } = drawAblations({ runs: [...seeds, ...others], rules: rulesLike([4], 0) }, scale);
      return present(findings[0], 'finding');
    };
    for (const [times, holds] of [
      [0, null],
      [0.999, null],
      [-0.999, null],
      [1.001, true],
      [-1.001, true],
    ] as const)
      expect(judged(times * told).holds, String(times)).toBe(holds);
    expect(judged(0).measured).toContain('; within seed-to-seed variation');
    expect(judged(1.001 * told).measured).toMatch(
      new RegExp(
        `beyond seed-to-seed variation \\(factor ${Math.exp(told).toFixed(3).replace('.', '\\.')}\\)$`,
      ),
    );
  });
});

describe('Figure 3', () => {
  const run = (encoding: string, { estimate, low, high }: Judged): ArithmeticRun => {
    const accuracy = { successes: 1, trials: 2, share: estimate, low, high };
    return {
      encoding,
      hiddenSize: 48,
      seed: 1,
      trainedOperators: 2,
      modulus: 5,
      accuracy,
      // What is judged is the accuracy at the operators of training, and nothing else.
      soundness: { ...accuracy, share: 1 - estimate },
      byOperators: [{ operators: 3, accuracy: { ...accuracy, share: 1 - estimate }, soundness: accuracy }],
      byInstances: [],
      parameters: 1,
      curve: [],
      tokensPerSecond: 1,
      seconds: 1,
    };
  };

  it('says that one computes better where its whole interval is above that of the other', () => {
    const pairs = [
      ['bipe_alibi', 'alibi'],
      ['bipe_alibi', 'rope'],
      ['bipe_rope', 'rope'],
    ] as const;
    const other = { estimate: 0.5, low: 0.4, high: 0.6 };
    for (const [better, worse] of pairs) {
      const judge = (first: Judged, second: Judged) =>
        drawFig3({ runs: [run(better, first), run(worse, second)] }).findings.map(({ holds }) => holds)[0];
      expectVerdicts((interval) => judge(interval, other), other, 'above', 0.1);
      expectVerdicts((interval) => judge(other, interval), other, 'below', 0.1);
    }
  });
});

describe('the trained counterpart of Theorem 3.2', () => {
  it('says that one tells more state sets where its whole interval is above that of the other', () => {
    const pairs = [
      ['bipe_rope', 'learned'],
      ['bipe_rope', 'sinusoidal'],
      ['bipe_rope', 'rope'],
      ['bipe_alibi', 'learned'],
      ['bipe_alibi', 'alibi'],
    ] as const;
    const mean = ({ estimate, low, high }: Judged) => ({ mean: estimate, low, high });
    const run = (encoding: string, interval: Judged) => ({
      encoding,
      hiddenSize: 8,
      seed: 1,
      byLength: [
        {
          length: 15,
          words: 1,
          exact: mean(interval),
          segmentLevel: mean({ estimate: 0.5, low: 0.4, high: 0.6 }),
          subLevel: mean({ estimate: 0.5, low: 0.4, high: 0.6 }),
          byPrefix: [1],
        },
      ],
      parameters: 1,
      curve: [],
      tokensPerSecond: 1,
      seconds: 1,
    });
    const others = {
      automaton: {
        type: 'bi-nfa',
        segmentStates: [],
        segmentStart: '',
        accept: [],
        subStates: [],
        subStart: '',
        symbols: [],
        separators: [],
        subTransitions: [],
        segmentTransitions: [],
      },
      statistics: { entropy: 1, sets: 1, commonest: 1, memory: 1 },
      guesses: [{ commonest: 0.1, ownSegment: 0.2 }],
    } satisfies Omit<Thm32TrainedResult, 'runs'>;
    const other = { estimate: 0.5, low: 0.4, high: 0.6 };
    for (const [better, worse] of pairs) {
      const judge = (first: Judged, second: Judged) =>
        drawThm32Trained({ ...others, runs: [run(better, first), run(worse, second)] }).findings.map(
          ({ holds }) => holds,
        )[0];
      expectVerdicts((interval) => judge(interval, other), other, 'above', 0.1);
      expectVerdicts((interval) => judge(other, interval), other, 'below', 0.1);
    }
  });
});

describe('attention by segment', () => {
  it.each([
    ['moved', 'below'],
    ['far', 'below'],
    ['samePlace', 'above'],
  ] as const)('says of "%s" what the difference says', (measure: MeasureName, side) => {
    const model = (encoding: string) => ({
      encoding,
      contexts: [{ times: 1 }, { times: 4 }],
      measures: { moved: null, far: null, samePlace: null },
    });
    const judge = (difference: Judged | null) =>
      attentionFindings({
        models: [model('bipe_rope'), model('rope')],
        evenly: { moved: null, far: null, samePlace: null },
        differences: [{ measure, first: 'bipe_rope', second: 'rope', times: 1, difference }],
      } as unknown as AttentionBySegmentResult);
    expectVerdicts((interval) => judge(interval)[0]?.holds, 0, side, 0.01);
    expect(judge(null)).toEqual([]);
  });
});

describe('the table of SCROLLS', () => {
  const run = (task: string, encoding: string): PromptedRun => ({
    task,
    encoding,
    seed: 1,
    metric: 'f1',
    score: 50,
    byInstance: [{ f1: encoding === 'bipe_rope' ? 1 : 2 }],
    groups: ['one'],
    swapped: { score: 1, rounds: [[{ f1: 3 }]] },
    tokens: 144,
    longer: [],
    examples: [],
    parameters: 1,
    curve: [],
    tokensPerSecond: 1,
    seconds: 1,
  });
  /**
   * The interval of the difference between the models; answers are above swapped ones, or not, as
   * `learnt` has it.
   */
  function given(interval: Judged, learnt: Readonly<Record<string, Judged>>): void {
    vi.mocked(differenceInterval).mockImplementation(([first]) => {
      const { f1 } = present(present(first, 'task').first[0]?.[0], 'parts');
      const against = present(first, 'task').second[0]?.[0]?.['f1'];
      if (against === 3) return present(learnt[f1 === 1 ? 'bipe_rope' : 'rope'], 'interval');
      // The score of one model alone, for its bar.
      return against === undefined ? { estimate: 1, low: 0, high: 2 } : interval;
    });
  }
  const above = { estimate: 2, low: 1, high: 3 };
  const across = { estimate: 2, low: -1, high: 3 };
  const quick = [run('find', 'bipe_rope'), run('find', 'rope')];
  const all = scrollsTaskNames.flatMap((task) => [run(task, 'bipe_rope'), run(task, 'rope')]);

  it.each([
    ['a quick task', quick],
    ["the mean of SCROLLS' seven tasks", all],
  ])('says of %s what the difference of the scores says', (_, runs) => {
    expectVerdicts(
      (interval) => {
        given(interval, { bipe_rope: above, rope: above });
        return drawTableScrolls({ runs }).findings[0]?.holds;
      },
      0,
      'above',
      1,
    );
  });

  it('says of a quick task nothing where neither model has learnt it: its own interval must be above 0', () => {
    const judge = (bilevel: Judged, standard: Judged) => {
      given(above, { bipe_rope: bilevel, rope: standard });
      return drawTableScrolls({ runs: quick });
    };
    expect(judge(across, across).findings[0]?.holds).toBeNull();
    expect(judge(above, across).findings[0]?.holds).toBe(true);
    expect(judge(across, above).findings[0]?.holds).toBe(true);
    // The panel's title goes by the same test, at all sides of 0.
    const learnt = (interval: Judged): boolean =>
      !JSON.stringify(judge(interval, above).figures[0]?.layout).includes('not learnt by BiPE-RoPE');
    expectVerdicts((interval) => (learnt(interval) ? true : interval.high < 0 ? false : null), 0, 'above', 1);
  });
});
