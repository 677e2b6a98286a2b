// The ablations as a table, a picture and findings.

import { formatCount } from '../../../base/format';
import { present } from '../../../base/present';
import { type Modality } from '../../../data/sources/source';
import { axisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { formatPerplexity } from '../../../report/log-axis';
import { makeTable, type Measure, measuredWithEnds } from '../../../report/measures';
import { type AxisSpec, type PlotlyObject } from '../../../report/spec';
import { modalityStyles, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { pointsTrace } from '../../../report/traces';
import { whiskers } from '../../../report/whiskers';
import { rangeWord, seedsOf, whiskersWord } from '../../charts/seed-groups';
import {
  documentCount,
  modalitiesOf,
  perplexity,
  perplexityAxis,
  perplexityRange,
  textColumn,
} from '../../language-models/length-curves';
import { type LanguageModelRun, perplexityAt } from '../../language-models/runs';
import { type Drawing } from '../../run/report';
import { ablationGroups, basesOfAblation } from './ablations';
import { type RulesLike } from './ends-like';
import { ablationFindings } from './findings';
import {
  type AblationResult,
  type AblationRow,
  ablationRows,
  type AblationScale,
  overAllSeeds,
} from './rows';

/** Everything the item shows of its result. */
export function drawAblations(result: AblationResult, scale: AblationScale): Drawing {
  const rows = ablationRows(result, scale);
  const modalities = modalitiesOf(rows.map(({ curve }) => curve));
  return {
    figures: modalities.map((modality) => perplexityFigure(rows, scale, modality, modalities.length)),
    tables: [perplexityTable(rows, scale, result.rules, modalities)],
    findings: modalities.flatMap((modality) => ablationFindings(rows, scale, modality, result)),
  };
}

const countOf = (tokens: number): string => `${formatCount(tokens)} tokens`;

/** A panel for each group, a line for each of its models, a mark for each length. */
function perplexityFigure(
  rows: readonly AblationRow[],
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
      `${documentCount(curves, modality)} held-out documents, read in consecutive blocks of equal length; all lengths read the same text. Bold: BiPE-RoPE and BiPE-ALiBi, ` +
      'from which the other models differ. Further left is better. Hollow marks are further trainings of those two that differ in their seed alone: ' +
      'a difference no larger than theirs is inconclusive.',
    alt: rows
      .map(
        ({ label, curve }) =>
          `${label}: ${lengths.map((length) => `${formatPerplexity(perplexityRange(curve, modality, length).centre)} at ${length}`).join(', ')}`,
      )
      .join('; '),
    columns: 1,
    sharedX: true,
    panelHeight: groups.map((group) => 14 + 24 * rows.filter((row) => row.group === group).length),
    panels: groups.map((group) => {
      const own = rows.filter((row) => row.group === group);
      return {
        title: ablationGroups[group],
        x: axisFor([...ranges.flatMap(({ centre, low, high }) => [centre, low, high]), ...seen]),
        y: labelAxis(own),
        data: lengths.flatMap((length, index) => {
          const style = present(styles[index], 'style');
          const place = { modality, length, shift: 0.3 * (index - (lengths.length - 1) / 2) };
          return [marks(own, style, place), furtherMarks(own, style, place)];
        }),
      };
    }),
  });
}

/** Logarithmic where values differ much. */
function axisFor(values: readonly number[]): AxisSpec {
  const known = values.filter((value) => !Number.isNaN(value));
  return Math.max(...known) / Math.min(...known) > 3 ? perplexityAxis(known) : axisOf(perplexity);
}

/** The models of a group, from top to bottom. */
function labelAxis(rows: readonly AblationRow[]): AxisSpec {
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
  readonly shift: number;
}

/** The perplexities of a group's models at one length. */
function marks(
  rows: readonly AblationRow[],
  style: SeriesStyle,
  { modality, length, shift }: MarksPlace,
): PlotlyObject {
  const ranges = rows.map(({ curve }) => perplexityRange(curve, modality, length));
  const points = rows.map((row) => `${row.label} at ${countOf(length)}`);
  return {
    ...pointsTrace({
      x: ranges.map(({ centre }) => centre),
      y: rows.map((_, place) => place + shift),
      style,
    }),
    ...whiskers(ranges, points, perplexity, { axis: 'x' }),
  };
}

/** Perplexities of further seeds, hollow, on the lines of their models. */
function furtherMarks(
  rows: readonly AblationRow[],
  style: SeriesStyle,
  { modality, length, shift }: MarksPlace,
): PlotlyObject {
  const points = rows.flatMap(({ further }, place) =>
    further.map((run) => ({ x: perplexityAt(run, modality, length).perplexity, y: place + shift })),
  );
  return {
    ...pointsTrace({
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      style: { ...style, name: `${style.name}, another seed`, symbol: `${style.symbol}-open` },
      legend: false,
    }),
    legendgroup: style.name,
  };
}

/** A row of the table. */
interface TableRow extends AblationRow {
  readonly modality: Modality;
}

/** The perplexity at a length over all seeds of a model that has further ones. */
function ofAllSeeds(length: number): Measure<TableRow> {
  return {
    key: `at${length}AllSeeds`,
    label: `${formatCount(length)}, all seeds`,
    format: perplexity.format,
    of: (row) =>
      row.further.length === 0 ? undefined : perplexityRange(overAllSeeds(row), row.modality, length).centre,
  };
}

function perplexityTable(
  rows: readonly AblationRow[],
  { lengths, trainLength }: AblationScale,
  rules: RulesLike,
  modalities: readonly Modality[],
): Table {
  const tokens = rules.mean.kind === 'every' ? rules.mean.tokens : 0;
  const curves = rows.map(({ curve }) => curve);
  const texts = modalities.map(
    (modality) =>
      `${documentCount(curves, modality)} held-out documents of ${modalityStyles[modality].name.toLowerCase()}`,
  );
  const hasFurther = rows.some(({ further }) => further.length > 0);
  const rare = rows.some(({ id }) => id === 'alibi_rare')
    ? 'Rare tokens: the least frequent ones, together about as frequent as full stops and newlines. '
    : '';
  const columns: readonly Measure<TableRow>[] = [
    { key: 'group', label: 'What is varied', of: ({ group }) => ablationGroups[group] },
    { key: 'model', label: 'Model', of: ({ label }) => label },
    ...textColumn(modalities),
    ...lengths.flatMap((length) =>
      measuredWithEnds<TableRow>(
        { key: `at${length}`, label: formatCount(length), format: perplexity.format },
        ['low', 'high'],
        ({ curve, modality }) => perplexityRange(curve, modality, length),
      ),
    ),
    ...(hasFurther ? lengths.map(ofAllSeeds) : []),
    {
      key: 'parameters',
      label: 'Parameters',
      format: 'integer',
      of: ({ curve }) => (curve.runs as readonly LanguageModelRun[])[0]?.parameters,
    },
  ];
  return makeTable(
    {
      id: 'table-ablation',
      title: 'Ablations',
      caption:
        `Perplexity of ${texts.join(', ')} by block length; trained on blocks of ${countOf(trainLength)}. Low and high: ${rangeWord(seedsOf(curves), '95 % interval over documents')}. ` +
        (hasFurther ? 'All seeds: with the further trainings of that model, as findings compare it. ' : '') +
        `Every n tokens: n is ${tokens}, the mean length of segments between full stops and newlines. ${rare}We have not seen the paper's values.`,
    },
    columns,
    modalities.flatMap((modality) => rows.map((row) => ({ ...row, modality }))),
  );
}
