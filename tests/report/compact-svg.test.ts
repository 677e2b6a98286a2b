import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactSvg } from '../../lib/report/export/compact-svg';

const channel = fc.integer({ min: 0, max: 255 });

describe('a compact SVG', () => {
  it('has the colours and styles of the long one', () => {
    fc.assert(
      fc.property(channel, channel, channel, (r, g, b) => {
        const hex = `#${Buffer.from([r, g, b]).toString('hex')}`;
        expect(compactSvg(`<path style="fill: rgb(${r}, ${g}, ${b}); fill-opacity: 1;" d="M0,0"/>`)).toBe(
          `<path style="fill:${hex};fill-opacity:1" d="M0,0"/>`,
        );
      }),
    );
  });

  it('keeps translucent colours, fonts with their quotes, texts, and other attributes', () => {
    const svg =
      '<text data-unformatted="a: b; c" style="font-family: &quot;Open Sans&quot;, verdana; stroke: rgba(1, 2, 3, 0.5);">x: y; rgb(1, 2, 3)</text>';
    expect(compactSvg(svg)).toBe(
      '<text data-unformatted="a: b; c" style="font-family:&quot;Open Sans&quot;, verdana;stroke:rgba(1, 2, 3, 0.5)">x: y; rgb(1, 2, 3)</text>',
    );
  });

  it('has no empty styles', () => {
    expect(compactSvg('<svg style="" width="1"/>')).toBe('<svg width="1"/>');
  });
});
