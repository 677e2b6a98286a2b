// The kernel's widgets without a kernel: models that a test moves as a reader does.

import { inspect } from 'node:util';
import type { Publish, WidgetEvents, WidgetState } from '../../lib/report/widgets/kernel';

/** A model that was opened. */
export interface OpenedModel {
  readonly id: string;
  readonly state: Record<string, unknown>;
  /** The reader changes it; resolves when all that follows is done. */
  move(changed: WidgetState): Promise<void>;
  /** Its view says something. */
  say(content: WidgetState): Promise<void>;
  readonly sent: { readonly content: WidgetState; readonly bytes: number }[];
}

/** What a notebook shows in the test. */
export interface FakeNotebook {
  readonly models: OpenedModel[];
  /** The latest model of Jupyter's class, e.g. `IntSlider`. */
  readonly latest: (name: string) => OpenedModel;
  /** Bundles that were shown below the cell. */
  readonly shown: Readonly<Record<string, unknown>>[];
  /** Makes what takes the place of an output that was shown. */
  readonly later: (() => Promise<Readonly<Record<string, unknown>> | undefined>)[];
  /** Lets the cell fail, or be stopped. */
  readonly fail: () => void;
  /** How often the library asked to stop what runs. */
  readonly stops: () => number;
  /** Prints in the captured work that runs. */
  readonly print: (text: string) => void;
}

const [displayKey, widgetsKey] = [Symbol.for('bipe.display'), Symbol.for('bipe.widgets')];

/** Does `work` as in a cell of a notebook. */
export async function inFakeNotebook(work: (notebook: FakeNotebook) => unknown): Promise<void> {
  const models: OpenedModel[] = [];
  const shown: Readonly<Record<string, unknown>>[] = [];
  const laterOnes: FakeNotebook['later'] = [];
  const failureListeners: (() => void)[] = [];
  let stops = 0;
  let publish: Publish | undefined;
  const open = (state: WidgetState, events: WidgetEvents = {}): unknown => {
    const own: OpenedModel = {
      id: `m${models.length}`,
      state: { ...state },
      sent: [],
      move: async (changed) => {
        Object.assign(own.state, changed);
        await events.onChange?.(changed);
      },
      say: async (content) => {
        await events.onMessage?.(content);
      },
    };
    models.push(own);
    const send = (content: WidgetState, buffers: readonly Uint8Array[] = []): void => {
      own.sent.push({ content, bytes: buffers.reduce((sum, { length }) => sum + length, 0) });
    };
    return {
      id: own.id,
      set: (patch: WidgetState) => Object.assign(own.state, patch),
      send,
      close: () => undefined,
    };
  };
  const capture = async (given: Publish, captured: () => unknown): Promise<void> => {
    const before = publish;
    publish = given;
    try {
      const value = await captured();
      if (value !== undefined) given('display_data', { data: { 'text/plain': inspect(value) } });
    } finally {
      publish = before;
    }
  };
  const display = (
    data: Record<string, unknown>,
    _: unknown,
    options: Record<string, unknown> = {},
  ): void => {
    const { displayId, update, later } = options as {
      displayId?: string;
      update?: boolean;
      later?: () => Promise<Record<string, unknown> | undefined>;
    };
    if (publish === undefined) {
      shown.push(data);
      if (later !== undefined) laterOnes.push(later);
    } else
      publish(
        update === true ? 'update_display_data' : 'display_data',
        { data, transient: displayId === undefined ? {} : { display_id: displayId } },
        later && { later },
      );
  };
  const describe = (thrown: unknown): { traceback: string[] } => ({ traceback: [`told: ${String(thrown)}`] });
  const hooks = globalThis as Record<symbol, unknown>;
  hooks[displayKey] = display;
  const stop = (): void => {
    stops += 1;
  };
  const onFailure = (listener: () => void): unknown => failureListeners.push(listener);
  hooks[widgetsKey] = { open, capture, describe, stop, onFailure };
  try {
    await work({
      models,
      shown,
      later: laterOnes,
      latest: (name) => {
        const found = models.findLast(({ state }) => state['_model_name'] === `${name}Model`);
        if (found === undefined) throw new Error(`no ${name} was opened`);
        return found;
      },
      fail: () => {
        for (const listener of failureListeners.splice(0)) listener();
      },
      stops: () => stops,
      print: (text) => publish?.('stream', { text }),
    });
  } finally {
    Reflect.deleteProperty(globalThis, displayKey);
    Reflect.deleteProperty(globalThis, widgetsKey);
  }
}
