// The residual stream of a token as HTML text, layer by layer: the copied relation times the
// token's own gives counts of ways, which are rounded to 0 or 1.

import { ink, levelStyles } from '../../lib/report/style';
import { escapeXml } from '../../lib/report/text';
import { matrixSvg } from './matrix';
import {
  embeddedAt,
  finalAt,
  type HeldBlock,
  layersAt,
  levelOf,
  type LayerAtToken,
  type Scene,
  tokenName,
} from './scene';

/** The name of a step's result, by its feed-forward block. */
const results: Readonly<Record<string, string>> = {
  product: 'ways',
  rounding: 'rounded',
};

/** All layers at a token. Entries that differ from the scene `before` are outlined. */
export function streamHtml(scene: Scene, token: number, before: Scene = scene): string {
  const layersBefore = layersAt(before, token);
  return [
    row(
      'Embedded',
      `${quoted(scene, token)} and its place`,
      eachDrawn(embeddedAt(scene, token), embeddedAt(before, token)),
    ),
    ...layersAt(scene, token).flatMap((layer, index) => {
      const earlier = layersBefore[index] ?? layer;
      return [
        layerRow(scene, layer, earlier, index, token),
        ...layer.after.flatMap(({ step, block }, place) =>
          step === 'transition'
            ? [transitionRow(scene, drawn(block, earlier.after[place]?.block), index, token)]
            : [],
        ),
      ];
    }),
    row('Read', whatIsRead(scene, token), eachDrawn(finalAt(scene, token), finalAt(before, token))),
  ].join('');
}

function whatIsRead({ isSeparator }: Scene, token: number): string {
  return isSeparator[token] === true
    ? 'framed row of the segment relation; the sub-level restarts'
    : 'the framed row of both';
}

function layerRow(
  scene: Scene,
  layer: LayerAtToken,
  before: LayerAtToken,
  index: number,
  token: number,
): string {
  const { color } = levelStyles[layer.level];
  const from =
    layer.from === 0
      ? `copies ${quoted(scene, 0)}: nothing there, nothing changes`
      : `copies token ${layer.from}, ${quoted(scene, layer.from)}`;
  const parts = [
    matrixSvg(layer.copied, { title: 'copied', color }, before.copied),
    sign('×'),
    matrixSvg(layer.own, { title: layer.own.name, color }, before.own),
    ...layer.after.flatMap(({ step, block }, place) =>
      step === 'transition'
        ? []
        : [
            sign(step === 'product' ? '=' : '→'),
            matrixSvg(block, { title: results[step] ?? step, color }, before.after[place]?.block),
          ],
    ),
  ];
  const isIdle = layer.from === 0 && token !== 0;
  return row(`Layer ${index + 1}`, from, parts, layer.level, isIdle);
}

/** The separator's transition of segment states: one more feed-forward block of the same layer. */
function transitionRow(scene: Scene, block: string, index: number, token: number): string {
  const isHere = token > 0 && scene.isSeparator[token] === true;
  const text = isHere
    ? `the moves of segment states at ${quoted(scene, token)}, by the framed row of the sub relation`
    : 'not a separator: nothing changes';
  return row(`Layer ${index + 1}, transition`, text, [block], 'segment', !isHere);
}

function row(
  title: string,
  text: string,
  parts: readonly string[],
  level?: 'sub' | 'segment',
  isIdle = false,
): string {
  const color = level === undefined ? ink.text : levelStyles[level].color;
  return (
    `<div class="layer${isIdle ? ' idle' : ''}"><div class="about"><b style="color:${color}">${title}</b><br>${text}</div>` +
    `<div class="blocks">${parts.join('')}</div></div>`
  );
}

function sign(text: string): string {
  return `<span class="sign" aria-hidden="true">${text}</span>`;
}

function quoted(scene: Scene, token: number): string {
  return `<code>${escapeXml(tokenName(scene, token))}</code>`;
}

function eachDrawn(blocks: readonly HeldBlock[], before: readonly HeldBlock[]): string[] {
  return blocks.map((block, index) => drawn(block, before[index]));
}

function drawn(block: HeldBlock, before?: HeldBlock): string {
  const { name } = block;
  const look = name.endsWith('relation')
    ? { title: name, color: levelStyles[levelOf(name)].color }
    : { title: name, color: positive, negative, numbers: name !== 'place' };
  return matrixSvg(block, look, before);
}

const [positive, negative] = ['#3A3A3A', '#B01E0A'] as const;
