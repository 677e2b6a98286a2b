// Every paper item that the workbench reproduces: what is computed in seconds before what is
// trained in minutes, each in the paper's order, so that who runs all of them soon has something to
// look at. A new item is one file and a line here.

import { unknownName } from '../base/suggest';
import { attentionBySegment } from './attention-by-segment';
import { type Experiment } from './experiment';
import { fig1 } from './fig1';
import { fig2 } from './fig2';
import { fig3 } from './fig3';
import { fig4 } from './fig4';
import { fig5 } from './fig5';
import { lemma11 } from './lemma1-1';
import { lemma12 } from './lemma1-2';
import { lemma13 } from './lemma1-3';
import { lemma14 } from './lemma1-4';
import { lemma15 } from './lemma1-5';
import { tableAblation } from './table-ablation';
import { tableNormal } from './table-normal';
import { tableRecipes } from './table-recipes';
import { tableScrolls } from './table-scrolls';
import { theorem31 } from './thm3-1';
import { theorem32 } from './thm3-2';
import { theorem32Trained } from './thm3-2-trained';

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
