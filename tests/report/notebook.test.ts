import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isNotebook, showFigure, showTable } from '../../lib/report/notebook/show';
import { defaultReporter, notebookReporter } from '../../lib/report/widgets/progress-pane';
import { type DisplayFunction } from '../../lib/report/notebook/display';
import { stillFigure } from '../../lib/report/export/stills';
import { sampleFigure, sampleTable } from './samples';

vi.mock('../../lib/report/export/stills', { spy: true });

const globals = globalThis as Record<symbol, unknown>;
const hook = Symbol.for('bipe.display');

describe('outside a notebook', () => {
  it('is told apart, and showing does nothing', () => {
    expect(isNotebook()).toBe(false);
    showFigure(sampleFigure());
    showTable(sampleTable);
  });
});

describe('in a notebook', () => {
  let shown: Parameters<DisplayFunction>[] = [];

  const texts = (): unknown[] => shown.map(([bundle]) => bundle['text/plain']);

  beforeEach(() => {
    shown = [];
    globals[hook] = ((...output) => {
      shown.push(output);
    }) satisfies DisplayFunction;
  });

  afterEach(() => {
    Reflect.deleteProperty(globals, hook);
    vi.restoreAllMocks();
  });

  it('shows a figure as plotly JSON that survives the wire, with its texts for readers without plotly', () => {
    showFigure(sampleFigure());
    const [bundle] = shown[0] ?? [{}];
    expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
    expect(bundle['application/vnd.plotly.v1+json']).toMatchObject({ layout: sampleFigure().screen });
    expect(bundle['text/plain']).toContain('Perplexity beyond the training length');
    expect(shown[1]?.[0]['text/plain']).toBe(sampleFigure().caption);
    expect(shown[1]?.[0]['text/html']).toContain('color:var(--jp-ui-font-color2,#5A5A5A)');
  });

  it('puts a still picture behind the figure once it is drawn; where none can be drawn, one line says why', async () => {
    vi.mocked(stillFigure).mockResolvedValueOnce('<svg/>');
    showFigure(sampleFigure());
    const [bundle, , options] = shown[0] ?? [{}];
    expect(await options?.later?.()).toEqual({ ...bundle, 'image/svg+xml': '<svg/>' });
    shown = [];
    const failure = new Error('no browser here');
    vi.mocked(stillFigure).mockRejectedValueOnce(failure).mockRejectedValueOnce(failure);
    showFigure(sampleFigure());
    showFigure(sampleFigure());
    const later: unknown[] = [];
    for (const [, , { later: one } = {}] of shown) later.push(await one?.());
    expect(later.filter((one) => one !== undefined)).toEqual([]);
    expect(texts().filter((text) => String(text).includes('no browser here'))).toEqual([
      'no still pictures for readers outside JupyterLab: no browser here',
    ]);
  });

  it('shows a table as HTML and as text', () => {
    showTable(sampleTable);
    expect(Object.keys(shown[0]?.[0] ?? {})).toEqual(['text/html', 'text/markdown', 'text/plain']);
    showTable(sampleTable, { behind: 'all <12> rows' });
    const [open, closed] = shown.map(([bundle]) => bundle);
    expect(closed).toMatchObject({ 'text/markdown': open?.['text/markdown'] });
    expect(closed?.['text/html']).toMatch(/^<details><summary [^>]*>all &lt;12&gt; rows<\/summary>/);
    expect(closed?.['text/html']).toContain(open?.['text/html']);
  });

  const lastHtml = (): string => String(shown.at(-1)?.[0]['text/html']);

  it('tells all in one output in place: bars, and a line of what is done', () => {
    const reporter = defaultReporter();
    const first = reporter.task('counting <tokens>', 100, 'tokens');
    const second = reporter.task('drawing', 0);
    first.finish('100 tokens');
    first.finish('again');
    second.finish();
    expect(new Set(shown.map(([, , options]) => options?.displayId)).size).toBe(1);
    expect(shown.map(([, , options]) => options?.update)).toEqual([false, true, true, true]);
    expect(texts()).toEqual([
      'counting <tokens>: 0 of 100 tokens',
      'counting <tokens>: 0 of 100 tokens\ndrawing: 0',
      'counting <tokens>: 100 tokens\ndrawing: 0',
      'counting <tokens>: 100 tokens\ndrawing: done',
    ]);
    for (const [bundle] of shown) expect(bundle['text/html']).not.toContain('<tokens>');
    // Another reporter, such as that of the next cell, has an output of its own.
    notebookReporter().note('next');
    expect(shown.at(-1)?.[2]?.displayId).not.toBe(shown[0]?.[2]?.displayId);
  });

  it('shows the last line of what is done and folds those before, but no warning', () => {
    const reporter = notebookReporter();
    reporter.note('a < b');
    expect(lastHtml()).toBe('<div>a &lt; b</div>');
    reporter.note('engine: slow & old', 'warning');
    expect(lastHtml()).toContain('>engine: slow &amp; old</div>');
    expect(shown.at(-1)?.[2]).toBeUndefined();
    reporter.note('second');
    reporter.task('third', 1).finish('done well');
    expect(lastHtml()).toBe(
      '<div><details><summary style="cursor:pointer">third: done well</summary><div>a &lt; b</div><div>second</div></details></div>',
    );
    expect(texts().at(-1)).toBe('a < b\nsecond\nthird: done well');
  });

  it('fills a bar by what is done, and tells the time left at the pace since the work went on', () => {
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => 1000 * clock);
    vi.spyOn(Date, 'now').mockImplementation(() => 1000 * clock);
    const task = notebookReporter().task('training', 2000, 'steps');
    task.update(1200);
    clock = 10;
    task.update(1400);
    expect(texts().at(-1)).toBe('training: 1,400 of 2,000 steps, 30 s left');
    expect(lastHtml()).toContain('aria-valuenow="70"');
    expect(lastHtml()).toContain('width:70.0%');
    for (const [seconds, left] of [
      [90, '5 min'],
      [4000, '3 h 25 min'],
    ] as const) {
      clock += seconds;
      task.update(1400);
      expect(texts().at(-1)).toBe(`training: 1,400 of 2,000 steps, ${left} left`);
    }
    clock += 1;
    task.update(2000);
    expect(texts().at(-1)).toBe('training: 2,000 of 2,000 steps');
  });

  it('does not flood the notebook with updates', () => {
    const task = notebookReporter().task('fast', 1_000_000);
    for (let done = 0; done < 100_000; done += 1) task.update(done);
    task.finish();
    expect(shown.length).toBeLessThan(50);
  });
});
