import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { type PerplexityByLength } from '../../lib/evaluate/perplexity';
import { drawFig4 } from '../../lib/experiments/items/fig4/draw';
import { drawFig5 } from '../../lib/experiments/items/fig5/draw';
import { type ScaledModel } from '../../lib/experiments/items/fig5/runs';
import { type LanguageModelRun } from '../../lib/experiments/language-models/runs';
import {
  compare,
  type LengthCurve,
  modalityTitle,
  perplexityRange,
  relativePerplexity,
} from '../../lib/experiments/language-models/length-curves';
import { encodingStyle } from '../../lib/report/style';

const documents = 6;
const tokens = 100;

/** A reading whose documents have these mean losses, in nats, around `loss`. */
function reading(length: number, loss: number, spread = 0.01): PerplexityByLength {
  const byDocument = Array.from({ length: documents }, (_, document) => ({
    sum: tokens * (loss + spread * (document - (documents - 1) / 2)),
    tokens,
  }));
  return {
    length,
    stride: length,
    windows: documents,
    tokens: documents * tokens,
    documents,
    byDocument,
    loss,
    perplexity: Math.exp(loss),
    interval: { estimate: Math.exp(loss), low: Math.exp(loss - 0.1), high: Math.exp(loss + 0.1) },
    byPosition: [
      { from: 1, to: length / 2, loss: loss + 0.2, tokens: 50 },
      { from: length / 2 + 1, to: length - 1, loss: loss - 0.2, tokens: 50 },
    ],
  };
}

/** A run with a loss at 512 tokens and one at 4,096. */
function run(encoding: string, seed: number, short: number, long: number): LanguageModelRun {
  return {
    encoding,
    hiddenSize: 96,
    seed,
    modalities: [{ modality: 'books', byLength: [reading(512, short), reading(4096, long)] }],
    parameters: 1000,
    curve: [{ step: 10, loss: 5 - seed }],
    tokensPerSecond: 100,
    seconds: 1,
  };
}

const curve = (name: string, ...runs: LanguageModelRun[]): LengthCurve => ({
  name,
  style: encodingStyle(name),
  runs,
});

const runs = [
  run('bipe_rope', 1, 3.3, 3.3),
  run('rope', 1, 3.2, 4.5),
  run('bipe_alibi', 1, 3.3, 3.25),
  run('alibi', 1, 3.2, 3.2),
];

describe('perplexity by length', () => {
  it('of one seed has the interval over documents', () => {
    const { centre, low, high } = perplexityRange(curve('rope', run('rope', 1, 3, 4)), 'books', 4096);
    expect([centre, low, high].map(Math.log)).toEqual(
      [4, 3.9, 4.1].map((x) => expect.closeTo(x, 9) as number),
    );
  });

  it("of several seeds is the perplexity of their mean loss, with the seeds' least and most", () => {
    const some = curve('rope', run('rope', 1, 3, 4), run('rope', 2, 3, 5));
    const { centre, low, high } = perplexityRange(some, 'books', 4096);
    expect([centre, low, high].map(Math.log)).toEqual([4.5, 4, 5].map((x) => expect.closeTo(x, 9) as number));
  });

  it('has no low and high where there are too few documents for an interval', () => {
    const known = { ...reading(512, 3), interval: undefined };
    const one = { modalities: [{ modality: 'books' as const, byLength: [known] }] };
    const range = perplexityRange({ ...curve('rope'), runs: [one] }, 'books', 512);
    expect(range).toEqual({ centre: expect.closeTo(Math.exp(3), 9) as number, low: NaN, high: NaN });
  });

  it('says in a heading how many documents were read', () => {
    expect(modalityTitle([curve('rope', run('rope', 1, 3, 4))], 'books')).toBe('Books, 6 documents');
  });

  it('says how many seeds a comparison rests on', () => {
    const [one, two] = [1, 2].map((seed) => run('rope', seed, 3, 4));
    const [a, b] = [
      curve('rope', present(one, 'one')),
      curve('rope', present(one, 'one'), present(two, 'two')),
    ];
    const measured = (first: LengthCurve, second: LengthCurve): string =>
      compare({ claim: 'a', better: [first, 512], worse: [second, 512] }, 'books').measured;
    expect(measured(a, a)).toMatch(/, 6 documents, 1 seed\)$/);
    expect(measured(b, a)).toMatch(/, 6 documents, 2 and 1 seeds\)$/);
    expect(measured(b, b)).toMatch(/, 6 documents, 2 seeds\)$/);
  });

  it('compares nothing on a few documents', () => {
    const fewDocuments = (encoding: string, loss: number): LengthCurve => {
      const whole = reading(512, loss);
      const some = { ...whole, byDocument: whole.byDocument.slice(0, 4) };
      const one = run(encoding, 1, loss, loss);
      return curve(encoding, { ...one, modalities: [{ modality: 'books', byLength: [some] }] });
    };
    const [a, b] = [fewDocuments('bipe_rope', 3), fewDocuments('rope', 4)];
    expect(compare({ claim: 'a', better: [a, 512], worse: [b, 512] }, 'books')).toEqual({
      claim: 'a',
      holds: null,
      measured: '20.1 vs 54.6 (4 documents, 1 seed: too few documents for an interval)',
    });
  });

  it.each([
    [3, 3.2, true],
    [3.2, 3, false],
    [3, 3, null],
  ])('compares losses of %f and %f on the same documents', (first, second, holds) => {
    const [a, b] = [
      curve('bipe_rope', run('bipe_rope', 1, first, first)),
      curve('rope', run('rope', 1, second, second)),
    ];
    const finding = compare({ claim: 'a', better: [a, 512], worse: [b, 512] }, 'books');
    expect(finding.holds).toBe(holds);
  });

  describe('of several seeds', () => {
    const seedsOf = (name: string, ...losses: (readonly [short: number, long: number])[]): LengthCurve =>
      curve(name, ...losses.map(([short, long], index) => run(name, index + 1, short, long)));
    const at512 = (name: string, ...losses: number[]): LengthCurve =>
      seedsOf(name, ...losses.map((loss) => [loss, loss] as const));

    it.each([
      ['below', [3, 3.1], [3.2, 3.3], true],
      ['above', [3.2, 3.3], [3, 3.1], false],
      // The means differ by more than the documents explain, and one pair is the other way round.
      ['among', [3, 3.25], [3.2, 3.3], null],
    ] as const)('is judged by all pairs of them: %s the others', (_where, first, second, holds) => {
      const [a, b] = [at512('bipe_rope', ...first), at512('rope', ...second)];
      expect(compare({ claim: 'a', better: [a, 512], worse: [b, 512] }, 'books').holds).toBe(holds);
    });

    it('says the mean and the least and the most of the pairs', () => {
      const [a, b] = [at512('bipe_rope', 3, 3.1), at512('rope', 3.2, 3.3)];
      const per = (loss: number): string => (100 * (1 - Math.exp(-loss))).toFixed(1);
      expect(compare({ claim: 'a', better: [a, 512], worse: [b, 512] }, 'books').measured).toBe(
        `21.1 vs 25.8, ${per(0.2)} % lower (over seeds ${per(0.1)} to ${per(0.3)} %, 6 documents, 2 seeds)`,
      );
    });

    it('is relative to another length seed by seed', () => {
      const one = seedsOf('rope', [3, 3.1], [3.2, 3.6]);
      const { centre, low, high } = relativePerplexity(one, 'books', 4096, 512);
      expect([centre, low, high].map(Math.log)).toEqual(
        [0.25, 0.1, 0.4].map((change) => expect.closeTo(change, 9) as number),
      );
    });

    it('compares a model with itself at another length seed by seed', () => {
      // One is 2 % worse than itself, the other 4 %; the seeds are 20 % apart.
      const one = seedsOf('rope', [3, 3 + Math.log(1.02)], [3.2, 3.2 + Math.log(1.04)]);
      const finding = (below: number) =>
        compare({ claim: 'a', below, better: [one, 4096], worse: [one, 512] }, 'books');
      expect([1.05, 1.03, 1.01].map((below) => finding(below).holds)).toEqual([true, null, false]);
      expect(finding(1).measured).toContain('3.0 % higher (over seeds 2.0 to 4.0 %, ');
    });
  });

  it('is told apart where documents differ far more than models', () => {
    // Paired by document, a difference of 1 % is seen though documents are up to a nat apart.
    const of = (name: string, loss: number): LengthCurve => ({
      ...curve(name),
      runs: [{ modalities: [{ modality: 'books', byLength: [reading(512, loss, 0.4)] }] }],
    });
    const finding = compare(
      { claim: 'a', better: [of('bipe_rope', 3), 512], worse: [of('rope', 3.01), 512] },
      'books',
    );
    expect(finding.holds).toBe(true);
  });
});

describe('Figure 4', () => {
  const drawing = drawFig4({ kind: 'trained', runs }, 512);

  it('has a line for each encoding, through the perplexity at each length', () => {
    const [figure] = drawing.figures;
    const rope = present(
      figure?.data.find((one) => one['name'] === 'RoPE'),
      'line',
    ) as unknown as {
      x: number[];
      y: number[];
    };
    expect(rope.x).toEqual([512, 4096]);
    expect(rope.y.map(Math.log)).toEqual([3.2, 4.5].map((x) => expect.closeTo(x, 9) as number));
    expect(figure?.data).toHaveLength(4);
  });

  it("has the paper's perplexities beside ours at the lengths of which they are known, and nowhere else", () => {
    const atPaperScale = runs.map(({ modalities, ...rest }) => ({
      ...rest,
      modalities: modalities.map(({ modality }) => ({
        modality,
        byLength: [reading(1024, 3), reading(8192, 3)],
      })),
    }));
    const [known] = drawFig4({ kind: 'trained', runs: atPaperScale }, 1024).tables;
    expect(known?.rows.map(({ model, paper }) => [model, paper])).toEqual([
      ['BiPE-RoPE', 'paper value not at hand'],
      ['RoPE', '158 [N]'],
      ['BiPE-ALiBi', '25.2 [N]'],
      ['ALiBi', '28.6 [N]'],
    ]);
    expect(drawing.tables[0]?.columns.map(({ key }) => key)).not.toContain('paper');
  });

  it('says which model predicts better beyond the training length, and what does not hold', () => {
    const verdicts = new Map(drawing.findings.map(({ claim, holds }) => [claim, holds]));
    const at = 'Books, 8 times the training length:';
    expect(verdicts.get(`${at} BiPE-RoPE predicts better than RoPE`)).toBe(true);
    expect(verdicts.get(`${at} BiPE-ALiBi predicts better than ALiBi`)).toBe(false);
    expect(
      verdicts.get(
        'Books: at 8 times the training length BiPE-ALiBi is at most 5 % worse than at the training length',
      ),
    ).toBe(true);
  });

  it('gives the numbers as a table, with a row for each encoding', () => {
    const [table] = drawing.tables;
    expect(table?.rows.map((row) => row['model'])).toEqual(['BiPE-RoPE', 'RoPE', 'BiPE-ALiBi', 'ALiBi']);
    expect(table?.rows[1]?.['at4096']).toBeCloseTo(Math.exp(4.5), 6);
  });

  it('can be drawn of an encoding alone', () => {
    const alone = drawFig4({ kind: 'trained', runs: [run('t5', 1, 3, 3.1)] }, 512);
    expect(alone.findings).toEqual([]);
    expect(alone.tables[0]?.rows).toHaveLength(1);
  });
});

describe('Figure 5', () => {
  const model = (
    encoding: string,
    stage: ScaledModel['stage'],
    scaling: ScaledModel['scaling'],
    long: number,
  ): ScaledModel => ({
    encoding,
    stage,
    scaling,
    modalities: [{ modality: 'books', byLength: [512, 2048, 4096].map((length) => reading(length, long)) }],
  });
  const models = ['rope', 'bipe_rope'].flatMap((encoding) => [
    model(encoding, 'trained', 'none', 5),
    model(encoding, 'scaled', 'yarn', 4.5),
    model(encoding, 'finetuned', 'yarn', encoding === 'rope' ? 4 : 3.9),
    model(encoding, 'finetuned', 'none', 4.2),
  ]);
  const drawing = drawFig5({ models }, { trainLength: 512, finetune: { length: 2048, steps: 40 } });

  it('draws what was finetuned, and apart from it what was only scaled', () => {
    const names = drawing.figures.map(({ data }) => [...new Set(data.map((one) => one['name']))]);
    expect(names).toEqual([
      ['As trained', 'YaRN', 'Finetuned, not scaled'],
      ['As trained', 'YaRN'],
    ]);
  });

  it('compares each model with what it was, and both encodings', () => {
    expect(drawing.findings.every(({ holds }) => holds === true)).toBe(true);
    expect(drawing.findings).toHaveLength(10);
  });

  it('compares each with the scaling that is best for it, at the length of finetuning and beyond', () => {
    const better = [...models, model('rope', 'finetuned', 'dynamic', 3.8)];
    const { findings } = drawFig5(
      { models: better },
      { trainLength: 512, finetune: { length: 2048, steps: 40 } },
    );
    const best = findings.filter(({ claim }) => claim.includes('best for it there (YaRN, Dynamic NTK)'));
    expect(best.map(({ claim, holds }) => [claim.slice(0, 25), holds])).toEqual([
      ['Books: at 2,048 tokens, t', false],
      ['Books: at 4,096 tokens, 2', false],
    ]);
  });

  it('names in the table what each model is', () => {
    expect(
      drawing.tables[0]?.rows.map(({ model: name, stage, scaling }) => [name, stage, scaling]),
    ).toContainEqual(['BiPE-RoPE', 'finetuned', 'YaRN']);
  });
});
