// Figure 5's result as tidy rows.

import { perplexityRows, type PerplexityRow } from '../../language-models/rows';
import { type Fig5Result } from './draw';

/**
 * A model's perplexity, and what was done with it: read as it was trained, with its RoPE scaled, or
 * finetuned.
 */
export type ScaledRow = PerplexityRow & Readonly<Record<'stage' | 'scaling', string>>;

/** A row for each model, stage, kind of scaling, kind of text and length. */
export function scaledRows({ models }: Fig5Result): ScaledRow[] {
  return models.flatMap((model) =>
    perplexityRows([model]).map((row) => ({ ...row, stage: model.stage, scaling: model.scaling })),
  );
}
