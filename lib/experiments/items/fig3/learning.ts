// How soon each encoding learns: right answers by the instances that a training has seen, and the
// number of instances after which most answers are right.

import { formatCount, formatPercent, formatRange, type Range } from '../../../base/format';
import { axisOf } from '../../../report/axes';
import { linesPanel, makeTable, type Measure, measured, rangeOf } from '../../../report/measures';
import { overSeeds } from '../../../report/over-seeds';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { type Column, type Table } from '../../../report/tables';
import { hiddenSize, seedsOf, seedsWord } from '../../charts/seed-groups';
import { liesBelow } from '../../charts/verdicts';
import { type PaperValue, paperValue } from '../../paper/values';
import { type Finding } from '../../run/report';
import { accuracy, accuracyDuring, type Group, isOfPaper } from './accuracy';
import { type ArithmeticRun } from './runs';

/** Shares of right answers whose counts of instances are compared: learnt, and half of it. */
const shares = [0.9, 0.5] as const;

const instances: Measure<AtInstances> = {
  key: 'instances',
  label: 'Instances seen',
  format: 'integer',
  place: (value) => `${formatCount(value)} instances`,
  of: (row) => row.instances,
};

interface AtInstances {
  readonly instances: number;
  readonly accuracy: Range;
}

/** A line for each group: right answers by instances seen. */
export function instancesPanel(
  groups: readonly Group[],
  title: string,
  marks: readonly PlotlyObject[],
): PanelSpec {
  const y = { ...accuracy, of: (row: AtInstances) => row.accuracy };
  const series = groups.map((group) => ({ style: group.style, rows: accuracyDuring(group) }));
  return linesPanel({ x: instances, y }, series, { title, xAxis: axisOf(instances), marks });
}

/**
 * Instances until a share of answers is right, at the first evaluation where it is; Infinity where
 * there is none. Of one seed the ends are the first evaluation whose interval reaches the share,
 * and the first whose whole interval does; of several the least and the most.
 */
function instancesUntil(share: number, { runs }: Group): Range {
  return overSeeds(
    runs.map((run) => ({
      centre: firstFrom(run, (accuracy) => accuracy.share >= share),
      low: firstFrom(run, (accuracy) => accuracy.high >= share),
      high: firstFrom(run, (accuracy) => accuracy.low >= share),
    })),
  );
}

type Accuracy = ArithmeticRun['accuracy'];

function firstFrom({ byInstances }: ArithmeticRun, holds: (accuracy: Accuracy) => boolean): number {
  return byInstances.find(({ accuracy: share }) => holds(share))?.instances ?? Infinity;
}

/** The table of how soon each encoding learns; none where a training was not evaluated. */
export function learningTable(groups: readonly Group[]): Table[] {
  const [first] = groups;
  const during = first?.runs[0]?.byInstances ?? [];
  const last = during.at(-1);
  if (first === undefined || last === undefined) return [];
  const leadMeasure = (
    { key, label }: Pick<Column, 'key' | 'label'>,
    of: (gaps: readonly number[]) => number,
  ) => ({
    key,
    label,
    format: 'percent' as const,
    of: (group: Group) => {
      const gaps = leadsOver(group, groups);
      return gaps.length === 0 ? null : of(gaps);
    },
  });
  return [
    makeTable<Group>(
      {
        id: 'fig3-learning',
        title: 'How soon each encoding learns',
        caption:
          `Right answers to ${formatCount(last.accuracy.trials)} questions of the largest number of operators of training, ` +
          `after every ${formatCount(during[0]?.instances ?? 0)} instances; the questions are others than in the table above. ` +
          `Instances until a share is right are those of the first evaluation that has it, ${seedsWord(seedsOf(groups))}; missing where none has. ` +
          `The lead is the difference between the right answers of ${first.style.name} and of the row, at the same evaluation.`,
      },
      [
        { key: 'encoding', label: 'Encoding', of: ({ style }) => style.name },
        hiddenSize,
        ...shares.map(untilMeasure).reverse(),
        measured<Group>(
          { key: 'end', label: 'Right at the end', format: 'percent' },
          (group) => accuracyDuring(group).at(-1)?.accuracy,
        ),
        leadMeasure({ key: 'largestLead', label: `Largest lead of ${first.style.name}` }, (gaps) =>
          Math.max(...gaps),
        ),
        leadMeasure({ key: 'lastLead', label: 'Its lead at the end' }, (gaps) => gaps.at(-1) ?? NaN),
      ],
      groups,
    ),
  ];
}

/** Missing where the share was not reached. */
function untilMeasure(share: number): Measure<Group> {
  const known = (value: number): number => (value === Infinity ? NaN : value);
  return measured(
    { key: `until${100 * share}`, label: `Instances until ${formatPercent(share, 0)}`, format: 'integer' },
    (group) => {
      const { centre, low, high } = instancesUntil(share, group);
      return { centre: known(centre), low: known(low), high: known(high) };
    },
  );
}

/** By how much the first encoding of a size is ahead of a group; none of itself. */
function leadsOver(group: Group, groups: readonly Group[]): number[] {
  const first = groups.find((one) => one.hiddenSize === group.hiddenSize);
  return first === undefined || first === group ? [] : leads(first, group);
}

/** By how much the right answers of one are ahead of another's at each evaluation. */
function leads(ahead: Group, behind: Group): number[] {
  const first = accuracyDuring(ahead);
  return accuracyDuring(behind).map(
    ({ accuracy: share }, index) => (first[index]?.accuracy.centre ?? NaN) - share.centre,
  );
}

/**
 * The finding that one encoding needs fewer instances than another, until the larger of the shares
 * that a model of either reaches.
 */
export function soonerFinding(sooner: Group, later: Group): Finding[] {
  const counts = sooner.runs[0]?.byInstances ?? [];
  if (counts.length === 0) return [];
  const runs = [...sooner.runs, ...later.runs];
  const isReached = (share: number): boolean =>
    runs.some((run) => firstFrom(run, (accuracy) => accuracy.share >= share) !== Infinity);
  const share = shares.find(isReached) ?? shares[0];
  const [a, b] = [sooner, later].map((group) => instancesUntil(share, group)) as [Range, Range];
  const end = formatCount(counts.at(-1)?.instances ?? 0);
  const says = ({ style }: Group, range: Range): string => {
    const word = (value: number): string => (value === Infinity ? `more than ${end}` : formatCount(value));
    return `${style.name} after ${formatRange(range, word)}`;
  };
  const gaps = leads(sooner, later);
  const points = (gap: number): string => `${(100 * gap).toFixed(0).replace('-', '−')} points`;
  const lead = `the lead is ${points(Math.max(...gaps))} at most and ${points(gaps.at(-1) ?? NaN)} at the end`;
  return [
    {
      claim: `Hidden size ${sooner.hiddenSize}: ${sooner.style.name} needs fewer instances than ${later.style.name} until ${formatPercent(share, 0)} of its answers are right`,
      holds: a.low === Infinity && b.low === Infinity ? null : liesBelow(a, b),
      measured: `${says(sooner, a)}, ${says(later, b)}; ${lead}`,
    },
  ];
}

/**
 * The paper's claim about its own task and size: BiPE-ALiBi reaches about 97 %, all others stay
 * under 70 %. None where the paper's accuracies are not known.
 */
export function paperFinding(groups: readonly Group[]): Finding[] {
  const known = groups.filter(isOfPaper);
  const best = known.find(({ encoding }) => encoding === 'bipe_alibi');
  const others = known.filter((group) => group !== best);
  const most = paperValue('arithmetic-accuracy', 'bipe_alibi');
  const bound = paperValue('arithmetic-accuracy', 'others');
  if (best === undefined || most === undefined || bound === undefined || others.length === 0) return [];
  const reached = rangeOf(accuracy, best);
  const ranges = others.map((group) => rangeOf(accuracy, group));
  // The paper's number is rounded to a per cent.
  const fails = reached.high < most.value - 0.005 || ranges.some(({ low }) => low >= bound.value);
  const holds = ranges.every(({ high }) => high < bound.value);
  const says = (group: Group): string =>
    `${group.style.name} ${formatRange(rangeOf(accuracy, group), (share) => formatPercent(share))}`;
  return [
    {
      claim: `Hidden size ${best.hiddenSize}: ${best.style.name} reaches ${inWords(most)}, all others stay ${inWords(bound)}, as in the paper`,
      holds: fails ? false : holds ? true : null,
      measured: `${[best, ...others].map(says).join(', ')}${whileUnder(bound.value, best, others)}`,
    },
  ];
}

const inWords = ({ relation, value }: PaperValue): string => `${relation} ${formatPercent(value, 0)}`;

/** How long all others stayed under a share, and where the best was then. */
function whileUnder(share: number, best: Group, others: readonly Group[]): string {
  const during = accuracyDuring(best);
  const curves = others.map(accuracyDuring);
  const end = during.findIndex((_, index) =>
    curves.some((curve) => !((curve[index]?.accuracy.centre ?? NaN) < share)),
  );
  const last = end === -1 ? during.at(-1) : during[end - 1];
  if (last === undefined) return '';
  const until = `${formatCount(last.instances)} instances`;
  const ahead = `${best.style.name} had ${formatPercent(last.accuracy.centre)}`;
  return `; all others were under ${formatPercent(share, 0)} until ${until}, where ${ahead}`;
}
