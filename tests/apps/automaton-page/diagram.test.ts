import { describe, expect, it } from 'vitest';
import { levelStyles } from '../../../lib/report/style';
import { diagramSvg, outlinePoint, placeStates } from '../../../apps/automaton-page/diagram';
import { exactly, matrixSvg, written } from '../../../apps/automaton-page/matrix';

const names = (count: number, name = 'state'): string[] =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);

describe('states of a diagram', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('do not touch each other: %d of them', (count) => {
    const placed = placeStates(names(count, 's'));
    placed.forEach((one, index) => {
      for (const other of placed.slice(index + 1))
        // In units of the outlines' axes, ellipses of the same size touch at a distance of 2.
        expect(Math.hypot((one.x - other.x) / one.rx, (one.y - other.y) / one.ry)).toBeGreaterThan(2.1);
    });
  });

  it('are as wide as their names', () => {
    const [short, long] = placeStates(['a', 'a rather long name']);
    expect(short?.rx).toBe(21);
    expect(long?.rx).toBeGreaterThan(60);
  });

  it('are left by arrows at their outline, towards where these go', () => {
    const state = { x: 100, y: 50, rx: 30, ry: 20, loopAt: 0 };
    for (const towards of [
      { x: 300, y: 50 },
      { x: 100, y: -70 },
      { x: 20, y: 130 },
    ]) {
      const { x, y } = outlinePoint(state, towards);
      expect(((x - 100) / 30) ** 2 + ((y - 50) / 20) ** 2).toBeCloseTo(1, 9);
      expect((x - 100) * (towards.y - 50)).toBeCloseTo((y - 50) * (towards.x - 100), 6);
      expect((x - 100) * (towards.x - 100) + (y - 50) * (towards.y - 50)).toBeGreaterThan(0);
    }
  });
});

describe('a diagram', () => {
  const state = (name: string, isReached = false, isAccepting = false) => ({
    name,
    isStart: name === 'a<b',
    isAccepting,
    isReached,
  });
  const svg = diagramSvg({
    title: 'Level',
    style: levelStyles.sub,
    states: [state('a<b', true), state('c', false, true)],
    arrows: [
      { from: 0, to: 1, labels: ['x, y'], isTaken: true },
      { from: 1, to: 0, labels: ['z'], isTaken: false },
      { from: 1, to: 1, labels: ['w'], isTaken: false },
    ],
    isRestarted: false,
  });

  it('has a second line around what accepts, one arrow without a tail, one curve for each arrow', () => {
    expect(svg.match(/<ellipse /g)).toHaveLength(3);
    expect(svg.match(/<line /g)).toHaveLength(1);
    expect(svg.match(/<path/g)).toHaveLength(3);
    expect(svg.match(/class="taken"/g)).toHaveLength(1);
  });

  it('says in words what is reached, and escapes names', () => {
    expect(svg).toContain('aria-label="Level: reached a&lt;b"');
    expect(svg).not.toContain('a<b');
  });
});

describe('a block as a heat map', () => {
  it('has a cell for each entry, its number, and what it is in words', () => {
    const block = {
      name: 'sub relation',
      rows: ['p', 'q'],
      columns: ['p', 'q'],
      values: Float64Array.of(1, 0, 2, 1e-9),
      readRow: 0,
    };
    const svg = matrixSvg(block, { title: 'ways', color: '#123456' });
    expect(svg).toContain('aria-label="ways: p to p 1, q to p 2"');
    expect(svg).toContain('<title>q → p: 2</title>');
    expect(svg.match(/fill-opacity/g)).toHaveLength(4);
  });

  it('outlines the entries that were others before, and no other', () => {
    const block = (values: readonly number[]) => ({
      name: 'sub relation',
      rows: ['p', 'q'],
      columns: ['p', 'q'],
      values: Float64Array.from(values),
    });
    const look = { title: 'rounded', color: '#123456' };
    const outlined = (svg: string): RegExpMatchArray | null => svg.match(/class="change"/g);
    expect(outlined(matrixSvg(block([1, 0, 0, 1]), look))).toBeNull();
    expect(outlined(matrixSvg(block([1, 0, 0, 1]), look, block([0.9999, 0, 1, 0])))).toHaveLength(2);
  });

  it.each([
    [0, ''],
    [0.04, ''],
    [1, '1'],
    [0.96, '1'],
    [1.5, '1.5'],
    [-1, '−1'],
  ])('writes %d as "%s"', (value, text) => {
    expect(written(value)).toBe(text);
  });

  it('tells the precise value where it is nearly a whole number', () => {
    expect(exactly(1.00001234567)).toBe('1.000012346');
    expect(exactly(0.5)).toBe('0.5000');
    expect(exactly(3)).toBe('3');
  });
});
