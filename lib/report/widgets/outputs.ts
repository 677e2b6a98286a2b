// Outputs of a cell's work, shown in one widget that is redrawn in place: figures move instead of
// being replaced.

import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { type DisplayBundle } from '../notebook/display';
import { escapeHtml } from '../text';
import { type Publish, widgetHooks, type WidgetEvents, type WidgetState } from './kernel';
import { type ClickedPoint, type PageOutput, renderOutputs } from './outputs-page';
import { Widget } from './widget';

const figureType = 'application/vnd.plotly.v1+json';

/** One captured output. */
interface Captured {
  readonly output: PageOutput;
  readonly displayId?: string | undefined;
  /** A still picture of it, made when it is asked for. */
  readonly still?: () => Promise<DisplayBundle | undefined>;
}

/** What work printed and showed, in order. */
export class CapturedOutputs {
  readonly #captured: Captured[] = [];

  /** Takes one of Jupyter's messages. */
  readonly publish: Publish = (type, { text, data = {}, transient }, { later } = {}) => {
    const last = this.#captured.at(-1)?.output;
    if (text !== undefined) {
      const joined = last?.kind === 'text' && last.isError === undefined;
      const before = joined ? last.text : '';
      this.#captured.splice(joined ? -1 : this.#captured.length, 1, {
        output: { kind: 'text', text: before + stripVTControlCharacters(text) },
      });
      return;
    }
    const displayId = transient?.display_id;
    const captured = { output: pageOutput(data), displayId, ...(later && { still: later }) };
    const place = this.#captured.findIndex(
      (earlier) => displayId !== undefined && earlier.displayId === displayId,
    );
    if (type === 'update_display_data' && place >= 0) this.#captured[place] = captured;
    else this.#captured.push(captured);
  };

  /** Adds what was thrown. */
  fail(thrown: unknown): void {
    const lines = widgetHooks()?.describe(thrown).traceback ?? [String(thrown)];
    const text = stripVTControlCharacters(lines.join('\n'));
    this.#captured.push({ output: { kind: 'text', text, isError: true } });
  }

  /** The outputs for a page. */
  get outputs(): PageOutput[] {
    return this.#captured.map(({ output }) => output);
  }

  /** All outputs as one page that nothing moves. */
  async stillHtml(): Promise<string> {
    const parts: string[] = [];
    for (const { output, still } of this.#captured) parts.push(stillHtml(output, await still?.()));
    return parts.join('\n');
  }

  /** All outputs as text. */
  get text(): string {
    const texts = this.outputs.map((output) =>
      output.kind === 'text' ? output.text : output.kind === 'figure' ? output.label : '',
    );
    return texts.filter((text) => text !== '').join('\n');
  }
}

/** The richest form that a page can show. */
function pageOutput(bundle: DisplayBundle): PageOutput {
  const text = (type: string): string | undefined => {
    const value = bundle[type];
    return Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : undefined;
  };
  const figure = bundle[figureType] as { data: unknown; layout: unknown; config?: unknown } | undefined;
  const plain = text('text/plain') ?? '';
  if (figure !== undefined) {
    const { data, layout, config } = figure;
    return { kind: 'figure', figure: { data, layout, config }, label: plain };
  }
  const html = text('text/html') ?? text('image/svg+xml');
  if (html !== undefined) return { kind: 'html', html };
  const png = text('image/png');
  if (png !== undefined)
    return { kind: 'html', html: `<img alt="${escapeHtml(plain)}" src="data:image/png;base64,${png}">` };
  return { kind: 'text', text: plain };
}

function stillHtml(output: PageOutput, bundle: DisplayBundle | undefined): string {
  if (output.kind === 'html') return output.html;
  if (output.kind === 'text') return `<pre>${escapeHtml(output.text)}</pre>`;
  const svg = bundle?.['image/svg+xml'];
  const label = escapeHtml(output.label);
  if (typeof svg !== 'string') return `<p>${label}</p>`;
  const data = Buffer.from(svg).toString('base64');
  return `<img alt="${label}" style="width:100%;max-width:1200px" src="data:image/svg+xml;base64,${data}">`;
}

/** A widget that shows outputs, and others in their place later. */
export class OutputsView extends Widget {
  #outputs: readonly PageOutput[] = [];
  readonly #clicked: ((point: ClickedPoint) => unknown) | undefined;

  /** @param clicked hears of clicks on points of figures */
  constructor(clicked?: (point: ClickedPoint) => unknown) {
    super();
    this.#clicked = clicked;
  }

  /** Shows these outputs. */
  set(outputs: readonly PageOutput[]): void {
    this.#outputs = outputs;
    this.update({ outputs });
  }

  protected override definition(): { state: WidgetState; events: WidgetEvents } {
    const anywidget = { module: 'anywidget', version: '~0.11.0' };
    const state = {
      _model_module: anywidget.module,
      _model_module_version: anywidget.version,
      _model_name: 'AnyModel',
      _view_module: anywidget.module,
      _view_module_version: anywidget.version,
      _view_name: 'AnyView',
      _view_count: null,
      _esm: `export default { render: ${renderOutputs.toString()} };`,
      _css: '',
      _anywidget_id: 'bipe.outputs',
      outputs: this.#outputs,
    };
    const onMessage = async ({ kind, point }: WidgetState): Promise<void> => {
      if (kind === 'plotly') this.model?.send({ kind }, [plotlyCode()]);
      else if (kind === 'click') await this.#clicked?.(point as ClickedPoint);
    };
    return { state, events: { onMessage } };
  }
}

const plotlyCode = (): Uint8Array => readFileSync(require.resolve('plotly.js-dist-min'));
