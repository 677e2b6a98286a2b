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
      holds
        ? 'the weights are the compiler’s, and the bounds leave room for every word'
        : 'some word may be read out wrong',
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
  const total = 820;
  let x = 0;
  const parts = blocks.map(({ name, size }) => {
    const from = x;
    x += (total * size) / width;
    const wide = x - from;
    const { fill, text } = lookOf(name);
    const label = wide > 7 * name.length + 24 ? `${name} ${size}` : wide > 16 ? String(size) : '';
    return (
      `<g><title>${escapeXml(name)}: ${size} coordinates</title><rect x="${from.toFixed(1)}" y="0" width="${wide.toFixed(1)}" height="26" fill="${fill}" stroke="${ink.paper}"/>` +
      `<text x="${(from + wide / 2).toFixed(1)}" y="17" text-anchor="middle" font-size="12" fill="${text}">${escapeXml(label)}</text></g>`
    );
  });
  const names = blocks.map(({ name, size }) => `${name} ${size}`).join(', ');
  return `<svg class="bar" viewBox="0 0 ${total} 26" role="img" aria-label="Width by block: ${escapeXml(names)}">${parts.join('')}</svg><p class="note">Width by block: ${escapeXml(names)}.</p>`;
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
  ].map(({ name, value, fill, squares }, row) => {
    const wide = Math.max(2, (420 * value) / largest);
    const y = 22 * row;
    return (
      `<text x="66" y="${y + 14}" text-anchor="end" font-size="13" fill="${ink.text}">${name}</text><rect x="74" y="${y + 2}" width="${wide.toFixed(1)}" height="16" rx="2" fill="${fill}"/>` +
      `<text x="${(80 + wide).toFixed(1)}" y="${y + 14}" font-size="13" fill="${ink.text}"><tspan font-weight="700">${value}</tspan> <tspan fill="${ink.muted}">${squares}</tspan></text>`
    );
  });
  return `<svg class="compared" width="820" height="68" viewBox="0 0 820 68" role="img" aria-label="Width ${width} with bilevel positions; with absolute ones ${compactWidth} compact, ${flatWidth} flattened">${bars.join('')}</svg>`;
}

function lookOf(block: string): { readonly fill: string; readonly text: string } {
  if (block.endsWith('relation')) return { fill: levelStyles[levelOf(block)].color, text: ink.paper };
  return block === 'copied' ? { fill: ink.muted, text: ink.paper } : { fill: ink.grid, text: ink.text };
}
