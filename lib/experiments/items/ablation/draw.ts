// The ablations as a table, a picture and findings.

import { formatCount } from '../../../base/format';
import { present } from '../../../base/present';
import { type Modality } from '../../../data/sources/source';
import { type AxisSpec, type Figure, inPanel, makeFigure, type PlotlyObject } from '../../../report/figure';
import { formatPerplexity, formatShort, logAxis } from '../../../report/log-axis';
import { modalityStyles, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Cell, measuredCells, measuredColumns, type Table } from '../../../report/tables';
import { whiskers } from '../../../report/whiskers';
import {
  type Ablation,
  type AblationGroup,
  ablationGroups,
  ablationsOf,
  basesOfAblation,
  relativeLabels,
  type RulesLike,
} from './ablations';
import { type Drawing, type Finding } from '../../run/report';
import { type LanguageModelRun, perplexityAt } from '../../language-models/runs';
import {
  compare,
  documentCount,
  type LengthCurve,
  modalitiesOf,
  perplexityRange,
  perplexityWords,
} from '../../language-models/length-curves';
import { rangeWord, seedsOf, whiskersWord } from '../../charts/seed-groups';
import { seedSpread, smallestTold } from './seed-spread';

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
  /** Of the seeds that every model has. */
  readonly curve: LengthCurve;
  /** Those that only BiPE-RoPE and BiPE-ALiBi have, to see what chance does. */
  readonly further: readonly LanguageModelRun[];
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
      const all = runs.filter(({ encoding }) => encoding === ablation.id);
      const own = all.filter(({ seed }) => seeds.includes(seed));
      if (own.length === 0) throw new Error(`no run of ${ablation.id}`);
      const [style] = orderedStyles([ablation.label]);
      return {
        ...ablation,
        group,
        curve: { name: ablation.id, style: present(style, 'style'), runs: own },
        further: all.filter(({ seed }) => !seeds.includes(seed)),
      };
    }),
  );
}

const countOf = (tokens: number): string => `${formatCount(tokens)} tokens`;

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
  const seen = rows.flatMap(({ further }) =>
    further.flatMap((run) => lengths.map((length) => perplexityAt(run, modality, length).perplexity)),
  );
  const text = modalityStyles[modality].name.toLowerCase();
  const curves = rows.map(({ curve }) => curve);
  const hollow = rows.some(({ further }) => further.length > 0) ? '; hollow: another seed' : '';
  return makeFigure({
    id: modalities === 1 ? 'table-ablation-perplexity' : `table-ablation-${modality}`,
    title: `Ablations of bilevel encoding: perplexity of ${text}`,
    subtitle: `Trained on blocks of ${countOf(trainLength)}; ${whiskersWord(seedsOf(curves), '95 % interval over documents')}${hollow}`,
    caption:
      `${documentCount(curves, modality)} held-out documents, read in blocks of a length side by side; all lengths read the same text. Bold: BiPE-RoPE and BiPE-ALiBi, ` +
      'which the other models differ from. Further left is better. Hollow marks are further trainings of those two that differ in their seed alone: ' +
      'a difference that is no larger than theirs says nothing.',
    alt: rows
      .map(
        ({ label, curve }) =>
          `${label}: ${lengths.map((length) => `${formatPerplexity(perplexityRange(curve, modality, length).centre)} at ${length}`).join(', ')}`,
      )
      .join('; '),
    columns: 1,
    sharedX: true,
    panelHeight: groups.map((group) => 14 + 24 * rows.filter((row) => row.group === group).length),
    panels: groups.map((group) => ({
      title: ablationGroups[group],
      x: perplexityAxis([...ranges.flatMap(({ centre, low, high }) => [centre, low, high]), ...seen]),
      y: labelAxis(rows.filter((row) => row.group === group)),
    })),
    data: groups.flatMap((group, panel) =>
      lengths.flatMap((length, index) => {
        const own = rows.filter((row) => row.group === group);
        const style = present(styles[index], 'style');
        const place = { modality, length, panel, shift: 0.3 * (index - (lengths.length - 1) / 2) };
        return [marks(own, style, place), furtherMarks(own, style, place)];
      }),
    ),
  });
}

/** Logarithmic where values differ much. */
function perplexityAxis(values: readonly number[]): AxisSpec {
  const known = values.filter((value) => !Number.isNaN(value));
  return Math.max(...known) / Math.min(...known) > 3
    ? logAxis('Perplexity, log scale', known)
    : { title: 'Perplexity' };
}

/** The models of a group, from top to bottom. */
function labelAxis(rows: readonly Row[]): AxisSpec {
  return {
    range: [rows.length - 0.5, -0.5],
    tickvals: [...rows.keys()],
    ticktext: rows.map(({ id, label }) => (basesOfAblation.includes(id) ? `<b>${label}</b>` : label)),
    showgrid: false,
  };
}

/** Where marks of one length go: lengths are shifted so that they do not hide each other. */
interface MarksPlace {
  readonly modality: Modality;
  readonly length: number;
  readonly panel: number;
  readonly shift: number;
}

/** The perplexities of a group's models at one length. */
function marks(
  rows: readonly Row[],
  style: SeriesStyle,
  { modality, length, panel, shift }: MarksPlace,
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
    ...whiskers(
      ranges,
      { ...perplexityWords, points: rows.map((row) => `${row.label} at ${countOf(length)}`) },
      { axis: 'x' },
    ),
    ...inPanel(panel),
  };
}

/** Those of further seeds, hollow, on the lines of their models. */
function furtherMarks(
  rows: readonly Row[],
  style: SeriesStyle,
  { modality, length, panel, shift }: MarksPlace,
): PlotlyObject {
  const points = rows.flatMap(({ further }, place) =>
    further.map((run) => ({ x: perplexityAt(run, modality, length).perplexity, y: place + shift })),
  );
  return {
    type: 'scatter',
    mode: 'markers',
    name: `${style.name}, another seed`,
    legendgroup: style.name,
    showlegend: false,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    marker: { color: style.color, symbol: `${style.symbol}-open`, size: 8, line: { width: 1.5 } },
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
      `Perplexity of ${modalities
        .map(
          (modality) =>
            `${documentCount(
              rows.map(({ curve }) => curve),
              modality,
            )} held-out documents of ${modalityStyles[modality].name.toLowerCase()}`,
        )
        .join(
          ', ',
        )} by the tokens of a block; trained on blocks of ${countOf(trainLength)}. Low and high: ${rangeWord(seedsOf(rows.map(({ curve }) => curve)), '95 % interval over documents')}. ` +
      `Every n tokens: n is ${tokens}, the mean length of segments between full stops and newlines. The paper's values are not at hand.`,
    columns: [
      { key: 'group', label: 'What is varied' },
      { key: 'model', label: 'Model' },
      ...(modalities.length > 1 ? [{ key: 'text', label: 'Text' }] : []),
      ...lengths.flatMap((length) =>
        measuredColumns({ key: `at${length}`, label: length.toLocaleString('en'), format: 'fixed2' }, [
          'low',
          'high',
        ]),
      ),
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
        for (const length of lengths)
          Object.assign(row, measuredCells(`at${length}`, perplexityRange(curve, modality, length)));
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
  // All that is known of a model, further seeds included.
  const curveOf = (group: AblationGroup, id: string): LengthCurve | undefined => {
    const row = rows.find((one) => one.group === group && one.id === id);
    return row && { ...row.curve, runs: [...row.curve.runs, ...row.further] };
  };
  return [...lengths]
    .sort((a, b) => a - b)
    .flatMap((length) => {
      const where =
        length === trainLength
          ? 'at the training length'
          : `at ${formatShort(length / trainLength)} times the training length`;
      const spread = seedSpread(
        basesOfAblation.map((id) =>
          runs
            .filter(({ encoding }) => encoding === id)
            .map((run) => perplexityAt(run, modality, length).loss),
        ),
      );
      return claims.flatMap(([group, better, worse, claim]) => {
        if (length === trainLength && !saidAtTraining.includes(group)) return [];
        const [first, second] = [curveOf(group, better), curveOf(group, worse)];
        if (first === undefined || second === undefined) return [];
        const finding = compare(
          { claim: `${text}, ${where}: ${claim}`, better: [first, length], worse: [second, length] },
          modality,
        );
        const [a = NaN, b = NaN] = [first, second].map(
          (curve) => perplexityRange(curve, modality, length).centre,
        );
        const told = spread && smallestTold(spread, first.runs.length, second.runs.length);
        return [beyondChance(finding, Math.log(a / b), told)];
      });
    });
}

/** The finding, inconclusive where seeds alone make as large a difference: `smallest`, in nats. */
function beyondChance(finding: Finding, difference: number, smallest: number | undefined): Finding {
  if (smallest === undefined)
    return { ...finding, measured: `${finding.measured}; seed-to-seed variation is not known` };
  const isWithin = Math.abs(difference) <= smallest;
  return {
    ...finding,
    holds: isWithin ? null : finding.holds,
    measured: `${finding.measured}; ${isWithin ? 'within' : 'beyond'} seed-to-seed variation (factor ${Math.exp(smallest).toFixed(3)})`,
  };
}
