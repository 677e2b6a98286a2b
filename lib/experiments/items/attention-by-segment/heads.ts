// The figures of single heads, with the context of training: by segment and by token distance.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type Figure, makeFigure } from '../../../report/figure';
import { type AxisSpec, type PlotlyObject } from '../../../report/spec';
import { orderedStyles, type SeriesStyle } from '../../../report/style';
import { lineTrace } from '../../../report/traces';
import { distanceAxis, groupsIn, leastWord, seen, shareAxis } from './axes';
import { type HeadAttention } from './contexts';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';

/** Layers of the figure of heads. */
function shownLayers(layers: number): number[] {
  return [...new Set([0, Math.floor(layers / 2), layers - 1])];
}

/** The measure that is shown of each head. */
interface HeadCurves {
  readonly id: string;
  readonly by: string;
  readonly without: string;
  readonly axis: (columns: number) => AxisSpec;
  readonly shares: (mass: Pick<HeadAttention, 'bySegment' | 'byDistance'>) => readonly number[];
}

/** Mass in each head of some layers, with the context of training: a row for each model. */
function headsFigure(
  result: AttentionBySegmentResult,
  { id, by, without, axis, shares }: HeadCurves,
): Figure {
  const { models, trainLength } = result;
  const context = present(contextsOf(result)[0], 'context');
  const layers = shownLayers(context.heads.length);
  const panels = models.flatMap(({ encoding, contexts }) =>
    layers.map((layer) => ({
      title: `${styleOf(result, encoding).name}, layer ${layer}`,
      heads: present(contexts[0]?.heads[layer], 'layer'),
    })),
  );
  const styles = orderedStyles(Array.from(panels[0]?.heads ?? [], (_, head) => `Head ${head}`));
  const curve = (style: SeriesStyle, mass: Parameters<typeof shares>[0]): PlotlyObject => {
    const y = shares(mass).map(seen);
    return lineTrace({ x: y.map((_, distance) => distance), y, style });
  };
  return makeFigure({
    id,
    title: `Each head by itself, by ${by}`,
    subtitle: `Share of attention, ${tokensWord(trainLength)} of context, as in training. Layers and heads are counted from 0. Lines end where a share falls below ${leastWord}.`,
    caption: `Rows: models. Evenly spread attention is the same in all panels. ${without}`,
    alt: panels
      .map(({ title, heads }) => {
        const firsts = heads.map((head) => formatPercent(shares(head)[0] ?? 0));
        return `${title}: ${firsts.join(', ')} at distance 0`;
      })
      .join('; '),
    columns: layers.length,
    sharedX: true,
    sharedY: true,
    panelHeight: 130,
    panels: panels.map(({ title, heads }) => ({
      title,
      x: axis(layers.length),
      y: { ...shareAxis, title: 'Share' },
      data: [
        ...heads.map((head, index) => curve(present(styles[index], 'style'), head)),
        curve(evenlyStyle, context.uniform),
      ],
    })),
  });
}

/** The figures of heads, by both distances. */
export function headsFigures(result: AttentionBySegmentResult): Figure[] {
  const { bins } = result;
  const contexts = contextsOf(result).slice(0, 1);
  const groups = groupsIn(bins, contexts);
  return [
    headsFigure(result, {
      id: 'attention-by-segment-heads',
      by: 'segment distance',
      without: `Attention to segments ${bins.segments} back and more, and to the first token, is not shown.`,
      axis: () => ({ title: 'Segments back', range: [-0.5, bins.segments - 0.5] }),
      shares: ({ bySegment }) => bySegment.slice(0, bins.segments),
    }),
    headsFigure(result, {
      id: 'attention-by-segment-heads-tokens',
      by: 'token distance',
      without:
        'Distances in groups from one power of two to the next, the first being the token itself, the second the token before it; without the first token of all.',
      axis: (columns) => distanceAxis(bins, contexts, columns),
      shares: ({ byDistance }) => byDistance.slice(0, groups),
    }),
  ];
}
