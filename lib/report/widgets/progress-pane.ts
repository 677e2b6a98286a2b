// What long work tells below a notebook's cell: one output that is redrawn in place, with a bar for
// whatever is under way over the last line of what is done. The lines before it are folded, so that
// a result does not stand below thirty of them. Work that lasts has a button that stops it.

import { type ProgressTask, type Reporter, remainingTime, terminalReporter } from '../../base/progress';
import { type DisplayBundle, displayFunction, type DisplayFunction } from '../notebook/display';
import { isNotebook } from '../notebook/show';
import { ink } from '../style';
import { escapeHtml } from '../text';
import { button } from './controls';
import { widgetHooks } from './kernel';

/** Dark on yellow, in both of JupyterLab's themes. */
const warningStyle = 'padding:4px 8px;border-left:4px solid #B58900;background:#FFF4CC;color:#3D3000';
const redrawMs = 200;
/** Shorter work has no button, and between two pieces of work the button stays for so long. */
const lastsMs = 1500;
let paneCount = 0;

/** A piece of work under way. */
interface Bar {
  readonly text: string;
  /** From 0 to 1. */
  readonly share: number;
}

/**
 * The reporter for where this runs: bars below the cell in a notebook, the terminal's elsewhere.
 */
export function defaultReporter(): Reporter {
  return isNotebook() ? notebookReporter() : terminalReporter();
}

/** Progress below the cell in which it begins; each cell makes its own. */
export function notebookReporter(): Reporter {
  return paneReporter((...output) => displayFunction()?.(...output));
}

/**
 * A reporter that tells all in one output, below the cell that its first line is of: one reporter a
 * cell. A warning has an output of its own, which nothing folds.
 */
function paneReporter(display: DisplayFunction): Reporter {
  paneCount += 1;
  const displayId = `bipe-progress-${process.pid}-${paneCount}`;
  const lines: string[] = [];
  const bars = new Map<ProgressTask, Bar>();
  const stop = stopButton(display, `${displayId}-stop`);
  // What fails or is stopped need not finish its tasks.
  widgetHooks()?.onFailure(() => {
    if (bars.size === 0) return;
    bars.clear();
    draw();
    stop.hide();
  });
  let isShown = false;
  let drawnAt = 0;
  const draw = (): void => {
    display(paneBundle([...bars.values()], lines), {}, { displayId, update: isShown });
    isShown = true;
    drawnAt = Date.now();
  };
  return {
    note: (line, level) => {
      if (level === 'warning') {
        display({
          'text/html': `<div style="${warningStyle}">${escapeHtml(line)}</div>`,
          'text/plain': line,
        });
        return;
      }
      lines.push(line);
      draw();
    },
    task: (label, total, unit = '') => {
      const remaining = remainingTime(total);
      const task: ProgressTask = {
        update: (done) => {
          if (!bars.has(task)) return;
          bars.set(task, barOf(label, done, total, unit, remaining(done)));
          if (Date.now() - drawnAt >= redrawMs) draw();
        },
        finish: (note = 'done') => {
          if (!bars.delete(task)) return;
          stop.isWanted(bars.size > 0);
          lines.push(`${label}: ${note}`);
          draw();
        },
      };
      bars.set(task, barOf(label, 0, total, unit, undefined));
      draw();
      stop.isWanted(true);
      return task;
    },
  };
}

/** A button that is shown while it is wanted, and stops what runs as the notebook's own does. */
function stopButton(
  display: DisplayFunction,
  displayId: string,
): { readonly isWanted: (isWanted: boolean) => void; readonly hide: () => void } {
  const hooks = widgetHooks();
  if (hooks === undefined) return { isWanted: () => undefined, hide: () => undefined };
  let [wanted, isShown, wasShown] = [false, false, false];
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    timer = undefined;
    if (wanted === isShown) return;
    isShown = wanted;
    const { bundle } = isShown
      ? button('Stop', () => {
          hooks.stop();
        })
      : { bundle: { 'text/html': '', 'text/plain': '' } };
    if (bundle === undefined) return;
    display(bundle, {}, { displayId, update: wasShown });
    wasShown = true;
  };
  return {
    isWanted: (isWanted) => {
      wanted = isWanted;
      timer ??= setTimeout(show, lastsMs).unref();
    },
    hide: () => {
      clearTimeout(timer);
      wanted = false;
      show();
    },
  };
}

/** @param seconds that are left, where they can be told */
function barOf(label: string, done: number, total: number, unit: string, seconds: number | undefined): Bar {
  const count = [done.toLocaleString('en'), ...(total > 0 ? [`of ${total.toLocaleString('en')}`] : []), unit];
  const left = seconds === undefined || done >= total ? '' : `, ${duration(seconds)} left`;
  return {
    text: `${label}: ${count.join(' ').trim()}${left}`,
    share: total > 0 ? Math.min(1, Math.max(0, done / total)) : 0,
  };
}

function paneBundle(bars: readonly Bar[], lines: readonly string[]): DisplayBundle {
  const last = lines.at(-1);
  const said = lines.slice(0, -1).map((line) => `<div>${escapeHtml(line)}</div>`);
  const html = [...bars.map(barHtml), ...(last === undefined ? [] : [folded(escapeHtml(last), said)])];
  return {
    'text/html': `<div>${html.join('')}</div>`,
    'text/plain': [...lines, ...bars.map(({ text }) => text)].join('\n'),
  };
}

function folded(summary: string, content: readonly string[]): string {
  if (content.length === 0) return summary;
  return `<details><summary style="cursor:pointer">${summary}</summary>${content.join('')}</details>`;
}

function barHtml({ text, share }: Bar): string {
  const fill = `<div style="width:${(100 * share).toFixed(1)}%;height:8px;border-radius:4px;background:var(--jp-brand-color1,#173A7D)"></div>`;
  return (
    `<div>${escapeHtml(text)}</div>` +
    `<div role="progressbar" aria-valuenow="${Math.round(100 * share)}" aria-valuemin="0" aria-valuemax="100" ` +
    `style="max-width:640px;height:8px;border-radius:4px;background:var(--jp-layout-color3,${ink.grid})">${fill}</div>`
  );
}

/** Whole units: this is an estimate. */
function duration(exact: number): string {
  const seconds = Math.ceil(exact);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
