// What the notebook kernel offers for widgets, under `globalThis[Symbol.for('bipe.widgets')]`
// (kernel/widgets.mjs): models that live here and in the browser at once.

import { type DisplayBundle } from '../notebook/display';

/** Names and values that a model has here and in the browser. */
export type WidgetState = Readonly<Record<string, unknown>>;

/** What a model hears from the browser. */
export interface WidgetEvents {
  /** What the reader changed. */
  readonly onChange?: (changed: WidgetState) => unknown;
  /** What a view sent, such as a click. */
  readonly onMessage?: (content: Readonly<Record<string, unknown>>) => unknown;
}

/** A model. */
export interface WidgetModel {
  readonly id: string;
  /** Changes the state, here and in the browser. */
  set(patch: WidgetState): void;
  /** Sends a message to its views. */
  send(content: WidgetState, buffers?: readonly Uint8Array[]): void;
  close(): void;
}

/** What captured work says, as Jupyter's messages. */
export type Publish = (
  type: string,
  content: {
    readonly text?: string;
    readonly data?: DisplayBundle;
    readonly transient?: { readonly display_id?: string };
  },
  extra?: { readonly later?: () => Promise<DisplayBundle | undefined> },
) => void;

interface WidgetHooks {
  /** Stops what runs, as the notebook's stop button does. */
  stop(): void;
  /** Calls a listener when the calling cell fails or is stopped. */
  onFailure(listener: () => void): void;
  /** Undefined before the first cell. */
  open(state: WidgetState, events?: WidgetEvents): WidgetModel | undefined;
  /** Rejected with what the work throws, and as soon as it is stopped. */
  capture(publish: Publish, work: () => unknown): Promise<void>;
  /** A thrown value as lines for a reader. */
  describe(thrown: unknown): { readonly traceback: readonly string[] };
}

/** The kernel's widgets; undefined outside the workbench's notebook kernel. */
export function widgetHooks(): WidgetHooks | undefined {
  return (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.widgets')] as WidgetHooks | undefined;
}
