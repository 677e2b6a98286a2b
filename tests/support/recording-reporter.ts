// Keeps what long work says of its progress, and holds it against what bars can show.

import { expect } from 'vitest';
import { type Reporter } from '../../lib/base/progress';

/** A piece of work as it was told. */
export interface RecordedTask {
  readonly label: string;
  /** 0 if unknown. */
  readonly total: number;
  readonly updates: readonly number[];
  readonly ends: number;
}

/** A reporter that keeps all it is told. */
export function recordingReporter(): {
  readonly reporter: Reporter;
  readonly tasks: readonly RecordedTask[];
} {
  const tasks: { label: string; total: number; updates: number[]; ends: number }[] = [];
  return {
    tasks,
    reporter: {
      note: () => undefined,
      task: (label, total) => {
        const task = { label, total, updates: [] as number[], ends: 0 };
        tasks.push(task);
        return {
          update: (done) => void task.updates.push(done),
          finish: () => void (task.ends += 1),
        };
      },
    },
  };
}

/**
 * Expects that what is done only grows, to all there is to do and no further, and that each task
 * ends once.
 */
export function expectProgress(tasks: readonly RecordedTask[]): void {
  for (const { label, total, updates, ends } of tasks) {
    expect(ends, `ends of "${label}"`).toBe(1);
    expect(updates, label).toEqual(updates.toSorted((a, b) => a - b));
    // Short work may end before it has told anything.
    if (total > 0) expect(updates.at(-1) ?? total, `"${label}", done at its end`).toBe(total);
    expect(updates[0] ?? 1, label).toBeGreaterThan(0);
  }
}
