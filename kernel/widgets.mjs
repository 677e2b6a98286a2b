// Jupyter's widgets: models that live here and in the browser at once, kept alike by comm messages.
// What a reader moves arrives here between two steps of whatever runs, and calls a function of the
// cell that made the widget.
// https://ipywidgets.readthedocs.io/en/stable/examples/Widget%20Low%20Level.html
import { randomUUID } from 'node:crypto';

const target = 'jupyter.widget';
/** Through it a page that is opened again asks for the state of all models. */
const controlTarget = 'jupyter.widget.control';
const protocolVersion = '2.1.0';

/**
 * @typedef {object} WidgetModel
 * @property {string} id
 * @property {(patch: Record<string, unknown>) => void} set changes the state, here and in browsers
 * @property {(content: object, buffers?: Uint8Array[]) => void} send a message to its views
 * @property {() => void} close
 */

/**
 * @typedef {object} WidgetEvents
 * @property {(changed: Record<string, unknown>) => unknown} [onChange] hears what a reader changed
 * @property {(content: any) => unknown} [onMessage] hears what a view sent, e.g. a click
 */

/** The widgets of a notebook. */
export class Widgets {
  #runs;
  #say;
  #models = new Map();
  #controls = new Set();

  /**
   * @param {import('./runs.mjs').Runs} runs
   * @param {(output: import('./output.mjs').Output) => (thrown: unknown) => void} say tells what a
   *   listener threw
   */
  constructor(runs, say) {
    this.#runs = runs;
    this.#say = say;
  }

  /**
   * Opens a model for the calling cell.
   *
   * @param {Record<string, unknown>} state with the names of its classes in the browser
   * @param {WidgetEvents} [events]
   * @returns {WidgetModel | undefined} undefined before the first cell
   */
  open(state, events = {}) {
    const run = this.#runs.cell;
    if (run === undefined) return undefined;
    const id = randomUUID().replaceAll('-', '');
    const publish = (type, content, extra) => run.output.publish(type, { comm_id: id, ...content }, extra);
    const model = { id, state: { ...state }, events, run, publish };
    this.#models.set(id, model);
    const data = { state: model.state, buffer_paths: [] };
    publish('comm_open', { target_name: target, data }, { metadata: { version: protocolVersion } });
    return {
      id,
      set: (patch) => this.#set(model, patch),
      send: (content, buffers = []) =>
        publish('comm_msg', { data: { method: 'custom', content } }, { buffers }),
      close: () => this.#close(model),
    };
  }

  #set(model, patch) {
    if (!this.#models.has(model.id)) return;
    Object.assign(model.state, patch);
    model.publish('comm_msg', { data: { method: 'update', state: patch, buffer_paths: [] } });
  }

  #close(model) {
    if (this.#models.delete(model.id)) model.publish('comm_close', { data: {} });
  }

  /** Closes the models of the earlier runs of a cell, which its next run replaces. */
  closeOf(cellId) {
    if (cellId === undefined) return;
    for (const model of this.#models.values()) if (model.run.cellId === cellId) this.#close(model);
  }

  /** The open comms, of one target or of all, by id: the reply to `comm_info_request`. */
  list(targetName) {
    const named = (ids, target_name) => Array.from(ids, (id) => [id, { target_name }]);
    const all = [...named(this.#models.keys(), target), ...named(this.#controls, controlTarget)];
    return Object.fromEntries(
      all.filter(([, { target_name }]) => [undefined, target_name].includes(targetName)),
    );
  }

  /**
   * Takes a message of a browser.
   *
   * @param {'comm_open' | 'comm_msg' | 'comm_close'} type
   * @param {{ comm_id: string, target_name?: string, data?: any }} content
   * @param {(type: string, content: object) => void} publish answers it
   */
  take(type, { comm_id, target_name, data = {} }, publish) {
    if (type === 'comm_open') {
      if (target_name === controlTarget) this.#controls.add(comm_id);
      else publish('comm_close', { comm_id, data: {} });
    } else if (type === 'comm_close') {
      this.#controls.delete(comm_id);
      this.#models.delete(comm_id);
    } else if (this.#controls.has(comm_id)) {
      if (data.method === 'request_states')
        publish('comm_msg', { comm_id, data: { method: 'update_states', ...this.#states() } });
    } else {
      const model = this.#models.get(comm_id);
      if (model !== undefined) this.#takeOf(model, data, publish);
    }
  }

  #states() {
    const states = Array.from(this.#models.values(), ({ id, state }) => {
      const { _model_name: model_name, _model_module: model_module } = state;
      const { _model_module_version: model_module_version } = state;
      return [id, { model_name, model_module, model_module_version, state }];
    });
    return { states: Object.fromEntries(states), buffer_paths: [] };
  }

  #takeOf(model, { method, state = {}, content }, publish) {
    const { id: comm_id, events } = model;
    if (method === 'update') {
      Object.assign(model.state, state);
      // Other pages that show the widget follow, and this one knows that the change arrived.
      publish('comm_msg', { comm_id, data: { method: 'echo_update', state, buffer_paths: [] } });
      this.#call(model, events.onChange, state);
    } else if (method === 'request_state') {
      publish('comm_msg', { comm_id, data: { method: 'update', state: model.state, buffer_paths: [] } });
    } else if (method === 'custom') this.#call(model, events.onMessage, content);
  }

  /** Calls a listener as code of its cell, once the message is dealt with: a stop may end it. */
  #call(model, listener, value) {
    if (listener === undefined) return;
    setImmediate(() => {
      if (this.#models.has(model.id))
        void this.#runs.within(model.run, () => listener(value)).catch(this.#say(model.run.output));
    });
  }
}
