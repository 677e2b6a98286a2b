// Boxes: widgets beside each other, below each other, or one at a time.

import { type WidgetState } from './kernel';
import { controlState, Widget } from './widget';

class Box extends Widget {
  readonly #name: string;
  readonly #children: readonly Widget[];
  readonly #state: WidgetState;

  constructor(
    name: string,
    children: readonly Widget[],
    layout: Readonly<Record<string, string>> = {},
    state: WidgetState = {},
  ) {
    super();
    this.#name = name;
    this.#children = children;
    this.#state = state;
    this.layout = layout;
  }

  protected override definition(): { state: WidgetState } {
    return { state: { ...boxState(this.#name, this.#children, this.layout), ...this.#state } };
  }
}

/** The state of a box of Jupyter's, e.g. `HBox`. */
export function boxState(
  name: string,
  children: readonly Widget[],
  layout: Readonly<Record<string, string>>,
): WidgetState {
  const references = children.map((child) => child.reference());
  return controlState(name, layout, { box_style: '', children: references });
}

/** Widgets beside each other, in as many lines as they need. */
export function row(...children: readonly Widget[]): Widget {
  return new Box('HBox', children, { flex_flow: 'row wrap', align_items: 'center', grid_gap: '4px 24px' });
}

/** Widgets below each other. */
export function column(...children: readonly Widget[]): Widget {
  return new Box('VBox', children);
}

/** Widgets of which one is shown at a time, by the titles of their tabs. */
export function tabs(children: Readonly<Record<string, Widget>>): Widget {
  return new Box('Tab', Object.values(children), {}, { titles: Object.keys(children), selected_index: 0 });
}
