// The page's style sheet. The page is drawn for white paper; in a dark theme the style sheet of
// JupyterLab inverts it.

import { fontFamily, ink, levelStyles } from '../../lib/report/style';
import { rightColor, wrongColor } from './score';

/** The style sheet as CSS text. */
export const pageStyle = `
:root { color-scheme: light; --edge: #D5D5D5; --soft: #F6F6F4; }
* { box-sizing: border-box; }
body { margin: 0; background: ${ink.paper}; color: ${ink.text}; font: 15px/1.45 ${fontFamily}; }
svg text { font-family: ${fontFamily}; }
h2 { font-size: 18px; margin: 0 0 2px; } h3 { font-size: 16px; margin: 0; }
summary span { font-weight: 400; margin-left: 6px; }
p { margin: 0; } .note { color: ${ink.muted}; font-size: 13.5px; max-width: 62em; }
code { font: 600 0.95em ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; background: #EEE; border-radius: 3px; padding: 0 4px; }
header { position: sticky; top: 0; z-index: 2; background: ${ink.paper}; border-bottom: 1px solid var(--edge); padding: 10px 18px 8px; box-shadow: 0 2px 6px #0001; }
main { padding: 4px 18px 24px; max-width: 1180px; } section { padding: 16px 0 8px; border-bottom: 1px solid var(--edge); } section:last-child { border: 0; }
.row { display: flex; gap: 10px; align-items: flex-start; flex-wrap: wrap; }
.field { display: flex; flex-direction: column; gap: 2px; min-width: 0; } .field label { font-size: 12.5px; color: ${ink.muted}; }
.field.word { flex: 1 1 180px; } .field.maxSegmentLength, .field.maxSegments { width: 190px; } .field.maxSegments { width: 130px; }
input[type=text], input[type=number], textarea, select { font: inherit; color: ${ink.text}; background: ${ink.paper}; border: 1px solid ${ink.axis}; border-radius: 5px; padding: 4px 7px; width: 100%; } header input, header select, .fields input { height: 32px; }
.field.word input, textarea, .fields input { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.field.word input { letter-spacing: 1px; } textarea { resize: vertical; line-height: 1.4; }
[aria-invalid=true] { border-color: ${wrongColor} !important; background: #FFF4F2 !important; }
.problem { color: ${wrongColor}; font-size: 13px; } .problem:empty { display: none; }
#about { margin: 4px 0 6px; }
.player { align-items: center; flex-wrap: nowrap; gap: 6px; }
.player button { display: inline-flex; align-items: center; gap: 6px; height: 34px; min-width: 38px; justify-content: center; border: 1px solid ${ink.axis}; border-radius: 6px; background: ${ink.paper}; color: ${ink.text}; cursor: pointer; font: inherit; padding: 0 9px; }
.player button:hover { background: var(--soft); } .player button.play { background: ${levelStyles.segment.color}; border-color: ${levelStyles.segment.color}; color: ${ink.paper}; width: 94px; }
.player svg { width: 18px; height: 18px; fill: currentColor; stroke: currentColor; stroke-width: 2.4; stroke-linejoin: round; }
#place { flex: 1 1 auto; min-width: 120px; accent-color: ${levelStyles.segment.color}; height: 30px; }
.speed { font-size: 12.5px; color: ${ink.muted}; display: flex; gap: 6px; align-items: center; } .speed select { width: auto; }
:focus-visible { outline: 3px solid #2C96EE; outline-offset: 1px; }
#status { margin-top: 6px; min-height: 1.5em; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(390px, 1fr)); gap: 14px; margin-top: 8px; }
.card { border: 1px solid var(--edge); border-radius: 8px; padding: 10px 14px 12px; min-width: 0; }
.card.sub { border-top: 4px solid ${levelStyles.sub.color}; } .card.segment { border-top: 4px solid ${levelStyles.segment.color}; }
.diagram svg { width: 100%; max-width: 470px; display: block; margin: 0 auto; }
.halo { paint-order: stroke; stroke: ${ink.paper}; stroke-width: 4px; stroke-linejoin: round; }
.line { display: flex; justify-content: space-between; align-items: baseline; gap: 14px; } .keys { color: ${ink.muted}; font-size: 12.5px; white-space: nowrap; }
.matrices { margin-top: 4px; display: flex; flex-wrap: wrap; gap: 8px 16px; }
.switches { border-collapse: separate; border-spacing: 2px; font-size: 12px; border-radius: 6px; border: 2px solid transparent; padding: 1px 3px; } .switches.now { border-color: #E0A800; background: #FFF8E1; }
.switches caption { font-weight: 700; text-align: left; font-size: 13px; padding: 0 3px; } .switches td, .switches th { padding: 0; } .switches th { font-weight: 400; color: ${ink.muted}; text-align: right; padding-right: 4px; }
.switches thead th { vertical-align: bottom; text-align: center; padding: 0; } .switches thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 70px; overflow: hidden; }
.switch { display: block; padding: 0; border: 1px solid ${ink.axis}; border-radius: 3px; background: ${ink.paper}; cursor: pointer; } .switch:hover { box-shadow: 0 0 0 2px #2C96EE; }
details { margin-top: 10px; } summary { cursor: pointer; font-size: 13.5px; font-weight: 600; } .fields { display: grid; grid-template-columns: 2fr 1fr; gap: 8px 12px; margin-top: 8px; }
.field.subTransitions, .field.segmentTransitions { grid-column: 1 / -1; } .field.symbols, .field.separators { grid-column: auto; }
.scroll { overflow-x: auto; padding-bottom: 6px; scroll-behavior: smooth; } .score-frame { display: grid; grid-template-columns: auto minmax(0, 1fr); margin-top: 6px; } .score-frame svg { display: block; } .token { cursor: pointer; }
#changed { margin-top: 6px; font-weight: 600; color: #8A5A00; } #changed:empty { display: none; }
#verdict { margin-top: 6px; font-weight: 600; } .right { color: ${rightColor}; } .wrong { color: ${wrongColor}; }
.flow { stroke-dasharray: 7 5; animation: flow 0.9s linear infinite; } @keyframes flow { to { stroke-dashoffset: -12; } }
.layer { display: grid; grid-template-columns: 168px 1fr; gap: 12px; padding: 8px 0; border-top: 1px solid ${ink.grid}; align-items: center; min-width: 640px; } .layer:first-child { border: 0; }
.layer .about { font-size: 13.5px; } .layer.idle .blocks { opacity: 0.55; } .blocks { display: flex; align-items: flex-end; gap: 10px; } .sign { font-size: 20px; color: ${ink.muted}; align-self: center; padding-top: 24px; } .matrix { flex: none; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 8px 22px; margin: 8px 0 14px; } .facts dt { font-size: 12.5px; color: ${ink.muted}; } .facts dd { margin: 0; } .facts b { font-size: 17px; margin-right: 8px; } .facts dd span { font-size: 13px; color: ${ink.muted}; }
.bar { width: 100%; display: block; border-radius: 4px; } .compared { display: block; margin-top: 10px; max-width: 100%; }
@media (prefers-reduced-motion: reduce) { .flow { animation: none; stroke-dasharray: none; } .scroll { scroll-behavior: auto; } }
@media (max-height: 560px) { header { position: static; } }
`;
