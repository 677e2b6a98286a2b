import { afterEach, describe, expect, it, vi } from 'vitest';
import { curvesSvg, liveCurves } from '../../lib/report/notebook/live';
import { type DisplayFunction } from '../../lib/report/notebook/display';
import { encodingStyle } from '../../lib/report/style';

const rope = encodingStyle('rope');
const alibi = encodingStyle('alibi');
const hook = Symbol.for('bipe.display');

function pointsOf(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number)),
  );
}

describe('the picture of growing curves', () => {
  it('puts the largest values at the edges of the plot, zero in its corner', () => {
    const [curve = []] = pointsOf(
      curvesSvg('loss', 'step', 'nats', [
        {
          style: rope,
          points: [
            [0, 2],
            [50, 1],
            [100, 0],
          ],
        },
      ]),
    );
    const [first = [], middle = [], last = []] = curve;
    expect(first[0]).toBeLessThan(last[0] ?? 0);
    expect(first[1]).toBeLessThan(last[1] ?? 0);
    expect(middle).toEqual([0, 1].map((axis) => ((first[axis] ?? 0) + (last[axis] ?? 0)) / 2));
  });

  it('has a line across the plot at each labelled value', () => {
    const svg = curvesSvg('loss', 'step', 'nats', [
      {
        style: rope,
        points: [
          [0, 4],
          [10, 0],
        ],
      },
    ]);
    const lines = [...svg.matchAll(/<line x1="(\d+)" x2="(\d+)" y1="(\d+)" y2="(\d+)" stroke="#\w+"\/>/g)];
    const labels = [...svg.matchAll(/ y="(\d+)" text-anchor="end" [^>]*>([^<]*)</g)];
    const [[[left = 0, top = 0] = [], [right = 0, foot = 0] = []] = []] = pointsOf(svg);
    const heights = [foot, (top + foot) / 2, top];
    expect(lines.map((line) => line.slice(1, 3).map(Number))).toEqual(heights.map(() => [left, right]));
    for (const end of [3, 4])
      expect(lines.map((line) => Number(line[end])).toSorted((a, b) => b - a)).toEqual(heights);
    expect(new Map(labels.map(([, y, text]) => [Number(y) - 4, text]))).toEqual(
      new Map([
        [foot, '0.0'],
        [(top + foot) / 2, '2.0'],
        [top, '4.0'],
      ]),
    );
  });

  it('names each style once, however many curves have it', () => {
    const curve = { style: rope, points: [[1, 1]] as [number, number][] };
    const svg = curvesSvg('loss', 'step', 'nats', [curve, curve, { ...curve, style: alibi }]);
    expect(svg.match(/>RoPE</g)).toHaveLength(1);
    expect(svg.match(/>ALiBi</g)).toHaveLength(1);
    expect(pointsOf(svg)).toHaveLength(3);
  });

  it('draws each in its dash, and its name beside it', () => {
    const points: [number, number][] = [[1, 1]];
    const svg = curvesSvg('loss', 'step', 'nats', [
      { style: rope, points },
      { style: encodingStyle('bipe_rope'), points },
    ]);
    const dashes = [...svg.matchAll(/<(polyline|line)[^>]* stroke="(#\w+)"[^>]*stroke-dasharray="([^"]*)"/g)];
    expect(dashes.map((found) => found.slice(1))).toEqual([
      ['polyline', rope.color, '9,4'],
      ['line', rope.color, '9,4'],
    ]);
  });

  it('escapes what it writes', () => {
    const svg = curvesSvg('a < b & c', 'x', 'y', []);
    expect(svg).toContain('a &lt; b &amp; c');
  });
});

describe('live curves', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, hook);
    vi.useRealTimers();
  });

  it('are shown once and then updated in place, a few times a second at most, and at the end', () => {
    vi.useFakeTimers({ now: 1_000_000 });
    const calls: Parameters<DisplayFunction>[] = [];
    const display: DisplayFunction = (...call) => void calls.push(call);
    Object.defineProperty(globalThis, hook, { value: display, configurable: true });
    const curves = liveCurves('loss', 'step', 'nats');
    for (let step = 1; step <= 100; step += 1) {
      curves.add('one', rope, step, 1 / step);
      vi.advanceTimersByTime(10);
    }
    curves.finish();
    // One second of points: at most one picture each fifth of it, and the last.
    expect(calls.length).toBeGreaterThan(2);
    expect(calls.length).toBeLessThanOrEqual(7);
    expect(calls.map(([, , options]) => options?.update)).toEqual(calls.map((_, index) => index > 0));
    expect(new Set(calls.map(([, , options]) => options?.displayId)).size).toBe(1);
    const last = calls.at(-1)?.[0]['image/svg+xml'] as string;
    expect(pointsOf(last)[0]).toHaveLength(100);
  });

  it('are nothing outside a notebook', () => {
    const curves = liveCurves('loss', 'step', 'nats');
    curves.add('one', rope, 1, 1);
    expect(() => {
      curves.finish();
    }).not.toThrow();
  });
});
