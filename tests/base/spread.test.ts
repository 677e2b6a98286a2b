import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadPlaces } from '../../lib/base/spread';

describe('places spread over many', () => {
  it('begin with the first', () => {
    expect(spreadPlaces(10, 4)).toEqual([0, 2, 5, 7]);
    expect(spreadPlaces(3, 4)).toEqual([0, 1, 2]);
  });

  it('are all of them, or as many as are allowed, with gaps that differ by one at most', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 200 }), (count, most) => {
        const places = spreadPlaces(count, most);
        expect(places).toHaveLength(Math.min(count, most));
        if (count === 0) return;
        const gaps = [...places, count].slice(1).map((next, index) => next - (places[index] ?? 0));
        expect(places[0]).toBe(0);
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1);
        expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
