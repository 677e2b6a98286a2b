// The report of a paper item: figures, tables, findings, numbers, their provenance, and how they
// compare with the reference.

import { type Figure } from '../../report/figure';
import { type TidyRow } from '../../report/rows';
import { type Provenance } from '../../report/provenance';
import { type Table } from '../../report/tables';

/** A sentence of the paper's, and whether a measurement bears it out. */
export interface Finding {
  /** The sentence, in the paper's sense. */
  readonly claim: string;
  /** True if it holds here; null where this run is inconclusive. */
  readonly holds: boolean | null;
  /** The measurement in words, with its numbers. */
  readonly measured: string;
  /** It is a theorem's check, not an observation: if it does not hold, the item has failed. */
  readonly check?: true;
}

/** Figures, tables and findings of a result. */
export interface Drawing {
  readonly figures: readonly Figure[];
  readonly tables: readonly Table[];
  readonly findings: readonly Finding[];
}

/** A number or a word that is another one here. */
export interface Difference {
  /** The title of its table, or `Findings`. */
  readonly table: string;
  /** The words of its row. */
  readonly row: string;
  readonly column: string;
  readonly here: string;
  readonly reference: string;
  /** Of numbers: by which share of the reference's this one is larger. */
  readonly change?: number;
}

/** A comparison of one table, cell by cell. */
export interface TableComparison {
  readonly table: string;
  readonly same: number;
  readonly within: number;
  readonly differences: readonly Difference[];
}

/** A comparison of a run with the reference. */
export interface ReferenceComparison {
  readonly item: string;
  readonly preset: string;
  /** The commit that computed the reference. */
  readonly commit: string | null;
  /** The reason why nothing was compared; left out where all was. */
  readonly obstacle?: string;
  readonly tables: readonly TableComparison[];
}

/** An item's result: figures, tables, findings, numbers, and where they come from. */
export interface Report<Settings = unknown, Result = unknown, Row extends TidyRow = TidyRow> extends Drawing {
  readonly item: string;
  readonly title: string;
  readonly question: string;
  /** The finding that answers the question; undefined where nothing was found. */
  readonly answer: Finding | undefined;
  /** With `, changed` where fields of it were replaced. */
  readonly preset: string;
  readonly settings: Settings;
  readonly numbers: Result;
  /**
   * The numbers as tidy rows: one for each model, seed and what it was measured on, or those of the
   * first table.
   */
  readonly rows: readonly Row[];
  readonly missing: readonly string[];
  readonly provenance: Provenance;
  /** True if the run store had the result already. */
  readonly reused: boolean;
  /**
   * With what was published of this item at this preset; null where nothing was, or where the
   * preset was changed.
   */
  readonly comparison: ReferenceComparison | null;
}
