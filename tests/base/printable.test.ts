import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, printable } from '../../lib/base/printable';
import { terminalReporter } from '../../lib/base/progress';

const hostile = '\u001b]0;title\u0007 \u009b31m \u202egnp.exe \u2028 \ud83d \r\n end';

describe('a text on its way to a terminal', () => {
  it('shows control characters, marks of direction and halves of characters instead of sending them', () => {
    expect(oneLine(hostile)).toBe('\\x1b]0;title\\x07 \\x9b31m \\u202egnp.exe \\u2028 \\ud83d \\x0d\\n end');
    expect(printable('one\n\ttwo\u001b[0m')).toBe('one\n\ttwo\\x1b[0m');
  });

  it('is left as it is where nothing is in it for the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'ß', '一', '😀', '\t', '\\', ' ') }), (text) => {
        expect(oneLine(text, Infinity)).toBe(text);
        expect(printable(text)).toBe(text);
      }),
    );
  });

  it('is one short line of whole characters, whatever it was, and stays so', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000, size: 'max' }), (text) => {
        const line = oneLine(text);
        expect(line.length).toBeLessThan(1000);
        expect(line.replaceAll('\t', '')).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(oneLine(line)).toBe(line);
      }),
    );
    const long = oneLine(`file ${'😀'.repeat(200_000)}: not right; mend it`);
    expect(long.length).toBeLessThan(1000);
    expect(long).toMatch(/^file 😀+ … 😀+: not right; mend it$/u);
  });

  it('is so in every line of a reporter', () => {
    const written: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString());
        done();
      },
    });
    const reporter = terminalReporter(stream as unknown as NodeJS.WriteStream);
    reporter.note(hostile);
    const task = reporter.task(hostile, 2, 'tokens');
    task.update(0, hostile);
    task.update(1, hostile);
    task.finish('x'.repeat(400_000));
    expect(written).toHaveLength(4);
    for (const line of written) {
      expect(line.length).toBeLessThan(2500);
      expect(line).toMatch(/^[^\p{Cc}\p{Cs}\u202e\u2028]*\n$/u);
    }
  });
});
