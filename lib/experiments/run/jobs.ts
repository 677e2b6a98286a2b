// What a process that computes for another one is told, and what it says: messages that pass
// between them as they are.

import * as errors from '../../base/errors';
import { type Reporter } from '../../base/progress';

/** A piece of work for a process of its own. */
export interface Job {
  readonly item: string;
  /** Complete, as the item's schema gives them. */
  readonly settings: object;
  /** One model of the item; null for the item as a whole. */
  readonly piece: { readonly title: string; readonly index: number } | null;
  readonly fresh: boolean;
  /** The folder of the run store. */
  readonly store: string;
}

/** From a process that computes. */
export type Message =
  | { readonly kind: 'note'; readonly line: string; readonly level?: 'warning' }
  | {
      readonly kind: 'task';
      readonly task: number;
      readonly label: string;
      readonly total: number;
      readonly unit?: string;
    }
  | { readonly kind: 'update'; readonly task: number; readonly done: number; readonly note?: string }
  | { readonly kind: 'finish'; readonly task: number; readonly note?: string }
  | { readonly kind: 'curve'; readonly step: number; readonly loss: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

/** A reporter whose words go to another process. */
export function sendingReporter(send: (message: Message) => void): Reporter {
  let tasks = 0;
  return {
    note: (line, level) => {
      send({ kind: 'note', line, ...(level && { level }) });
    },
    task: (label, total, unit) => {
      const task = tasks;
      tasks += 1;
      send({ kind: 'task', task, label, total, ...(unit !== undefined && { unit }) });
      return {
        update: (done, note) => {
          send({ kind: 'update', task, done, ...(note !== undefined && { note }) });
        },
        finish: (note) => {
          send({ kind: 'finish', task, ...(note !== undefined && { note }) });
        },
      };
    },
  };
}

/**
 * Hands a process's words to a reporter.
 *
 * @param label of the job, before each: several processes speak at once
 */
export function receiver(reporter: Reporter, label: string): (message: Message) => void {
  const tasks = new Map<number, ReturnType<Reporter['task']>>();
  return (message) => {
    if (message.kind === 'note') reporter.note(`${label}: ${message.line}`, message.level);
    if (message.kind === 'task')
      tasks.set(message.task, reporter.task(`${label}: ${message.label}`, message.total, message.unit));
    if (message.kind === 'update') tasks.get(message.task)?.update(message.done, message.note);
    if (message.kind === 'finish') tasks.get(message.task)?.finish(message.note);
  };
}

/** An error as a message: its class by name, so that the other process has the same. */
export function failure(error: unknown): Message {
  if (error instanceof errors.WorkbenchError)
    return { kind: 'failed', name: error.name, message: error.message };
  // A mistake of ours: its stack has lines.
  const text = error instanceof Error ? (error.stack ?? error.message) : errors.messageOf(error);
  return { kind: 'failed', name: 'Error', message: text };
}

/** The error of such a message. */
export function errorOf({ name, message }: Extract<Message, { kind: 'failed' }>): Error {
  const kinds: Readonly<Record<string, unknown>> = errors;
  const kind = kinds[name] as (new (message: string) => Error) | undefined;
  return kind === undefined ? new Error(message) : new kind(message);
}
