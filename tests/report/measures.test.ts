import { describe, expect, it } from 'vitest';
import { axisOf, logAxisOf, pointerOf, stepsAxisOf } from '../../lib/report/axes';
import { horizontalLine, lineBetween, textAt, verticalLine } from '../../lib/report/marks';
import {
  linesPanel,
  makeTable,
  type Measure,
  measured,
  measuredBar,
  measuredWithEnds,
} from '../../lib/report/measures';
import { encodingStyles } from '../../lib/report/style';
import { toCsv, toMarkdown } from '../../lib/report/tables';

interface Row {
  readonly width: number;
  readonly share?: readonly [centre: number, low: number, high: number];
}

const width: Measure<Row> = {
  key: 'width',
  label: 'Hidden size',
  format: 'integer',
  of: (row) => row.width,
};
const column = { key: 'right', label: 'Right answers', format: 'percent' } as const;
const rangeOfRow = ({ share }: Row) => share && { centre: share[0], low: share[1], high: share[2] };
const right = measured<Row>(column, rangeOfRow);
const rows: readonly Row[] = [{ width: 1024, share: [0.5, 0.4, 0.7] }, { width: 2048 }];
const texts = { id: 'made', title: 'Made', caption: '' };
const style = encodingStyles.rope;

describe('a measure', () => {
  it('has one title, unit and format: in the table, on the axis, at its ticks and under the pointer', () => {
    const renamed = { ...right, label: 'Score', unit: 'points', format: 'fixed1' } as const;
    expect(axisOf(renamed).title).toBe('Score (points)');
    expect(logAxisOf(renamed, [1, 10]).title).toBe('Score (points)');
    expect(toMarkdown(makeTable(texts, [renamed], rows))).toContain('| Score (points) |');
    const panel = linesPanel({ x: width, y: renamed }, [{ style, rows: rows.slice(0, 1) }]);
    expect(panel.y?.title).toBe('Score (points)');
    expect(panel.data?.[0]).toMatchObject({
      hovertext: ['RoPE at hidden size 1,024: score 0.5 points (0.4 points to 0.7 points)'],
    });
    expect(measuredBar(renamed, style, rows[0] ?? { width: 0 })).toMatchObject({
      hovertext: ['RoPE: score 0.5 points (0.4 points to 0.7 points)'],
    });
    expect(pointerOf(width, renamed)).toBe('hidden size %{x:,d}: score %{y:,.1f}');
  });

  it('has ticks by its format: shares in per cent, counts from 0, labels as in tables', () => {
    expect(axisOf(right)).toMatchObject({ tickformat: '.0%', range: [0, 1.02] });
    expect(axisOf(width)).toMatchObject({ tickformat: '~s', rangemode: 'tozero' });
    expect(axisOf({ label: 'Loss', unit: 'nats' })).toEqual({ title: 'Loss (nats)' });
    expect(stepsAxisOf(width, [512, 1024])['ticktext']).toEqual(['512', '1,024']);
  });

  it('names the place of a point in words of its own, if it has them', () => {
    const x = { ...width, place: (value: number) => `${value} units` };
    const { data } = linesPanel({ x, y: right }, [{ style, rows }]);
    expect(data?.[0]?.['hovertext']).toEqual([
      'RoPE at 1024 units: right answers 50.0 % (40.0 % to 70.0 %)',
      'RoPE at 2048 units: right answers –',
    ]);
  });

  it('keeps the ends of its interval in the row, without columns unless asked for', () => {
    const { columns, rows: cells } = makeTable(texts, [width, right], rows);
    expect(columns).toEqual([
      { key: 'width', label: 'Hidden size', format: 'integer' },
      { ...column, interval: ['rightLow', 'rightHigh'] },
    ]);
    expect(cells).toEqual([
      { width: 1024, right: 0.5, rightLow: 0.4, rightHigh: 0.7 },
      { width: 2048, right: null, rightLow: null, rightHigh: null },
    ]);
    const withEnds = makeTable(texts, measuredWithEnds(column, ['least', 'most'], rangeOfRow), rows);
    expect(withEnds.columns.map(({ label, format }) => [label, format])).toEqual([
      ['Right answers', 'percent'],
      ['least', 'percent'],
      ['most', 'percent'],
    ]);
    expect(toCsv(withEnds)).toBe('right,rightLow,rightHigh\r\n0.5,0.4,0.7\r\n,,\r\n');
  });
});

describe('a mark', () => {
  it('goes from side to side of its panel, or from point to point, thin, muted and dotted', () => {
    const look = { color: '#5A5A5A', width: 1, dash: 'dot' };
    expect(verticalLine(3)).toMatchObject({
      xref: 'x',
      x0: 3,
      x1: 3,
      yref: 'y domain',
      y0: 0,
      y1: 1,
      line: look,
    });
    expect(horizontalLine(2)).toMatchObject({ xref: 'x domain', x0: 0, x1: 1, yref: 'y', y0: 2, y1: 2 });
    expect(lineBetween([1, 2], [3, 4])).toMatchObject({ x0: 1, y0: 2, x1: 3, y1: 4, xref: 'x', yref: 'y' });
  });

  it('looks as it is told to; a solid line has no dash', () => {
    expect(verticalLine(3, { dash: 'solid', width: 2 })['line']).toEqual({ color: '#5A5A5A', width: 2 });
    expect(textAt('here', { x: 1, y: 2 })).toEqual({
      text: 'here',
      xref: 'x',
      yref: 'y',
      showarrow: false,
      x: 1,
      y: 2,
    });
  });
});
