// Perplexities as tidy rows.

import { type ModalityPerplexity } from './runs';

/**
 * A model's perplexity on one kind of text at one length; the ends of its interval are null where
 * documents are too few to tell.
 */
export type PerplexityRow = Readonly<
  Record<'encoding' | 'text', string> &
    Record<'length' | 'perplexity' | 'loss' | 'documents', number> &
    Record<'hiddenSize' | 'seed' | 'low' | 'high', number | null>
>;

/** A model that was read with; a released one has no seed that is known. */
export interface ReadRun {
  readonly encoding: string;
  readonly hiddenSize?: number;
  readonly seed?: number;
  readonly modalities: readonly ModalityPerplexity[];
}

/** A row for each model, seed, kind of text and length. */
export function perplexityRows(runs: readonly ReadRun[]): PerplexityRow[] {
  return runs.flatMap(({ encoding, hiddenSize = null, seed = null, modalities }) =>
    modalities.flatMap(({ modality: text, byLength }) =>
      byLength.map(({ length, perplexity, loss, documents, interval }) => ({
        encoding,
        hiddenSize,
        seed,
        text,
        length,
        perplexity,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        loss,
        documents,
      })),
    ),
  );
}
