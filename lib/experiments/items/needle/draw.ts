// Facts found in long texts, as heat maps, lines, a table and findings.

import { formatCount, formatPercent, type Range } from '../../../base/format';
import { needleValues } from '../../../data/needle';
import { type Proportion } from '../../../evaluate/intervals';
import { stepsAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { broken, horizontalLine, verticalLine } from '../../../report/marks';
import { linesPanel, makeTable, type Measure, measured } from '../../../report/measures';
import { overSeeds } from '../../../report/over-seeds';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { heatColor, heatScale, scalingStyles } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { colorKey } from '../../../report/traces';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import {
  groupsOf,
  rangeWord,
  type SeedGroup,
  seedsOf,
  seedsWord,
  trainingMeasures,
  whiskersWord,
} from '../../charts/seed-groups';
import { trainingLossFigure } from '../../charts/training-loss';
import { liesBelow } from '../../charts/verdicts';
import { type Drawing, type Finding } from '../../run/report';
import { foundAmong, foundAt, type NeedleRun, type NeedleRunSettings, type NeedlesByLength } from './runs';

/** All models that were trained. */
export interface NeedleResult {
  readonly runs: readonly NeedleRun[];
}

/** Models of an encoding as they read: as they were trained, or with YaRN. */
interface Reader extends SeedGroup<
  Pick<NeedleRun, 'parameters' | 'tokensPerSecond'> & { readonly byLength: readonly NeedlesByLength[] }
> {
  /** The encoding, and `with YaRN`. */
  readonly name: string;
}

/** From this share on, a model counts as one that has learnt to find facts. */
const learnt = 0.5;

/** The texts of training: tokens of each, and facts in it. */
type NeedleTexts = Pick<NeedleRunSettings, 'trainLength' | 'facts'>;

/** Everything that is shown of the result. */
export function drawNeedle({ runs }: NeedleResult, { trainLength, facts }: NeedleTexts): Drawing {
  const groups = groupsOf(runs);
  const readers = groups.flatMap((group): Reader[] => {
    const scaled = group.runs.flatMap((run) => (run.withYarn ? [{ ...run, byLength: run.withYarn }] : []));
    const style = { ...scalingStyles.yarn, name: `${group.style.name} with YaRN` };
    return [
      { ...group, name: group.encoding },
      ...(scaled.length === 0
        ? []
        : [{ ...group, name: `${group.encoding} with YaRN`, style, runs: scaled }]),
    ];
  });
  return {
    figures: [
      mapsFigure(readers, { trainLength, facts }),
      lengthsFigure(readers, trainLength),
      trainingLossFigure(groups, {
        id: 'needle-loss',
        title: 'Training loss on answers',
        subtitle: 'Cross-entropy of an answer, averaged since the previous point',
        caption:
          'Texts are new at every step. A guess among all values has the natural logarithm of their number.',
        fromZero: true,
      }),
    ],
    tables: [numbersTable(readers, trainLength)],
    findings: findings(readers, trainLength),
  };
}

function lengthsOf(readers: readonly Reader[]): number[] {
  return (readers[0]?.runs[0]?.byLength ?? []).map(({ length }) => length);
}

/** What is found, over the seeds of a reader. */
function foundBy({ runs }: Reader, among: (byLength: readonly NeedlesByLength[]) => Proportion): Range {
  return overSeeds(
    runs.map(({ byLength }) => {
      const { share: centre, low, high } = among(byLength);
      return { centre, low, high };
    }),
  );
}

const atLength =
  (length: number) =>
  (byLength: readonly NeedlesByLength[]): Proportion =>
    foundAt(byLength, length);

/** Facts that stand farther before their question than any in training, in the longest texts. */
const farther =
  (trainLength: number) =>
  (byLength: readonly NeedlesByLength[]): Proportion =>
    foundAmong((byLength.at(-1)?.byDepth ?? []).filter(({ distance }) => distance > trainLength));

const tokensLength: Measure<number> = {
  key: 'length',
  label: 'Tokens of the text',
  format: 'integer',
  of: (length) => length,
};

function mapsFigure(readers: readonly Reader[], { trainLength, facts }: NeedleTexts): Figure {
  const lengths = lengthsOf(readers);
  const depths = (readers[0]?.runs[0]?.byLength[0]?.byDepth ?? []).map(({ depth }) => depth);
  return makeFigure({
    id: 'needle',
    title: 'Needle in a haystack: facts found, by depth and length of the text',
    subtitle: `Trained on texts of ${formatCount(trainLength)} tokens (first column); ${seedsWord(seedsOf(readers))}`,
    caption:
      `The share of facts that a model finds in held-out text, by their depth: 0 % is the beginning of the text, 100 % its end, where the question stands. A guess among the ${needleValues} values finds ${formatPercent(1 / needleValues, 0)}. ${facts === 1 ? 'Each text has one fact, so a model has to find it, but not to tell it from others.' : `Each text has ${facts} facts, and the question names the key of one.`} ` +
      'Right of the first column a text is longer than in training, and only facts near its end are as near as in training.',
    alt: readers
      .map((reader) => {
        const shares = lengths.map(
          (length) => `${formatPercent(foundBy(reader, atLength(length)).centre, 0)} at ${length} tokens`,
        );
        return `${reader.style.name}: ${shares.join(', ')}`;
      })
      .join('; '),
    columns: 3,
    sharedX: true,
    sharedY: true,
    panelHeight: 190,
    panels: readers.map((reader) => mapPanel(reader, lengths, depths)),
    data: [0, 0.25, 0.5, 0.75, 1].map((share) =>
      colorKey(`${share === 0 ? 'found ' : ''}${formatPercent(share, 0)}`, heatColor(share)),
    ),
    layout: { showlegend: true },
  });
}

function mapPanel(reader: Reader, lengths: readonly number[], depths: readonly number[]): PanelSpec {
  const ranges = depths.map((_, place) =>
    lengths.map((length) =>
      foundBy(reader, (byLength) =>
        foundAmong(
          byLength.filter((one) => one.length === length).flatMap(({ byDepth }) => byDepth[place] ?? []),
        ),
      ),
    ),
  );
  const map: PlotlyObject = {
    type: 'heatmap',
    x: lengths.map((_, index) => index),
    y: depths.map((_, index) => index),
    z: ranges.map((row) => row.map(({ centre }) => centre)),
    zmin: 0,
    zmax: 1,
    colorscale: heatScale,
    showscale: false,
    text: ranges.map((row) => row.map(({ centre }) => (100 * centre).toFixed(0))),
    texttemplate: '%{text}',
    customdata: ranges.map((row, place) =>
      row.map(
        ({ low, high }, index) =>
          `${formatCount(lengths[index] ?? 0)} tokens, depth ${formatPercent(depths[place] ?? 0, 0)}: ${formatPercent(low, 0)} to ${formatPercent(high, 0)}`,
      ),
    ),
    hovertemplate: '%{customdata}<extra></extra>',
    xgap: 1,
    ygap: 1,
  };
  return {
    title: reader.style.name,
    x: {
      title: 'Tokens of the text',
      tickvals: lengths.map((_, index) => index),
      ticktext: lengths.map(formatCount),
      showgrid: false,
    },
    y: {
      title: 'Depth of the fact',
      tickvals: depths.map((_, index) => index),
      ticktext: depths.map((depth) => formatPercent(depth, 0)),
      autorange: 'reversed',
      showgrid: false,
    },
    data: [map],
  };
}

function lengthsFigure(readers: readonly Reader[], trainLength: number): Figure {
  const lengths = lengthsOf(readers);
  const series = readers.map((reader) => ({
    style: reader.style,
    rows: lengths.map((length) => ({ length, reader })),
  }));
  type Row = (typeof series)[number]['rows'][number];
  const x: Measure<Row> = { ...tokensLength, of: ({ length }) => length };
  const y = measured<Row>({ key: 'found', label: 'Facts found', format: 'percent' }, ({ reader, length }) =>
    foundBy(reader, atLength(length)),
  );
  return makeFigure({
    id: 'needle-lengths',
    title: 'Facts found in texts longer than in training',
    subtitle: `All depths together; dotted: the training length; ${whiskersWord(seedsOf(readers), '95 % interval over the questions')}`,
    caption: `Broken line: a guess among the ${needleValues} values.`,
    alt: readers
      .map(
        (reader) =>
          `${reader.style.name} ${formatPercent(foundBy(reader, atLength(lengths.at(-1) ?? 0)).centre, 0)}`,
      )
      .join(', '),
    panelHeight: 300,
    panels: [
      linesPanel({ x, y }, series, {
        xAxis: stepsAxisOf(tokensLength, lengths),
        marks: [verticalLine(trainLength), horizontalLine(1 / needleValues, { dash: broken })],
      }),
    ],
  });
}

function numbersTable(readers: readonly Reader[], trainLength: number): Table {
  const [parameters, speed] = trainingMeasures;
  return makeTable<Reader>(
    {
      id: 'needle-numbers',
      title: 'Facts found in numbers',
      caption: `Shares of facts, all depths together; intervals: ${rangeWord(seedsOf(readers), '95 % over the questions')}. Farther back: in the longest texts, facts that stand farther before their question than ${formatCount(trainLength)} tokens, the training length.`,
    },
    [
      { key: 'encoding', label: 'Encoding', of: ({ style }) => style.name },
      parameters,
      ...lengthsOf(readers).map((length) =>
        measured<Reader>(
          { key: `length${length}`, label: `${formatCount(length)} tokens`, format: 'percent' },
          (reader) => foundBy(reader, atLength(length)),
        ),
      ),
      measured<Reader>({ key: 'farther', label: 'Farther back', format: 'percent' }, (reader) =>
        foundBy(reader, farther(trainLength)),
      ),
      speed,
    ],
    readers,
  );
}

/**
 * Which models have learnt the task; which of these find facts farther back than in training; and
 * which of two finds more of them. Of a model that has not learnt it, the others say nothing.
 */
function findings(readers: readonly Reader[], trainLength: number): Finding[] {
  const far = (reader: Reader): Range => foundBy(reader, farther(trainLength));
  const near = (reader: Reader): Range => foundBy(reader, atLength(trainLength));
  const hasLearnt = (reader: Reader): boolean => liesBelow(learnt, near(reader)) === true;
  const percents = ({ centre, low, high }: Range): string =>
    `${formatPercent(centre)} (${formatPercent(low)} to ${formatPercent(high)})`;
  const unlearnt = (some: readonly Reader[]): string =>
    some
      .filter((reader) => !hasLearnt(reader))
      .map(
        (reader) =>
          `; ${reader.style.name} has not learnt the task: ${percents(near(reader))} at the training length`,
      )
      .join('');
  const share = formatPercent(learnt, 0);
  const most = formatCount(lengthsOf(readers).at(-1) ?? 0);
  const trained = readers.filter(({ name }) => !name.endsWith(' with YaRN'));
  const names = trained.map(({ name }) => name);
  const pairs = [...bilevelPairs, ['rope with YaRN', 'rope'] as const, ...ownPairs(names)];
  return [
    ...trained.map((reader) => ({
      claim: `${reader.style.name} learns the task: it finds more than ${share} of the facts in texts of the training length`,
      holds: liesBelow(learnt, near(reader)),
      measured: `${percents(near(reader))} found`,
    })),
    ...readers.map((reader) => ({
      claim: `${reader.style.name} finds more than ${share} of the facts that stand farther back than any in training`,
      holds: hasLearnt(reader) ? liesBelow(learnt, far(reader)) : null,
      measured: `${percents(far(reader))} found in texts of ${most} tokens${unlearnt([reader])}`,
    })),
    ...pairs.flatMap(([more, less]): Finding[] => {
      const first = readers.find(({ name }) => name === more);
      const second = readers.find(({ name }) => name === less);
      if (first === undefined || second === undefined) return [];
      const both = [first, second];
      return [
        {
          claim: `${first.style.name} finds more of the facts that stand farther back than any in training than ${second.style.name}`,
          holds: both.every(hasLearnt) ? liesBelow(far(second), far(first)) : null,
          measured: `${first.style.name} ${percents(far(first))}, ${second.style.name} ${percents(far(second))}${unlearnt(both)}`,
        },
      ];
    }),
  ];
}
