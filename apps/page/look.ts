// What the style sheets of all pages share. Pages are drawn for white paper; in a dark surrounding
// light and dark change places and hues stay, as in JupyterLab (scripts/lib/jupyterlab.css), for
// which the contrasts and differences of colours are tested.

import { fontFamily, ink, levelStyles } from '../../lib/report/style';

/** Typefaces of fixed width. */
export const monospace = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Where the keyboard is. */
export const focusColor = '#2C96EE';

/** CSS text: boxes, letters, controls and the dark surrounding. */
export const sharedStyle = `
:root { color-scheme: light; --edge: #D5D5D5; --soft: #F6F6F4; background: ${ink.paper}; -webkit-text-size-adjust: 100%; }
* { box-sizing: border-box; }
body { margin: 0; background: ${ink.paper}; color: ${ink.text}; font: 15px/1.45 ${fontFamily}; }
svg text { font-family: ${fontFamily}; }
p { margin: 0; } h1 { font-size: 24px; line-height: 1.2; margin: 0; } h2 { font-size: 18px; margin: 0 0 2px; } h3 { font-size: 16px; margin: 0; }
.note { color: ${ink.muted}; font-size: 13.5px; max-width: 62em; }
.no-script { padding: 10px 18px; border-bottom: 2px solid #B01E0A; background: #FFF4F2; }
code { font: 600 0.95em ${monospace}; background: #EEE; border-radius: 3px; padding: 0 4px; }
a { color: ${levelStyles.segment.color}; }
input[type=text], input[type=number], textarea, select { font: inherit; color: ${ink.text}; background: ${ink.paper}; border: 1px solid ${ink.axis}; border-radius: 5px; padding: 4px 7px; width: 100%; }
input[type=range] { accent-color: ${levelStyles.segment.color}; height: 30px; }
:focus-visible { outline: 3px solid ${focusColor}; outline-offset: 1px; }
.player { display: flex; align-items: center; gap: 6px; }
.player button { display: inline-flex; align-items: center; gap: 6px; height: 36px; min-width: 38px; justify-content: center; border: 1px solid ${ink.axis}; border-radius: 6px; background: ${ink.paper}; color: ${ink.text}; cursor: pointer; font: inherit; padding: 0 9px; }
.player button:hover { background: var(--soft); } .player button.play { background: ${levelStyles.segment.color}; border-color: ${levelStyles.segment.color}; color: ${ink.paper}; width: 94px; }
.player svg { width: 18px; height: 18px; fill: currentColor; stroke: currentColor; stroke-width: 2.4; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) { html:not([data-framed]) { filter: invert(0.85) hue-rotate(180deg); } }
`;
