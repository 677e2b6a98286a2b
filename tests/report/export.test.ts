import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineError } from '../../lib/base/errors';
import { silentReporter, type Reporter } from '../../lib/base/progress';
import { figureDrawer, type FigureDrawer } from '../../lib/report/export/draw';
import { exportFigures } from '../../lib/report/export/export';
import { lineTrace } from '../../lib/report/traces';
import { makeFigure, type Figure } from '../../lib/report/figure';
import { encodingStyles } from '../../lib/report/style';
import { expectProgress, recordingReporter } from '../support/recording-reporter';
import { sampleProvenance } from './samples';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-export-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function figure(id: string, y: readonly number[] = [1, 2]): Figure {
  const data = [lineTrace({ x: [1, 2], y, style: encodingStyles.rope })];
  return makeFigure({ id, title: 'Title', caption: 'Caption.', alt: 'Alt.', data });
}

/** Draws nothing but a note of what it was asked for; fails at the figure named `broken`. */
function fakeDrawer(): FigureDrawer & { drawn: string[]; closed: boolean } {
  const drawer = {
    drawn: [] as string[],
    closed: false,
    ready: () => Promise.resolve(undefined),
    describe: () => 'a pencil',
    draw: ({ id, data }: Figure, footer: string) => {
      if (id === 'broken') return Promise.reject(new Error('the page crashed'));
      drawer.drawn.push(id);
      const svg = `<svg>${JSON.stringify(data)} ${footer}</svg>`;
      return Promise.resolve({ svg, png: Buffer.from(`png ${svg}`) });
    },
    close: () => {
      drawer.closed = true;
      return Promise.resolve();
    },
  };
  return drawer;
}

const withoutBrowser = (): FigureDrawer => figureDrawer(() => undefined);

function listening(): { reporter: Reporter; notes: string[] } {
  const notes: string[] = [];
  return { reporter: { ...silentReporter, note: (line) => notes.push(line) }, notes };
}

async function jsonOf(id: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8')) as Record<string, unknown>;
}

const options = (drawer: FigureDrawer): Parameters<typeof exportFigures>[1] => ({
  folder,
  provenance: sampleProvenance,
  numbers: { share: 0.9, counts: new Int32Array([1, 2]), missing: Number.NaN },
  drawer,
});

describe('exportFigures', () => {
  it('writes the numbers, the drawing and where they come from', async () => {
    const [exported] = await exportFigures([figure('a')], options(fakeDrawer()));
    expect(exported).toMatchObject({ id: 'a', pictures: 'drawn', svg: join(folder, 'a.svg') });
    expect((await readdir(folder)).sort()).toEqual(['a.json', 'a.png', 'a.svg']);
    expect(await jsonOf('a')).toMatchObject({
      kind: 'figure',
      title: 'Title',
      provenance: JSON.parse(JSON.stringify(sampleProvenance)) as object,
      numbers: { share: 0.9, counts: [1, 2], missing: null },
      pictures: { drawnBy: 'a pencil' },
      plotly: { data: [{ type: 'scatter', y: [1, 2] }] },
    });
    expect(await readFile(join(folder, 'a.svg'), 'utf8')).toContain('commit 0123456789');
  });

  it('writes the numbers once, beside the first figure, and says there where they are', async () => {
    await exportFigures([figure('a'), figure('b'), figure('c')], options(fakeDrawer()));
    expect(await jsonOf('a')).toMatchObject({ numbers: { share: 0.9 } });
    for (const id of ['b', 'c']) expect(await jsonOf(id)).toMatchObject({ numbers: { in: 'a.json' } });
  });

  it('uses a drawer it is given for all its figures, and leaves it open', async () => {
    const drawer = fakeDrawer();
    await exportFigures([figure('a'), figure('b')], options(drawer));
    expect(drawer.drawn).toEqual(['a', 'b']);
    expect(drawer.closed).toBe(false);
  });

  it('does not draw again what the pictures already show', async () => {
    const drawer = fakeDrawer();
    await exportFigures([figure('a')], options(drawer));
    const later = { ...sampleProvenance, createdAt: '2024-02-02T00:00:00.000Z', durationSeconds: 1 };
    const [second] = await exportFigures([figure('a')], { ...options(drawer), provenance: later });
    expect(second?.pictures).toBe('unchanged');
    expect(drawer.drawn).toEqual(['a']);
    expect(await jsonOf('a')).toMatchObject({
      provenance: { createdAt: later.createdAt },
      pictures: { drawnBy: 'a pencil' },
    });
  });

  it.each([
    ['its numbers', () => Promise.resolve({ figures: [figure('a', [5, 6])], provenance: sampleProvenance })],
    [
      'its foot line',
      () =>
        Promise.resolve({ figures: [figure('a')], provenance: { ...sampleProvenance, preset: 'evening' } }),
    ],
    [
      'a picture, by someone else',
      async () => {
        await writeFile(join(folder, 'a.png'), 'edited');
        return { figures: [figure('a')], provenance: sampleProvenance };
      },
    ],
    [
      'the JSON, cut short',
      async () => {
        await writeFile(join(folder, 'a.json'), '{"kind": "fig');
        return { figures: [figure('a')], provenance: sampleProvenance };
      },
    ],
  ])('draws again after a change of %s', async (_what, change) => {
    const drawer = fakeDrawer();
    await exportFigures([figure('a')], options(drawer));
    const { figures, provenance } = await change();
    await exportFigures(figures, { ...options(drawer), provenance });
    expect(drawer.drawn).toEqual(['a', 'a']);
  });

  it('says at the end how many pictures were drawn, were there, or are missing', async () => {
    const { reporter, tasks } = recordingReporter();
    await exportFigures([figure('a')], options(fakeDrawer()));
    await exportFigures(
      ['a', 'b', 'c'].map((id) => figure(id)),
      { ...options(fakeDrawer()), reporter },
    );
    await exportFigures(
      ['a', 'd', 'e'].map((id) => figure(id)),
      { ...options(withoutBrowser()), reporter },
    );
    expect(tasks.map(({ words }) => words.at(-1))).toEqual([
      '2 drawn, 1 unchanged',
      '1 unchanged, 2 without pictures',
    ]);
    expectProgress(tasks);
  });

  it.each(['a.svg', 'a.json'])('writes over no %s that is not of a figure', async (name) => {
    await writeFile(join(folder, name), '{"drawn": "by hand"}');
    await expect(exportFigures([figure('a')], options(fakeDrawer()))).rejects.toThrow(
      /a\.(svg|json): is there already, and is not of an exported figure or table; nothing was written, write elsewhere$/,
    );
    expect(await readdir(folder)).toEqual([name]);
  });

  it('leaves the files of a figure as they were where its drawing fails', async () => {
    await exportFigures([figure('broken')], options(withoutBrowser()));
    const content = await readFile(join(folder, 'broken.json'), 'utf8');
    const next = [figure('first'), figure('broken', [7, 8]), figure('never')];
    await expect(exportFigures(next, options(fakeDrawer()))).rejects.toThrow('the page crashed');
    expect(await readFile(join(folder, 'broken.json'), 'utf8')).toBe(content);
    expect((await readdir(folder)).sort()).toEqual(['broken.json', 'first.json', 'first.png', 'first.svg']);
  });

  it('leaves no temporary file where the folder cannot take the figure', async () => {
    const path = join(folder, 'taken');
    await writeFile(path, 'a file where a folder should be');
    const failed = exportFigures([figure('a')], { ...options(fakeDrawer()), folder: path });
    await expect(failed).rejects.toThrow(MachineError);
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('exportFigures without a browser', () => {
  it('writes the numbers alone and says in one line how to get pictures', async () => {
    const { reporter, notes } = listening();
    const [exported] = await exportFigures([figure('a')], { ...options(withoutBrowser()), reporter });
    expect(exported).toMatchObject({ svg: null, png: null, pictures: 'missing' });
    expect(await readdir(folder)).toEqual(['a.json']);
    expect(await jsonOf('a')).toMatchObject({ numbers: { share: 0.9 }, pictures: null });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /a\.json: written without pictures; no Chromium-like browser found: .*install[^\n]*$/,
    );
  });

  it('removes pictures of other numbers, and says so', async () => {
    await exportFigures([figure('a')], options(fakeDrawer()));
    const { reporter, notes } = listening();
    await exportFigures([figure('a', [8, 9])], { ...options(withoutBrowser()), reporter });
    expect(await readdir(folder)).toEqual(['a.json']);
    expect(notes[0]).toContain('pictures of earlier numbers are removed');
  });

  it('keeps pictures that show the same', async () => {
    await exportFigures([figure('a')], options(fakeDrawer()));
    const [kept] = await exportFigures([figure('a')], options(withoutBrowser()));
    expect(kept?.pictures).toBe('unchanged');
    expect((await readdir(folder)).sort()).toEqual(['a.json', 'a.png', 'a.svg']);
  });
});
