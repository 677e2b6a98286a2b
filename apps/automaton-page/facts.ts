// The certificate's main numbers as HTML text: width by block as a bar, the widths of networks with
// absolute positions, and the room before rounding.

import { ink, levelStyles } from '../../lib/report/style';
import { escapeXml } from '../../lib/report/text';
import { layersOfLevel, levelOf, type Scene } from './scene';

/** The numbers of a scene's certificate. */
export function factsHtml(scene: Scene): string {
  const { certificate, automaton, bounds, flatWidth, compactWidth } = scene;
  const { depth, width, hidden, worstGap, exactUpTo, mostTokens, weightNorm, holds } = certificate;
  const pairs = automaton.subStates.length * automaton.segmentStates.length;
  const bound = Math.max(0, ...certificate.layers.map((layer) => layer.bound));
  const measured = Math.max(0, ...certificate.layers.map((layer) => layer.measured));
  const facts: readonly (readonly [string, string, string])[] = [
    [
      'depth',
      String(depth),
      `${layersOfLevel(scene, 'sub')} layers for segments of ${bounds.maxSegmentLength}, ${layersOfLevel(scene, 'segment')} for ${bounds.maxSegments} segments`,
    ],
    [
      'width',
      String(width),
      `with absolute positions ${compactWidth} (compact) or ${flatWidth} (flat, for ${pairs} states)`,
    ],
    ['hidden units', String(hidden), 'in the widest feed-forward block'],
    [
      'worst gap',
      worstGap === null ? '–' : worstGap.toFixed(2),
      'smallest distance between the score of a head’s source token and any other',
    ],
    [
      'error of counts',
      bound === 0 ? '0' : bound.toExponential(1),
      `derived bound; largest found ${measured.toExponential(1)}; up to 0.15 is allowed`,
    ],
    ['largest weight', weightNorm.largest.toPrecision(3), 'in absolute value'],
    [
      'room in float32',
      exactUpTo === null || exactUpTo > 1e9 ? '> 10⁹' : exactUpTo.toLocaleString('en'),
      `tokens for which attention would be exact enough; words have at most ${mostTokens}`,
    ],
    [
      'holds',
      holds ? 'yes' : 'no',
      holds ? 'the bounds leave room for every word' : 'a word may be read out wrong',
    ],
  ];
  return (
    `<dl class="facts">${facts.map(([name, value, text]) => `<div><dt>${name}</dt><dd><b>${escapeXml(value)}</b><span>${escapeXml(text)}</span></dd></div>`).join('')}</dl>` +
    widthBar(scene) +
    comparedBars(scene)
  );
}

/** A bar of the residual stream's blocks, each as wide as it is large. */
function widthBar({ certificate: { width, blocks } }: Scene): string {
  const names = blocks.map(({ name, size }) => `${name} ${size}`).join(', ');
  const parts = blocks.map(({ name, size }) => {
    const { fill, text } = lookOf(name);
    const share = size / width;
    // Names that would be cut are left to the line below.
    const label = share > 0.012 * (name.length + 3) ? `${name} ${size}` : share > 0.03 ? size : '';
    return `<span style="flex:${size};background:${fill};color:${text}" title="${escapeXml(name)}: ${size} coordinates">${escapeXml(String(label))}</span>`;
  });
  return `<div class="bar" role="img" aria-label="Width by block: ${escapeXml(names)}">${parts.join('')}</div><p class="note">Width by block: ${escapeXml(names)}.</p>`;
}

/** The widths of the three constructions on one scale. */
function comparedBars({ certificate: { width }, flatWidth, compactWidth, automaton }: Scene): string {
  const [k, s] = [automaton.subStates.length, automaton.segmentStates.length];
  const largest = Math.max(width, flatWidth, compactWidth);
  const bars = [
    {
      name: 'bilevel',
      value: width,
      fill: levelStyles.segment.color,
      squares: `${k}² + ${s}² + ${Math.max(k, s)}² and a few`,
    },
    {
      name: 'compact',
      value: compactWidth,
      fill: ink.muted,
      squares: `2 · ${k}² + 3 · ${s}² + 3 · ${k} and a few, absolute positions`,
    },
    {
      name: 'flattened',
      value: flatWidth,
      fill: ink.axis,
      squares: `2 · (${k} · ${s})² and a few, absolute positions`,
    },
  ].map(
    ({ name, value, fill, squares }) =>
      `<span class="name">${name}</span><span class="track"><span style="width:${((100 * value) / largest).toFixed(1)}%;background:${fill}"></span></span><span class="squares"><b>${value}</b> ${squares}</span>`,
  );
  return `<div class="compared" role="img" aria-label="Width ${width} with bilevel positions; with absolute ones ${compactWidth} compact, ${flatWidth} flattened">${bars.join('')}</div>`;
}

function lookOf(block: string): { readonly fill: string; readonly text: string } {
  if (block.endsWith('relation')) return { fill: levelStyles[levelOf(block)].color, text: ink.paper };
  return block === 'copied' ? { fill: ink.muted, text: ink.paper } : { fill: ink.grid, text: ink.text };
}
