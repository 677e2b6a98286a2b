// Every paper item that the workbench reproduces, in the paper's order. A new item is one file and one line here.

import { unknownName } from '../base/suggest';
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
import { theorem31 } from './thm3-1';
import { theorem32 } from './thm3-2';
import { thm32Trained } from './thm3-2-trained';

/** The items, in the paper's order. */
export const experiments: readonly Experiment[] = [
  fig1,
  fig2,
  theorem31,
  theorem32,
  thm32Trained,
  fig3,
  fig4,
  fig5,
  lemma11,
  lemma12,
  lemma13,
  lemma14,
  lemma15,
];

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
