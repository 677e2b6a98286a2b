// A widget: a model that opens when it is first shown, and can stand below a cell or in a box.

import { type DisplayBundle, displayFunction } from '../notebook/display';
import { type WidgetEvents, widgetHooks, type WidgetModel, type WidgetState } from './kernel';

const base = { module: '@jupyter-widgets/base', version: '2.0.0' };
const controls = { module: '@jupyter-widgets/controls', version: '2.0.0' };

/** A reference from one model's state to another model. */
export type ModelReference = `IPY_MODEL_${string}`;

/** Something to show below a cell, or inside a box. */
export abstract class Widget {
  #model: WidgetModel | undefined;
  /** Names and values of CSS, in the browser. */
  protected layout: Readonly<Record<string, string>> = {};

  /** The state with which the model opens, and what it hears. */
  protected abstract definition(): { readonly state: WidgetState; readonly events?: WidgetEvents };

  /** The model, opened once; undefined outside a notebook. */
  protected get model(): WidgetModel | undefined {
    if (this.#model !== undefined) return this.#model;
    const { state, events } = this.definition();
    this.#model = widgetHooks()?.open(state, events);
    return this.#model;
  }

  /** Changes the state of a model that is open; one that opens later takes the state of then. */
  protected update(patch: WidgetState): void {
    this.#model?.set(patch);
  }

  /** For the state of a box that holds it; undefined outside a notebook. */
  reference(): ModelReference | undefined {
    const { model } = this;
    return model === undefined ? undefined : `IPY_MODEL_${model.id}`;
  }

  /** Its view as an output; undefined outside a notebook. */
  get bundle(): DisplayBundle | undefined {
    const { model } = this;
    if (model === undefined) return undefined;
    const view = { version_major: 2, version_minor: 0, model_id: model.id };
    return {
      'application/vnd.jupyter.widget-view+json': view,
      'text/plain': '(controls, shown in JupyterLab)',
    };
  }

  /** Shows it below the cell; nothing outside a notebook. */
  show(): void {
    const { bundle } = this;
    if (bundle !== undefined) displayFunction()?.(bundle);
  }
}

/** The state of a model of Jupyter's own controls. */
export function controlState(
  name: string,
  layout: Readonly<Record<string, string>>,
  state: WidgetState,
): WidgetState {
  return {
    ...classes(name, controls, controls),
    layout: referenceTo({ ...classes('Layout', base, base), ...layout }),
    tabbable: null,
    tooltip: null,
    _dom_classes: [],
    ...state,
  };
}

/** A model of how a control looks, e.g. `SliderStyle`. */
export function styleReference(name: string, state: WidgetState = {}): ModelReference | undefined {
  const view = { ...classes(name, controls, base), _view_name: 'StyleView' };
  return referenceTo({ ...view, ...state });
}

/** Lets two values be one, in the browser alone: `[widget, name of the value]`. */
export function link(source: readonly [Widget, string], target: readonly [Widget, string]): void {
  const end = ([widget, name]: readonly [Widget, string]): unknown => [widget.reference(), name];
  const state = { ...classes('Link', controls, controls), _view_module: null, _view_name: null };
  referenceTo({ ...state, source: end(source), target: end(target) });
}

interface Package {
  readonly module: string;
  readonly version: string;
}

function referenceTo(state: WidgetState): ModelReference | undefined {
  const model = widgetHooks()?.open(state);
  return model && `IPY_MODEL_${model.id}`;
}

function classes(name: string, model: Package, view: Package): WidgetState {
  return {
    _model_module: model.module,
    _model_module_version: model.version,
    _model_name: `${name}Model`,
    _view_module: view.module,
    _view_module_version: view.version,
    _view_name: `${name}View`,
  };
}
