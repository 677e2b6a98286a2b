// Figures and tables in a notebook, through the display function that the workbench's
// kernel provides. Outside a notebook nothing is shown; `isNotebook` tells.

import { messageOf } from '../../base/errors';
import { type DisplayBundle, displayFunction } from './display';
import { type Figure } from '../figure';
import { toPlain } from '../json';
import { stillFigure, stillPage } from '../export/stills';
import { ink, screenWidth } from '../style';
import { type Table, toHtml, toMarkdown } from '../tables';
import { escapeHtml, escapeXml, stripMarkup } from '../text';

/** True in the workbench's notebook kernel. */
export function isNotebook(): boolean {
  return displayFunction() !== undefined;
}

/** The theme's colour for lesser texts; the house style's where there are no themes. */
const captionStyle = `max-width:${screenWidth.most}px;margin:6px 0 14px;color:var(--jp-ui-font-color2,${ink.muted})`;
let figureCount = 0;

/**
 * Shows an interactive figure and its caption below the cell; nothing outside a notebook. For
 * readers whose program has no plotly the same output gets a still picture as soon as it is drawn.
 */
export function showFigure(figure: Figure): void {
  const display = displayFunction();
  if (display === undefined) return;
  figureCount += 1;
  const displayId = `bipe-figure-${process.pid}-${figureCount}`;
  const bundle = {
    'application/vnd.plotly.v1+json': {
      data: toPlain(figure.data),
      layout: toPlain(figure.screen),
      config: {
        displaylogo: false,
        typesetMath: false,
        toImageButtonOptions: { format: 'svg', filename: figure.id },
      },
    },
    'text/plain': stripMarkup(`${figure.title}. ${figure.alt}`),
  };
  // A PNG would be shown instead of the figure until the pointer is on it; an SVG is behind plotly
  // everywhere.
  const later = (): Promise<DisplayBundle | undefined> =>
    stillFigure(figure).then((svg) => ({ ...bundle, 'image/svg+xml': svg }), sayWhyNot);
  display(bundle, {}, { displayId, later });
  const caption = stripMarkup(figure.caption);
  display({
    'text/html': `<p style="${captionStyle}">${escapeHtml(caption)}</p>`,
    'text/plain': caption,
  });
}

/**
 * Shows an HTML page in a frame below the cell, over a picture of it for readers who see no frames;
 * nothing outside a notebook.
 */
export async function showPage(html: string, title: string, height: number): Promise<void> {
  const display = displayFunction();
  if (display === undefined) return;
  const png = await stillPage(html, PAGE_WIDTH, height).catch(sayWhyNot);
  const data = png === undefined ? '' : Buffer.from(png).toString('base64');
  const name = escapeXml(title);
  const picture = `<img alt="${name}" src="data:image/png;base64,${data}" style="width:100%;height:100%;object-fit:contain;object-position:top">`;
  // Markdown would end the output at an empty line.
  const source = escapeXml(html).replaceAll('\n', '&#10;');
  const frame = `<iframe title="${name}" srcdoc="${source}" sandbox="allow-scripts" style="position:absolute;inset:0;width:100%;height:100%;border:0;background:#FFFFFF"></iframe>`;
  display({
    'text/html': `<div class="bipe-page" style="position:relative;height:${height}px;border:1px solid #D5D5D5;border-radius:6px;overflow:hidden">${png === undefined ? '' : picture}${frame}</div>`,
    'text/plain': `${title}: an interactive page, shown in JupyterLab`,
  });
}

const PAGE_WIDTH = 1000; // px, about that of a notebook's outputs
const said = new Set<string>();

/** Shows a line of text below the cell; nothing outside a notebook. */
export function showLine(line: string): void {
  displayFunction()?.({
    'text/html': `<div style="padding:4px 10px">${escapeHtml(line)}</div>`,
    'text/plain': line,
  });
}

/** One word, once, of what saved notebooks will lack. */
function sayWhyNot(error: unknown): undefined {
  const line = `no still pictures for readers outside JupyterLab: ${messageOf(error)}`;
  if (!said.has(line)) showLine(line);
  said.add(line);
}

/** How a table is shown. */
export interface TableLook {
  /** The table is closed at first, behind this line, which opens it. */
  readonly behind?: string;
}

/** Shows a table below the cell; nothing outside a notebook. */
export function showTable(table: Table, { behind }: TableLook = {}): void {
  const display = displayFunction();
  if (display === undefined) return;
  const markdown = toMarkdown(table);
  // A table wider than the page scrolls by itself; its caption stays in sight, as wide as this at
  // most.
  const open = `<div style="overflow-x:auto;container-type:inline-size">${toHtml(table)}</div>`;
  const html =
    behind === undefined
      ? open
      : `<details><summary style="cursor:pointer;padding:4px 10px">${escapeHtml(behind)}</summary>${open}</details>`;
  display({ 'text/html': html, 'text/markdown': markdown, 'text/plain': markdown });
}
