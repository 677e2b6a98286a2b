import { describe, expect, it } from 'vitest';
import { encodingNames } from '../../lib/positional/registry';
import {
  encodingStyle,
  encodingStyles,
  furtherEncodingStyles,
  ink,
  levelStyles,
  modalityStyles,
  orderedStyles,
  rampColor,
  separatorStyles,
  tintedHeatColor,
  tintedHeatScale,
  translucent,
  type SeriesStyle,
} from '../../lib/report/style';
import { contrastWithWhite, distance, lightness, visions } from './colour-vision';

const families: Record<string, readonly SeriesStyle[]> = {
  encodings: Object.values(encodingStyles),
  'further encodings': Object.values(furtherEncodingStyles),
  modalities: Object.values(modalityStyles),
  separators: Object.values(separatorStyles),
  levels: Object.values(levelStyles),
};

describe.each(Object.entries(families))('the styles of %s', (_family, styles) => {
  const pairs = styles.flatMap((first, index) =>
    styles.slice(index + 1).map((second) => [first, second] as const),
  );

  it('have names and colours of their own', () => {
    expect(new Set(styles.map((style) => style.name)).size).toBe(styles.length);
    expect(new Set(styles.map((style) => style.color)).size).toBe(styles.length);
  });

  it('are told apart without colour by marker, and a line without markers by dash or lightness', () => {
    expect(new Set(styles.map((style) => style.symbol)).size).toBe(styles.length);
    for (const [first, second] of pairs) {
      if (first.dash !== second.dash) continue;
      expect(
        Math.abs(lightness(first.color) - lightness(second.color)),
        `${first.name} and ${second.name}`,
      ).toBeGreaterThan(0.1);
    }
  });

  it('stand out from white paper by 3:1', () => {
    for (const style of styles) expect(contrastWithWhite(style.color), style.name).toBeGreaterThanOrEqual(3);
  });

  it.each(visions)('differ in colour for %s vision', (vision) => {
    for (const [first, second] of pairs) {
      expect(distance(first.color, second.color, vision), `${first.name} and ${second.name}`).toBeGreaterThan(
        0.085,
      );
    }
  });
});

describe('the style of an encoding', () => {
  const styled = Object.keys({ ...encodingStyles, ...furtherEncodingStyles });
  const all = styled.map((name) => encodingStyle(name));

  it.each(['name', 'symbol', 'color'] as const)('has a %s of its own', (part) => {
    expect(new Set(all.map((style) => style[part])).size).toBe(styled.length);
  });

  it('is that of a name in the registry; one that has none there is drawn as one of the reader’s own', () => {
    expect(encodingNames).toEqual(expect.arrayContaining(styled));
    const others = encodingNames.filter((name) => !styled.includes(name));
    for (const name of [...others, 'bell'])
      expect(encodingStyle(name)).toEqual({ ...encodingStyle('own_bell'), name });
  });

  it("carries the name of an encoding of the reader's own", () => {
    expect(encodingStyle('own_spiral').name).toBe('own_spiral');
    expect(all.map((style) => style.symbol)).not.toContain(encodingStyle('own_spiral').symbol);
  });

  it("tells encodings of the reader's own apart by their order in the figure", () => {
    const among = ['rope', 'one', 'two', 'three', 'four'];
    const own = among.slice(1).map((name) => encodingStyle(name, among));
    for (const part of ['name', 'symbol', 'color', 'pattern'] as const)
      expect(new Set(own.map((style) => style[part])).size, part).toBe(4);
    expect(encodingStyle('rope', among)).toEqual(encodingStyle('rope'));
  });
});

describe('ordered styles', () => {
  it('darken from the first to the last, so that they keep their order in grey', () => {
    const shades = Array.from({ length: 21 }, (_, index) => lightness(rampColor(index / 20)));
    shades.slice(1).forEach((shade, index) => {
      expect(shade).toBeLessThan(shades[index] ?? 0);
    });
  });

  it('take the darkest colour where there is only one', () => {
    expect(orderedStyles(['all']).map((style) => style.color)).toEqual([rampColor(1)]);
  });

  it('give seven names seven colours, and neighbours different dashes and markers', () => {
    const styles = orderedStyles(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(new Set(styles.map((style) => style.color)).size).toBe(7);
    styles.slice(1).forEach((style, index) => {
      expect(style.dash).not.toBe(styles[index]?.dash);
      expect(style.symbol).not.toBe(styles[index]?.symbol);
    });
  });
});

describe('the scale of maps with empty cells', () => {
  it('has at each of its places the colour that its legend shows', () => {
    for (const [place, color] of tintedHeatScale) expect(tintedHeatColor(place)).toBe(color);
  });

  it('begins with a colour that is not the white of an empty cell, and darkens', () => {
    const shades = tintedHeatScale.map(([, color]) => lightness(color));
    expect(shades[0]).toBeLessThan(lightness('#FFFFFF'));
    shades.slice(1).forEach((shade, index) => {
      expect(shade).toBeLessThan(shades[index] ?? 0);
    });
  });
});

it('writes texts dark enough for small print', () => {
  expect(contrastWithWhite(ink.text)).toBeGreaterThan(7);
  expect(contrastWithWhite(ink.muted)).toBeGreaterThan(4.5);
});

it('turns a colour into the same colour with an opacity', () => {
  expect(translucent('#173A7D', 0.2)).toBe('rgba(23, 58, 125, 0.2)');
});
