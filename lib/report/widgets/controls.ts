// Controls: what a reader moves, and its value. They are the standard ones of Jupyter
// (@jupyter-widgets/controls), so they look, and answer keys and screen readers, as elsewhere.

import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { type WidgetEvents, type WidgetState } from './kernel';
import { newestOnly } from './newest';
import { controlState, link, styleReference, Widget } from './widget';

/** How a control is named; by default as the field that it stands for. */
export interface ControlOptions {
  readonly label?: string;
}

/** One of Jupyter's controls: how its state says a value. */
interface Definition<T> {
  /** E.g. `IntSlider`. */
  readonly name: string;
  /** E.g. `SliderStyle`. */
  readonly style: string;
  /** In CSS; default `auto`. */
  readonly width?: string;
  readonly styleState?: WidgetState;
  readonly state: WidgetState;
  /** The state that stands for a value. */
  write(value: T): WidgetState;
  /** The value of a changed state; undefined where the change is of something else. */
  read(changed: WidgetState): T | undefined;
  /** ms between the steps of a play button beside it. */
  readonly playEvery?: number;
}

/** A control with its value. */
export abstract class Control<T> extends Widget {
  readonly #listeners = new Set<() => unknown>();
  #label: string | undefined;

  constructor({ label }: ControlOptions) {
    super();
    this.#label = label;
  }

  abstract get value(): T;

  /** Sets it here and in the browser; nobody is told. */
  abstract set value(value: T);

  protected get label(): string {
    return this.#label ?? '';
  }

  /** Names it, unless it was named or shown. */
  name(label: string): this {
    this.#label ??= label;
    return this;
  }

  /**
   * Calls `listener` with what the reader chose, and while it works, once for all later choices.
   */
  onChange(listener: (value: T) => unknown): this {
    this.#listeners.add(
      newestOnly(async () => {
        await listener(this.value);
      }),
    );
    return this;
  }

  /** Tells the listeners that the reader chose. */
  protected async tell(): Promise<void> {
    await Promise.all(Array.from(this.#listeners, (listener) => listener()));
  }

  /** What moves it by itself, if it was asked for. */
  player(): Widget | undefined {
    return undefined;
  }
}

/** A control that is one of Jupyter's own. */
class StandardControl<T> extends Control<T> {
  readonly #definition: Definition<T>;
  #value: T;

  constructor(definition: Definition<T>, value: T, options: ControlOptions) {
    super(options);
    this.#definition = definition;
    this.#value = value;
    this.layout = { width: definition.width ?? 'auto' };
  }

  override get value(): T {
    return this.#value;
  }

  override set value(value: T) {
    this.#value = value;
    this.update(this.#definition.write(value));
  }

  protected override definition(): { state: WidgetState; events: WidgetEvents } {
    const { name, style, state } = this.#definition;
    const onChange = async (changed: WidgetState): Promise<void> => {
      const value = this.#definition.read(changed);
      if (value === undefined) return;
      this.#value = value;
      await this.tell();
    };
    return {
      state: controlState(name, this.layout, {
        description: this.label,
        description_allow_html: false,
        disabled: false,
        style: styleReference(style, { description_width: 'initial', ...this.#definition.styleState }),
        ...state,
        ...this.#definition.write(this.#value),
      }),
      events: { onChange },
    };
  }

  override player(): Widget | undefined {
    const { playEvery, state } = this.#definition;
    if (playEvery === undefined) return undefined;
    const player = new Player({ ...state, value: this.#value, interval: playEvery });
    link([player, 'value'], [this, 'value']);
    return player;
  }
}

class Player extends Widget {
  readonly #state: WidgetState;

  constructor(state: WidgetState) {
    super();
    this.#state = state;
  }

  protected override definition(): { state: WidgetState } {
    const { min, max, step, value, interval } = this.#state as Record<string, unknown>;
    const state = { min, max, step, value, interval, playing: false, repeat: false, show_repeat: true };
    const style = styleReference('DescriptionStyle');
    return {
      state: controlState(
        'Play',
        { min_width: '130px' },
        { ...state, description: 'Play', disabled: false, style },
      ),
    };
  }
}

const sliderWidth = '340px';

/** A slider's settings. */
export interface SliderOptions extends ControlOptions {
  /** Default: the least. */
  readonly value?: number;
  /** Default: 1 between whole numbers, else a hundredth of the range. */
  readonly step?: number;
  /** ms between steps: gives it a play button. Whole numbers only. */
  readonly playEvery?: number;
}

/**
 * A slider over the numbers from `least` to `most`.
 *
 * @throws ConfigError if the range is empty or the value is outside
 */
export function slider(least: number, most: number, options: SliderOptions = {}): Control<number> {
  const { value = least, playEvery } = options;
  const isWhole = [least, most, value, options.step ?? 1].every(Number.isInteger);
  const step = options.step ?? (isWhole ? 1 : (most - least) / 100);
  checkRange(least, most, value);
  if (!(step > 0)) throw new ConfigError(`a slider's step is ${step}; it must be above 0`);
  if (playEvery !== undefined && !isWhole)
    throw new ConfigError('only a slider over whole numbers can play; round least, most, value and step');
  const readout_format = isWhole ? 'd' : '.3~g';
  const state = { min: least, max: most, step, continuous_update: true, orientation: 'horizontal' };
  return new StandardControl<number>(
    {
      name: isWhole ? 'IntSlider' : 'FloatSlider',
      style: 'SliderStyle',
      width: sliderWidth,
      state: { ...state, readout: true, readout_format, behavior: 'drag-tap' },
      ...numberState,
      ...(playEvery !== undefined && { playEvery }),
    },
    value,
    options,
  );
}

const numberState = {
  write: (value: number): WidgetState => ({ value }),
  read: ({ value }: WidgetState): number | undefined => (typeof value === 'number' ? value : undefined),
};

/**
 * A slider whose steps multiply: over the numbers from `least` to `most`, both above 0.
 *
 * @param options `step`: in powers of ten, default 0.1
 * @throws ConfigError if the range is empty or the value is outside
 */
export function logSlider(
  least: number,
  most: number,
  options: Omit<SliderOptions, 'playEvery'> = {},
): Control<number> {
  const { value = least, step = 0.1 } = options;
  checkRange(least, most, value);
  if (!(least > 0)) throw new ConfigError(`a logarithmic slider begins at ${least}; it must be above 0`);
  const state = { base: 10, min: Math.log10(least), max: Math.log10(most), step, continuous_update: true };
  return new StandardControl<number>(
    {
      name: 'FloatLogSlider',
      style: 'SliderStyle',
      width: sliderWidth,
      state: {
        ...state,
        orientation: 'horizontal',
        readout: true,
        readout_format: '.3~g',
        behavior: 'drag-tap',
      },
      ...numberState,
    },
    value,
    options,
  );
}

function checkRange(least: number, most: number, value: number): void {
  if (!(least < most)) throw new ConfigError(`a slider from ${least} to ${most}: the first must be smaller`);
  if (!(value >= least && value <= most))
    throw new ConfigError(`a slider from ${least} to ${most} cannot stand at ${value}`);
}

/** The settings of a choice. */
export interface ChoiceOptions<T> extends ControlOptions {
  /** Default: the first. */
  readonly value?: T;
  /** A list that opens, or a button for each; default: buttons for up to four. */
  readonly as?: 'list' | 'buttons';
}

/** What can be chosen: values that name themselves, or values by name. */
export type Options<T> = readonly T[] | Readonly<Record<string, T>>;

/**
 * A choice of one of several values.
 *
 * @throws ConfigError if there is nothing to choose, or the value is not among the options
 */
export function choice<const T extends string | number | boolean>(
  options: readonly T[],
  settings?: ChoiceOptions<T>,
): Control<T>;
export function choice<T>(options: Readonly<Record<string, T>>, settings?: ChoiceOptions<T>): Control<T>;
export function choice<T>(options: Options<T>, settings: ChoiceOptions<T> = {}): Control<T> {
  const { labels, values } = listOptions(options);
  const value = settings.value ?? present(values[0], 'option');
  const isList = (settings.as ?? (labels.length > 4 ? 'list' : 'buttons')) === 'list';
  const looks = isList ? {} : { tooltips: labels, icons: [], button_style: '' };
  return new StandardControl<T>(
    {
      name: isList ? 'Dropdown' : 'ToggleButtons',
      style: isList ? 'DescriptionStyle' : 'ToggleButtonsStyle',
      ...(isList ? {} : { styleState: { button_width: 'auto' } }),
      state: { _options_labels: labels, ...looks },
      write: (chosen) => ({ index: placeOf(chosen, labels, values) }),
      read: ({ index }) => (typeof index === 'number' ? values[index] : undefined),
    },
    values[placeOf(value, labels, values)] as T,
    settings,
  );
}

/** The options' names and values, in order. */
export function listOptions<T>(options: Options<T>): { labels: string[]; values: readonly T[] } {
  const isList = Array.isArray(options);
  const values = isList ? (options as readonly T[]) : Object.values(options);
  if (values.length === 0) throw new ConfigError('a choice without options: give at least one');
  return { labels: isList ? values.map(String) : Object.keys(options), values };
}

/** @throws ConfigError if the value is not among the options */
export function placeOf<T>(value: T, labels: readonly string[], values: readonly T[]): number {
  const place = values.indexOf(value);
  if (place < 0) throw new ConfigError(`${String(value)} is not among the options: ${labels.join(', ')}`);
  return place;
}

/** A box to tick. */
export function checkbox(value: boolean, options: ControlOptions = {}): Control<boolean> {
  return new StandardControl<boolean>(
    {
      name: 'Checkbox',
      style: 'CheckboxStyle',
      state: { indent: false },
      write: (ticked) => ({ value: ticked }),
      read: (changed) => (typeof changed['value'] === 'boolean' ? changed['value'] : undefined),
    },
    value,
    options,
  );
}

/** The settings of a text. */
export interface TextOptions extends ControlOptions {
  /** Lines that it shows; default 1. */
  readonly rows?: number;
  /** What stands in it while it is empty. */
  readonly placeholder?: string;
}

/** A text to type; it is read with each key. */
export function text(value: string, options: TextOptions = {}): Control<string> {
  const { rows = 1, placeholder = '' } = options;
  return new StandardControl<string>(
    {
      name: rows === 1 ? 'Text' : 'Textarea',
      style: 'TextStyle',
      width: '100%',
      state: { placeholder, continuous_update: true, ...(rows > 1 && { rows }) },
      write: (typed) => ({ value: typed }),
      read: (changed) => (typeof changed['value'] === 'string' ? changed['value'] : undefined),
    },
    value,
    options,
  );
}

/** A button that does something; disabled while it does. */
export class Button extends Widget {
  readonly #label: string;
  readonly #action: () => unknown;

  constructor(label: string, action: () => unknown) {
    super();
    this.#label = label;
    this.#action = action;
  }

  protected override definition(): { state: WidgetState; events: WidgetEvents } {
    const state = { description: this.#label, disabled: false, button_style: '', icon: '' };
    const style = styleReference('ButtonStyle');
    const onMessage = async ({ event }: WidgetState): Promise<void> => {
      if (event !== 'click') return;
      this.update({ disabled: true });
      try {
        await this.#action();
      } finally {
        this.update({ disabled: false });
      }
    };
    return { state: controlState('Button', { width: 'auto' }, { ...state, style }), events: { onMessage } };
  }
}

/** A button. */
export function button(label: string, action: () => unknown): Button {
  return new Button(label, action);
}
