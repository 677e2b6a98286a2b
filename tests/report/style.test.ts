import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { encodingNames } from '../../lib/positional/registry';
import {
  constructionStyles,
  encodingStyle,
  encodingStyles,
  furtherEncodingStyles,
  heatColor,
  heatScale,
  ink,
  inkOn,
  levelStyles,
  modalityStyles,
  orderedStyles,
  rampColor,
  scaleColor,
  scalingStyles,
  screenWidth,
  separatorStyles,
  tintedHeatColor,
  tintedHeatScale,
  translucent,
  type SeriesStyle,
} from '../../lib/report/style';
import { contrast, distance, inverted, lightness, visions } from './colour-vision';

/**
 * The style sheet of the workbench's JupyterLab, which turns what is drawn for white paper into a
 * dark theme's.
 */
const sheet = readFileSync(projectPath('scripts', 'lib', 'jupyterlab.css'), 'utf8');
const share = Number(/filter: invert\(([\d.]+)\) hue-rotate\(180deg\);/.exec(sheet)?.[1]);
const asDrawn = (color: string): string => color;
const inDarkTheme = (color: string): string => inverted(color, share);
const themes = [
  ['on white paper', asDrawn],
  ['in a dark theme', inDarkTheme],
] as const;

const families: Record<string, readonly SeriesStyle[]> = {
  encodings: Object.values(encodingStyles),
  'further encodings': Object.values(furtherEncodingStyles),
  modalities: Object.values(modalityStyles),
  separators: Object.values(separatorStyles),
  levels: Object.values(levelStyles),
  constructions: Object.values(constructionStyles),
  'scaled RoPE': Object.values(scalingStyles),
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

  it.each(themes)('stand out %s by 3:1', (_theme, seen) => {
    for (const { color, name } of styles)
      expect(contrast(seen(color), seen(ink.paper)), name).toBeGreaterThanOrEqual(3);
  });

  it.each(visions)('differ in colour for %s vision', (vision) => {
    for (const [first, second] of pairs) {
      const names = `${first.name} and ${second.name}`;
      expect(distance(first.color, second.color, vision), names).toBeGreaterThan(0.085);
      // Fewer bright colours can be told apart than dark ones; dash and marker are the same in both
      // themes.
      expect(distance(inDarkTheme(first.color), inDarkTheme(second.color), vision), names).toBeGreaterThan(
        0.03,
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
    for (const part of ['name', 'symbol', 'color', 'dash', 'pattern'] as const)
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

  it.each(themes)('stand out %s by 3:1', (_theme, seen) => {
    for (const { color, name } of orderedStyles(['a', 'b', 'c', 'd', 'e', 'f', 'g']))
      expect(contrast(seen(color), seen(ink.paper)), name).toBeGreaterThanOrEqual(3);
  });

  it.each(visions)('differ in colour for %s vision, four of them', (vision) => {
    const colors = orderedStyles(['a', 'b', 'c', 'd']).map(({ color }) => color);
    colors.slice(1).forEach((color, index) => {
      const other = colors[index] ?? '';
      expect(distance(color, other, vision)).toBeGreaterThan(0.085);
      expect(distance(inDarkTheme(color), inDarkTheme(other), vision)).toBeGreaterThan(0.03);
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

describe('the texts of a map’s cells', () => {
  const places = Array.from({ length: 101 }, (_, index) => index / 100);

  it.each(themes)('stand out %s by 3:1 on every colour of the scales', (_theme, seen) => {
    for (const place of places)
      for (const color of [heatColor(place), tintedHeatColor(place)])
        expect(contrast(seen(inkOn(color)), seen(color)), color).toBeGreaterThanOrEqual(3);
  });

  it('are judged by the colour that the scale has there', () => {
    for (const place of [...places, -1, 2]) {
      expect(scaleColor(heatScale, place)).toBe(heatColor(place));
      expect(scaleColor(tintedHeatScale, place)).toBe(tintedHeatColor(place));
    }
    const uneven = [
      [0, '#000000'],
      [0.2, '#FFFFFF'],
      [1, '#FF0000'],
    ] as const;
    expect([0, 0.1, 0.2, 0.6, 1].map((place) => scaleColor(uneven, place))).toEqual([
      '#000000',
      '#808080',
      '#FFFFFF',
      '#FF8080',
      '#FF0000',
    ]);
  });
});

it.each(themes)('draws encodings of one’s own so that they stand out %s by 3:1', (_theme, seen) => {
  const own = ['one', 'two', 'three', 'four'];
  for (const { color, name } of own.map((name) => encodingStyle(name, own)))
    expect(contrast(seen(color), seen(ink.paper)), name).toBeGreaterThanOrEqual(3);
});

it.each(themes)('writes texts that stand out %s, and lines that are seen', (_theme, seen) => {
  const from = (color: string): number => contrast(seen(color), seen(ink.paper));
  expect(from(ink.text)).toBeGreaterThan(7);
  expect(from(ink.muted)).toBeGreaterThan(4.5);
  expect(from(ink.axis)).toBeGreaterThan(3);
  expect(from(ink.grid)).toBeGreaterThan(1.2);
});

it('turns paper into a dark grey, and black ink into a light one', () => {
  expect([inDarkTheme(ink.paper), inDarkTheme('#000000')]).toEqual(['#262626', '#d9d9d9']);
});

it('treats exported figures in texts as those that a cell has drawn', () => {
  const image = ".jp-RenderedMarkdown img[src*='/figures/']";
  const rules = sheet.split('}').filter((rule) => rule.includes(image));
  expect(rules.map((rule) => /(max-width|filter):/.exec(rule)?.[1])).toEqual(['max-width', 'filter']);
});

it('lets a figure on a screen be as wide as it is laid out for', () => {
  expect(sheet).toContain(`max-width: ${screenWidth.most}px;`);
});

it('turns a colour into the same colour with an opacity', () => {
  expect(translucent('#173A7D', 0.2)).toBe('rgba(23, 58, 125, 0.2)');
});
