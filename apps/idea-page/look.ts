// The page's style sheet.

import { ink, levelStyles } from '../../lib/report/style';
import { sharedStyle } from '../page/look';
import { positionColors } from './table';

/** The style sheet as CSS text. */
export const pageStyle = `${sharedStyle}
main { max-width: 1180px; margin: 0 auto; padding: 30px 24px 40px; }
h1 { font-size: 32px; letter-spacing: -0.3px; } .lead { font-size: 17px; max-width: 44em; margin-top: 10px; }
section { margin-top: 28px; padding-top: 22px; border-top: 1px solid var(--edge); min-width: 0; } section > p { max-width: 52em; } h2 { font-size: 21px; display: flex; align-items: center; gap: 10px; margin-bottom: 8px; }
.step { flex: none; width: 30px; height: 30px; border-radius: 50%; background: ${levelStyles.segment.color}; color: ${ink.paper}; font-size: 16px; display: inline-grid; place-items: center; }
.fields { display: flex; flex-wrap: wrap; gap: 12px; margin: 10px 0 6px; } .field { display: flex; flex-direction: column; gap: 3px; } .field.text { flex: 1 1 340px; } label, legend { font-size: 13.5px; color: ${ink.muted}; }
textarea { font-size: 17px; resize: vertical; min-height: 62px; } select { height: 38px; width: auto; max-width: 100%; } [hidden] { display: none; }
.scroll { overflow-x: auto; margin: 10px 0; padding: 4px 4px 8px; }
table { border-collapse: separate; border-spacing: 0 3px; } caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th { position: sticky; left: 0; background: ${ink.paper}; text-align: left; font-weight: 600; padding: 0 14px 0 0; white-space: nowrap; font-size: 14.5px; z-index: 1; } th small { display: block; font-weight: 400; font-size: 12.5px; color: ${ink.muted}; }
td { min-width: 30px; text-align: center; padding: 0 1px; height: 38px; font-size: 16px; font-variant-numeric: tabular-nums; } td.begins { border-left: 3px solid ${ink.paper}; }
tbody tr:nth-child(1) th { color: ${positionColors.position}; } tbody tr:nth-child(2) th { color: ${positionColors.place}; } tbody tr:nth-child(3) th { color: ${positionColors.segment}; }
tbody tr:nth-child(1) th, tbody tr:nth-child(4) th { color: #1668AE; } tbody tr:nth-child(5) th { color: ${positionColors.segment}; }
tr.distances th, tr.distances td { border-top: 12px solid ${ink.paper}; height: 50px; } td.later { color: ${ink.muted}; }
td.query { box-shadow: inset 2px 0 #E0A800, inset -2px 0 #E0A800; } thead td.query { box-shadow: none; }
td button { font: 600 16px/1.3 inherit; font-family: inherit; font-size: 16px; color: ${ink.text}; background: ${ink.paper}; border: 1px solid ${ink.axis}; border-radius: 7px; padding: 6px 4px; cursor: pointer; min-width: 26px; } td button:hover { background: var(--soft); } td button[aria-pressed=true] { background: #FFF1C2; border-color: #E0A800; font-weight: 700; }
.player { flex-wrap: wrap; gap: 8px 14px; margin: 8px 0; min-height: 40px; } .player p { flex: 1 1 280px; } #length { flex: 1 1 260px; min-width: 0; } #times { flex: 0 0 14em; font-variant-numeric: tabular-nums; font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 18px 26px; margin: 12px 0; } figure { margin: 0; min-width: 0; } figcaption .sample { width: 30px; height: 10px; display: inline-block; margin-right: 8px; } figcaption span { color: ${ink.muted}; font-size: 13.5px; } figure p { font-size: 14.5px; margin-top: 4px; } figure svg { width: 100%; display: block; } figure svg text { font-size: 12.5px; fill: ${ink.muted}; }
.takeaway { border-left: 4px solid ${levelStyles.segment.color}; padding: 4px 0 4px 14px; margin: 12px 0; font-size: 17px; min-height: 2.9em; } .note { margin-top: 6px; }
.choice { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-end; min-height: 62px; margin: 8px 0; } fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 18px; align-items: center; } legend { padding: 0; } fieldset label { color: ${ink.text}; font-size: 15px; display: inline-flex; gap: 6px; align-items: center; min-height: 36px; } input[type=radio] { accent-color: ${levelStyles.segment.color}; width: 17px; height: 17px; margin: 0; }
.map { position: relative; aspect-ratio: 1; margin-top: 6px; border: 1px solid var(--edge); } .map canvas, .map svg { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; }
.scale { display: flex; align-items: center; gap: 8px; margin-bottom: 4px; font-variant-numeric: tabular-nums; } .ramp { flex: 1; height: 12px; border: 1px solid var(--edge); }
[data-framed] main { padding-top: 14px; } [data-framed] header { display: none; } [data-framed] header + section { margin-top: 0; padding-top: 0; border: 0; }
@media (max-width: 640px) { main { padding: 18px 14px 30px; } h1 { font-size: 26px; } .lead { font-size: 16px; } th { white-space: normal; max-width: 104px; padding-right: 8px; font-size: 13.5px; line-height: 1.2; } td { min-width: 42px; } .field.text { flex-basis: 100%; } #length { flex-basis: 100%; } #times { flex-basis: auto; } }
`;
