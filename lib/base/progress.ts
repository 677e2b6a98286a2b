// Progress of long work: a bar on a terminal, sparse lines in a log, nothing without a reader. Long
// functions take a `Reporter` and never print themselves.

import { performance } from 'node:perf_hooks';
import { styleText } from 'node:util';
import { MultiBar, Presets } from 'cli-progress';
import { formatDuration } from './format';
import { oneLine } from './printable';

/** A piece of work with a known amount, or an unknown one (`total` 0). */
export interface ProgressTask {
  /**
   * Shows that `done` units of the total are finished; `note` says how it is going, e.g. how fast.
   */
  update(done: number, note?: string): void;
  /** Ends the display; `note` says how the work ended. */
  finish(note?: string): void;
}

/** Receives progress. */
export interface Reporter {
  /**
   * Writes a line that stays; a notebook folds it under the next ones. A warning is not folded, and
   * yellow where there are colours.
   */
  note(line: string, level?: 'warning'): void;
  /** Begins a piece of work of `total` units (0 if unknown). */
  task(label: string, total: number, unit?: string): ProgressTask;
}

/**
 * The remaining time of a piece of work, as a function of the units done, called at every update.
 * The pace is that since the first update: units done in an earlier run took none of this time.
 *
 * @returns seconds; undefined while they are unknown
 */
export function remainingTime(total: number): (done: number) => number | undefined {
  let first: { readonly time: number; readonly done: number } | undefined;
  return (done) => {
    first ??= { time: performance.now(), done };
    if (done <= first.done || done > total) return undefined;
    return ((performance.now() - first.time) / 1000 / (done - first.done)) * (total - done);
  };
}

/** Shows nothing: for tests and for functions called without a reporter. */
export const silentReporter: Reporter = {
  note: () => undefined,
  task: () => ({ update: () => undefined, finish: () => undefined }),
};

/**
 * A reporter for standard error: bars on a terminal, a line for each start, each tenth and each end
 * elsewhere.
 */
export function terminalReporter(stream: NodeJS.WriteStream = process.stderr): Reporter {
  return printableReporter(stream.isTTY ? barReporter(stream) : lineReporter(stream));
}

/** Passes everything on as one line each, without control characters. */
function printableReporter(reporter: Reporter): Reporter {
  const safe = (text?: string): string | undefined => (text === undefined ? undefined : oneLine(text));
  return {
    note: (line, level) => {
      reporter.note(oneLine(line), level);
    },
    task: (label, total, unit) => {
      const task = reporter.task(oneLine(label), total, unit);
      return {
        update: (done, note) => {
          task.update(done, safe(note));
        },
        finish: (note) => {
          task.finish(safe(note));
        },
      };
    },
  };
}

function barReporter(stream: NodeJS.WriteStream): Reporter {
  let bars: MultiBar | undefined;
  let running = 0;
  const format = '  {label} [{bar}] {percentage}% {value}/{total} {unit} {left} {note}';
  return {
    note: (line, level) => {
      const text = level === 'warning' ? styleText('yellow', line, { stream }) : line;
      if (bars) bars.log(`${text}\n`);
      else stream.write(`${text}\n`);
    },
    task: (label, total, unit = '') => {
      bars ??= new MultiBar(
        { format, stream, clearOnComplete: true, hideCursor: true },
        Presets.shades_classic,
      );
      const current = bars;
      const bar = current.create(total, 0, { label, unit, left: '', note: '' });
      const remaining = remainingTime(total);
      running += 1;
      let open = true;
      return {
        update: (done, note) => {
          const seconds = remaining(done);
          const left = seconds === undefined ? '' : `${formatDuration(seconds)} left`;
          bar.update(done, { left, ...(note !== undefined && { note }) });
        },
        finish: (note) => {
          if (!open) return;
          open = false;
          current.remove(bar);
          running -= 1;
          const line = `  ${label}${note === undefined ? '' : `: ${note}`}\n`;
          // Above the bars that are left, if any are.
          if (running > 0) current.log(line);
          else {
            current.stop();
            bars = undefined;
            stream.write(line);
          }
        },
      };
    },
  };
}

function lineReporter(stream: NodeJS.WriteStream): Reporter {
  return {
    note: (line) => {
      stream.write(`${line}\n`);
    },
    task: (label, total, unit = '') => {
      stream.write(`  ${label} ...\n`);
      const remaining = remainingTime(total);
      let tenth = 0;
      let open = true;
      return {
        update: (done, note) => {
          const seconds = remaining(done);
          if (total <= 0) return;
          const reached = Math.floor((10 * done) / total);
          if (reached <= tenth || reached >= 10) return;
          tenth = reached;
          const left = seconds === undefined ? '' : `, ${formatDuration(seconds)} left`;
          stream.write(
            `  ${label} ${reached * 10}% (${done}/${total}${unit === '' ? '' : ` ${unit}`})${left}${note ? `; ${note}` : ''}\n`,
          );
        },
        finish: (note) => {
          if (!open) return;
          open = false;
          stream.write(`  ${label}: ${note ?? 'done'}\n`);
        },
      };
    },
  };
}
