// The ablations as a table, a picture and findings.

import { present } from '../base/present';
import { type Modality } from '../data/sources/source';
import { type AxisSpec, type Figure, inPanel, makeFigure, type PlotlyObject } from '../report/figure';
import { formatShort, logAxis } from '../report/log-axis';
import { modalityStyles, orderedStyles, type SeriesStyle } from '../report/style';
import { type Cell, type Table } from '../report/tables';
import {
  type Ablation,
  type AblationGroup,
  ablationGroups,
  ablationsOf,
  basesOfAblation,
  relativeLabels,
  type RulesLike,
} from './ablations';
import { type Drawing, type Finding } from './experiment';
import { type LanguageModelRun, perplexityAt } from './language-model-runs';
import { compare, type LengthCurve, modalitiesOf, perplexityRange } from './length-curves';
import { rangeWord, whiskers } from './seed-groups';

/** All models that were trained. */
export interface AblationResult {
  /** Each named by its ablation. */
  readonly runs: readonly LanguageModelRun[];
  /** What cut segments where they were to be like the paper's. */
  readonly rules: RulesLike;
}

/** What the drawing needs of the settings. */
export interface AblationScale {
  readonly groups: readonly AblationGroup[];
  readonly seeds: readonly number[];
  readonly trainLength: number;
  readonly lengths: readonly number[];
}

/** A model and what it came to, in its group. */
interface Row extends Ablation {
  readonly group: AblationGroup;
  readonly curve: LengthCurve;
}

/** Everything the item shows of its result. */
export function drawAblations(result: AblationResult, scale: AblationScale): Drawing {
  const rows = rowsOf(result, scale);
  const modalities = modalitiesOf(rows.map(({ curve }) => curve));
  return {
    figures: modalities.map((modality) => perplexityFigure(rows, scale, modality, modalities.length)),
    tables: [perplexityTable(rows, scale, result.rules, modalities)],
    findings: modalities.flatMap((modality) => findings(rows, scale, modality, result)),
  };
}

function rowsOf({ runs }: AblationResult, { groups, seeds, trainLength }: AblationScale): Row[] {
  return groups.flatMap((group) =>
    ablationsOf(group, trainLength).map((ablation): Row => {
      const own = runs.filter(({ encoding, seed }) => encoding === ablation.id && seeds.includes(seed));
      if (own.length === 0) throw new Error(`no run of ${ablation.id}`);
      const [style] = orderedStyles([ablation.label]);
      return { ...ablation, group, curve: { name: ablation.id, style: present(style, 'style'), runs: own } };
    }),
  );
}

const seedsWord = (rows: readonly Row[]): string => {
  const seeds = rows[0]?.curve.runs.length ?? 1;
  return seeds === 1
    ? 'one seed; whiskers: 95 % interval over documents'
    : `mean of ${seeds} seeds; whiskers: least and most`;
};

const countOf = (tokens: number): string => `${tokens.toLocaleString('en')} tokens`;

/** A panel for each group, a line for each of its models, a mark for each length. */
function perplexityFigure(
  rows: readonly Row[],
  { groups, lengths, trainLength }: AblationScale,
  modality: Modality,
  modalities: number,
): Figure {
  const styles = orderedStyles(lengths.map(countOf));
  const ranges = rows.flatMap(({ curve }) =>
    lengths.map((length) => perplexityRange(curve, modality, length)),
  );
  const text = modalityStyles[modality].name.toLowerCase();
  return makeFigure({
    id: modalities === 1 ? 'table-ablation-perplexity' : `table-ablation-${modality}`,
    title: `Ablations of bilevel encoding: perplexity of ${text}`,
    subtitle: `Trained on blocks of ${countOf(trainLength)}; ${seedsWord(rows)}`,
    caption:
      'Held-out documents, read in blocks of a length side by side; both lengths read the same text. In each panel the first line is the ' +
      'model that the others differ from in one part. Further left is better.',
    alt: rows
      .map(
        ({ label, curve }) =>
          `${label}: ${lengths.map((length) => `${formatShort(perplexityRange(curve, modality, length).centre)} at ${length}`).join(', ')}`,
      )
      .join('; '),
    columns: 1,
    sharedX: true,
    panelHeight: groups.map((group) => 14 + 24 * rows.filter((row) => row.group === group).length),
    panels: groups.map((group) => ({
      title: ablationGroups[group],
      x: perplexityAxis(ranges.flatMap(({ low, high }) => [low, high])),
      y: labelAxis(rows.filter((row) => row.group === group)),
    })),
    data: groups.flatMap((group, panel) =>
      lengths.map((length, index) =>
        marks(
          rows.filter((row) => row.group === group),
          present(styles[index], 'style'),
          { modality, length, panel, shift: 0.3 * (index - (lengths.length - 1) / 2) },
        ),
      ),
    ),
  });
}

/** Logarithmic where values differ much. */
function perplexityAxis(values: readonly number[]): AxisSpec {
  return Math.max(...values) / Math.min(...values) > 3
    ? logAxis('Perplexity', values)
    : { title: 'Perplexity' };
}

/** The models of a group, from top to bottom. */
function labelAxis(rows: readonly Row[]): AxisSpec {
  return {
    range: [rows.length - 0.5, -0.5],
    tickvals: [...rows.keys()],
    ticktext: rows.map(({ label }) => label),
    showgrid: false,
  };
}

/** The perplexities of a group's models at one length; lengths are shifted so that they do not hide each other. */
function marks(
  rows: readonly Row[],
  style: SeriesStyle,
  {
    modality,
    length,
    panel,
    shift,
  }: {
    readonly modality: Modality;
    readonly length: number;
    readonly panel: number;
    readonly shift: number;
  },
): PlotlyObject {
  const ranges = rows.map(({ curve }) => perplexityRange(curve, modality, length));
  return {
    type: 'scatter',
    mode: 'markers',
    name: style.name,
    legendgroup: style.name,
    showlegend: panel === 0,
    x: ranges.map(({ centre }) => centre),
    y: rows.map((_, place) => place + shift),
    marker: { color: style.color, symbol: style.symbol, size: 8 },
    error_x: whiskers(ranges),
    ...inPanel(panel),
  };
}

function perplexityTable(
  rows: readonly Row[],
  { lengths, trainLength }: AblationScale,
  rules: RulesLike,
  modalities: readonly Modality[],
): Table {
  const tokens = rules.mean.kind === 'every' ? rules.mean.tokens : 0;
  return {
    id: 'table-ablation',
    title: 'Ablations',
    caption:
      `Perplexity of held-out documents by the tokens of a block; trained on blocks of ${countOf(trainLength)}. Low and high: ${rangeWord(rows[0]?.curve.runs.length ?? 1, '95 % interval over documents')}. ` +
      `Every n tokens: n is ${tokens}, the mean length of segments between full stops and newlines. The paper's values are not at hand.`,
    columns: [
      { key: 'group', label: 'What is varied' },
      { key: 'model', label: 'Model' },
      ...(modalities.length > 1 ? [{ key: 'text', label: 'Text' }] : []),
      ...lengths.flatMap((length) => [
        { key: `at${length}`, label: length.toLocaleString('en'), format: 'fixed2' as const },
        { key: `low${length}`, label: 'low', format: 'fixed2' as const },
        { key: `high${length}`, label: 'high', format: 'fixed2' as const },
      ]),
      { key: 'parameters', label: 'Parameters', format: 'integer' },
    ],
    rows: modalities.flatMap((modality) =>
      rows.map(({ group, label, curve }) => {
        const row: Record<string, Cell> = {
          group: ablationGroups[group],
          model: label,
          ...(modalities.length > 1 ? { text: modalityStyles[modality].name } : {}),
          parameters: (curve.runs as readonly LanguageModelRun[])[0]?.parameters ?? null,
        };
        for (const length of lengths) {
          const { centre, low, high } = perplexityRange(curve, modality, length);
          Object.assign(row, { [`at${length}`]: centre, [`low${length}`]: low, [`high${length}`]: high });
        }
        return row;
      }),
    ),
  };
}

/** A sentence about two models of a group: that the first predicts better than the second. */
type Claim = readonly [group: AblationGroup, better: string, worse: string, claim: string];

/** Groups of which something is said at the training length, too, not only beyond. */
const saidAtTraining: readonly AblationGroup[] = ['levels', 'separators', 'third'];

const claims: readonly Claim[] = [
  [
    'levels',
    'bipe_rope',
    'place_alone',
    'with RoPE between segments, both levels predict better than the place alone',
  ],
  [
    'levels',
    'bipe_rope',
    'rope_between_alone',
    'with RoPE between segments, both levels predict better than the segment alone',
  ],
  [
    'levels',
    'bipe_alibi',
    'place_alone',
    'with ALiBi between segments, both levels predict better than the place alone',
  ],
  [
    'levels',
    'bipe_alibi',
    'alibi_between_alone',
    'with ALiBi between segments, both levels predict better than the segment alone',
  ],
  [
    'absolute',
    'bipe_rope',
    'sinusoidal_rope',
    'a learned table inside segments predicts better than sines, RoPE between',
  ],
  [
    'absolute',
    'bipe_alibi',
    'sinusoidal_alibi',
    'a learned table inside segments predicts better than sines, ALiBi between',
  ],
  ['separators', 'bipe_rope', 'released', 'full stop and newline predict better than newline alone'],
  ...(['xpos', 't5', 'kerple', 'fire'] as const).map((kind): Claim => [
    'relative',
    'bipe_alibi',
    `bipe_${kind}`,
    `ALiBi between segments predicts better than ${relativeLabels[kind]}`,
  ]),
  [
    'separators',
    'bipe_rope',
    'every',
    'segments that end with sentences predict better than segments of n tokens',
  ],
  [
    'separators',
    'bipe_rope',
    'random',
    'segments that end with sentences predict better than random ones of the same lengths',
  ],
  ['separators', 'bipe_rope', 'no_ends', 'segments predict better than none'],
  ['slopes', 'bipe_alibi', 'slopes_1', "slopes of 96 times ALiBi's predict better than ALiBi's own"],
  ['slopes', 'bipe_alibi', 'slopes_32', "slopes of 96 times ALiBi's predict better than 32 times"],
  ['third', 'three_levels', 'bipe_rope', 'a third level predicts better than two'],
];

function findings(
  rows: readonly Row[],
  { lengths, trainLength }: AblationScale,
  modality: Modality,
  { runs }: AblationResult,
): Finding[] {
  const text = modalityStyles[modality].name;
  const curveOf = (group: AblationGroup, id: string): LengthCurve | undefined =>
    rows.find((row) => row.group === group && row.id === id)?.curve;
  return [...lengths]
    .sort((a, b) => a - b)
    .flatMap((length) => {
      const where =
        length === trainLength
          ? 'at the training length'
          : `at ${formatShort(length / trainLength)} times the training length`;
      const chance = chanceAt(runs, modality, length);
      return claims.flatMap(([group, better, worse, claim]) => {
        if (length === trainLength && !saidAtTraining.includes(group)) return [];
        const [first, second] = [curveOf(group, better), curveOf(group, worse)];
        if (first === undefined || second === undefined) return [];
        const finding = compare(
          { claim: `${text}, ${where}: ${claim}`, better: [first, length], worse: [second, length] },
          modality,
        );
        const [a, b] = [first, second].map((curve) => perplexityRange(curve, modality, length).centre);
        return [beyondChance(finding, present(a, 'first') / present(b, 'second'), chance)];
      });
    });
}

/** How many times the perplexity of one seed may be that of another of the same model, at a length: the most that was seen. */
function chanceAt(runs: readonly LanguageModelRun[], modality: Modality, length: number): number | undefined {
  const ratios = basesOfAblation.flatMap((id) => {
    const seen = runs
      .filter(({ encoding }) => encoding === id)
      .map((run) => perplexityAt(run, modality, length).perplexity);
    return seen.length < 2 ? [] : [Math.max(...seen) / Math.min(...seen)];
  });
  return ratios.length === 0 ? undefined : Math.max(...ratios);
}

/** A finding that is not told where chance alone makes as large a difference. */
function beyondChance(finding: Finding, ratio: number, chance: number | undefined): Finding {
  if (chance === undefined)
    return { ...finding, measured: `${finding.measured}; how much seeds differ is not known` };
  const within = Math.abs(Math.log(ratio)) <= Math.log(chance);
  return {
    ...finding,
    holds: within ? null : finding.holds,
    measured: `${finding.measured}; seeds of one model differ by a factor of up to ${chance.toFixed(3)}`,
  };
}
