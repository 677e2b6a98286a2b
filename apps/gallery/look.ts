// The style sheet of the gallery's pages.

import { ink, levelStyles, screenWidth } from '../../lib/report/style';
import { sharedStyle } from '../page/look';

/** The style sheet as CSS text. */
export const pageStyle = `${sharedStyle}
main { max-width: ${screenWidth.most + 48}px; margin: 0 auto; padding: 28px 24px 32px; }
h1 { font-size: 30px; letter-spacing: -0.3px; } .lead { font-size: 17.5px; max-width: 46em; margin-top: 10px; } h2 { font-size: 21px; margin: 34px 0 12px; }
nav { display: flex; justify-content: space-between; gap: 16px; padding: 12px 24px; border-bottom: 1px solid var(--edge); max-width: ${screenWidth.most + 48}px; margin: 0 auto; } nav > * { flex: 1; } nav > :nth-child(2) { text-align: center; } nav > :last-child { text-align: right; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 20px; }
.cards li { position: relative; border: 1px solid var(--edge); border-radius: 10px; padding: 16px; display: flex; flex-direction: column; gap: 8px; min-width: 0; } .cards li:hover { border-color: ${levelStyles.segment.color}; box-shadow: 0 2px 10px #0001; } .cards h3 { font-size: 17px; line-height: 1.3; } .cards h3 a { text-decoration: none; } .cards h3 a:hover { text-decoration: underline; } .cards h3 a::after { content: ''; position: absolute; inset: 0; } .cards .counts { margin-top: auto; position: relative; pointer-events: none; } .cards .counts a { pointer-events: auto; }
.pages li { border-top: 4px solid ${levelStyles.segment.color}; }
.thumb { width: 100%; height: 170px; object-fit: contain; object-position: center; border-bottom: 1px solid ${ink.grid}; padding-bottom: 8px; }
.answer { font-size: 14.5px; overflow-wrap: anywhere; } .counts { font-size: 13.5px; color: ${ink.muted}; }
.verdict { white-space: nowrap; font-weight: 600; } .holds { color: #0B6B4A; } .does-not-hold { color: #B01E0A; } .inconclusive { color: #7A5200; }
.takeaway { border-left: 4px solid ${levelStyles.segment.color}; padding: 4px 0 4px 14px; margin: 18px 0 8px; font-size: 17px; max-width: 56em; }
figure { margin: 22px 0 30px; } figcaption { color: ${ink.muted}; font-size: 14px; margin-top: 8px; max-width: 70em; }
.plot { overflow-x: auto; } .drawing { min-width: ${screenWidth.least}px; } .drawn .still { display: none; } img.still { width: 100%; max-width: 920px; height: auto; display: block; } .plot p { padding: 20px 0; }
.wide { overflow-x: auto; container-type: inline-size; } table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; } th { border-bottom: 2px solid ${ink.axis}; vertical-align: bottom; } tbody tr { border-bottom: 1px solid ${ink.grid}; } td, th { padding: 4px 10px; text-align: left; vertical-align: top; } .findings td:nth-child(1) { min-width: 16em; } .findings td:nth-child(3) { min-width: 20em; }
details caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
details { margin: 18px 0; border-top: 1px solid var(--edge); padding-top: 12px; } summary { cursor: pointer; font-size: 17px; font-weight: 600; margin-bottom: 8px; } summary span { font-weight: 400; font-size: 13.5px; color: ${ink.muted}; margin-left: 8px; }
section p { margin: 6px 0; max-width: 62em; } .provenance { color: ${ink.muted}; font-size: 13.5px; overflow-wrap: anywhere; } code { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--edge); padding: 16px 24px 28px; color: ${ink.muted}; font-size: 13.5px; } footer p { max-width: ${screenWidth.most}px; margin: 0 auto; }
@media (max-width: 640px) {
  .findings thead { display: none; } .findings, .findings tbody, .findings tr, .findings td { display: block; } .findings tr { padding: 8px 0; } .findings td { padding: 1px 0; } .findings td:nth-child(1), .findings td:nth-child(3) { min-width: 0; }
  img.still { min-width: ${screenWidth.least}px; }
  main { padding: 18px 14px 24px; } nav { padding: 10px 14px; font-size: 14px; } h1 { font-size: 24px; } .lead { font-size: 16px; } }
`;
