import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { drawEncodingKernels, drawEncodingMaps } from '../../lib/experiments/charts/encodings';
import { encodingEffects, encodingKernel } from '../../lib/experiments/charts/encodings-effects';
import { alibi } from '../../lib/positional/alibi';
import { alibiSlopes } from '../../lib/positional/by-distance';
import { bipe } from '../../lib/positional/bipe';
import { learned } from '../../lib/positional/learned';
import { none } from '../../lib/positional/none';
import { createEncoding, encodingNamed, encodingNames } from '../../lib/positional/registry';
import { rope } from '../../lib/positional/rope';
import { readFigure } from '../support/read-figure';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const all = Object.fromEntries(encodingNames.map((name) => [name, createEncoding(encodingNamed(name))]));

describe('the effect of an encoding by itself', () => {
  it('is nothing for NoPE', () => {
    expect(encodingEffects(none(), [2, 3])).toEqual({ similarity: undefined, scores: undefined });
    expect(encodingKernel(none(), 3)).toEqual([[1, 1, 1]]);
  });

  it('is one value for each pair of segments between them, and likeness of equal places inside them', () => {
    const { similarity, scores } = encodingEffects(bipe(learned(), alibi({ slopeFactor: 96 })), [3, 2, 2]);
    const segments = [0, 0, 0, 1, 1, 2, 2];
    const places = [0, 1, 2, 0, 1, 0, 1];
    alibiSlopes(4).forEach((slope, head) => {
      segments.forEach((query, row) => {
        segments.slice(0, row + 1).forEach((key, column) => {
          expect(scores?.[head]?.[row]?.[column]).toBeCloseTo(1 - 96 * slope * (query - key), 4);
        });
      });
    });
    places.forEach((place, row) => {
      places.forEach((other, column) => {
        const alike = present(similarity?.[row]?.[column], 'cosine');
        if (place === other) expect(alike).toBeCloseTo(1, 5);
        else expect(alike).toBeLessThan(0.5);
      });
    });
  });

  it('by distance is ALiBi’s line and RoPE’s sum of cosines', () => {
    encodingKernel(alibi(), 6).forEach((curve, head) => {
      curve.forEach((value, distance) => {
        expect(value).toBeCloseTo(1 - present(alibiSlopes(4)[head], 'slope') * distance, 5);
      });
    });
    const [curve] = encodingKernel(rope(), 50);
    curve?.forEach((value, distance) => {
      const cosines = Array.from({ length: 32 }, (_, pair) => Math.cos(distance * 10_000 ** (-pair / 32)));
      expect(value).toBeCloseTo(cosines.reduce((sum, cosine) => sum + cosine, 0) / 32, 4);
    });
  });

  it('leaves no tensor behind', async () => {
    await assertNoLeak(() => {
      for (const encoding of Object.values(all)) {
        encodingEffects(encoding, [2, 2]);
        encodingKernel(encoding, 5);
      }
    });
  });
});

describe('pictures of encodings', () => {
  it('map each encoding twice, and hide future keys', () => {
    const figure = drawEncodingMaps({ RoPE: rope(), BiPE: bipe(learned(), rope()) }, [2, 2]);
    const [added, ropeScores, bipeScores] = figure.data as { z: (number | null)[][]; xaxis: string }[];
    expect([added, ropeScores, bipeScores].map((trace) => trace?.xaxis)).toEqual(['x2', 'x3', 'x4']);
    expect(added?.z.flat().every((value) => value !== null)).toBe(true);
    ropeScores?.z.forEach((row, query) => {
      expect(row.map((value) => value !== null)).toEqual([0, 1, 2, 3].map((key) => key <= query));
    });
    expect(bipeScores?.z[1]).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5), null, null]);
  });

  it('have no row in which no encoding does anything, and say what the rows show', () => {
    const shown = (names: readonly string[]) => {
      const encodings = Object.fromEntries(names.map((name) => [name, createEncoding(encodingNamed(name))]));
      const figure = drawEncodingMaps(encodings);
      const { panels } = readFigure(figure);
      return [panels.map(({ title, y }) => [title, y.title]), figure.caption] as const;
    };
    const [absolute, ofAbsolute] = shown(['sinusoidal', 'learned']);
    expect(absolute).toEqual([
      ['sinusoidal', 'token'],
      ['learned', ''],
    ]);
    expect(ofAbsolute).toContain('Each cell: how alike');
    expect(ofAbsolute).not.toMatch(/Above|Below|empty/);
    expect(shown(['alibi'])[0]).toEqual([['alibi', 'query']]);
    const [both, ofBoth] = shown(['sinusoidal', 'alibi']);
    expect(both).toHaveLength(4);
    expect(ofBoth).toMatch(/Above: how alike .* Below: the score .* An empty panel/);
    expect(shown(['none'])[1]).toContain('An empty panel');
  });

  it('draw each different curve once, and each name in the legend once', () => {
    const { data } = drawEncodingKernels({ RoPE: rope(), ALiBi: alibi(), again: alibi() }, 9);
    expect(data.map((trace) => [trace['xaxis'], trace['name'], trace['showlegend'] ?? true])).toEqual([
      ['x', 'all heads', true],
      ...[1, 2, 3, 4].map((head) => ['x2', `head ${head}`, true]),
      ...[1, 2, 3, 4].map((head) => ['x3', `head ${head}`, false]),
    ]);
  });

  it('are finite for every encoding', () => {
    const numbers = [drawEncodingMaps(all, [2, 3]), drawEncodingKernels(all, 12)].flatMap(({ data }) =>
      data.flatMap((trace) => [trace['z'] ?? [], trace['y'] ?? []].flat(2) as (number | null)[]),
    );
    expect(numbers.filter((value) => value !== null).every(Number.isFinite)).toBe(true);
  });
});
