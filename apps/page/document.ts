// A page as one HTML text that needs no network: style, a first drawing for readers without
// scripts, data, and the script.

import { createHash } from 'node:crypto';
import { escapeXml } from '../../lib/report/text';
import { bundledScript } from './bundle';

/** The parts of a page. */
export interface PageParts {
  readonly title: string;
  /** CSS text. */
  readonly style: string;
  /** HTML text, as it is before any script runs. */
  readonly body: string;
  /** The data that the script finds as JSON in `#source`. */
  readonly data: object;
  /** The script's entry point, as parts of its path from the repository. */
  readonly entry: readonly string[];
  /**
   * True if the page is shown in a frame of a notebook, where JupyterLab inverts it in a dark
   * theme.
   */
  readonly isFramed?: boolean;
}

/**
 * Makes a page as an HTML document. Its security policy: it loads nothing and runs its own script
 * alone, whatever its data hold.
 *
 * @throws MachineError if esbuild does not start; ConfigError if a source has an error
 */
export async function pageDocument({
  title,
  style,
  body,
  data,
  entry,
  isFramed = false,
}: PageParts): Promise<string> {
  const script = (await bundledScript(entry)).replaceAll('</script', '<\\/script');
  return `<!doctype html>
<html lang="en"${isFramed ? ' data-framed' : ''}>
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy(script)}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeXml(title)}</title><style>${style}</style></head>
<body>${noScript}${body}
<script type="application/json" id="source">${jsonInHtml(data)}</script>
<script>${script}</script></body>
</html>
`;
}

const noScript =
  '<noscript><p class="no-script">Scripts are off here, so nothing moves. In JupyterLab, press <b>Trust HTML</b> above the page; or open the file in a browser.</p></noscript>';

/** Data as JSON inside an element, which none of their texts can end. */
export function jsonInHtml(data: object): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

/** Draws panels into their places, by the ids of these, for readers without scripts. */
export function withPanels(body: string, panels: Readonly<Record<string, string>>): string {
  return Object.entries(panels).reduce(
    (html, [id, panel]) =>
      html.replace(new RegExp(`(<(\\w+) id="${id}"[^>]*>)(</\\2>)`), (_, open: string, __, close: string) =>
        [open, panel, close].join(''),
      ),
    body,
  );
}

function policy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  return `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
}
