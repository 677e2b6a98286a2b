// The code inside the browser page: draws outputs, and draws only what has changed, in place. The
// function is sent to the page as text, so it refers to nothing outside itself.

/** An output in a page. */
export type PageOutput =
  | { readonly kind: 'figure'; readonly figure: PlotlyFigure; readonly label: string }
  | { readonly kind: 'html'; readonly html: string }
  | { readonly kind: 'text'; readonly text: string; readonly isError?: boolean };

/** Where a reader clicked in a figure. */
export interface ClickedPoint {
  /** Values on the axes. */
  readonly x: number | string;
  readonly y: number | string;
  /** The number of the panel, from 1 on. */
  readonly panel: number;
}

interface PlotlyFigure {
  readonly data: unknown;
  readonly layout: unknown;
  readonly config: unknown;
}

// The few names of the page that are used, since the library is compiled without the browser's
// types.
interface PageElement {
  textContent: string | null;
  innerHTML: string;
  className: string;
  src: string;
  readonly style: { cssText: string };
  readonly isConnected: boolean;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  append(child: PageElement): void;
  remove(): void;
  replaceWith(other: PageElement): void;
  setAttribute(name: string, value: string): void;
  /** plotly's, once it has drawn there. */
  on(event: 'plotly_click', listener: (click: PlotlyClick) => void): void;
}
interface PlotlyClick {
  readonly points: readonly {
    readonly x: number | string;
    readonly y: number | string;
    readonly data: { readonly xaxis?: string };
  }[];
}
interface Plotly {
  react(element: PageElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(element: PageElement): void;
  readonly Plots: { resize(element: PageElement): unknown };
}
interface PageModel {
  get(name: 'outputs'): readonly PageOutput[];
  on(
    event: string,
    listener: (content: { kind?: string }, buffers: readonly ArrayBufferView[]) => void,
  ): void;
  off(event: string, listener: unknown): void;
  send(content: unknown): void;
}
interface PageWindow {
  bipePlotly?: Promise<Plotly>;
  readonly Plotly?: Plotly;
  readonly document: { createElement(name: string): PageElement; readonly head: PageElement };
  readonly ResizeObserver: new (listener: () => void) => {
    observe(element: PageElement): void;
    disconnect(): void;
  };
  readonly Blob: new (parts: readonly unknown[], options: { type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
}

/** What anywidget gives to a view; what it returns is called when the view is removed. */
export function renderOutputs({ model, el }: { model: PageModel; el: PageElement }): () => void {
  const page = globalThis as unknown as PageWindow;
  /** plotly, once a page: the kernel has it, so that no address needs to be known. */
  const plotly = (): Promise<Plotly> =>
    (page.bipePlotly ??= new Promise((resolve, reject) => {
      const take = ({ kind }: { kind?: string }, [code]: readonly ArrayBufferView[]): void => {
        if (kind !== 'plotly' || code === undefined) return;
        model.off('msg:custom', take);
        const script = page.document.createElement('script');
        const url = page.URL.createObjectURL(new page.Blob([code], { type: 'text/javascript' }));
        script.onload = () => {
          page.URL.revokeObjectURL(url);
          if (page.Plotly !== undefined) resolve(page.Plotly);
        };
        script.onerror = () => {
          delete page.bipePlotly;
          reject(new Error('plotly could not be loaded'));
        };
        script.src = url;
        page.document.head.append(script);
      };
      model.on('msg:custom', take);
      model.send({ kind: 'plotly' });
    }));

  interface Place {
    readonly kind: string;
    readonly node: PageElement;
    shown: string;
    /** Resolved once what was asked for last is drawn. */
    drawn: Promise<unknown>;
    hearsClicks: boolean;
  }
  const places: Place[] = [];
  const newPlace = (kind: string): Place => {
    const node = page.document.createElement(kind === 'text' ? 'pre' : 'div');
    node.className = `bipe-output-${kind}`;
    return { kind, node, shown: '', drawn: Promise.resolve(), hearsClicks: false };
  };
  const hearClicks = (place: Place): void => {
    if (place.hearsClicks) return;
    place.hearsClicks = true;
    place.node.on('plotly_click', ({ points: [point] }) => {
      if (point === undefined) return;
      const { x, y, data } = point;
      model.send({ kind: 'click', point: { x, y, panel: Number(data.xaxis?.slice(1) ?? '') || 1 } });
    });
  };
  const discard = ({ kind, node }: Place): void => {
    if (kind === 'figure')
      void page.bipePlotly?.then((loaded) => {
        loaded.purge(node);
      });
    node.remove();
  };
  const fill = (place: Place, output: PageOutput): void => {
    const { node } = place;
    const wanted = JSON.stringify(output);
    if (place.shown === wanted) return;
    place.shown = wanted;
    if (output.kind === 'html') node.innerHTML = output.html;
    else if (output.kind === 'text') {
      node.textContent = output.text;
      node.style.cssText =
        'margin:4px 0;white-space:pre-wrap;font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);' +
        (output.isError === true
          ? 'padding:4px 8px;border-left:4px solid var(--jp-error-color1,#D32F2F)'
          : '');
    } else {
      const { data, layout, config } = output.figure;
      node.setAttribute('role', 'img');
      node.setAttribute('aria-label', output.label);
      place.drawn = place.drawn
        .then(plotly)
        .then(async (loaded) => {
          if (place.shown !== wanted) return;
          await loaded.react(node, data, layout, config);
          hearClicks(place);
        })
        .catch((error: unknown) => {
          node.textContent = String(error);
        });
    }
  };
  const draw = (): void => {
    const outputs = model.get('outputs');
    for (const [index, output] of outputs.entries()) {
      let place = places[index];
      if (place?.kind !== output.kind) {
        const fresh = newPlace(output.kind);
        if (place === undefined) el.append(fresh.node);
        else {
          place.node.replaceWith(fresh.node);
          discard(place);
        }
        place = fresh;
        places[index] = place;
      }
      fill(place, output);
    }
    for (const place of places.splice(outputs.length)) discard(place);
  };
  const observer = new page.ResizeObserver(() => {
    const { bipePlotly } = page;
    for (const { kind, node, drawn } of places)
      if (kind === 'figure')
        void drawn.then(async () => node.isConnected && (await bipePlotly)?.Plots.resize(node));
  });
  model.on('change:outputs', draw);
  observer.observe(el);
  draw();
  return () => {
    model.off('change:outputs', draw);
    observer.disconnect();
    for (const place of places) discard(place);
  };
}
