// Every paper item that the workbench reproduces. Items that are computed in seconds come before
// those that train for minutes, each in the paper's order, so that a run of all of them soon has
// results. A new item is a folder and a line here.

import { unknownName } from '../base/suggest';
import { attentionBySegment } from './items/attention-by-segment/item';
import { type Experiment } from './run/definition';
import { fig1 } from './items/fig1/item';
import { fig2 } from './items/fig2/item';
import { fig3 } from './items/fig3/item';
import { fig4 } from './items/fig4/item';
import { fig5 } from './items/fig5/item';
import { lemma11 } from './items/lemmas/lemma1-1';
import { lemma12 } from './items/lemmas/lemma1-2';
import { lemma13 } from './items/lemmas/lemma1-3';
import { lemma14 } from './items/lemmas/lemma1-4';
import { lemma15 } from './items/lemmas/lemma1-5';
import { needle } from './items/needle/item';
import { tableAblation } from './items/ablation/item';
import { tableNormal } from './items/normal/item';
import { tableRecipes } from './items/recipes/item';
import { tableScrolls } from './items/scrolls/item';
import { theorem31 } from './items/thm3-1/item';
import { theorem32 } from './items/thm3-2/item';
import { theorem32Trained } from './items/thm3-2-trained/item';

/** The items by name, in the order in which they are run. */
export const items = {
  fig1,
  fig2,
  tableRecipes,
  theorem31,
  theorem32,
  lemma11,
  lemma12,
  lemma13,
  lemma14,
  lemma15,
  theorem32Trained,
  needle,
  fig3,
  fig4,
  fig5,
  attentionBySegment,
  tableNormal,
  tableAblation,
  tableScrolls,
} as const;

/** The same as a list. */
export const experiments: readonly Experiment[] = Object.values(items);

/**
 * The item of that name.
 *
 * @throws UsageError naming the nearest one
 */
export function experimentNamed(id: string): Experiment {
  const found = experiments.find((experiment) => experiment.id === id);
  if (found === undefined)
    throw unknownName(
      'item',
      id,
      experiments.map((experiment) => experiment.id),
    );
  return found;
}
