import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type Modality } from '../../../lib/data/sources/source';
import {
  type AblationGroup,
  ablationGroups,
  ablationsOf,
} from '../../../lib/experiments/items/ablation/ablations';
import { rulesLike } from '../../../lib/experiments/items/ablation/ends-like';
import { drawAblations } from '../../../lib/experiments/items/ablation/draw';
import { orderedStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure } from '../../support/read-figure';
import { cells, readTable } from '../../support/read-table';
import { at, documentsOf, languageModel, perplexity, ratioOf } from './language-models.support';

const some = new Differing();
const lengths = [512, 4096];
const texts: readonly Modality[] = ['books', 'code'];
const groups = Object.keys(ablationGroups) as AblationGroup[];
const rows = groups.flatMap((group) =>
  ablationsOf(group, 512).map(({ id, label }) => ({ group, id, label })),
);
const runs = [...new Set(rows.map(({ id }) => id))].map((id) => languageModel(some, id, 1, texts, lengths));
const further = ['bipe_rope', 'bipe_alibi'].map((id) => languageModel(some, id, 2, texts, lengths));
const drawing = drawAblations(
  { runs: [...runs, ...further], rules: rulesLike([4, 6], 0) },
  { groups, seeds: [1], trainLength: 512, lengths },
);
const series = ['512 tokens', '4,096 tokens'];
const [short, long] = orderedStyles(series);
const runOf = (id: string, among = runs) =>
  present(
    among.find((run) => run.encoding === id),
    id,
  );

describe('the ablations, read back', () => {
  it('say what their page has', () => expectPage('table-ablation', drawing));

  it.each(texts)('show the perplexity of %s of each model in its group', (text) => {
    const figure = readFigure(present(drawing.figures[texts.indexOf(text)], 'figure'));
    const own = (group: AblationGroup) => rows.filter((row) => row.group === group);
    // A shared axis is labelled once, at the foot.
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.ticks])).toEqual(
      groups.map((group, panel) => [
        ablationGroups[group],
        panel === groups.length - 1 ? 'Perplexity' : '',
        own(group).map(({ id, label }, place) => [
          place,
          ['bipe_rope', 'bipe_alibi'].includes(id) ? `<b>${label}</b>` : label,
        ]),
      ]),
    );
    expect(figure.title.join(' ')).toMatch(
      /Trained on blocks of 512 tokens; one seed; .*; hollow: another seed$/,
    );
    expect(figure.legend).toEqual(series);
    expectLooks(figure, {
      '512 tokens': present(short, 'style'),
      '4,096 tokens': present(long, 'style'),
      '512 tokens, another seed': present(short, 'style'),
      '4,096 tokens, another seed': present(long, 'style'),
    });
    expectPoints(
      figure.points,
      groups.flatMap((group, panel) =>
        own(group).flatMap(({ id, label }, place) =>
          lengths.flatMap((length, index) => {
            const { centre, low, high, words } = perplexity(at(runOf(id), text, length));
            const y = place + (index === 0 ? -0.15 : 0.15);
            const name = series[index] ?? '';
            const another = further
              .filter(({ encoding }) => encoding === id)
              .map((run) => ({
                panel,
                series: `${name}, another seed`,
                x: at(run, text, length).perplexity,
                y,
              }));
            return [
              { panel, series: name, x: centre, y, low, high, hover: `${label} at ${name}: ${words}` },
              ...another,
            ];
          }),
        ),
      ),
    );
    expect(drawing.figures[texts.indexOf(text)]?.alt).toBe(
      rows
        .map(({ id, label }) => {
          const said = lengths.map(
            (length) => `${at(runOf(id), text, length).perplexity.toPrecision(3)} at ${length}`,
          );
          return `${label}: ${said.join(', ')}`;
        })
        .join('; '),
    );
    expect(drawing.figures[texts.indexOf(text)]?.caption).toMatch(
      new RegExp(`^${documentsOf[text]} held-out documents`),
    );
  });

  it('have the same numbers in their table, each interval beside its length', () => {
    expect(readTable(present(drawing.tables[0], 'table'))).toEqual({
      headers: [
        'What is varied',
        'Model',
        'Text',
        ...['512', 'low', 'high'],
        ...['4,096', 'low', 'high'],
        ...['512, all seeds', '4,096, all seeds'],
        'Parameters',
      ],
      rows: texts.flatMap((text) =>
        rows.map(({ group, id, label }) => [
          ablationGroups[group],
          label,
          text === 'books' ? 'Books' : 'Code',
          ...lengths.flatMap((length) => {
            const { centre, low, high } = perplexity(at(runOf(id), text, length));
            return [centre, low, high].map((value) => cells.fixed(value, 2));
          }),
          ...lengths.map((length) => {
            const others = further.filter(({ encoding }) => encoding === id);
            const losses = [runOf(id), ...others].map((run) => at(run, text, length).loss);
            const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
            return others.length === 0 ? '–' : cells.fixed(Math.exp(mean), 2);
          }),
          cells.integer(runOf(id).parameters),
        ]),
      ),
    });
    expect(drawing.tables[0]?.caption).toMatch(/n is 5, the mean length of segments/);
    expect(drawing.tables[0]?.caption).toContain('All seeds: with the further trainings of that model');
  });

  it('have no column for the text where there is but one', () => {
    const alone = [...new Set(rows.map(({ id }) => id))].map((id) =>
      languageModel(some, id, 1, ['books'], [512]),
    );
    const scale = { groups, seeds: [1], trainLength: 512, lengths: [512] };
    const { tables, figures } = drawAblations({ runs: alone, rules: rulesLike([4], 0) }, scale);
    expect(readTable(present(tables[0], 'table')).headers).toEqual([
      'What is varied',
      'Model',
      ...['512', 'low', 'high'],
      'Parameters',
    ]);
    expect(figures.map(({ id }) => id)).toEqual(['table-ablation-perplexity']);
  });

  it.each([
    ['a perplexity', { loss: Math.log(40), perplexity: 40 }, 1],
    ['the end of an interval', { interval: { estimate: 10, low: 2, high: 11 } }, 1],
    ['the perplexity of another seed', { perplexity: 40 }, 2],
  ])('have a logarithmic axis where %s is more than three times another', (_, change, seed) => {
    const scale = { groups, seeds: [1], trainLength: 512, lengths: [512] };
    const axisWith = (changed: object) => {
      const all = [...runs, ...further].map((run) => {
        const byLength = [at(run, 'books', 512)].map((reading) =>
          run.encoding === 'bipe_rope' && run.seed === seed ? { ...reading, ...changed } : reading,
        );
        return { ...run, modalities: [{ modality: 'books' as const, byLength }] };
      });
      const [figure] = drawAblations({ runs: all, rules: rulesLike([4, 6], 0) }, scale).figures;
      return readFigure(present(figure, 'figure')).panels.at(-1)?.x;
    };
    expect(axisWith({})).toEqual({ title: 'Perplexity' });
    expect(axisWith(change)).toMatchObject({ title: 'Perplexity, log scale', type: 'log' });
  });

  it('judge each claim by the models that it names, all of their seeds', () => {
    // Claims at the training length are about levels, separators and the third level; beyond it
    // about every group.
    const claims = {
      'with RoPE between segments, both levels predict better than the place alone': [
        'bipe_rope',
        'place_alone',
      ],
      'with RoPE between segments, both levels predict better than the segment alone': [
        'bipe_rope',
        'rope_between_alone',
      ],
      'with ALiBi between segments, both levels predict better than the place alone': [
        'bipe_alibi',
        'place_alone',
      ],
      'with ALiBi between segments, both levels predict better than the segment alone': [
        'bipe_alibi',
        'alibi_between_alone',
      ],
      'full stop and newline predict better than newline alone': ['bipe_rope', 'released'],
      'segments that end with sentences predict better than segments of n tokens': ['bipe_rope', 'every'],
      'segments that end with sentences predict better than random ones of the same lengths': [
        'bipe_rope',
        'random',
      ],
      'segments predict better than none': ['bipe_rope', 'no_ends'],
      'with ALiBi between segments, segments that end with sentences predict better than newline alone': [
        'bipe_alibi',
        'alibi_released',
      ],
      'with ALiBi between segments, segments that end with sentences predict better than segments of n tokens':
        ['bipe_alibi', 'alibi_every'],
      'with ALiBi between segments, segments that end with sentences predict better than random ones of the same lengths':
        ['bipe_alibi', 'alibi_random'],
      'with ALiBi between segments, segments that end with sentences predict better than ends at rare tokens':
        ['bipe_alibi', 'alibi_rare'],
      'with ALiBi between segments, segments that end with sentences predict better than one segment': [
        'bipe_alibi',
        'alibi_no_ends',
      ],
      'without places inside, ALiBi over sentences predicts better than over segments that a gate learns': [
        'alibi_between_alone',
        'gated_alibi',
      ],
      'segments that a gate learns predict better than ALiBi over tokens, as which it begins': [
        'gated_alibi',
        'alibi_tokens',
      ],
      'without places inside, ALiBi over sentences predicts better than CoPE, whose queries count what they select':
        ['alibi_between_alone', 'cope'],
      'a third level predicts better than two': ['three_levels', 'bipe_rope'],
    } as const;
    const beyond = {
      ...claims,
      'a learned table inside segments predicts better than sines, RoPE between': [
        'bipe_rope',
        'sinusoidal_rope',
      ],
      'a learned table inside segments predicts better than sines, ALiBi between': [
        'bipe_alibi',
        'sinusoidal_alibi',
      ],
      'ALiBi between segments predicts better than xPos': ['bipe_alibi', 'bipe_xpos'],
      'ALiBi between segments predicts better than T5 bias': ['bipe_alibi', 'bipe_t5'],
      'ALiBi between segments predicts better than KERPLE': ['bipe_alibi', 'bipe_kerple'],
      'ALiBi between segments predicts better than FIRE': ['bipe_alibi', 'bipe_fire'],
      "slopes of 96 times ALiBi's predict better than ALiBi's own": ['bipe_alibi', 'slopes_1'],
      "slopes of 96 times ALiBi's predict better than 32 times": ['bipe_alibi', 'slopes_32'],
    } as const;
    const alone = drawAblations(
      { runs, rules: rulesLike([4, 6], 0) },
      { groups, seeds: [1], trainLength: 512, lengths },
    ).findings;
    const found = new Map(alone.map(({ claim, measured }) => [claim, measured]));
    const wanted = texts.flatMap((text) =>
      lengths.flatMap((length, index) =>
        Object.entries(index === 0 ? claims : beyond).map(([claim, [a, b]]) => {
          const where = index === 0 ? 'at the training length' : 'at 8 times the training length';
          return [
            `${text === 'books' ? 'Books' : 'Code'}, ${where}: ${claim}`,
            ratioOf(at(runOf(a), text, length), at(runOf(b), text, length)),
          ] as const;
        }),
      ),
    );
    expect([...found.keys()].sort()).toEqual(wanted.map(([claim]) => claim).sort());
    for (const [claim, ratio] of wanted) expect(found.get(claim)?.slice(0, ratio.length), claim).toBe(ratio);
    // With further seeds the mean of a model's losses counts.
    const both = drawing.findings.find(({ claim }) => claim.endsWith('segments predict better than none'));
    const losses = [runs, further].map((list) => at(runOf('bipe_rope', list), 'books', 512).loss);
    expect(
      both?.measured.startsWith(`${Math.exp(((losses[0] ?? 0) + (losses[1] ?? 0)) / 2).toPrecision(3)} vs `),
    ).toBe(true);
    expect(both?.measured).toMatch(/, 2 and 1 seeds\); (within|beyond) seed-to-seed variation/);
  });
});
