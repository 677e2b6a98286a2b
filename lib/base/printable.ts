// Names and texts of files, servers and users, on their way to a terminal: it would obey their
// control characters, and show their lines as lines of ours. Done once, where text leaves: by the
// reporters and by the command line.

/**
 * All that a terminal obeys or that turns the direction of what follows, and halves of characters;
 * a tab does no harm.
 */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;
const keptInText = new Set(['\n', '\t']);

/**
 * Text of several lines whose control characters are seen, `\x1b` for an escape, and do nothing.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) =>
    keptInText.has(character) ? character : escaped(character),
  );
}

/**
 * The same on one line of less than `most` UTF-16 units; of a longer one the middle is left out.
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
