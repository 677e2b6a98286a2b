import { describe, expect, it } from 'vitest';
import { items } from '../../lib/experiments/registry';
import { reproduce } from '../../lib/experiments/reproduce';
import { accuracyRows } from '../../lib/experiments/items/fig3/runs';
import { scaledRows } from '../../lib/experiments/items/fig5/rows';
import { scoreRows } from '../../lib/experiments/items/scrolls/runs';
import { stateSetRows } from '../../lib/experiments/items/thm3-2-trained/runs';
import { perplexityRows } from '../../lib/experiments/language-models/rows';
import { rowsTable } from '../../lib/report/rows';
import { silentReporter } from '../../lib/base/progress';
import { toDataFrame } from '../../lib/report/tables';

const point = { encoding: 'rope', hiddenSize: 16, seed: 3 };
const proportion = (share: number) => ({
  share,
  low: share - 0.1,
  high: share + 0.2,
  successes: 1,
  trials: 2,
});
const byLength = (length: number, perplexity: number) =>
  ({ length, perplexity, loss: Math.log(perplexity), documents: 7, interval: { low: 1, high: 9 } }) as never;

describe('tidy rows', () => {
  it('of accuracies are one for each run and evaluation, then one for each number of operators', () => {
    const run = {
      ...point,
      trainedOperators: 2,
      byInstances: [
        { instances: 100, accuracy: proportion(0.2) },
        { instances: 200, accuracy: proportion(0.4) },
      ],
      byOperators: [
        { operators: 2, accuracy: proportion(0.5), soundness: proportion(0.25) },
        { operators: 4, accuracy: proportion(0.3), soundness: proportion(0.125) },
      ],
    };
    expect(accuracyRows([run as never])).toEqual([
      { ...point, instances: 100, operators: 2, accuracy: 0.2, low: 0.1, high: 0.4, rightSteps: null },
      { ...point, instances: 200, operators: 2, accuracy: 0.5, low: 0.4, high: 0.7, rightSteps: 0.25 },
      {
        ...point,
        instances: 200,
        operators: 4,
        accuracy: 0.3,
        low: expect.closeTo(0.2) as number,
        high: 0.5,
        rightSteps: 0.125,
      },
    ]);
  });

  it('of perplexities are one for each run, kind of text and length; of a released model no seed is known', () => {
    const modalities = [
      { modality: 'books', byLength: [byLength(512, 20), byLength(1024, 30)] },
      { modality: 'code', byLength: [byLength(512, 4)] },
    ] as const;
    const seen = (rows: readonly object[]): unknown[] =>
      rows.map((row) => {
        const { text, length, perplexity, seed, hiddenSize } = row as Record<string, unknown>;
        return [text, length, perplexity, seed, hiddenSize];
      });
    expect(seen(perplexityRows([{ ...point, modalities }]))).toEqual([
      ['books', 512, 20, 3, 16],
      ['books', 1024, 30, 3, 16],
      ['code', 512, 4, 3, 16],
    ]);
    expect(perplexityRows([{ encoding: 'alibi', modalities }])[0]).toEqual({
      encoding: 'alibi',
      hiddenSize: null,
      seed: null,
      text: 'books',
      length: 512,
      perplexity: 20,
      low: 1,
      high: 9,
      loss: Math.log(20),
      documents: 7,
    });
    const scaled = scaledRows({
      models: [{ encoding: 'rope', stage: 'finetuned', scaling: 'yarn', modalities: [modalities[1]] }],
    });
    expect(scaled).toEqual([expect.objectContaining({ stage: 'finetuned', scaling: 'yarn', perplexity: 4 })]);
  });

  it('of scores and of state sets have their own numbers', () => {
    const run = {
      ...point,
      task: 'find',
      metric: 'f1',
      tokens: 96,
      score: 40,
      byInstance: [[1], [0]],
      swapped: { score: 15 },
      longer: [{ tokens: 192, score: 20, byInstance: [[1], [0], [0]], swapped: { score: 16 } }],
    };
    expect(scoreRows([run as never])).toEqual([
      {
        encoding: 'rope',
        task: 'find',
        metric: 'f1',
        seed: 3,
        tokens: 96,
        instances: 2,
        score: 40,
        swapped: 15,
      },
      {
        encoding: 'rope',
        task: 'find',
        metric: 'f1',
        seed: 3,
        tokens: 192,
        instances: 3,
        score: 20,
        swapped: 16,
      },
    ]);
    const mean = (value: number) => ({ mean: value, low: value - 1, high: value + 1 });
    const sets = { length: 63, exact: mean(5), segmentLevel: mean(6), subLevel: mean(7) };
    expect(stateSetRows([{ ...point, byLength: [sets] } as never])).toEqual([
      { ...point, length: 63, exact: 5, low: 4, high: 6, segmentLevel: 6, subLevel: 7 },
    ]);
  });

  it('of an item without its own are those of its first table, and are a data frame', async () => {
    const report = await reproduce(items.fig2, { preset: 'quick', reporter: silentReporter });
    expect(report.rows).toBe(report.tables[0]?.rows);
    const { id, title, caption, rows } = rowsTable(report.rows);
    expect([id, title, caption, rows]).toEqual(['rows', 'Rows', '', report.rows]);
    const frame = await toDataFrame(rowsTable(report.rows));
    expect(frame.columns).toEqual(report.tables[0]?.columns.map(({ key }) => key));
    expect(frame.shape[0]).toBe(report.rows.length);
  });
});
