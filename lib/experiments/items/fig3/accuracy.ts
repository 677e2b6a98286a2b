// The accuracy of a group of models: the runs of one encoding at one size, one for each seed.

import { type Range } from '../../../base/format';
import { measured, type Measure } from '../../../report/measures';
import { overSeeds } from '../../../report/over-seeds';
import { type SeedGroup } from '../../charts/seed-groups';
import { counted } from '../../settings/preset-words';
import { type ArithmeticRun, type OperatorsAccuracy } from './runs';

/** The runs of one encoding at one size. */
export type Group = SeedGroup<ArithmeticRun>;

/** `1 operator`, `3 operators`. */
export const operatorsWord = (operators: number): string => counted(operators, 'operator');

/** The share of right answers of a group, at the largest number of operators of training. */
export const accuracy: Measure<Group> = measured<Group>(
  { key: 'accuracy', label: 'Right answers', format: 'percent', interval: ['low', 'high'] },
  ({ runs }) => overRuns(runs.map((run) => run.accuracy)),
);

/** Over several seeds the mean, the least and the most; of one its 95 % interval. */
export function overRuns(accuracies: readonly OperatorsAccuracy['accuracy'][]): Range {
  return overSeeds(accuracies.map(({ share, low, high }) => ({ centre: share, low, high })));
}

/** The right answers of a group to questions with so many operators. */
export function accuracyAt({ runs }: Group, operators: number): Range {
  return overRuns(
    runs.flatMap((run) =>
      run.byOperators.filter((entry) => entry.operators === operators).map((entry) => entry.accuracy),
    ),
  );
}

/** The right answers of a group at each evaluation of its training. */
export function accuracyDuring({ runs }: Group): { readonly instances: number; readonly accuracy: Range }[] {
  const [first] = runs;
  return (first?.byInstances ?? []).map(({ instances }, index) => ({
    instances,
    accuracy: overRuns(runs.flatMap(({ byInstances }) => byInstances[index]?.accuracy ?? [])),
  }));
}

/** The paper's task at the size of which the paper's accuracies are known. */
export function isOfPaper({ hiddenSize, runs }: Group): boolean {
  return hiddenSize === 48 && runs.every((run) => run.trainedOperators === 6 && run.modulus === 11);
}
