import { describe, expect, it } from 'vitest';
import { whiskers } from '../../lib/report/whiskers';

const ranges = [
  { centre: 40, low: 36.3, high: 44 },
  { centre: 7, low: NaN, high: NaN },
];
const points = ['RoPE at 4,096 tokens', 'RoPE at 512 tokens'];
const perplexity = { label: 'Perplexity', format: 'fixed1' } as const;

describe('whiskers', () => {
  it('go from each number down to the lower end and up to the upper one', () => {
    const { error_y: bars, error_x: across } = whiskers(ranges, points, perplexity) as Record<
      string,
      unknown
    >;
    expect(across).toBeUndefined();
    expect(bars).toMatchObject({
      symmetric: false,
      array: [4, NaN],
      arrayminus: [expect.closeTo(3.7) as number, NaN],
    });
  });

  it('lie along x where the numbers do, as wide and in the colour asked for', () => {
    const { error_x: bars } = whiskers(ranges, points, perplexity, { axis: 'x', width: 4, color: 'red' });
    expect(bars).toMatchObject({ array: [4, NaN], width: 4, color: 'red' });
  });

  it('are left out where none has a length: plotly would draw a cross-bar on each point', () => {
    const none = { centre: 7, low: NaN, high: NaN };
    const drawn = whiskers([none, { centre: 4, low: 4, high: 4 }], points, perplexity);
    expect(Object.keys(drawn)).toEqual(['hovertext', 'hovertemplate']);
  });

  it('are told under the pointer in rounded numbers, where an interval is known', () => {
    expect(whiskers(ranges, points, perplexity)).toMatchObject({
      hovertext: [
        'RoPE at 4,096 tokens: perplexity 40.0 (36.3 to 44.0)',
        'RoPE at 512 tokens: perplexity 7.0',
      ],
      hovertemplate: '%{hovertext}<extra></extra>',
    });
  });

  it('are told with the unit, and by names that stay as they are where they are abbreviations', () => {
    const [text] = whiskers([{ centre: 45.2, low: 40, high: 50 }], ['RoPE'], {
      label: 'F1',
      unit: '%',
      format: 'fixed1',
    })['hovertext'] as string[];
    expect(text).toBe('RoPE: F1 45.2 % (40.0 % to 50.0 %)');
  });
});
