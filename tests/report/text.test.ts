import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  escapeHtml,
  escapeMarkup,
  escapeXml,
  estimateWidth,
  onlySmallMarkup,
  stripMarkup,
  wrapText,
} from '../../lib/report/text';

describe('wrapText', () => {
  const words = fc.array(fc.stringMatching(/^[A-Za-z0-9.,é中—-]{1,24}$/), { minLength: 1, maxLength: 30 });

  it('keeps every character in order, and no line wider than the room', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 60, max: 600 }), (list, room) => {
        const lines = wrapText(list.join(' '), room, 14);
        expect(lines.join('').replaceAll(' ', '')).toBe(list.join(''));
        for (const line of lines) expect(estimateWidth(line, 14)).toBeLessThanOrEqual(room);
      }),
    );
  });

  it('fills a line before it begins another', () => {
    expect(wrapText('one two three', 1000, 14)).toEqual(['one two three']);
  });

  it('breaks where the text says so', () => {
    expect(wrapText('one<br>two\nthree', 1000, 14)).toEqual(['one', 'two', 'three']);
  });

  it('leaves markup whole and does not count its width', () => {
    expect(wrapText('<b>a</b>bbbbbbbbbb <i>c</i>', 100, 14)).toEqual(['<b>a</b>bbbbbbbbbb', '<i>c</i>']);
  });
});

describe('markup', () => {
  it('is shown verbatim once escaped', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(stripMarkup(escapeMarkup(text))).toBe(text);
      }),
    );
  });

  it('is removed for plain text', () => {
    expect(stripMarkup('<b>PG<sub>19</sub></b><br>x &lt; 3')).toBe('PG19 x < 3');
  });
});

it('drops from XML the characters that XML forbids and keeps the others', () => {
  expect(escapeXml('a\u0000b\u0008<&">\ud800 é 𝛼')).toBe('ab&lt;&amp;&quot;&gt; é 𝛼');
});

describe('text that others have written', () => {
  it('has the small markup alone as markup in a figure', () => {
    expect(onlySmallMarkup('<b>a</b> x<sup>2</sup><br>b < c > d <i>e</i><extra></extra>')).toBe(
      '<b>a</b> x<sup>2</sup><br>b &lt; c &gt; d <i>e</i><extra></extra>',
    );
    expect(onlySmallMarkup('<a href="http://127.0.0.1:9/x">y</a><b style="x">')).toBe(
      '&lt;a href="http://127.0.0.1:9/x"&gt;y&lt;/a&gt;&lt;b style="x"&gt;',
    );
    expect(onlySmallMarkup('<<>> <<b>> & 3 < 4')).toBe('&lt;&lt;&gt;&gt; &lt;<b>&gt; & 3 &lt; 4');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', 'a', 'b', '/', ' ', '&', '"') }), (text) => {
        const tags = onlySmallMarkup(text).match(/<[^<>]*>/g) ?? [];
        expect(tags.filter((tag) => !/^<\/?b>$/.test(tag))).toEqual([]);
        expect(stripMarkup(onlySmallMarkup(text)).length).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('is no mathematics in HTML: nothing that begins a formula has its end in the same element', () => {
    expect(escapeHtml('cost $5$ or \\(x\\) & <b>')).toBe(
      'cost <span>$</span>5<span>$</span> or <span>\\</span>(x<span>\\</span>) &amp; &lt;b&gt;',
    );
  });

  it('is cut into lines between its characters, not inside of one that is escaped', () => {
    const lines = wrapText('&lt;'.repeat(50), 100, 14);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^(&lt;)+$/);
  });
});
