import { describe, expect, it } from 'vitest';
import { plot } from '../../lib/report/plot';
import { encodingStyle, orderedStyles } from '../../lib/report/style';
import { readFigure } from '../support/read-figure';

const rows = [
  { encoding: 'rope', seed: 1, text: 'books', length: 1024, perplexity: 40, low: 38, high: 43 },
  { encoding: 'rope', seed: 1, text: 'books', length: 512, perplexity: 20, low: 19, high: 22 },
  { encoding: 'bipe_rope', seed: 1, text: 'books', length: 512, perplexity: 21, low: 20, high: 23 },
  { encoding: 'bipe_rope', seed: 2, text: 'books', length: 512, perplexity: 27, low: 26, high: 28 },
  { encoding: 'bipe_rope', seed: 1, text: 'code', length: 512, perplexity: null, low: null, high: null },
];

describe('a plot of tidy rows', () => {
  it('has a line for each colour, its points in order, and the interval of a row as whiskers', () => {
    const figure = plot(rows, { x: 'length', y: 'perplexity', color: 'encoding', low: 'low', high: 'high' });
    const [rope, bipe] = figure.data;
    expect([rope?.['name'], bipe?.['name']]).toEqual(
      ['rope', 'bipe_rope'].map((name) => encodingStyle(name, ['rope', 'bipe_rope']).name),
    );
    expect(rope).toMatchObject({
      type: 'scatter',
      x: [512, 1024],
      y: [20, 40],
      error_y: { array: [2, 3], arrayminus: [1, 2] },
    });
    // Two seeds: their mean, the least and the most.
    expect(bipe).toMatchObject({ x: [512], y: [24], error_y: { array: [3], arrayminus: [3] } });
    expect(figure.caption).toMatch(/^\d rows; 1 without a value are left out\. /);
    const measured = rows.filter((row) => Number.isFinite(row.perplexity));
    const whole = plot(measured, { x: 'length', y: 'perplexity' });
    expect(whole.caption).toMatch(/^\d rows\. /);
    const { panels } = readFigure(figure);
    expect(panels.map(({ x, y }) => [x.title, y.title])).toEqual([['Length', 'Perplexity']]);
  });

  it('has a column by its words on the axis and under the pointer: hiddenSize is Hidden size', () => {
    const named = rows.map((row) => ({ ...row, hiddenSize: row.seed, loss_by_2Tokens: row.perplexity }));
    const figure = plot(named, { x: 'hiddenSize', y: 'loss_by_2Tokens' });
    const { panels, title, points } = readFigure(figure);
    expect(panels.map(({ x, y }) => [x.title, y.title])).toEqual([['Hidden size', 'Loss by 2 tokens']]);
    expect(title[0]).toMatch(/^Loss by 2 tokens by hidden size$/);
    for (const { hover = '' } of points) expect(hover).not.toMatch(/hiddenSize|loss_by/);
  });

  it('has groups of bars where x is a word, a panel for each value, and logarithmic axes on request', () => {
    const bars = plot(rows, { x: 'encoding', y: 'perplexity', color: 'length', panel: 'text' });
    expect(bars.data.map(({ type }) => type)).toEqual(['bar', 'bar']);
    // Bars have their lengths from 0.
    expect(bars.layout['yaxis']).toMatchObject({ type: 'linear', rangemode: 'tozero' });
    expect(bars.layout['xaxis']).not.toHaveProperty('rangemode');
    expect(bars.data.map(({ x, y }) => [x, y])).toEqual([
      [['RoPE'], [40]],
      [
        ['RoPE', 'BiPE-RoPE'],
        [20, 24],
      ],
    ]);
    const panels = plot(
      rows.map((row) => ({ ...row, hiddenSize: row.seed * 8 })),
      { x: 'length', y: 'perplexity', panel: 'hiddenSize', log: 'xy', title: 'a < b' },
    );
    expect(readFigure(panels).title[0]).toBe('a &lt; b');
    expect(readFigure(panels).panels.map(({ title, x, y }) => [title, x.type, y.type, y.title])).toEqual([
      ['8', 'log', 'log', 'Perplexity, log scale'],
      ['16', 'log', 'log', 'Perplexity, log scale'],
    ]);
  });

  it('takes for encodings what its column calls so, and nothing else: a scaling "none" is no encoding', () => {
    const scaled = rows.map((row) => ({ ...row, scaling: row.encoding === 'rope' ? 'none' : 'yarn' }));
    const byScaling = plot(scaled, { x: 'length', y: 'perplexity', color: 'scaling', panel: 'encoding' });
    expect(byScaling.data.map(({ name }) => name)).toEqual(['none', 'yarn']);
    expect(byScaling.alt).toContain('for none, yarn');
    expect(readFigure(byScaling).panels.map(({ title }) => title)).toEqual(['RoPE', 'BiPE-RoPE']);
    const symbols = byScaling.data.map(({ marker }) => (marker as { symbol: string }).symbol);
    expect(symbols).toEqual(orderedStyles(['none', 'yarn']).map(({ symbol }) => symbol));
  });

  it('says what is wrong in one line', () => {
    const wrong = { x: 'lenght', y: 'perplexity' } as unknown as { x: 'length'; y: 'perplexity' };
    expect(() => plot(rows, wrong)).toThrow(
      /^x: rows have no lenght; give one of encoding, seed, text, length/,
    );
    expect(() => plot(rows, { x: 'length', y: 'text' })).toThrow(
      /^y: no row has a number in text; give one of seed, length, perplexity, low, high$/,
    );
    expect(() => plot([{ a: 0, b: 1 }], { x: 'a', y: 'b', log: 'x' })).toThrow(/^log: a is not positive/);
  });
});
