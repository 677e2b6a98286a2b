// The paper's 9 figures and 8 tables, each with what of this workbench stands for it. The paper's
// public summary page names five of the figures and some subjects; what it does not name is listed
// as such, and its caption is not guessed.

import { type LatestRun } from '../run/definition';
import { type PresetName } from '../settings/preset-names';
import { experiments } from '../registry';
import { type RunStore } from '../run/store';

/** A figure or table of the paper. */
export interface PaperContent {
  readonly id: string;
  readonly kind: 'figure' | 'table';
  /** Its number, where the page gives it. */
  readonly name: string;
  /** Its content, as far as the page tells; null: the page does not name it. */
  readonly says: string | null;
  /** The item that stands for it. */
  readonly item: string;
  /** The part of the item. Only where the page names it, we know that the paper shows the same. */
  readonly covers: string;
  /** The presets of the item that have it; left out: all. */
  readonly presets?: readonly PresetName[];
}

const figure = (number: number, says: string, item: string, covers: string): PaperContent => ({
  id: `figure${number}`,
  kind: 'figure',
  name: `Figure ${number}`,
  says,
  item,
  covers,
});

const appendixFigure = (place: number, item: string, covers: string): PaperContent => ({
  id: `appendix-figure${place}`,
  kind: 'figure',
  name: `Appendix figure, ${place} of 4`,
  says: null,
  item,
  covers,
});

const table = (place: number, says: string | null, item: string, covers: string): PaperContent => ({
  id: `table${place}`,
  kind: 'table',
  name: `Table, ${place} of 8`,
  says,
  item,
  covers,
});

/** All of them: figures in the paper's order; of tables the order is not known. */
export const paperContents: readonly PaperContent[] = [
  figure(
    1,
    'tokens per segment and segments per sequence, on PG-19',
    'fig1',
    'the same for books, by the separators of the caption and of the released code',
  ),
  figure(2, 'schematic of the encoding', 'fig2', 'the schematic, drawn from computed positions'),
  figure(3, 'accuracy on arithmetic at several sizes of the model', 'fig3', 'accuracy by encoding and size'),
  figure(4, 'perplexity against the length of the evaluation', 'fig4', 'the same, by encoding'),
  figure(5, 'the same after finetuning with YaRN, RoPE and BiPE-RoPE', 'fig5', 'before and after finetuning'),
  appendixFigure(1, 'fig1', 'distributions of Figure 1 for papers'),
  appendixFigure(2, 'fig1', 'distributions of Figure 1 for code'),
  {
    ...appendixFigure(3, 'fig4', 'perplexity on papers and code, and by the place in a block'),
    presets: ['evening', 'paper', 'released'],
  },
  appendixFigure(4, 'table-ablation', 'perplexity of every ablation, as a picture'),
  table(1, 'long-context benchmarks: SCROLLS', 'table-scrolls', 'scores by task and encoding'),
  table(2, 'data of normal length', 'table-normal', 'perplexity at the training length, three kinds of text'),
  table(
    3,
    'ablations',
    'table-ablation',
    'each level alone; encodings, separators, slopes and a third level',
  ),
  table(4, null, 'table-recipes', "the language models' configuration"),
  table(5, null, 'table-recipes', 'the recipe of their training'),
  table(6, null, 'table-recipes', 'the recipe of the finetuning on SCROLLS'),
  table(7, null, 'fig3', 'accuracy on arithmetic in numbers'),
  table(8, null, 'fig4', 'perplexity by length in numbers'),
];

/** The summary page's words on a figure or table, for readers. */
export function describeContent({ kind, says }: PaperContent): string {
  if (says === null) return 'not named on the summary page';
  return kind === 'table' ? `${says} (the subject is named, its table is not)` : says;
}

/** The notebook that shows it; undefined where the item is not there. */
export function contentNotebook({ item }: PaperContent): string | undefined {
  return experiments.find(({ id }) => id === item)?.notebook;
}

/**
 * The state of the item on this machine: `run (quick)`, `not run`, `not run (needs preset evening
 * or paper)`.
 */
export async function contentStatus({ item, presets }: PaperContent, store?: RunStore): Promise<string> {
  const experiment = experiments.find(({ id }) => id === item);
  const run: LatestRun | undefined = await experiment?.latest(store, presets);
  if (run !== undefined) return `run (${run.preset})`;
  return presets === undefined ? 'not run' : `not run (needs preset ${listOr(presets)})`;
}

/** `a, b or c` */
function listOr(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' or ');
}
