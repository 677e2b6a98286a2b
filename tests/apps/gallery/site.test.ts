import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGallery } from '../../../apps/gallery/site';
import { silentReporter } from '../../../lib/base/progress';
import { items } from '../../../lib/experiments/registry';
import { galleryFolder } from '../../../lib/experiments/run/reference';
import { type Report } from '../../../lib/experiments/run/report';
import { RunStore } from '../../../lib/experiments/run/store';
import { type FigureDrawer } from '../../../lib/report/export/draw';
import { toPlain } from '../../../lib/report/json';
import { temporaryFolder } from '../../support/command';

const drawer: FigureDrawer = {
  ready: () => Promise.resolve(undefined),
  describe: () => 'none',
  draw: ({ id }) =>
    Promise.resolve({
      svg: `<svg width="20" height="10"><desc>A "drawing" of ${id}</desc></svg>`,
      png: new Uint8Array(),
    }),
  close: () => Promise.resolve(),
};

describe('the gallery as files', () => {
  const base = mkdtempSync(join(tmpdir(), 'bipe-gallery-'));
  const folder = join(base, 'site');
  const store = new RunStore(join(base, 'runs'));
  const shownItems = [items.fig2, items.fig4];
  const pageOf = (name: string): string => readFileSync(join(folder, `${name}.html`), 'utf8');
  let report: Report;

  beforeAll(async () => {
    const options = { reporter: silentReporter, store };
    report = await items.fig2.execute(options);
    // This one ended last, but is of no preset.
    await items.fig2.execute({ ...options, settings: { text: 'Up <b>. Down.' } });
    await writeGallery({ folder, store, drawer, items: shownItems });
  });

  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });

  it('has a page for each result, the reader’s own first, and an index of them', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'automaton-playground.html',
      'fig2-quick.html',
      'fig2.html',
      'fig4-evening.html',
      'fig4-quick.html',
      'gallery.js',
      'idea.html',
      'index.html',
      'pictures',
      'plotly.min.js',
    ]);
    const index = pageOf('index');
    for (const { title, question } of shownItems) {
      expect(index).toContain(title);
      expect(index).toContain(question);
    }
    expect(index).toMatch(/href="fig2\.html"[^]*Run on this machine, preset/);
    expect(index).toMatch(/href="fig4-quick\.html"[^]*The maintainers’ result, preset quick/);
  });

  it('shows the figures of a run as they are, and its tables', () => {
    const page = pageOf('fig2');
    const json = /<script type="application\/json" id="source">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual(
      report.figures.map(({ id, data, screen }) => toPlain({ id, data, layout: screen })),
    );
    for (const { title } of report.tables) expect(page).toContain(title);
    expect(page).toContain('alt="A &quot;drawing&quot; of fig2"');
    expect(page).toContain('npm run reproduce -- fig2');
  });

  it('shows the numbers and verdicts of the reference', () => {
    const reference = JSON.parse(readFileSync(join(galleryFolder(), 'quick', 'fig4.json'), 'utf8')) as Pick<
      Report,
      'findings' | 'tables'
    >;
    const page = pageOf('fig4-quick');
    expect(page.match(/<tr><td>/g)?.length).toBe(reference.findings.length);
    for (const { claim } of reference.findings) expect(page).toContain(claim.replaceAll('"', '&quot;'));
    expect(page).toMatch(/<span class="verdict holds"><span aria-hidden="true">✓<\/span> holds<\/span>/);
  });

  it('links to nothing outside of itself, and to nothing that is not there', () => {
    const names = new Set([
      ...readdirSync(folder),
      ...readdirSync(join(folder, 'pictures')).map((name) => `pictures/${name}`),
    ]);
    for (const name of ['index', 'fig2', 'fig2-quick', 'fig4-quick', 'fig4-evening']) {
      const links = [...pageOf(name).matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link]) => link);
      expect(links.length).toBeGreaterThan(0);
      expect(links.filter((link = '') => !names.has(link))).toEqual([]);
    }
  });

  it('is written anew, without the pages that are no longer part of it', async () => {
    writeFileSync(join(folder, 'notes.html'), 'mine');
    await writeGallery({ folder, items: shownItems });
    expect(readdirSync(folder)).not.toContain('fig2.html');
    expect(readFileSync(join(folder, 'notes.html'), 'utf8')).toBe('mine');
  });

  it('replaces no page of another kind', async () => {
    const other = temporaryFolder();
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'index.html'), 'mine');
    await expect(writeGallery({ folder: other, items: shownItems })).rejects.toThrow(
      /index\.html: is there already, and is not a page of the gallery/,
    );
    expect(readdirSync(other)).toEqual(['index.html']);
  });
});
