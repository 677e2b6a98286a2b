// A figure as the paper's are: two rows of three panels, log axes, a legend, bands, long labels;
// made of a formula.

import { axes } from '../../lib/report/axes';
import { makeFigure, type Figure } from '../../lib/report/figure';
import { bandTrace, lineTrace } from '../../lib/report/traces';
import { type Provenance } from '../../lib/report/provenance';
import { encodingStyles, modalityStyles } from '../../lib/report/style';
import { type Table } from '../../lib/report/tables';

/** Provenance of a machine that does not exist. */
export const sampleProvenance: Provenance = {
  item: 'fig4',
  preset: 'quick',
  seeds: [1, 2, 3],
  steps: 2000,
  data: [
    { name: 'moby-dick', version: '0.2.3', checksum: 'a'.repeat(64) },
    { name: 'state-of-the-union', version: '0.2.3', checksum: 'b'.repeat(64) },
  ],
  commit: '0123456789abcdef0123456789abcdef01234567',
  dirty: true,
  libraryVersion: '0.1.0',
  machine: {
    cpu: 'Imaginary Processor 9000 with a Long Name @ 2.90GHz',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    gpu: null,
    os: 'linux x64',
    node: 'v20.20.2',
  },
  engine: 'tensorflow 2.21.0 (CPU)',
  captured: true,
  createdAt: '2024-01-01T00:00:00.000Z',
  scale: 'Measured on a formula.',
  durationSeconds: 12.5,
};

const lengths = [1024, 2048, 3072, 4096, 5120, 6144];
const shown = ['bipe_rope', 'rope', 'bipe_alibi', 'alibi', 'sinusoidal', 'xpos'] as const;

/** The sample; `words` is put into every text. */
export function sampleFigure(words = ''): Figure {
  const modalities = [modalityStyles.books, modalityStyles.papers, modalityStyles.code];
  const perplexities = (order: number, column: number): number[] =>
    lengths.map((length, index) => 14 + 2 * order + order * order * 0.4 * index + column - length / 9000);
  const styles = shown.map((encoding) => encodingStyles[encoding]);
  return makeFigure({
    id: 'sample',
    title: `Perplexity beyond the training length${words}`,
    subtitle: `Models trained at 1,024 tokens & evaluated up to six times that${words}`,
    caption: `Bands: three seeds.${words}`,
    alt: `Six encodings in three modalities.${words}`,
    columns: 3,
    sharedY: true,
    sharedX: true,
    panels: [
      ...modalities.map(({ name }, column) => ({
        title: `${name}${words}`,
        y: { ...axes.count(`Perplexity${words}`), rangemode: 'normal' },
        data: styles.flatMap((style, order) => {
          const y = perplexities(order, column);
          const [low, high] = [0.97, 1.03].map((factor) => y.map((value) => value * factor));
          return [
            bandTrace({ x: lengths, low: low ?? [], high: high ?? [], style }),
            lineTrace({ x: lengths, y, style, markers: true }),
          ];
        }),
      })),
      ...modalities.map(() => ({
        x: axes.count(`Evaluation length (tokens)${words}`),
        y: axes.share(`Accuracy${words}`),
        data: styles.map((style, order) =>
          lineTrace({
            x: lengths,
            y: lengths.map((_length, index) => 0.98 - 0.02 * order * index),
            style,
            markers: true,
          }),
        ),
      })),
    ],
  });
}

/** A table with every kind of cell and every character that some format takes for its own. */
export const sampleTable: Table = {
  id: 'sample-table',
  title: 'Segments & sequences',
  caption: 'Shares under 50 tokens; 100 % of_them.',
  columns: [
    { key: 'text', label: 'Text' },
    { key: 'tokens', label: 'Tokens', format: 'integer' },
    { key: 'share', label: 'Under 50', format: 'percent' },
    { key: 'median', label: 'Median', unit: 'tokens', format: 'fixed1' },
    { key: 'done', label: 'Done' },
  ],
  rows: [
    { text: 'Books | "whales", 5$', tokens: 327_111, share: 0.912, median: 19.5, done: true },
    { text: '[code] a_b^c\\d {e} <f> ~#%&', tokens: -1, share: null, median: Number.NaN, done: false },
  ],
};
