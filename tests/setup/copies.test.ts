// The reader's copies of the project's notebooks: what a start does to them, whatever the reader
// and the project did before.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { recordName, updateCopies } from '../../scripts/lib/copies.mjs';
import { temporaryFolder } from '../support/command';
import { notebookOf } from '../support/notebook';

/** What the file system does: so many steps until the process is killed; and links, or none. */
const power = vi.hoisted(() => ({ steps: Infinity, links: true }));

vi.mock('node:fs', async (importOriginal) => {
  const fs: Record<string, (...args: readonly unknown[]) => unknown> = { ...(await importOriginal()) };
  for (const name of ['linkSync', 'mkdirSync', 'renameSync', 'rmSync', 'unlinkSync', 'writeFileSync']) {
    const change = fs[name];
    fs[name] = (...args) => {
      if (power.steps <= 0) throw new Error('the process is gone');
      if (name === 'linkSync' && !power.links) throw new Error('no links here');
      power.steps -= 1;
      return change?.(...args);
    };
  }
  return fs;
});

const today = new Date(2026, 10, 30);
const yours = 'fig4 (yours, 2026-11-30).ipynb';

/** A project and a reader's folder, and what happens to them. */
class Place {
  readonly originals: string;
  readonly copies: string;

  constructor(readonly root: string) {
    this.originals = join(root, 'notebooks');
    this.copies = join(root, 'work');
    mkdirSync(this.originals);
  }

  publish(name: string, content: string): void {
    mkdirSync(dirname(join(this.originals, name)), { recursive: true });
    writeFileSync(join(this.originals, name), content);
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(join(this.copies, name)), { recursive: true });
    writeFileSync(join(this.copies, name), content);
  }

  start(): ReturnType<typeof updateCopies> {
    return updateCopies(this.originals, this.copies, today);
  }

  /**
   * Content by path, without what is ours: the record, and what a start that was cut off did not
   * finish.
   */
  files(): Record<string, string> {
    const names = existsSync(this.copies) ? filesIn(this.copies) : [];
    const seen = names.filter((name) => ![recordName, '.unfinished'].includes(name));
    return Object.fromEntries(seen.map((name) => [name, readFileSync(join(this.copies, name), 'utf8')]));
  }
}

/** Files by path, with `/`. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

describe('a start', () => {
  let place: Place;

  beforeEach(() => {
    place = new Place(temporaryFolder());
    place.publish('fig4.ipynb', 'original');
  });

  it('copies the notebooks, and no other files', () => {
    place.publish('fig1.ipynb', 'another');
    place.publish('helper.ts', 'no notebook');
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({ 'fig1.ipynb': 'another', 'fig4.ipynb': 'original' });
  });

  it('copies the notebooks of folders, but no hidden ones, no packages, and no folder without a notebook', () => {
    place.publish('class/a_positions.ipynb', 'a lesson');
    place.publish('class/more/deep.ipynb', 'a deep one');
    for (const folder of ['.ipynb_checkpoints', 'class/.ipynb_checkpoints', 'node_modules/package'])
      place.publish(`${folder}/other.ipynb`, 'not for readers');
    place.publish('data/table.csv', 'no notebook');
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({
      'class/a_positions.ipynb': 'a lesson',
      'class/more/deep.ipynb': 'a deep one',
      'fig4.ipynb': 'original',
    });
    expect(existsSync(join(place.copies, 'data'))).toBe(false);
  });

  it('keeps in a folder what the reader did there, beside the new version', () => {
    place.publish('class/fig4.ipynb', 'a lesson');
    place.start();
    place.write('class/fig4.ipynb', 'edited');
    place.write('class/mine.ipynb', 'mine');
    place.publish('class/fig4.ipynb', 'second version');
    expect(place.start()).toEqual([{ name: 'class/fig4.ipynb', keptAs: `class/${yours}` }]);
    expect(place.files()).toEqual({
      'class/fig4.ipynb': 'second version',
      [`class/${yours}`]: 'edited',
      'class/mine.ipynb': 'mine',
      'fig4.ipynb': 'original',
    });
    expect(place.start()).toEqual([]);
  });

  it.each(['file', 'link', 'broken link'])('keeps a %s that has the name of a folder', (what) => {
    place.publish('class/deep/a.ipynb', 'a lesson');
    place.write('elsewhere/a.ipynb', 'mine');
    const path = join(place.copies, 'class');
    if (what === 'file') writeFileSync(path, 'mine');
    else symlinkSync(what === 'link' ? 'elsewhere' : 'nowhere', path);
    expect(place.start()).toEqual([{ name: 'class', keptAs: 'class (yours, 2026-11-30)' }]);
    expect(place.files()).toMatchObject({
      'class/deep/a.ipynb': 'a lesson',
      'elsewhere/a.ipynb': 'mine',
      ...(what === 'file' && { 'class (yours, 2026-11-30)': 'mine' }),
    });
    expect(existsSync(join(place.copies, 'elsewhere', 'deep'))).toBe(false);
    expect(lstatSync(join(place.copies, 'class (yours, 2026-11-30)')).isSymbolicLink()).toBe(what !== 'file');
    expect(place.start()).toEqual([]);
  });

  it('leaves what the reader did while the original is as it was', () => {
    place.start();
    place.write('fig4.ipynb', 'edited');
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({ 'fig4.ipynb': 'edited' });
  });

  it('makes a copy again that is missing', () => {
    place.start();
    rmSync(join(place.copies, 'fig4.ipynb'));
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({ 'fig4.ipynb': 'original' });
  });

  it('replaces a copy that nobody touched by the new version', () => {
    place.start();
    place.publish('fig4.ipynb', 'second version');
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({ 'fig4.ipynb': 'second version' });
  });

  it('keeps what the reader did beside the new version, and says so', () => {
    place.start();
    place.write('fig4.ipynb', 'edited');
    place.publish('fig4.ipynb', 'second version');
    expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
    expect(place.files()).toEqual({ [yours]: 'edited', 'fig4.ipynb': 'second version' });
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({ [yours]: 'edited', 'fig4.ipynb': 'second version' });
  });

  it('takes another name where the one for what is kept is taken, be it by a link to nowhere', () => {
    place.start();
    for (const version of ['second', 'third', 'fourth']) {
      place.write('fig4.ipynb', `edited before the ${version}`);
      place.publish('fig4.ipynb', version);
      if (version === 'fourth')
        symlinkSync('nowhere', join(place.copies, 'fig4 (yours, 2026-11-30, 3).ipynb'));
      place.start();
    }
    rmSync(join(place.copies, 'fig4 (yours, 2026-11-30, 3).ipynb'));
    expect(place.files()).toEqual({
      'fig4.ipynb': 'fourth',
      [yours]: 'edited before the second',
      'fig4 (yours, 2026-11-30, 2).ipynb': 'edited before the third',
      'fig4 (yours, 2026-11-30, 4).ipynb': 'edited before the fourth',
    });
  });

  it('touches no notebook of another name, and none whose original is gone', () => {
    place.publish('fig5.ipynb', 'deleted later');
    place.start();
    place.write('mine.ipynb', 'mine');
    rmSync(join(place.originals, 'fig5.ipynb'));
    expect(place.start()).toEqual([]);
    expect(place.files()).toEqual({
      'fig4.ipynb': 'original',
      'fig5.ipynb': 'deleted later',
      'mine.ipynb': 'mine',
    });
  });

  it('keeps a notebook of the reader that the project now has by the same name', () => {
    place.start();
    place.write('fig5.ipynb', 'mine');
    place.publish('fig5.ipynb', "the project's");
    expect(place.start()).toEqual([{ name: 'fig5.ipynb', keptAs: 'fig5 (yours, 2026-11-30).ipynb' }]);
    expect(place.files()).toMatchObject({
      'fig5.ipynb': "the project's",
      'fig5 (yours, 2026-11-30).ipynb': 'mine',
    });
  });

  it('does the same on a file system without links', () => {
    power.links = false;
    onTestFinished(() => {
      power.links = true;
    });
    place.start();
    place.write('fig4.ipynb', 'edited');
    place.publish('fig4.ipynb', 'second version');
    expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
    expect(place.files()).toEqual({ [yours]: 'edited', 'fig4.ipynb': 'second version' });
  });

  it.each(['', '{"fig4.ipynb": ', 'null', '[]', '"text"', '{"fig4.ipynb": 4, "__proto__": {}}', undefined])(
    'keeps every copy that differs where the record is %j',
    (damaged) => {
      place.publish('fig1.ipynb', 'same');
      place.start();
      place.write('fig4.ipynb', 'edited');
      if (damaged === undefined) rmSync(join(place.copies, recordName));
      else place.write(recordName, damaged);
      expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
      expect(place.files()).toEqual({ [yours]: 'edited', 'fig4.ipynb': 'original', 'fig1.ipynb': 'same' });
      place.publish('fig4.ipynb', 'second version');
      expect(place.start()).toEqual([]);
    },
  );

  it.each([
    ['a folder', undefined],
    ['a link to nowhere', 'nowhere'],
  ])('keeps %s that has the name of a copy', (_what, target) => {
    const path = join(place.copies, 'fig4.ipynb');
    mkdirSync(place.copies);
    if (target === undefined) mkdirSync(path);
    else symlinkSync(target, path);
    expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
    expect(lstatSync(join(place.copies, yours)).isFile()).toBe(false);
    expect(readFileSync(join(place.copies, 'fig4.ipynb'), 'utf8')).toBe('original');
  });
});

type Step =
  | { readonly does: 'edit' | 'publish'; readonly name: string; readonly text: number }
  | { readonly does: 'delete' | 'withdraw'; readonly name: string }
  | { readonly does: 'damage' | 'start' }
  | { readonly does: 'cut off'; readonly after: number };

const notebookName = fc.constantFrom('a.ipynb', 'class/a.ipynb', 'class/deep/b.ipynb');
/** Few texts, so that readers and projects come back to what was there before. */
const text = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constantFrom('edit' as const, 'publish' as const), name: notebookName, text }),
  fc.record({ does: fc.constantFrom('delete' as const, 'withdraw' as const), name: notebookName }),
  { arbitrary: fc.record({ does: fc.constantFrom('start' as const, 'damage' as const) }), weight: 2 },
  fc.record({ does: fc.constant('cut off' as const), after: fc.nat(12) }),
);

describe('starts, edits and pulls in any order', () => {
  it('lose nothing that the reader wrote, also where starts are cut off', () => {
    const root = temporaryFolder();
    let count = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        count += 1;
        mkdirSync(join(root, String(count)));
        const reader = new Reader(new Place(join(root, String(count))));
        for (const one of steps) reader.take(one);
        reader.start();
        const files = reader.place.files();
        expect(Object.keys(files)).toEqual(expect.arrayContaining(filesIn(reader.place.originals)));
        expect(reader.place.start()).toEqual([]);
        expect(reader.place.files()).toEqual(files);
      }),
      { numRuns: 300 },
    );
  });
});

/** Somebody who works, pulls and starts, and looks after each start what it did. */
class Reader {
  /** The originals when a start last ended well, as far as the record knows it. */
  private seen = new Map<string, string>();

  constructor(readonly place: Place) {}

  take(step: Step): void {
    const { place } = this;
    if (step.does === 'edit') place.write(step.name, `the reader's ${step.text}`);
    else if (step.does === 'publish') place.publish(step.name, `the project's ${step.text}`);
    else if (step.does === 'delete') rmSync(join(place.copies, step.name), { force: true });
    else if (step.does === 'withdraw') rmSync(join(place.originals, step.name), { force: true });
    else if (step.does === 'start') this.start();
    else if (step.does === 'cut off') this.start(step.after);
    else {
      place.write(recordName, '{');
      this.seen.clear();
    }
  }

  start(steps = Infinity): void {
    const before = this.place.files();
    power.steps = steps;
    try {
      this.place.start();
    } catch (error) {
      expect(error).toMatchObject({ message: 'the process is gone' });
    } finally {
      power.steps = Infinity;
    }
    const after = this.place.files();
    expect(writtenByReader(after)).toEqual(writtenByReader(before));
    const originals = filesIn(this.place.originals);
    for (const name of Object.keys(before).filter((name) => !originals.includes(name)))
      expect(after[name]).toBe(before[name]);
    for (const name of originals) this.look(name, before[name], after[name], steps === Infinity);
  }

  private look(name: string, before: string | undefined, after: string | undefined, isWhole: boolean): void {
    const original = readFileSync(join(this.place.originals, name), 'utf8');
    // The one or the other, whole; the original unless it is what the reader's was made of. Cut
    // off, a start may leave the name free.
    expect([original, before, ...(isWhole ? [] : [undefined])]).toContain(after);
    if (!isWhole) {
      this.seen.delete(name);
      return;
    }
    if (after !== original && this.seen.has(name)) expect(this.seen.get(name)).toBe(original);
    this.seen.set(name, original);
  }
}

const writtenByReader = (files: Record<string, string>): string[] =>
  Object.values(files)
    .filter((content) => content.startsWith("the reader's"))
    .sort();

const hasGit = spawnSync('git', ['--version']).status === 0;

describe.skipIf(!hasGit)('a clone in which notebooks are run', () => {
  let upstream: string;
  let place: Place;

  function git(folder: string, ...args: string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    const run = spawnSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    return run.stdout;
  }

  function commit(): void {
    git(upstream, 'add', '.');
    git(upstream, 'commit', '--quiet', '--message', 'Change');
  }

  /**
   * What JupyterLab does to a notebook that is run and saved: outputs, numbers, another layout of
   * the file.
   */
  function run(folder: string, name: string): string {
    const path = join(folder, name);
    const notebook = JSON.parse(readFileSync(path, 'utf8')) as { cells: Record<string, unknown>[] };
    for (const [index, cell] of notebook.cells.entries()) {
      if (cell['cell_type'] !== 'code') continue;
      cell['execution_count'] = index + 1;
      cell['outputs'] = [{ output_type: 'stream', name: 'stdout', text: ['a result\n'] }];
    }
    const saved = `${JSON.stringify(notebook, null, 1)}\n`;
    writeFileSync(path, saved);
    return saved;
  }

  beforeEach(() => {
    const folder = temporaryFolder();
    upstream = join(folder, 'upstream');
    mkdirSync(join(upstream, 'figures', 'quick'), { recursive: true });
    cpSync(projectPath('.gitignore'), join(upstream, '.gitignore'));
    cpSync(projectPath('figures', 'quick', 'fig1.svg'), join(upstream, 'figures', 'quick', 'fig1.svg'));
    mkdirSync(join(upstream, 'notebooks'));
    for (const name of ['fig1.ipynb', 'fig2.ipynb', 'fig4.ipynb'])
      cpSync(projectPath('notebooks', name), join(upstream, 'notebooks', name));
    git(upstream, 'init', '--quiet');
    commit();
    git(folder, 'clone', '--quiet', upstream, 'reader');
    rmSync(join(folder, 'reader', 'notebooks'), { recursive: true });
    place = new Place(join(folder, 'reader'));
    git(place.root, 'restore', 'notebooks');
  });

  it('is clean, can be pulled into, and has both versions after the next start', () => {
    place.start();
    const mine = run(place.copies, 'fig4.ipynb');
    run(place.copies, 'fig2.ipynb');
    expect(git(place.root, 'status', '--porcelain')).toBe('');

    for (const name of ['fig1.ipynb', 'fig4.ipynb'])
      writeFileSync(join(upstream, 'notebooks', name), notebookOf('"the new version"'));
    writeFileSync(join(upstream, 'figures', 'quick', 'fig1.svg'), '<svg/>');
    commit();
    git(place.root, 'pull', '--quiet');
    expect(git(place.root, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(place.root, 'figures', 'quick', 'fig1.svg'), 'utf8')).toBe('<svg/>');

    const before = place.files();
    expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
    expect(place.files()).toEqual({
      'fig1.ipynb': notebookOf('"the new version"'),
      'fig2.ipynb': before['fig2.ipynb'],
      'fig4.ipynb': notebookOf('"the new version"'),
      [yours]: mine,
    });
    expect(git(place.root, 'status', '--porcelain')).toBe('');
  });

  it('keeps what an earlier version saved into an original, once git has restored that', () => {
    const mine = run(place.originals, 'fig4.ipynb');
    place.start();
    git(place.root, 'restore', 'notebooks');
    expect(place.start()).toEqual([{ name: 'fig4.ipynb', keptAs: yours }]);
    expect(place.files()).toMatchObject({ [yours]: mine });
    expect(git(place.root, 'status', '--porcelain')).toBe('');
  });
});
