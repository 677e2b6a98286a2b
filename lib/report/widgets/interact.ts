// Controls above what a function makes of them, which is redrawn in place as they move.

import { type Figure } from '../figure';
import { type DisplayBundle, displayFunction } from '../notebook/display';
import { showFigure, showTable } from '../notebook/show';
import { type Table } from '../tables';
import { column, row } from './boxes';
import { type Control } from './controls';
import { widgetHooks } from './kernel';
import { newestOnly } from './newest';
import { CapturedOutputs, OutputsView } from './outputs';
import { type ClickedPoint } from './outputs-page';
import { type Widget } from './widget';

/** The values of controls. */
export type ValuesOf<C> = {
  readonly [Name in keyof C]: Exclude<C[Name], undefined> extends Control<infer T> ? T : never;
};

/** What else moves controls. */
export interface InteractOptions<C> {
  /** The values that a click on a point of a figure stands for; others stay as they are. */
  readonly clicked?: (point: ClickedPoint) => Partial<ValuesOf<C>>;
}

/**
 * Shows controls below the cell, and under them what `work` shows, prints or returns for their
 * values: figures and tables that it returns are shown, too. A move calls it again; of moves that
 * are faster than it only the newest counts. Outside a notebook it is called once.
 *
 * @throws whatever `work` throws for the first values; what it throws later stands below the
 *   controls
 */
export async function interact<C extends Readonly<Record<string, Control<unknown>>>>(
  controls: C,
  work: (values: ValuesOf<C>) => unknown,
  { clicked }: InteractOptions<C> = {},
): Promise<void> {
  const shown = async (): Promise<unknown> => {
    const values = Object.entries(controls).map(([name, control]) => [name, control.value]);
    return showValue(await work(Object.fromEntries(values) as ValuesOf<C>));
  };
  const hooks = widgetHooks();
  if (hooks === undefined) {
    await shown();
    return;
  }
  const view = new OutputsView(
    clicked &&
      (async (point) => {
        for (const [name, value] of Object.entries(clicked(point))) {
          const control = controls[name];
          if (control !== undefined) control.value = value;
        }
        await redraw();
      }),
  );
  const captured = new CapturedOutputs();
  await hooks.capture(captured.publish, shown);
  view.set(captured.outputs);
  const redraw = newestOnly(async () => {
    const next = new CapturedOutputs();
    await hooks.capture(next.publish, shown).catch((thrown: unknown) => {
      next.fail(thrown);
    });
    view.set(next.outputs);
  });
  const widgets = Object.entries(controls).flatMap(([name, control]): Widget[] => {
    control.name(labelOf(name)).onChange(redraw);
    const player = control.player();
    return player === undefined ? [control] : [control, player];
  });
  column(row(...widgets), view).show();
  showTwin(captured);
}

/** Shows a figure or a table; any other value is the result. */
function showValue(value: unknown): unknown {
  if (hasFields<Figure>(value, ['caption', 'data', 'screen'])) showFigure(value);
  else if (hasFields<Table>(value, ['caption', 'columns', 'rows'])) showTable(value);
  else return value;
  return undefined;
}

function hasFields<T extends object>(value: unknown, names: readonly (keyof T)[]): value is T {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

/** A field's name as words: `trainLength` is `train length`. */
function labelOf(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}

/**
 * The first outputs, without controls, for readers in whose program nothing runs. JupyterLab hides
 * them while the controls above them live (scripts/lib/jupyterlab.css).
 */
function showTwin(captured: CapturedOutputs): void {
  twinCount += 1;
  const displayId = `bipe-twin-${process.pid}-${twinCount}`;
  const twin = (html: string): DisplayBundle => ({
    'text/html': `<div class="bipe-twin">${html}</div>`,
    'text/plain': captured.text,
  });
  const later = async (): Promise<DisplayBundle> => twin(await captured.stillHtml());
  displayFunction()?.(twin(''), {}, { displayId, later });
}

let twinCount = 0;
