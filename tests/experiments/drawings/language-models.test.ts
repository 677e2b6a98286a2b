import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type Modality } from '../../../lib/data/sources/source';
import { type Finding } from '../../../lib/experiments/run/report';
import { drawFig4 } from '../../../lib/experiments/items/fig4/draw';
import { drawFig5 } from '../../../lib/experiments/items/fig5/draw';
import { type ScaledModel } from '../../../lib/experiments/items/fig5/runs';
import { type LanguageModelRun } from '../../../lib/experiments/language-models/runs';
import { replicatedTexts, replicationLengths } from '../../../lib/experiments/paper/replication';
import { drawNormal } from '../../../lib/experiments/items/normal/draw';
import { encodingStyles, scalingStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';
import { at, documentsOf, languageModel, perplexity, ratioOf, readings } from './language-models.support';

const some = new Differing();
const names: Readonly<Record<string, string>> = {
  bipe_rope: 'BiPE-RoPE',
  rope: 'RoPE',
  bipe_alibi: 'BiPE-ALiBi',
  alibi: 'ALiBi',
};
const nameOf = (encoding: string): string => present(names[encoding], encoding);
const styles = Object.fromEntries(
  (['bipe_rope', 'rope', 'bipe_alibi', 'alibi'] as const).map((name) => [nameOf(name), encodingStyles[name]]),
);
const texts: readonly Modality[] = ['books', 'code'];
const textNames = { books: 'Books', papers: 'Papers', code: 'Code' } as const;
const titles = texts.map((text) => `${textNames[text]}, ${documentsOf[text]} documents`);
const written = (length: number): string => length.toLocaleString('en');
const perplexityAxis = expect.objectContaining({ title: 'Perplexity, log scale', type: 'log' }) as object;

/** Findings by claim, which no two share. */
function byClaim(findings: readonly Finding[]): Map<string, string> {
  const found = new Map(findings.map(({ claim, measured }) => [claim, measured]));
  expect(found.size).toBe(findings.length);
  return found;
}

/** Expects that just these claims are judged, each by these two readings. */
function expectComparisons(
  findings: readonly Finding[],
  wanted: readonly (readonly [claim: string, ratio: string])[],
): void {
  const found = byClaim(findings);
  expect([...found.keys()].sort()).toEqual(wanted.map(([claim]) => claim).sort());
  for (const [claim, ratio] of wanted) expect(found.get(claim)?.slice(0, ratio.length), claim).toBe(ratio);
}

describe('Figure 4, read back', () => {
  const lengths = [512, 1024, 4096];
  const trainLength = 512;
  const runs = Object.keys(names).map((encoding) => languageModel(some, encoding, 1, texts, lengths));
  const drawing = drawFig4({ kind: 'trained', runs }, trainLength);
  const [byLength, byPlace, training, replication] = drawing.figures.map(readFigure);

  it('says what its page has', () => expectPage('fig4', drawing));

  it('shows the perplexity of each model at each length, with its interval', () => {
    const figure = present(byLength, 'figure');
    expect(figure.panels).toEqual(
      titles.map((title) => ({
        title,
        x: {
          title: 'Block length (tokens)',
          type: 'log',
          ticks: lengths.map((length) => [length, written(length)]),
        },
        y: perplexityAxis,
      })),
    );
    expect(figure.legend).toEqual(Object.values(names));
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      texts.flatMap((text, panel) =>
        runs.flatMap((run) =>
          lengths.map((length) => {
            const { centre, low, high, words } = perplexity(at(run, text, length));
            const series = nameOf(run.encoding);
            const hover = `${series} at ${written(length)} tokens: ${words}`;
            return { panel, series, x: length, y: centre, low, high, hover };
          }),
        ),
      ),
    );
    expect(figure.lines).toEqual(texts.map((_, panel) => ({ panel, x: trainLength, dash: 'dot' })));
  });

  it('shows the perplexity at each place of the longest blocks, in the middle of its bin', () => {
    const figure = present(byPlace, 'figure');
    expect(figure.panels).toEqual(
      titles.map((title) => ({
        title,
        x: { title: 'Position in the block', type: 'linear', format: '~s' },
        y: perplexityAxis,
      })),
    );
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      texts.flatMap((text, panel) =>
        runs.flatMap((run) =>
          at(run, text, 4096).byPosition.map(({ from, to, loss }) => ({
            panel,
            series: nameOf(run.encoding),
            x: (from + to) / 2,
            y: Math.exp(loss),
            hover: `${nameOf(run.encoding)} at position in the block ${cells.integer((from + to) / 2)}: perplexity ${cells.fixed(Math.exp(loss), 2)}`,
          })),
        ),
      ),
    );
    expect(figure.lines).toEqual(texts.map((_, panel) => ({ panel, x: trainLength, dash: 'dot' })));
  });

  it('shows the losses of training', () => {
    const figure = present(training, 'figure');
    expect(figure.panels).toEqual([
      {
        title: 'Hidden size 96',
        x: { title: 'Step', type: 'linear', format: '~s' },
        y: { title: 'Loss (nats)' },
      },
    ]);
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      runs.flatMap(({ encoding, curve }) =>
        curve.map(({ step, loss }) => ({ panel: 0, series: nameOf(encoding), x: step, y: loss })),
      ),
    );
  });

  it('shows perplexities relative to the training length, beside those of the replication', () => {
    const figure = present(replication, 'figure');
    expect(figure.panels.map(({ title }) => title)).toEqual([
      ...titles.map((title) => `Here: ${title}`),
      'Replication: PG-19',
      'Replication: arXiv',
    ]);
    expectLooks(figure, styles);
    const point = (panel: number, series: string, x: number, y: number) => ({
      panel,
      series,
      x,
      y,
      hover: `${series} at ${x} times the training length: relative perplexity ${cells.fixed(y, 2)}`,
    });
    const ours = texts.flatMap((text, panel) =>
      runs.flatMap((run) =>
        lengths.map((length) => {
          const change = at(run, text, length).loss - at(run, text, trainLength).loss;
          return point(panel, nameOf(run.encoding), length / trainLength, Math.exp(change));
        }),
      ),
    );
    const theirs = replicatedTexts.flatMap(({ perplexities }, panel) =>
      runs.flatMap(({ encoding }) => {
        const found = present(perplexities[encoding], encoding);
        return found.map((perplexity, index) =>
          point(texts.length + panel, nameOf(encoding), index + 1, perplexity / present(found[0], 'first')),
        );
      }),
    );
    expectPoints(figure.points, [...ours, ...theirs]);
    expect(drawing.figures[3]?.caption).toContain("they are not the paper's");
  });

  it('takes the replication at whole multiples of its training length, each encoding at all of them', () => {
    expect(replicationLengths.map((length) => length / 1024)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { perplexities } of replicatedTexts) {
      expect(Object.keys(perplexities)).toEqual(Object.keys(names));
      for (const found of Object.values(perplexities)) expect(found).toHaveLength(replicationLengths.length);
    }
  });

  it('has no such figure where the training length was not read, nor for other encodings', () => {
    const idsOf = (drawn: typeof runs, length: number): readonly string[] =>
      drawFig4({ kind: 'trained', runs: drawn }, length).figures.map(({ id }) => id);
    expect(idsOf(runs, trainLength)).toContain('fig4-replication');
    expect(idsOf(runs, 256)).not.toContain('fig4-replication');
    const others = [languageModel(some, 't5', 1, texts, lengths)];
    expect(idsOf(others, trainLength)).not.toContain('fig4-replication');
  });

  it('shows released models as it shows trained ones, but for their training', () => {
    const answers = runs.map((run) => ({ ...run, model: run.encoding, trainLength }));
    const released = drawFig4({ kind: 'released', runs: answers }, trainLength);
    expect(released.figures.map(readFigure).map(({ points }) => points)).toEqual([
      byLength?.points,
      byPlace?.points,
      replication?.points,
    ]);
    expectLooks(readFigure(present(released.figures[0], 'figure')), styles);
    const { headers, rows } = readTable(present(released.tables[0], 'table'));
    const trained = readTable(present(drawing.tables[0], 'table'));
    expect(headers).toEqual(trained.headers.slice(0, -2));
    expect(rows).toEqual(trained.rows.map((row) => row.slice(0, -2)));
  });

  it('has the same numbers in its table', () => {
    const table = present(drawing.tables[0], 'table');
    expect(recordsOf(readTable(table))).toEqual(
      texts.flatMap((text) =>
        runs.map((run) => {
          const { low, high } = perplexity(at(run, text, 4096));
          return {
            Model: nameOf(run.encoding),
            Text: textNames[text],
            ...Object.fromEntries(
              lengths.map((length) => [written(length), cells.fixed(at(run, text, length).perplexity, 2)]),
            ),
            'Low at 4,096': cells.fixed(low, 2),
            'High at 4,096': cells.fixed(high, 2),
            Parameters: cells.integer(run.parameters),
            'Tokens/s': cells.integer(run.tokensPerSecond),
          };
        }),
      ),
    );
  });

  it('says in words what it shows', () => {
    expect(byLength?.title.join(' ')).toContain('Trained on blocks of 512 tokens (dotted line); one seed;');
    const [table] = drawing.tables;
    expect(table?.caption).toContain(titles.map((title) => title.toLowerCase()).join('; '));
    expect(table?.caption).toContain(
      'Low and high belong to the longest block: 95 % interval over documents',
    );
    for (const run of runs)
      for (const text of texts) {
        const [first, last] = [512, 4096].map((length) => at(run, text, length).perplexity.toPrecision(3));
        expect(drawing.figures[0]?.alt).toContain(
          `${textNames[text]}, ${nameOf(run.encoding)}: ${first ?? ''} at 512 tokens, ${last ?? ''} at 4096`,
        );
      }
  });

  it('judges each claim by the models and lengths that it names', () => {
    const run = (encoding: string): LanguageModelRun =>
      present(
        runs.find((one) => one.encoding === encoding),
        encoding,
      );
    expectComparisons(
      drawing.findings,
      texts.flatMap((text) => [
        ...(
          [
            ['bipe_rope', 'rope'],
            ['bipe_alibi', 'alibi'],
            ['bipe_alibi', 'rope'],
            ['alibi', 'rope'],
          ] as const
        ).map(
          ([a, b]) =>
            [
              `${textNames[text]}, 8 times the training length: ${nameOf(a)} predicts better than ${nameOf(b)}`,
              ratioOf(at(run(a), text, 4096), at(run(b), text, 4096)),
            ] as const,
        ),
        ...runs.map(
          (one) =>
            [
              `${textNames[text]}: at 8 times the training length ${nameOf(one.encoding)} is at most 5 % worse than at the training length`,
              ratioOf(at(one, text, 4096), at(one, text, 512)),
            ] as const,
        ),
      ]),
    );
  });

  it('shows of several seeds the perplexity of their mean loss, the least and the most', () => {
    const two = [1, 2].map((seed) => languageModel(some, 'rope', seed, ['books'], [512, 4096]));
    const { figures, tables } = drawFig4({ kind: 'trained', runs: two }, trainLength);
    const [main, places, losses] = figures.map(readFigure);
    const mean = (values: readonly number[]): number => ((values[0] ?? 0) + (values[1] ?? 0)) / 2;
    const own = (length: number) => two.map((run) => at(run, 'books', length));
    const points = [512, 4096].map((length) => {
      const each = own(length).map((one) => one.perplexity);
      return {
        x: length,
        y: Math.exp(mean(own(length).map(({ loss }) => loss))),
        low: Math.min(...each),
        high: Math.max(...each),
      };
    });
    expect(main?.points).toMatchObject(tidy(points));
    expect(main?.title.at(-1)).toMatch(/mean of 2 seeds; whiskers: least and most$/);
    expect(tables[0]?.caption).toMatch(
      /Low and high belong to the longest block: least and most of 2 seeds\.$/,
    );
    expect(places?.points.map(({ y }) => y)).toEqual(
      tidy([0, 1].map((bin) => Math.exp(mean(own(4096).map((one) => one.byPosition[bin]?.loss ?? NaN))))),
    );
    expect(losses?.points.map(({ y }) => y)).toEqual(
      tidy([0, 1, 2].map((point) => mean(two.map((run) => run.curve[point]?.loss ?? NaN)))),
    );
    const [row] = recordsOf(readTable(present(tables[0], 'table')));
    // With one kind of text no column names it.
    expect(Object.keys(row ?? {})).not.toContain('Text');
    expect(row).toMatchObject({
      'Low at 4,096': cells.fixed(points[1]?.low ?? NaN, 2),
      'High at 4,096': cells.fixed(points[1]?.high ?? NaN, 2),
      'Tokens/s': cells.integer(mean(two.map((run) => run.tokensPerSecond))),
    });
  });
});

describe('Figure 5, read back', () => {
  const lengths = [512, 2048, 4096];
  const scale = { trainLength: 512, finetune: { length: 2048, steps: 40 } };
  const model = (
    encoding: string,
    stage: ScaledModel['stage'],
    scaling: ScaledModel['scaling'],
  ): ScaledModel => ({ encoding, stage, scaling, modalities: readings(some, texts, lengths) });
  const encodings = ['rope', 'bipe_rope'];
  const models = encodings.flatMap((encoding) => [
    model(encoding, 'trained', 'none'),
    model(encoding, 'scaled', 'yarn'),
    model(encoding, 'scaled', 'linear'),
    model(encoding, 'scaled', 'dynamic'),
    model(encoding, 'finetuned', 'none'),
    model(encoding, 'finetuned', 'yarn'),
    model(encoding, 'finetuned', 'linear'),
  ]);
  const scalingNames = {
    none: 'Finetuned, not scaled',
    yarn: 'YaRN',
    linear: 'Linear interpolation',
    dynamic: 'Dynamic NTK',
  } as const;
  const seriesOf = ({ stage, scaling }: ScaledModel): string =>
    stage === 'trained' ? 'As trained' : scalingNames[scaling];
  const drawing = drawFig5({ models }, scale);
  const looks = {
    'As trained': scalingStyles.trained,
    'Finetuned, not scaled': scalingStyles.none,
    YaRN: scalingStyles.yarn,
    'Linear interpolation': scalingStyles.linear,
    'Dynamic NTK': scalingStyles.dynamic,
  };
  const find = (encoding: string, stage: string, scaling: string): ScaledModel =>
    present(
      models.find((one) => one.encoding === encoding && one.stage === stage && one.scaling === scaling),
      'model',
    );

  it('says what its page has', () => expectPage('fig5', drawing));

  it.each([
    ['before and after finetuning', 0, ['trained', 'finetuned'], [512, 2048]],
    ['with RoPE scaled', 1, ['trained', 'scaled'], [512]],
  ] as const)('shows each model %s', (_, index, stages, marks) => {
    const figure = readFigure(present(drawing.figures[index], 'figure'));
    const shown = models.filter(({ stage }) => (stages as readonly string[]).includes(stage));
    const places = texts.flatMap((text) => encodings.map((encoding) => ({ text, encoding })));
    expect(figure.panels.map(({ title }) => title)).toEqual(
      places.map(({ text, encoding }) => `${nameOf(encoding)}: ${text}, ${documentsOf[text]} documents`),
    );
    // A shared axis is labelled once, at the left.
    expect(figure.panels.map(({ x, y }) => [x.title, x.ticks, y.title])).toEqual(
      places.map(({ encoding }) => [
        'Block length (tokens)',
        lengths.map((length) => [length, written(length)]),
        encoding === 'rope' ? 'Perplexity, log scale' : '',
      ]),
    );
    const names = [...new Set(shown.map(seriesOf))];
    expect(figure.legend).toEqual(names);
    expectLooks(figure, Object.fromEntries(Object.entries(looks).filter(([name]) => names.includes(name))));
    expectPoints(
      figure.points,
      places.flatMap(({ text, encoding }, panel) =>
        shown
          .filter((one) => one.encoding === encoding)
          .flatMap((one) =>
            lengths.map((length) => {
              const { centre, low, high, words } = perplexity(at(one, text, length));
              const hover = `${seriesOf(one)} at ${written(length)} tokens: ${words}`;
              return { panel, series: seriesOf(one), x: length, y: centre, low, high, hover };
            }),
          ),
      ),
    );
    expect(figure.lines).toEqual(
      places.flatMap((_place, panel) =>
        marks.map((x, mark) => ({ panel, x, dash: mark === 0 ? 'dot' : '6px,4px' })),
      ),
    );
    const said = figure.title.join(' ');
    expect(said).toContain('rained at 512 tokens (dotted)');
    expect(said).toContain(index === 0 ? '40 steps at 2,048 (broken)' : 'RoPE scaled by 4');
    for (const one of shown)
      expect(drawing.figures[index]?.alt).toContain(
        `${nameOf(one.encoding)}, ${seriesOf(one)}: ${at(one, 'code', 2048).perplexity.toPrecision(3)} at 2048 tokens`,
      );
  });

  it('has the same numbers in its table', () => {
    expect(drawing.tables[0]?.caption).toMatch(/trained at 512 tokens.*finetuned at 2,048/);
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
      texts.flatMap((text) =>
        models.map((one) => {
          const { low, high } = perplexity(at(one, text, 4096));
          return {
            Model: nameOf(one.encoding),
            Text: textNames[text],
            ...Object.fromEntries(
              lengths.map((length) => [written(length), cells.fixed(at(one, text, length).perplexity, 2)]),
            ),
            'Low at 4,096': cells.fixed(low, 2),
            'High at 4,096': cells.fixed(high, 2),
            Stage: one.stage,
            Scaling: one.scaling === 'none' ? 'none' : scalingNames[one.scaling],
          };
        }),
      ),
    );
  });

  it('judges each claim by the models and lengths that it names', () => {
    const best = (encoding: string, text: Modality, length: number): ScaledModel =>
      present(
        models
          .filter((one) => one.encoding === encoding && one.stage === 'finetuned')
          .sort((a, b) => at(a, text, length).perplexity - at(b, text, length).perplexity)[0],
        'model',
      );
    expectComparisons(
      drawing.findings,
      texts.flatMap((text) => {
        const ratio = (a: ScaledModel, b: ScaledModel, length: number): string =>
          ratioOf(at(a, text, length), at(b, text, length));
        return [
          ...encodings.flatMap((encoding) => {
            const [tuned, trained, plain] = [
              find(encoding, 'finetuned', 'yarn'),
              find(encoding, 'trained', 'none'),
              find(encoding, 'finetuned', 'none'),
            ];
            const name = nameOf(encoding);
            return [
              [
                `${textNames[text]}: finetuned with YaRN, ${name} predicts better at 2,048 tokens than as it was trained`,
                ratio(tuned, trained, 2048),
              ],
              [
                `${textNames[text]}: at 512 tokens, where it was trained, finetuning with YaRN makes ${name} at most 2 % worse`,
                ratio(tuned, trained, 512),
              ],
              [
                `${textNames[text]}: finetuned, ${name} predicts better at 2,048 tokens with YaRN than without scaling`,
                ratio(tuned, plain, 2048),
              ],
            ] as const;
          }),
          ...(
            [
              [2048, 'at 2,048 tokens, the length of finetuning'],
              [4096, 'at 4,096 tokens, 2 times the length of finetuning'],
            ] as const
          ).flatMap(([length, where]) => {
            const [bilevel, standard] = [best('bipe_rope', text, length), best('rope', text, length)];
            return [
              [
                `${textNames[text]}: ${where}, both finetuned with YaRN, BiPE-RoPE predicts better than RoPE`,
                ratio(find('bipe_rope', 'finetuned', 'yarn'), find('rope', 'finetuned', 'yarn'), length),
              ],
              [
                `${textNames[text]}: ${where}, each finetuned with the scaling that is best for it there (${seriesOf(bilevel)}, ${seriesOf(standard)}), BiPE-RoPE predicts better than RoPE`,
                ratio(bilevel, standard, length),
              ],
            ] as const;
          }),
        ];
      }),
    );
  });
});

describe('the table of perplexities at the training length, read back', () => {
  const runs = Object.keys(names).map((encoding) => languageModel(some, encoding, 1, texts, [256, 512]));
  const drawing = drawNormal({ runs }, { trainLength: 512 });

  it('says what its page has', () => expectPage('table-normal', drawing));

  it('shows the perplexity of each model at that length', () => {
    const figure = readFigure(present(drawing.figures[0], 'figure'));
    expect(figure.panels).toEqual(
      titles.map((title) => ({ title, x: { title: '', type: 'category' }, y: perplexityAxis })),
    );
    expect(figure.legend).toEqual([]);
    expect(figure.title.join(' ')).toContain('Blocks of 512 tokens');
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      texts.flatMap((text, panel) =>
        runs.map((run) => {
          const series = nameOf(run.encoding);
          const { centre, low, high, words } = perplexity(at(run, text, 512));
          return { panel, series, x: series, y: centre, low, high, hover: `${series}: ${words}` };
        }),
      ),
    );
    expect(drawing.figures[0]?.alt).toBe(
      texts
        .flatMap((text) =>
          runs.map(
            (run) =>
              `${textNames[text]}, ${nameOf(run.encoding)}: ${at(run, text, 512).perplexity.toPrecision(3)}`,
          ),
        )
        .join('; '),
    );
  });

  it('has the same numbers in its table', () => {
    expect(readTable(present(drawing.tables[0], 'table'))).toEqual({
      headers: ['Encoding', 'Books', 'low', 'high', 'Code', 'low', 'high', 'Parameters'],
      rows: runs.map((run) => [
        nameOf(run.encoding),
        ...texts.flatMap((text) => {
          const { centre, low, high } = perplexity(at(run, text, 512));
          return [centre, low, high].map((value) => cells.fixed(value, 2));
        }),
        cells.integer(run.parameters),
      ]),
    });
  });

  it('judges each claim by the models that it names', () => {
    const run = (encoding: string): LanguageModelRun =>
      present(
        runs.find((one) => one.encoding === encoding),
        encoding,
      );
    expectComparisons(
      drawing.findings,
      texts.flatMap((text) =>
        (
          [
            ['bipe_rope', 'rope'],
            ['bipe_alibi', 'alibi'],
          ] as const
        ).map(
          ([a, b]) =>
            [
              `${textNames[text]}, at the training length: ${nameOf(a)} is at most 5 % worse than ${nameOf(b)}`,
              ratioOf(at(run(a), text, 512), at(run(b), text, 512)),
            ] as const,
        ),
      ),
    );
  });
});
