import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRange,
  megabytes,
  shorten,
} from '../../lib/base/format';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1536, '1.54 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [2_200_000_000, '2.2 GB'],
    [5e15, '5000 TB'],
    [-1500, '-1.5 kB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('keeps three digits: the number read back is within half a percent', () => {
    const factors: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999e12 }), (bytes) => {
        const [number = '', unit = ''] = formatBytes(bytes).split(' ');
        const readBack = Number(number) * (factors[unit] ?? NaN);
        return Math.abs(readBack - bytes) <= 0.005 * bytes;
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [0.0123, '12.3 ms'],
    [0.9994, '999 ms'],
    [0.9995, '1 s'],
    [0.9999, '1 s'],
    [59.94, '59.9 s'],
    [59.95, '1 min 00 s'],
    [12.34, '12.3 s'],
    [59.97, '1 min 00 s'],
    [75.3, '1 min 15 s'],
    [3599.6, '1 h 00 min'],
    [3780, '1 h 03 min'],
    [360_000, '100 h 00 min'],
    [-2, '-2 s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatCount', () => {
  it('groups thousands and drops a fraction', () => {
    expect([0, 999, 1000, 1234567.8, -4200].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '1,234,568',
      '-4,200',
    ]);
  });
});

describe('formatPercent', () => {
  it.each([
    [0, '0.0 %'],
    [0.786, '78.6 %'],
    [0.00449, '0.4 %'],
    [1, '100.0 %'],
  ])('writes the share %d as %s', (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });
});

describe('megabytes', () => {
  it('rounds up, so that nothing but nothing is 0', () => {
    expect([0, 1, 1e6, 1e6 + 1, 2.5e9].map(megabytes)).toEqual([0, 1, 1, 2, 2500]);
  });
});

describe('shorten', () => {
  it('cuts no character, whatever it is made of, and leaves short texts as they are', () => {
    const character = fc.constantFrom('a', 'ß', '一', '😀', 'e\u0301', '👨‍👩‍👧', '🇩🇪');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (text, most) => {
        const kept = text.slice(0, most).join('');
        expect(shorten(text.join(''), most)).toBe(text.length > most ? `${kept}…` : kept);
      }),
    );
  });

  it('ends at a character that is longer than any is', () => {
    expect(shorten(`ab${'\u0301'.repeat(400_000)}c`, 60)).toBe('a…');
  });

  it('puts no space before the ellipsis', () => {
    expect(shorten('one two three', 4)).toBe('one…');
  });
});

describe('shares and ranges', () => {
  it('are in per cent, with as many decimals as asked for', () => {
    expect([0.786, 0, 1, 0.00049].map((share) => formatPercent(share))).toEqual([
      '78.6 %',
      '0.0 %',
      '100.0 %',
      '0.0 %',
    ]);
    expect(formatPercent(0.786, 0)).toBe('79 %');
  });

  it('have the lower end before the upper one, where there are two', () => {
    const format = (value: number): string => value.toFixed(1);
    expect(formatRange({ centre: 2, low: 1, high: 4 }, format)).toBe('2.0 (1.0 to 4.0)');
    expect(formatRange({ centre: 2, low: 2, high: 2 }, format)).toBe('2.0');
    expect(formatRange({ centre: 2, low: NaN, high: NaN }, format)).toBe('2.0');
  });
});
