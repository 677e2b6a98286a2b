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
  /** The label, the unit, and what updates and the end said. */
  readonly words: readonly string[];
}

/** A reporter that keeps all it is told. */
export function recordingReporter(): {
  readonly reporter: Reporter;
  readonly tasks: readonly RecordedTask[];
} {
  const tasks: (RecordedTask & { updates: number[]; ends: number; words: string[] })[] = [];
  return {
    tasks,
    reporter: {
      note: () => undefined,
      task: (label, total, unit) => {
        const words = [label, unit ?? []].flat();
        const task = { label, total, updates: [] as number[], ends: 0, words };
        tasks.push(task);
        const say = (note?: string): void => void words.push(...[note ?? []].flat());
        return {
          update: (done, note) => {
            task.updates.push(done);
            say(note);
          },
          finish: (note) => {
            task.ends += 1;
            say(note);
          },
        };
      },
    },
  };
}

/**
 * Expects that what is done only grows, to all there is to do and no further, that each task ends
 * once, and that no word of it is empty.
 */
export function expectProgress(tasks: readonly RecordedTask[]): void {
  for (const { label, total, updates, ends, words } of tasks) {
    expect(words, label).not.toContain('');
    expect(ends, `ends of "${label}"`).toBe(1);
    expect(updates, label).toEqual(updates.toSorted((a, b) => a - b));
    // Short work may end before it has told anything.
    if (total > 0) expect(updates.at(-1) ?? total, `"${label}", done at its end`).toBe(total);
    expect(updates[0] ?? 1, label).toBeGreaterThan(0);
  }
}
