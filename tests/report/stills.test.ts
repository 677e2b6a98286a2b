import { describe, expect, it } from 'vitest';
import { findBrowser } from '../../lib/report/export/find-browser';
import { barTrace, lineTrace } from '../../lib/report/traces';
import { makeFigure } from '../../lib/report/figure';
import { stillFigure, stillPage } from '../../lib/report/export/stills';
import { encodingStyle } from '../../lib/report/style';
import { sampleFigure } from './samples';

const idsOf = (svg: string): string[] => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? '');

describe.skipIf(findBrowser() === undefined)('a still picture', { timeout: 120_000 }, () => {
  it('of figures drawn at once: SVG that runs nothing, whose parts refer to parts of the same figure', async () => {
    const svgs = await Promise.all(['', ' more'].map((words) => stillFigure(sampleFigure(words))));
    for (const svg of svgs) {
      expect(svg).toMatch(/^<svg [^>]*viewBox/);
      // As wide as its place, in its own proportions.
      const [head = ''] = /^<svg[^>]*>/.exec(svg) ?? [];
      expect(head.match(/ (?:width|height)="[^"]*"/g)).toEqual([' width="100%"']);
      expect(head.replace(/ [\w:]+="[^"]*"/g, '')).toBe('<svg>');
      expect(svg).toContain('Perplexity beyond the training length');
      expect(svg).not.toMatch(/<script|<foreignObject| on[a-z]+="/i);
      const ids = new Set(idsOf(svg));
      const used = [...svg.matchAll(/url\(#([^)]+)\)| href="#([^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
      expect(used.length).toBeGreaterThan(0);
      expect(used.filter((id) => !ids.has(id))).toEqual([]);
    }
    const [first = [], second = []] = svgs.map(idsOf);
    expect(first.filter((id) => second.includes(id))).toEqual([]);
  });

  it('of a figure with very many points is as large as a picture, not as its points', async () => {
    const values = Array.from({ length: 8_000 }, (_, index) => Math.sin(index * index));
    const svg = await stillFigure(
      makeFigure({
        id: 'dense',
        title: 'Dense',
        caption: 'Noise.',
        alt: 'Noise.',
        data: [{ type: 'scatter', mode: 'markers', x: values.map((_, index) => index), y: values }],
      }),
    );
    expect(svg.length).toBeLessThan(1_500_000);
    expect(svg).toContain('<image ');
    expect(svg).toMatch(/<title[^>]*>Dense<\/title>/);
  });

  it('has no link where names, titles and labels are written as links', async () => {
    const link = '<a href="http://127.0.0.1:9/x">';
    const figure = makeFigure({
      id: 'link',
      title: `Title ${link}`,
      subtitle: link,
      caption: link,
      alt: link,
      panels: [{ title: link, x: { title: link, ticktext: [link], tickvals: [1] }, y: { title: link } }],
      data: [
        lineTrace({ x: [1, 2], y: [1, 2], style: encodingStyle(`${link}name</a>`), markers: true }),
        barTrace({ x: [link, 'b'], y: [1, 2], style: encodingStyle(link) }),
      ],
      layout: { annotations: [{ text: link, x: 1, y: 1 }] },
    });
    const svg = await stillFigure(figure);
    expect(svg).not.toMatch(/<a[ >]|<[^>]* href="http/);
    expect(svg).toContain('127.0.0.1');
  });

  it('of a page has its size', async () => {
    const png = Buffer.from(await stillPage('<!doctype html><p>text</p>', 320, 200));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([320, 200]);
  });
});
