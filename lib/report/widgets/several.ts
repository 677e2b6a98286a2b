// A choice of several: a box to tick for each option, since Jupyter's list of several needs a key
// held down.

import { boxState } from './boxes';
import { checkbox, Control, type ControlOptions, listOptions, type Options, placeOf } from './controls';
import { type WidgetState } from './kernel';
import { controlState, styleReference, Widget } from './widget';

/** The settings of a choice of several. */
export interface SeveralOptions<T> extends ControlOptions {
  /** Default: all. */
  readonly value?: readonly T[];
}

/**
 * A choice of any number of values, in the order of the options: a box to tick for each.
 *
 * @throws ConfigError if there is nothing to choose, or a value is not among the options
 */
export function several<const T extends string | number | boolean>(
  options: readonly T[],
  settings?: SeveralOptions<T>,
): Control<readonly T[]>;
export function several<T>(
  options: Readonly<Record<string, T>>,
  settings?: SeveralOptions<T>,
): Control<readonly T[]>;
export function several<T>(options: Options<T>, settings: SeveralOptions<T> = {}): Control<readonly T[]> {
  return new Several(options, settings);
}

class Several<T> extends Control<readonly T[]> {
  readonly #labels: readonly string[];
  readonly #values: readonly T[];
  readonly #boxes: readonly Control<boolean>[];

  constructor(options: Options<T>, settings: SeveralOptions<T>) {
    super(settings);
    const { labels, values } = listOptions(options);
    this.#labels = labels;
    this.#values = values;
    this.#boxes = labels.map((label) => checkbox(false, { label }).onChange(() => this.tell()));
    this.value = settings.value ?? values;
    this.layout = { flex_flow: 'row wrap', align_items: 'center', grid_gap: '0 16px' };
  }

  override get value(): readonly T[] {
    return this.#values.filter((_, place) => this.#boxes[place]?.value);
  }

  override set value(chosen: readonly T[]) {
    const places = chosen.map((value) => placeOf(value, this.#labels, this.#values));
    for (const [place, box] of this.#boxes.entries()) box.value = places.includes(place);
  }

  protected override definition(): { state: WidgetState } {
    return { state: boxState('HBox', [new Caption(this.label), ...this.#boxes], this.layout) };
  }
}

/** Words before the boxes. */
class Caption extends Widget {
  readonly #words: string;

  constructor(words: string) {
    super();
    this.#words = words;
  }

  protected override definition(): { state: WidgetState } {
    const state = { value: this.#words, placeholder: '', description: '', description_allow_html: false };
    const style = styleReference('LabelStyle');
    return { state: controlState('Label', {}, { ...state, style }) };
  }
}
