// Trained models in their groups: what drawings and findings of the ablations go by.

import { present } from '../../../base/present';
import { orderedStyles } from '../../../report/style';
import { type LengthCurve } from '../../language-models/length-curves';
import { type LanguageModelRun } from '../../language-models/runs';
import { type Ablation, type AblationGroup, ablationsOf } from './ablations';
import { type RulesLike } from './ends-like';

/** All models that were trained. */
export interface AblationResult {
  /** Each named by its ablation. */
  readonly runs: readonly LanguageModelRun[];
  /** The rules that cut segments as long as the paper's. */
  readonly rules: RulesLike;
}

/** The settings that the drawing needs. */
export interface AblationScale {
  readonly groups: readonly AblationGroup[];
  readonly seeds: readonly number[];
  readonly trainLength: number;
  readonly lengths: readonly number[];
}

/** A model and what it came to, in its group. */
export interface AblationRow extends Ablation {
  readonly group: AblationGroup;
  /** Of the seeds that every model has. */
  readonly curve: LengthCurve;
  /** Runs of seeds that only BiPE-RoPE and BiPE-ALiBi have: seed-to-seed variation. */
  readonly further: readonly LanguageModelRun[];
}

/** The models of each group, in its order. */
export function ablationRows(
  { runs }: AblationResult,
  { groups, seeds, trainLength }: AblationScale,
): AblationRow[] {
  return groups.flatMap((group) =>
    ablationsOf(group, trainLength).map((ablation): AblationRow => {
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

/** The curve of a model over all its seeds, further ones included: what findings compare. */
export function overAllSeeds({ curve, further }: AblationRow): LengthCurve {
  return { ...curve, runs: [...curve.runs, ...further] };
}
