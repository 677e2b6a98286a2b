// Results as tidy rows: one for each model, seed and whatever it was measured on, to filter, to
// plot and to export.

import { type TidyRow } from '../report/plot';
import { type Table } from '../report/tables';
import { type ArithmeticRun } from './arithmetic-runs';
import { type Fig5Result } from './fig5-drawing';
import { type ModalityPerplexity } from './language-model-runs';
import { type PromptedRun } from './prompted-runs';
import { type StateSetRun } from './thm3-2-trained-runs';

/**
 * Rows as a table with a column for each name, to show, to export, or as a data frame
 * (`toDataFrame(rowsTable(report.rows))`).
 */
export function rowsTable(
  rows: readonly TidyRow[],
  texts: Pick<Table, 'id' | 'title' | 'caption'> = { id: 'rows', title: 'Rows', caption: '' },
): Table {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { ...texts, columns: keys.map((key) => ({ key, label: key })), rows };
}

/** A model's accuracy on questions of one length. */
export type AccuracyRow = Readonly<
  Record<'encoding', string> &
    Record<'hiddenSize' | 'seed' | 'operators' | 'accuracy' | 'low' | 'high' | 'rightSteps', number>
>;

/** A row for each model, seed and number of operators. */
export function accuracyRows(runs: readonly ArithmeticRun[]): AccuracyRow[] {
  return runs.flatMap(({ encoding, hiddenSize, seed, byOperators }) =>
    byOperators.map(({ operators, accuracy: { share: accuracy, low, high }, soundness }) => ({
      encoding,
      hiddenSize,
      seed,
      operators,
      accuracy,
      low,
      high,
      rightSteps: soundness.share,
    })),
  );
}

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

/**
 * A model's score on one task, and what the same answers score when they are handed to other
 * instances.
 */
export type ScoreRow = Readonly<
  Record<'encoding' | 'task' | 'metric', string> & Record<'seed' | 'instances' | 'score' | 'swapped', number>
>;

/** A row for each model, seed and task. */
export function scoreRows(runs: readonly PromptedRun[]): ScoreRow[] {
  return runs.map(({ encoding, task, metric, seed, byInstance, score, swapped }) => ({
    encoding,
    task,
    metric,
    seed,
    instances: byInstance.length,
    score,
    swapped: swapped.score,
  }));
}

/**
 * How often a model tells the whole set of states after words of one length, with its interval, and
 * those of each level alone.
 */
export type StateSetRow = Readonly<
  Record<'encoding', string> &
    Record<'hiddenSize' | 'seed' | 'length' | 'exact' | 'low' | 'high' | 'segmentLevel' | 'subLevel', number>
>;

/** A row for each model, seed and length of words. */
export function stateSetRows(runs: readonly StateSetRun[]): StateSetRow[] {
  return runs.flatMap(({ encoding, hiddenSize, seed, byLength }) =>
    byLength.map(({ length, exact: { mean: exact, low, high }, segmentLevel, subLevel }) => ({
      encoding,
      hiddenSize,
      seed,
      length,
      exact,
      low,
      high,
      segmentLevel: segmentLevel.mean,
      subLevel: subLevel.mean,
    })),
  );
}
