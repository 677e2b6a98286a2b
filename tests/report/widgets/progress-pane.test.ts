// The button that stops long work: when it is there, and what it does.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { notebookReporter } from '../../../lib/report/widgets/progress-pane';
import { type FakeNotebook, inFakeNotebook } from '../../support/widgets';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const view = 'application/vnd.jupyter.widget-view+json';

/** Whether the button is there, by the latest output that is a button or was one. */
function hasButton({ shown }: FakeNotebook): boolean {
  const buttons = shown.filter((bundle) => view in bundle || bundle['text/html'] === '');
  return buttons.length > 0 && view in (buttons.at(-1) ?? {});
}

describe('the stop button of work that lasts', () => {
  it('is there after a while, also between two pieces of work, and goes when nothing runs', async () => {
    await inFakeNotebook((notebook) => {
      const reporter = notebookReporter();
      const first = reporter.task('first', 10);
      vi.advanceTimersByTime(1000);
      expect(hasButton(notebook)).toBe(false);
      vi.advanceTimersByTime(1000);
      expect(hasButton(notebook)).toBe(true);
      first.finish();
      vi.advanceTimersByTime(500);
      const second = reporter.task('second', 10);
      vi.advanceTimersByTime(5000);
      expect(hasButton(notebook)).toBe(true);
      expect(notebook.models.filter(({ state }) => state['_model_name'] === 'ButtonModel')).toHaveLength(1);
      second.finish();
      vi.advanceTimersByTime(2000);
      expect(hasButton(notebook)).toBe(false);
    });
  });

  it('is not there for work that ends soon', async () => {
    await inFakeNotebook((notebook) => {
      notebookReporter().task('short', 10).finish();
      vi.advanceTimersByTime(5000);
      expect(notebook.models).toEqual([]);
    });
  });

  it('stops what runs, and goes with all bars', async () => {
    await inFakeNotebook(async (notebook) => {
      notebookReporter().task('training', 2000, 'steps').update(3);
      vi.advanceTimersByTime(2000);
      await notebook.latest('Button').say({ event: 'click' });
      expect(notebook.stops()).toBe(1);
      expect(notebook.shown.at(-1)?.['text/plain']).not.toBe('');
      notebook.fail();
      expect(notebook.shown.at(-2)).toEqual({ 'text/html': '<div></div>', 'text/plain': '' });
      expect(hasButton(notebook)).toBe(false);
    });
  });
});
