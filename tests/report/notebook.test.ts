import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultReporter,
  isNotebook,
  notebookReporter,
  showFigure,
  showTable,
  type DisplayFunction,
} from '../../lib/report/notebook';
import { sampleFigure, sampleTable } from './samples';

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

  beforeEach(() => {
    shown = [];
    globals[hook] = ((...output) => {
      shown.push(output);
    }) satisfies DisplayFunction;
  });

  afterEach(() => {
    Reflect.deleteProperty(globals, hook);
  });

  it('shows a figure as plotly JSON that survives the wire, with its texts for readers without plotly', () => {
    showFigure(sampleFigure());
    const [bundle] = shown[0] ?? [{}];
    expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
    expect(bundle['application/vnd.plotly.v1+json']).toMatchObject({ layout: { width: 880 } });
    expect(bundle['text/plain']).toContain('Perplexity beyond the training length');
    expect(shown[1]?.[0]['text/plain']).toBe(sampleFigure().caption);
  });

  it('shows a table as HTML and as text', () => {
    showTable(sampleTable);
    expect(Object.keys(shown[0]?.[0] ?? {})).toEqual(['text/html', 'text/markdown', 'text/plain']);
  });

  it('fills one bar in place for each task, and leaves one line', () => {
    const reporter = defaultReporter();
    const first = reporter.task('counting <tokens>', 100, 'tokens');
    const second = reporter.task('drawing', 0);
    first.finish('100 tokens');
    first.finish('again');
    second.finish();
    const ids = shown.map(([, , options]) => options?.displayId);
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids).toEqual([ids[0], ids[1], ids[0], ids[1]]);
    expect(shown.map(([, , options]) => options?.update ?? false)).toEqual([false, false, true, true]);
    expect(shown.map(([bundle]) => bundle['text/plain'])).toEqual([
      'counting <tokens>: 0 of 100 tokens',
      'drawing: 0',
      'counting <tokens>: 100 tokens',
      'drawing: done',
    ]);
    for (const [bundle] of shown) expect(bundle['text/html']).not.toContain('<tokens>');
  });

  it('does not flood the notebook with updates', () => {
    const task = notebookReporter().task('fast', 1_000_000);
    for (let done = 0; done < 100_000; done += 1) task.update(done);
    task.finish();
    expect(shown.length).toBeLessThan(50);
  });

  it('shows a note as text', () => {
    notebookReporter().note('a < b');
    expect(shown[0]?.[0]).toEqual({ 'text/html': '<div>a &lt; b</div>', 'text/plain': 'a < b' });
  });
});
