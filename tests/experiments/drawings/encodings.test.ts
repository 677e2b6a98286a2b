import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { silentReporter } from '../../../lib/base/progress';
import { startEngine } from '../../../lib/engine/engine';
import { drawEncodingKernels, drawEncodingMaps } from '../../../lib/experiments/charts/encodings';
import { encodingEffects, encodingKernel } from '../../../lib/experiments/charts/encodings-effects';
import { alibi } from '../../../lib/positional/alibi';
import { bipe } from '../../../lib/positional/bipe';
import { learned } from '../../../lib/positional/learned';
import { rope } from '../../../lib/positional/rope';
import { ink, orderedStyles, tintedHeatScale } from '../../../lib/report/style';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readColors, readFigure } from '../../support/read-figure';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const encodings = { 'A bilevel one': bipe(learned(), alibi({ slopeFactor: 96 })), Turning: rope() };
const names = Object.keys(encodings);
const sentences = [2, 3];

describe('pictures of encodings, read back', () => {
  it('say what their page has', () =>
    expectPage('encodings', {
      figures: [drawEncodingMaps(encodings, sentences), drawEncodingKernels(encodings, 9)],
    }));

  it('show what is added above and the scores of the last head below, none of them of later keys', () => {
    const figure = readFigure(drawEncodingMaps(encodings, sentences));
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
      [names[0], '', 'token'],
      [names[1], '', ''],
      ['', 'key', 'query'],
      ['', 'key', ''],
    ]);
    const effects = Object.values(encodings).map((encoding) => encodingEffects(encoding, sentences));
    expectPoints(
      figure.points,
      effects.flatMap(({ similarity = [], scores = [] }, column) => [
        ...similarity.flatMap((row, y) =>
          row.map((z, x) => ({
            panel: column,
            x,
            y,
            z,
            hover: `tokens ${y} and ${x}: cosine ${z.toFixed(3)}`,
          })),
        ),
        ...present(scores.at(-1), 'head').flatMap((row, y) =>
          row.slice(0, y + 1).map((z, x) => ({
            panel: 2 + column,
            x,
            y,
            z,
            hover: `query ${y}, key ${x}: score ${z.toFixed(3)}`,
          })),
        ),
      ]),
    );
    // Rotary positions add nothing to embeddings.
    expect(figure.labels).toEqual([{ panel: 1, x: 0.5, y: 0.5, text: 'nothing' }]);
    expect(figure.lines).toEqual(
      [0, 2, 3].flatMap((panel) => [
        { panel, x: 1.5, ends: [-0.5, 4.5], dash: 'dot' },
        { panel, y: 1.5, ends: [-0.5, 4.5], dash: 'dot' },
      ]),
    );
  });

  it('are dark where tokens are alike or scores high, each panel on its own scale, and light where all are equal', () => {
    const figure = drawEncodingMaps(encodings, sentences);
    const [light, dark] = [tintedHeatScale[0]?.[1], tintedHeatScale.at(-1)?.[1]];
    const { points } = readFigure(figure);
    const colors = readColors(figure);
    for (const panel of [0, 2, 3]) {
      const values = points.filter((point) => point.panel === panel).map(({ z = NaN }) => z);
      const own = colors.filter((cell) => cell.panel === panel).map(({ color }) => color);
      expect(own[values.indexOf(Math.min(...values))]).toBe(light);
      expect(own[values.indexOf(Math.max(...values))]).toBe(dark);
    }
    const alike = readColors(drawEncodingMaps(encodings, [1]));
    expect(new Set(alike.map(({ color }) => color))).toEqual(new Set([light]));
  });

  it('show scores by distance, a curve for each head that differs', () => {
    // What only adds to embeddings has no heads.
    const kernels = { ...encodings, Added: learned() };
    const drawn = drawEncodingKernels(kernels, 9);
    const figure = readFigure(drawn);
    expect(drawn.caption).toContain('in each of 4 heads');
    expect(figure.panels).toEqual(
      Object.keys(kernels).map((title) => ({
        title,
        x: { title: 'Distance', type: 'linear', format: '~s' },
        y: { title: 'Score' },
      })),
    );
    const heads = ['head 1', 'head 2', 'head 3', 'head 4'];
    expect(figure.legend).toEqual([...heads, 'all heads']);
    const alike = { name: 'all heads', color: ink.text, dash: 'solid', symbol: 'circle', pattern: '' };
    expectLooks(figure, Object.fromEntries([...orderedStyles(heads), alike].map((one) => [one.name, one])));
    const [slopes = [], turning = [], added = []] = Object.values(kernels).map((one) =>
      encodingKernel(one, 9),
    );
    expectPoints(figure.points, [
      ...slopes.flatMap((curve, head) =>
        curve.map((y, x) => ({ panel: 0, series: heads[head] ?? '', x, y })),
      ),
      ...[turning, added].flatMap(([curve = []], index) =>
        curve.map((y, x) => ({ panel: 1 + index, series: 'all heads', x, y })),
      ),
    ]);
  });
});
