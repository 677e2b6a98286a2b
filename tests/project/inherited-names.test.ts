// What every object inherits is no entry of anything: a name that a user gives is looked up among
// what was put there.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { ownEntry } from '../../lib/base/own';
import { silentReporter } from '../../lib/base/progress';
import { sourceNamed } from '../../lib/data/sources/registry';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { arithmeticModel } from '../../lib/experiments/items/fig3/solve';
import { experimentNamed } from '../../lib/experiments/registry';
import { languageModel } from '../../lib/experiments/items/fig4/text-attention';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';
import { encodingStyle } from '../../lib/report/style';
import { toCsv, toHtml } from '../../lib/report/tables';
import { parseSeparators } from '../../lib/segment/separators';

describe.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])('%s', (name) => {
  it('is no entry unless it was put there', () => {
    expect(ownEntry<unknown>({}, name)).toBeUndefined();
    expect(ownEntry(Object.fromEntries([[name, 1]]), name)).toBe(1);
  });

  it('names no encoding, unless it is a variant', () => {
    expect(() => encodingNamed(name)).toThrow(UsageError);
    expect(() => encodingNamed(name, { mine: { kind: 'rope' } })).toThrow(`unknown encoding "${name}"`);
    expect(encodingNamed(name, Object.fromEntries([[name, { kind: 'rope' }]]))).toEqual({ kind: 'rope' });
    expect(() => createEncoding({ kind: name } as never)).toThrow(`unknown encoding "${name}"`);
    expect(encodingStyle(name).name).toBe(name);
  });

  it.each(['fig3', 'fig4', 'thm3.2-trained'])('is refused by %s before anything runs', async (item) => {
    const options = { preset: 'smoke', settings: { encodings: [name] }, reporter: silentReporter };
    await expect(experimentNamed(item).execute(options)).rejects.toThrow(`unknown encoding "${name}"`);
  });

  it('names no item, preset, source, tokenizer or separators', async () => {
    expect(() => experimentNamed(name)).toThrow(`unknown item "${name}"`);
    expect(() => sourceNamed(name)).toThrow(UsageError);
    expect(() => parseSeparators(name)).toThrow(UsageError);
    await expect(getTokenizer(name)).rejects.toThrow(`unknown tokenizer "${name}"`);
    await expect(arithmeticModel('rope', { preset: name })).rejects.toThrow(
      `unknown preset of fig3 "${name}"`,
    );
    await expect(languageModel('rope', { preset: name })).rejects.toThrow(`unknown preset of fig4 "${name}"`);
    await expect(experimentNamed('fig2').execute({ preset: name, reporter: silentReporter })).rejects.toThrow(
      `unknown preset of fig2 "${name}"`,
    );
  });

  it('is an empty cell in a table with such a column', () => {
    const table = { id: 'a', title: 'T', caption: '', columns: [{ key: name, label: 'L' }], rows: [{}] };
    expect(toCsv(table)).toBe(`${name}\r\n\r\n`);
    expect(toHtml(table)).toContain('>–</td>');
  });
});
