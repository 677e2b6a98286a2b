// Text in figures: how wide it will be, where it breaks, and how plotly's small markup (<b>, <i>,
// <sub>, <sup>, <br>) is escaped or removed. Widths are estimates on the safe side: the fonts of
// the reader are not known.

const NARROW = /[iljtfrI.,:;!|'`()[\]{}/\\ ·-]/u;
const WIDE = /[mwMW@%&—…]/u;
const CAPITAL = /[\p{Lu}0-9_+=<>~#$*?]/u;
// Ideographs, syllabaries and symbols fill the whole em square.
const FULL = /[\u1100-\u11ff\u2e80-\uffef\u{10000}-\u{1ffff}]/u;

/**
 * An upper estimate of the width of `text` in px, from the letter widths of DejaVu Sans, the widest
 * usual sans.
 */
export function estimateWidth(text: string, fontSize: number, bold = false): number {
  let em = 0;
  for (const character of stripMarkup(text)) {
    if (FULL.test(character)) em += 1.02;
    else if (WIDE.test(character)) em += 0.98;
    else if (NARROW.test(character)) em += 0.4;
    else if (CAPITAL.test(character)) em += 0.7;
    else em += 0.62;
  }
  return em * fontSize * (bold ? 1.08 : 1);
}

/**
 * `text` broken at spaces into lines of at most `width` px; a word that is wider than a line is
 * cut.
 */
export function wrapText(text: string, width: number, fontSize: number, bold = false): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split(/<br\s*\/?>|\n/)) {
    let line = '';
    for (const word of paragraph.split(/ +/).flatMap((whole) => cutWord(whole, width, fontSize, bold))) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && estimateWidth(longer, fontSize, bold) > width) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    lines.push(line);
  }
  return lines;
}

function cutWord(word: string, width: number, fontSize: number, bold: boolean): string[] {
  // A word with markup is left whole: a cut inside a tag would show the tag.
  if (word.includes('<') || estimateWidth(word, fontSize, bold) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const [character] of word.matchAll(/&(?:lt|gt|amp);|./gsu)) {
    if (part !== '' && estimateWidth(part + character, fontSize, bold) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  parts.push(part);
  return parts;
}

/** Text from data as plotly shows it verbatim: `<`, `>` and `&` escaped. */
export function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

const markupOrBracket = /<(?:\/?(?:b|i|sub|sup|extra)|br\s*\/?)>|[<>]/g;

/**
 * Text for plotly in which the small markup alone is markup: other tags, such as links in names,
 * are seen and do nothing.
 */
export function onlySmallMarkup(text: string): string {
  return text.replace(markupOrBracket, (found) => (found.length === 1 ? escapeMarkup(found) : found));
}

/** A label without plotly's markup, for places that show plain text. */
export function stripMarkup(text: string): string {
  return text
    .replace(/<br\s*\/?>/g, ' ')
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

/**
 * Text inside an element of a notebook's HTML, where dollars and backslashes would begin
 * mathematics.
 */
export function escapeHtml(text: string): string {
  // A formula does not go on over an element.
  return escapeXml(text).replace(/[$\\]/g, '<span>$&</span>');
}

/**
 * Text inside XML or HTML, in an element or a quoted attribute; control characters that XML forbids
 * are dropped.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
