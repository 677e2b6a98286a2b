import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { bipe, temporaryFolder } from '../support/command';

describe('bipe segment', () => {
  it('prints place in segment and segment index as JSON', () => {
    const { exitCode, stdout } = bipe([
      'segment',
      '--ids',
      '5,869,7,13,13,9',
      '--separators',
      'released',
      '--json',
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ intra: [0, 1, 0, 1, 0, 0], segment: [0, 0, 1, 1, 2, 3] });
  });

  it('takes separators as ids and clamps to the rows of the table', () => {
    const { stdout } = bipe([
      'segment',
      '--ids',
      '1,2,3,7,4',
      '--separators',
      '7',
      '--intra-size',
      '3',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toEqual({ intra: [0, 1, 2, 2, 0], segment: [0, 0, 0, 0, 1] });
  });

  it('segments nothing where there is nothing', () => {
    expect(JSON.parse(bipe(['segment', '--ids', '', '--json']).stdout)).toEqual({ intra: [], segment: [] });
  });

  it('reads a text, with a byte-order mark or without', () => {
    const file = join(temporaryFolder(), 'text.txt');
    writeFileSync(file, '\uFEFFUp. Down.');
    const { stdout } = bipe(['segment', '--text-file', file, '--tokenizer', 'bytes', '--json']);
    const { ids, segment } = JSON.parse(stdout) as { ids: number[]; segment: number[] };
    expect(Buffer.from(ids).toString()).toBe('Up. Down.');
    expect(segment).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });
});

describe('bipe tokenize', () => {
  it('prints the Llama-2 ids of a text', () => {
    const file = join(temporaryFolder(), 'text.txt');
    writeFileSync(file, 'Hello world');
    expect(bipe(['tokenize', '--text-file', file]).stdout).toBe('15043,3186\n');
    expect(JSON.parse(bipe(['tokenize', '--text-file', file, '--begin-of-text', '--json']).stdout)).toEqual({
      tokenizer: 'llama2',
      ids: [1, 15043, 3186],
    });
  });
});

describe('what is asked for wrongly', () => {
  const cases: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['ids that are not integers', ['segment', '--ids', '5,x,7'], /item 2, 'x'.*integers/],
    ['fractions', ['segment', '--ids', '1.5'], /'1\.5'.*integers/],
    ['negative ids', ['segment', '--ids=-4'], /'-4'.*integers/],
    ['an empty id', ['segment', '--ids', '1,,2'], /item 2, ''/],
    ['no input', ['segment'], /--ids or --text-file/],
    ['two inputs', ['segment', '--ids', '1', '--text-file', 'LICENSE'], /--ids or --text-file/],
    ['a missing file', ['segment', '--text-file', 'missing.txt'], /missing\.txt: no such file/],
    ['a folder', ['tokenize', '--text-file', 'lib'], /lib: is a folder/],
    ['an unknown separator name', ['segment', '--ids', '1', '--separators', 'papr'], /did you mean paper/],
    [
      'an unknown tokenizer',
      ['tokenize', '--text-file', 'LICENSE', '--tokenizer', 'llama3'],
      /did you mean llama2/,
    ],
    ['rows that are no number', ['segment', '--ids', '1', '--intra-size', 'x'], /--intra-size: 'x'/],
    [
      'no row',
      ['segment', '--ids', '1', '--intra-size', '0'],
      /--intra-size: '0' is not a whole number from 1; give e\.g\. --intra-size 1024/,
    ],
    [
      'a port that no machine has',
      ['serve', '--port', '65536'],
      /'65536' is not a whole number from 1 to 65535/,
    ],
    ['an unknown command', ['sgment'], /unknown command 'sgment'.*segment/],
    ['an item for a command', ['fig4'], /unknown command 'fig4'.*npm run -s bipe -- reproduce fig4$/m],
    ['nearly an item', ['table_scrolls'], /npm run -s bipe -- reproduce table-scrolls$/m],
    ['an unknown option', ['segment', '--idz', '1'], /unknown option '--idz'/],
    ['an unknown item', ['reproduce', 'fig9'], /unknown item "fig9"/],
    [
      'an unknown preset',
      ['reproduce', 'fig2', '--preset', 'huge'],
      /unknown preset of fig2 "huge"; known: smoke, quick/,
    ],
    [
      'an unknown setting',
      ['reproduce', 'fig2', '--set', 'txt=Up.'],
      /unknown field 'txt'; did you mean text\? known are text/,
    ],
    ['a setting of the wrong kind', ['reproduce', 'fig1', '--set', 'maxTokens=many'], /maxTokens: .*number/],
    [
      'a setting without a value',
      ['reproduce', 'fig1', '--set', 'maxTokens'],
      /'maxTokens' is not field=value/,
    ],
    [
      'a text too long for the schematic',
      ['reproduce', 'fig2', '--set', `text=${'so '.repeat(60)}`],
      /shorten it/,
    ],
    [
      'an encoding that does not exist, in a list',
      ['reproduce', 'fig3', '--set', 'encodings=rope,ropp'],
      /unknown encoding "ropp"; did you mean rope/,
    ],
    ['a modulus that is no prime', ['reproduce', 'fig3', '--set', 'modulus=6'], /modulus 6: must be a prime/],
    [
      'a width that four heads do not divide, alone where a list may stand',
      ['reproduce', 'fig3', '--set', 'hiddenSizes=20'],
      /hiddenSizes\[0\]: must be a multiple of 8/,
    ],
    ['an unknown dataset', ['data', 'prepare', 'moby'], /unknown dataset "moby"/],
    [
      'a variant whose name figures would take for markup',
      ['reproduce', 'fig3', '--set', 'variants={"<b>x</b>":{"kind":"rope"}}'],
      /^fig3 settings: variants\.<b>x<\/b>: the name of a variant .* has no <, > or &/,
    ],
    [
      'an encoding with a name that every object has',
      ['reproduce', 'fig3', '--set', 'encodings=constructor'],
      /^unknown encoding "constructor"/,
    ],
    [
      'a name of what a terminal obeys, of lines, and too long for one',
      ['data', 'prepare', `a\u001b]0;x\u0007\nb${'x'.repeat(100_000)}`],
      /^unknown dataset "a\\x1b\]0;x\\x07\\nbx{500,} … .{300,350}$/,
    ],
  ];

  it.each(cases)('is refused in one line with exit code 2: %s', (_what, args, says) => {
    const out = join(temporaryFolder(), 'out');
    const { exitCode, stdout, stderr } = bipe(args[0] === 'reproduce' ? [...args, '--out', out] : args);
    // `reproduce` first names the item it works on.
    const lines = stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('Figure '));
    expect({ exitCode, stdout, lines: lines.length }).toEqual({ exitCode: 2, stdout: '', lines: 1 });
    expect(lines[0]).toMatch(says);
    expect(existsSync(out)).toBe(false);
  });

  it('is refused for a file that is not UTF-8, with the place of the first bad byte', () => {
    const file = join(temporaryFolder(), 'latin1.txt');
    writeFileSync(file, Buffer.from('caf\xe9 society', 'latin1'));
    const { exitCode, stdout, stderr } = bipe(['segment', '--text-file', file]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/not UTF-8 text \(byte 3\).*iconv/);
  });
});

describe('bipe list', () => {
  it('names items whose notebooks exist', () => {
    const all = JSON.parse(bipe(['list', '--json']).stdout) as {
      kind: string;
      id: string;
      notebook: string;
    }[];
    const items = all.filter(({ kind }) => kind === 'item');
    expect(items.map((item) => item.id)).toContain('fig1');
    for (const { notebook } of items) expect(existsSync(projectPath(notebook)), notebook).toBe(true);
  });
});

describe('bipe list', () => {
  it('shows of each statement of the paper what is listed, shown, open and checked', () => {
    const { stdout } = bipe(['list']);
    for (const name of ['Definition: Bi-NFA', 'Theorem 3.1 (1.6)', 'Theorem 3.2 (1.7)', 'Lemma 1.5'])
      expect(stdout).toContain(name);
    expect(stdout).toMatch(
      /Lemma 1\.4 +listed +an MLP multiplies matrices\n +here +proved: .*\n +open +.*\n +checks +lemma1\.4, (not run|checked|failed).*; notebooks\/lemmas\.ipynb/,
    );
    const all = JSON.parse(bipe(['list', '--json']).stdout) as { kind: string; status?: string }[];
    const statements = all.filter(({ kind }) => kind === 'statement');
    expect(statements).toHaveLength(8);
    for (const { status } of statements) expect(status).toMatch(/^(not run|checked|failed|undecided)$/);
  });

  it('shows the figures and tables of the paper with the items that stand for them', () => {
    expect(bipe(['list']).stdout).toMatch(/Figure 2 +schematic of the encoding +fig2 +.* +(not run|run \()/);
    const all = JSON.parse(bipe(['list', '--json']).stdout) as { kind: string; of?: string }[];
    const contents = all.filter(({ kind }) => kind === 'content');
    const count = (kind: string): number => contents.filter(({ of }) => of === kind).length;
    expect([count('figure'), count('table')]).toEqual([9, 8]);
  });
});

describe('bipe reproduce', () => {
  it('writes where git looks away unless it is told otherwise', () => {
    expect(bipe(['reproduce', '--help']).stdout).toMatch(/default\s+figures\/local\/<preset>/);
    const ignored = spawnSync('git', ['check-ignore', 'figures/local/quick/fig1.json'], {
      cwd: projectPath(),
      encoding: 'utf8',
    });
    // Without git, or a history, nobody is asked.
    if (ignored.status === 0 || ignored.status === 1)
      expect(ignored.stdout).toBe('figures/local/quick/fig1.json\n');
  });

  it('says before it computes that it cannot write there', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { exitCode, stderr } = bipe(['reproduce', 'fig1', '--preset', 'smoke', '--out', join(file, 'x')]);
    expect(exitCode).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^Figure 1/),
      expect.stringMatching(/file\/x: a file stands where a folder should be; choose another name$/),
    ]);
  });

  it(
    'writes figures and tables with their numbers and provenance, and reuses the run',
    { timeout: 120_000 },
    () => {
      const out = temporaryFolder();
      const run = (): { item: string; reused: boolean; findings: { holds: boolean }[] }[] =>
        JSON.parse(
          bipe(['reproduce', 'fig1', 'fig2', '--preset', 'smoke', '--out', out, '--json']).stdout,
        ) as never;
      expect(run().map((summary) => summary.item)).toEqual(['fig1', 'fig2']);
      expect(run().map((summary) => summary.reused)).toEqual([true, true]);
      const files = readdirSync(out);
      expect(files).toEqual(
        expect.arrayContaining(['fig1.json', 'fig1-summary.csv', 'fig1-summary.tex', 'fig2.json']),
      );
      const { provenance, numbers } = JSON.parse(readFileSync(join(out, 'fig1.json'), 'utf8')) as {
        provenance: {
          item: string;
          preset: string;
          scale: string;
          data: { name: string; checksum: string }[];
        };
        numbers: { findings: unknown[] };
      };
      expect(provenance).toMatchObject({ item: 'fig1', preset: 'smoke', data: [{ name: 'moby-dick' }] });
      expect(provenance.scale).toContain('the paper measured PG-19');
      expect(provenance.data[0]?.checksum).toMatch(/^[0-9a-f]{64}$/);
      expect(numbers.findings.length).toBeGreaterThan(0);
    },
  );
});

describe('--help', () => {
  it.each([
    ['list'],
    ['reproduce'],
    ['doctor'],
    ['segment'],
    ['tokenize'],
    ['data', 'prepare'],
    ['data', 'tokens'],
    ['data', 'verify'],
  ])('has an example: %s %s', (...command) => {
    const { exitCode, stdout } = bipe([...command, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}npm run -s bipe -- /);
  });
});
