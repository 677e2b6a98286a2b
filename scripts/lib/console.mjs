// The set-up's output: one line for each step, rewritten in place on a terminal, sparse lines in a
// log.
import { styleText } from 'node:util';

/** Ends the program with one line. */
export function fail(message, exitCode = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

/** Prints a warning, yellow on a terminal. */
export function warn(line) {
  stream.write(`${styleText('yellow', line, { stream })}\n`);
}

const stream = process.stderr;
const secondsBetweenLogLines = 15;

/** The line of a step: `update` while it runs, then exactly one of `done`, `warn` or `fail`. */
export function stepLine(title) {
  const started = Date.now();
  let lastLine = started;
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const end = (mark, text) => {
    if (stream.isTTY) stream.write('\r\x1b[2K');
    stream.write(`${mark} ${title}: ${text}\n`);
  };
  if (!stream.isTTY) stream.write(`  ${title} ...\n`);
  return {
    update(text) {
      if (stream.isTTY) {
        const line = `  ${title}: ${text} (${seconds()})`;
        stream.write(
          `\r\x1b[2K${Array.from(line)
            .slice(0, (stream.columns ?? 100) - 1)
            .join('')}`,
        );
      } else if (Date.now() - lastLine > secondsBetweenLogLines * 1000) {
        lastLine = Date.now();
        stream.write(`  ${title}: ${text} (${seconds()})\n`);
      }
    },
    done: (text) => end('✓', `${text} (${seconds()})`),
    warn: (text) => end('!', text),
    fail: (text) => end('✗', text),
  };
}
