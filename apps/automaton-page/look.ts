// The page's style sheet.

import { ink, levelStyles } from '../../lib/report/style';
import { focusColor, monospace, sharedStyle } from '../page/look';
import { rightColor, wrongColor } from './score';

/** The style sheet as CSS text. */
export const pageStyle = `${sharedStyle}
summary span { font-weight: 400; margin-left: 6px; }
.opening { padding: 14px 18px 2px; } h1 { font-size: 21px; } .introduction { max-width: 68em; margin: 4px 0 10px; }
header { position: sticky; top: 0; z-index: 2; background: ${ink.paper}; border-bottom: 1px solid var(--edge); padding: 8px 18px; box-shadow: 0 2px 6px #0001; }
main { padding: 0 18px 24px; max-width: 1180px; } section { padding: 14px 0 10px; border-bottom: 1px solid var(--edge); min-width: 0; } section:last-child { border: 0; } .attention { scroll-margin-top: 84px; }
.row { display: flex; gap: 10px; align-items: flex-start; flex-wrap: wrap; }
.field { display: flex; flex-direction: column; gap: 2px; min-width: 0; } .field label { font-size: 12.5px; color: ${ink.muted}; }
.field.word { flex: 1 1 180px; } .field.maxSegmentLength { width: 190px; } .field.maxSegments { width: 130px; }
.opening input, .opening select, .fields input { height: 34px; }
.field.word input, textarea, .fields input { font-family: ${monospace}; }
.field.word input { letter-spacing: 1px; } textarea { resize: vertical; line-height: 1.4; }
[aria-invalid=true] { border-color: ${wrongColor} !important; background: #FFF4F2 !important; }
.problem { color: ${wrongColor}; font-size: 13px; } .problem:empty { display: none; }
#about { margin: 4px 0 8px; }
#place { flex: 1 1 auto; min-width: 120px; }
.speed { font-size: 12.5px; color: ${ink.muted}; display: flex; gap: 6px; align-items: center; } .speed select { width: auto; }
#status { margin-top: 6px; min-height: 1.5em; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(390px, 100%), 1fr)); gap: 14px; margin-top: 8px; }
.card { border: 1px solid var(--edge); border-radius: 8px; padding: 10px 14px 12px; min-width: 0; }
.card.sub { border-top: 4px solid ${levelStyles.sub.color}; } .card.segment { border-top: 4px solid ${levelStyles.segment.color}; }
.diagram svg { width: 100%; max-width: 470px; display: block; margin: 0 auto; }
.halo { paint-order: stroke; stroke: ${ink.paper}; stroke-width: 4px; stroke-linejoin: round; }
.line { display: flex; justify-content: space-between; align-items: baseline; gap: 14px; } .keys { color: ${ink.muted}; font-size: 12.5px; white-space: nowrap; }
.matrices { margin-top: 4px; display: flex; flex-wrap: wrap; gap: 8px 16px; }
.switches { border-collapse: separate; border-spacing: 2px; font-size: 12px; border-radius: 6px; border: 2px solid transparent; padding: 1px 3px; } .switches.now { border-color: #E0A800; background: #FFF8E1; }
.switches caption { font-weight: 700; text-align: left; font-size: 13px; padding: 0 3px; } .switches td, .switches th { padding: 0; } .switches th { font-weight: 400; color: ${ink.muted}; text-align: right; padding-right: 4px; }
.switches thead th { vertical-align: bottom; text-align: center; padding: 0; } .switches thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 70px; overflow: hidden; }
.switch { display: block; padding: 0; border: 1px solid ${ink.axis}; border-radius: 3px; background: ${ink.paper}; cursor: pointer; } .switch:hover { box-shadow: 0 0 0 2px ${focusColor}; }
details { margin-top: 10px; } summary { cursor: pointer; font-size: 13.5px; font-weight: 600; } .fields { display: grid; grid-template-columns: 2fr 1fr; gap: 8px 12px; margin-top: 8px; }
.field.subTransitions, .field.segmentTransitions { grid-column: 1 / -1; } .field.symbols, .field.separators { grid-column: auto; }
.scroll { overflow-x: auto; padding-bottom: 6px; scroll-behavior: smooth; } .score-frame { display: grid; grid-template-columns: auto minmax(0, 1fr); margin-top: 6px; } .score-frame svg { display: block; } .token { cursor: pointer; }
#changed { margin-top: 6px; font-weight: 600; color: #8A5A00; } #changed:empty { display: none; }
#verdict { font-weight: 600; } .right { color: ${rightColor}; } .wrong { color: ${wrongColor}; }
.flow { stroke-dasharray: 7 5; animation: flow 0.9s linear infinite; } @keyframes flow { to { stroke-dashoffset: -12; } }
.layer { display: grid; grid-template-columns: 168px minmax(0, 1fr); gap: 4px 12px; padding: 8px 0; border-top: 1px solid ${ink.grid}; align-items: center; } .layer:first-child { border: 0; }
.layer .about { font-size: 13.5px; } .layer.idle .blocks { opacity: 0.55; } .blocks { display: flex; align-items: flex-end; gap: 10px; overflow-x: auto; padding: 1px 0 4px; } .sign { font-size: 20px; color: ${ink.muted}; align-self: center; padding-top: 24px; } .matrix { flex: none; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 8px 22px; margin: 8px 0 14px; } .facts dt { font-size: 12.5px; color: ${ink.muted}; } .facts dd { margin: 0; } .facts b { font-size: 17px; margin-right: 8px; } .facts dd span { font-size: 13px; color: ${ink.muted}; }
.bar { display: flex; gap: 1px; border-radius: 4px; overflow: hidden; font-size: 12px; line-height: 26px; height: 26px; } .bar span { min-width: 0; text-align: center; white-space: nowrap; overflow: hidden; }
.compared { display: grid; grid-template-columns: auto minmax(80px, 1fr) minmax(0, 2fr); gap: 4px 8px; align-items: center; margin-top: 12px; font-size: 13px; max-width: 900px; } .compared .name { text-align: right; } .track span { display: block; height: 16px; border-radius: 2px; } .squares { color: ${ink.muted}; } .squares b { color: ${ink.text}; }
@media (min-width: 1560px) {
  main { max-width: 1880px; display: grid; grid-template-columns: minmax(0, 10fr) minmax(0, 9fr); gap: 0 36px; align-items: start; grid-template-areas: "attention automaton" "residual residual" "certificate certificate"; }
  .attention { grid-area: attention; } .automaton { grid-area: automaton; } .residual { grid-area: residual; } .certificate { grid-area: certificate; } #stream { columns: 2; column-gap: 36px; } .layer { break-inside: avoid; }
}
@media (max-width: 640px) {
  .opening, header { padding-left: 12px; padding-right: 12px; } main { padding: 0 12px 24px; }
  .attention { scroll-margin-top: 150px; } .player { flex-wrap: wrap; justify-content: space-between; } .player button { height: 42px; } #place { flex: 1 1 100%; order: 1; } .speed span, .keys { display: none; }
  .field.example { width: 100%; } .field.word { flex: 1 1 100%; } .field.maxSegmentLength, .field.maxSegments { width: auto; flex: 1; }
  .layer { grid-template-columns: minmax(0, 1fr); } .fields { grid-template-columns: 1fr; } .compared { grid-template-columns: auto 1fr; } .squares { grid-column: 2; }
}
@media (prefers-reduced-motion: reduce) { .flow { animation: none; stroke-dasharray: none; } .scroll { scroll-behavior: auto; } }
@media (max-height: 560px) { header { position: static; } }
`;
