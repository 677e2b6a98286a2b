// Perplexities and scores that an independent replication reports. They are not the paper's
// numbers: a later paper on hyperbolic rotary encoding ("HoPE", 2025) trained the same kind of
// model (12 layers, hidden size 768, 12 heads, 155 M parameters, the Pile, length 1,024) and read
// it in blocks without overlap.

/** A kind of text that the replication reads. */
export interface ReplicatedText {
  readonly name: string;
  /** By encoding, one for each of `lengths`. */
  readonly perplexities: Readonly<Record<string, readonly number[]>>;
}

/** The replication, in words. */
export const replicationSource =
  'an independent replication, in a later paper on hyperbolic rotary encoding (2025)';

/** The lengths of its blocks; the first is that of training. */
export const replicationLengths = [1024, 2048, 3072, 4096, 5120, 6144] as const;

/** Its tables. */
export const replicatedTexts: readonly ReplicatedText[] = [
  {
    name: 'PG-19',
    perplexities: {
      bipe_rope: [13.74, 14.49, 25.05, 40.5, 54.47, 66.64],
      rope: [12.82, 25.8, 56.28, 88.59, 116.63, 144.13],
      bipe_alibi: [11.95, 29.06, 63.19, 91.86, 118.54, 142.05],
      alibi: [11.95, 25.11, 52.54, 79.04, 107.59, 132.8],
    },
  },
  {
    name: 'arXiv',
    perplexities: {
      bipe_rope: [4.74, 5.73, 12.84, 20.05, 30.84, 40.58],
      rope: [4.81, 12.11, 36.84, 62.78, 98.21, 132.63],
      bipe_alibi: [4.82, 4.88, 4.94, 4.97, 4.92, 4.98],
      alibi: [4.82, 4.89, 4.93, 4.98, 4.95, 5.01],
    },
  },
];

/** Its scores on SCROLLS: the tasks in its order, with its metrics, which it gives as numbers. */
export const replicatedScrollsTasks = [
  { task: 'qasper', metric: 'F1' },
  { task: 'contract_nli', metric: 'exact match' },
  { task: 'qmsum', metric: 'ROUGE-L' },
  { task: 'narrative_qa', metric: 'F1' },
  { task: 'summ_screen_fd', metric: 'ROUGE-L' },
  { task: 'gov_report', metric: 'ROUGE-L' },
  { task: 'quality', metric: 'exact match' },
] as const;

/** The scores by encoding, one for each of these tasks. It has none of a bilevel encoding. */
export const replicatedScrolls: Readonly<Record<string, readonly number[]>> = {
  rope: [12.98, 69.43, 16.03, 7.57, 13.69, 15.55, 0.68],
  alibi: [14.17, 65.41, 14.75, 6.73, 13.04, 18.83, 0.87],
  randomized_rope: [13.02, 69.37, 16.31, 6.89, 13.45, 16.94, 12.8],
  sinusoidal: [9.2, 58.9, 16.89, 6.08, 12.74, 14.47, 1.9],
};
