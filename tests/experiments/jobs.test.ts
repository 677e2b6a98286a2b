import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as errors from '../../lib/base/errors';
import { type Reporter } from '../../lib/base/progress';
import { errorOf, failure, type Message, receiver, sendingReporter } from '../../lib/experiments/run/jobs';

/** A reporter that writes down each call. */
function writtenDown(): { readonly reporter: Reporter; readonly calls: unknown[] } {
  const calls: unknown[] = [];
  let tasks = 0;
  const reporter: Reporter = {
    note: (...given) => void calls.push(['note', ...given]),
    task: (...given) => {
      const task = tasks++;
      calls.push(['task', ...given]);
      return {
        update: (...update) => void calls.push(['update', task, ...update]),
        finish: (...note) => void calls.push(['finish', task, ...note]),
      };
    },
  };
  return { reporter, calls };
}

const word = fc.string();
const optional = fc.option(word, { nil: undefined });
type Said = (reporter: Reporter, tasks: ReturnType<Reporter['task']>[]) => void;
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(word, fc.constantFrom(undefined, 'warning' as const)).map(([line, level]): Said => (reporter) => {
    reporter.note(line, level);
  }),
  fc.tuple(word, fc.nat(), optional).map(([label, total, unit]): Said => (reporter, tasks) => {
    tasks.push(reporter.task(label, total, unit));
  }),
  fc
    .tuple(fc.nat(3), fc.nat(), optional, fc.boolean())
    .map(([which, done, note, ends]): Said => (_reporter, tasks) => {
      const task = tasks[which];
      if (ends) task?.finish(note);
      else task?.update(done, note);
    }),
);

/** Calls without trailing arguments that are undefined. */
const plain = (calls: readonly unknown[]): unknown =>
  JSON.parse(JSON.stringify(calls).replaceAll(',null]', ']'));

describe('what a process that computes for another one says', () => {
  it('is heard there as it was said, with the name of the job before it', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 20 }), (list) => {
        const [here, there] = [writtenDown(), writtenDown()];
        const hear = receiver(there.reporter, 'job');
        const sending = sendingReporter((message) => {
          hear(JSON.parse(JSON.stringify(message)) as Message);
        });
        const named: Reporter = {
          note: (line, level) => {
            here.reporter.note(`job: ${line}`, level);
          },
          task: (label, total, unit) => here.reporter.task(`job: ${label}`, total, unit),
        };
        const [ownTasks, sentTasks]: ReturnType<Reporter['task']>[][] = [[], []];
        for (const say of list) {
          say(named, ownTasks ?? []);
          say(sending, sentTasks ?? []);
        }
        expect(plain(there.calls)).toEqual(plain(here.calls));
      }),
    );
  });

  it('is an error of the same class and line there', () => {
    const isClass = (value: unknown): value is new (message: string) => errors.WorkbenchError =>
      typeof value === 'function' && value.prototype instanceof errors.WorkbenchError;
    const classes = Object.values(errors as Readonly<Record<string, unknown>>).filter(isClass);
    expect(classes.length).toBeGreaterThan(10);
    for (const Class of classes) {
      const error = new Class(`${Class.name}: a line`);
      const message = JSON.parse(JSON.stringify(failure(error))) as Extract<Message, { kind: 'failed' }>;
      const there = errorOf(message);
      expect(there).toBeInstanceOf(Class);
      expect([there.message, (there as errors.WorkbenchError).exitCode]).toEqual([
        error.message,
        error.exitCode,
      ]);
    }
  });

  it('has the stack of a mistake of ours', () => {
    const mistake = new TypeError('not a function');
    const message = failure(mistake) as Extract<Message, { kind: 'failed' }>;
    expect(message).toEqual({ kind: 'failed', name: 'Error', message: mistake.stack });
    expect(errorOf(message)).not.toBeInstanceOf(errors.WorkbenchError);
    expect(errorOf(message).message).toContain('jobs.test.ts');
    const bare = Object.assign(new Error('bare'), { stack: undefined });
    expect(failure(bare)).toEqual({ kind: 'failed', name: 'Error', message: 'bare' });
    expect(failure('thrown text')).toEqual({ kind: 'failed', name: 'Error', message: 'thrown text' });
  });
});
