// What the Python packages say of shared texts; tests/golden/text-metrics/make.py computes it.

import { readFileSync } from 'node:fs';
import { projectPath } from '../../../lib/base/paths';

interface Golden {
  readonly pairs: readonly {
    readonly prediction: string;
    readonly reference: string;
    readonly normalized: string;
    readonly exact_match: 0 | 1;
    readonly f1: number;
    /** Precision, recall and F of each. */
    readonly rouge: Readonly<Record<'rouge1' | 'rouge2' | 'rougeL', readonly [number, number, number]>>;
  }[];
  readonly groups: readonly {
    readonly texts: readonly { readonly prediction: string; readonly references: readonly string[] }[];
    readonly scores: Readonly<Record<string, number>>;
    readonly rounded: Readonly<Record<string, number>>;
  }[];
  /** Values and what Python's round(value, 4) makes of them. */
  readonly rounded: readonly (readonly [number, number])[];
}

export const golden = JSON.parse(
  readFileSync(projectPath('tests/golden/text-metrics/pairs.json'), 'utf8'),
) as Golden;

/** Texts of few words, with what the metrics treat specially between and around them. */
export const someWords = [
  'the',
  'a',
  'whale',
  'ship',
  'sea,',
  '...',
  'café',
  'An',
  '1851',
  '中文',
  'U.S.',
  '\n',
];
