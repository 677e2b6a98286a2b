// Makes names and texts of files, servers and users safe for a terminal, which would obey their
// control characters and show their lines as ours. Done once, at output: by the reporters and by
// the command line.

/**
 * Control characters, those that change the direction of the following text, and halves of
 * characters; a tab is harmless.
 */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;
const keptInText = new Set(['\n', '\t']);

/**
 * Makes control characters of a text of several lines visible, `\x1b` for an escape, and harmless.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) =>
    keptInText.has(character) ? character : escaped(character),
  );
}

/**
 * The same on one line of less than `most` UTF-16 units; the middle of a longer text is left out.
 */
export function oneLine(text: string, most = 1000): string {
  const line = text.replace(unprintable, (character) =>
    character === '\t' ? character : escaped(character),
  );
  if (line.length < most) return line;
  const end = Math.floor(most / 3);
  const [head, tail] = [line.slice(0, most - end - 4), line.slice(-end)];
  return `${head.replace(/[\ud800-\udbff]$/, '')} … ${tail.replace(/^[\udc00-\udfff]/, '')}`;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
