// The claims of the paper that can be measured, as far as they are known: each with the paper's
// number where there is one, an independent replication's, the findings of ours that measure it,
// and what would decide it. The theorems and lemmas are in start-page/statements.ts.

import { scrollsTasks } from '../../data/scrolls/tasks';
import { formatPaperValue, type PaperSource, paperValue } from '../paper/values';
import { replicatedScrolls, replicatedScrollsTasks } from '../paper/replication';
import { replicatedRatio } from './replicated';

/** A claim of the paper. */
export interface Claim {
  /** The figure or table of the paper. */
  readonly where: string;
  readonly claim: string;
  /** Where the claim is known from; null where only its subject is: then the wording is ours. */
  readonly source: PaperSource | null;
  /** The paper's number, in words. */
  readonly paper: string;
  /** The replication's number, in words; null where it has none. */
  readonly replication: string | null;
  /** The item that measures it. */
  readonly item: string;
  /** Which of the item's findings do, by their claims. */
  readonly findings: RegExp;
  /** What it would take to decide it. */
  readonly needed: string;
}

const none = formatPaperValue(undefined);
const subjectOnly = 'the subject is named [S]; which is better, and by how much, is not at hand';

/** Paper values of some encodings, e.g. `BiPE-ALiBi 25.2 [N], RoPE 158 [N]`. */
function values(
  measure: Parameters<typeof paperValue>[0],
  encodings: Readonly<Record<string, string>>,
): string {
  return Object.entries(encodings)
    .map(([encoding, name]) => `${name} ${formatPaperValue(paperValue(measure, encoding))}`)
    .join(', ');
}

const pg19 = 'Figure 4: language models';
const atPaperScale =
  "The released checkpoints on PG-19 (preset `released`), or models of the paper's size trained as its were (preset `paper`, a GPU)";
const ablation = 'Table: ablations';
const shortAndSmall =
  "Three seeds of every variant at a larger scale: differences are smaller than those between seeds here. The paper's table is not at hand";

/** All of them, in the order of the paper's figures, then tables. */
export const claims: readonly Claim[] = [
  {
    where: 'Figure 1: segments',
    claim: 'Most sentences have under 50 tokens, even in sequences of about 120 k tokens',
    source: 'S',
    paper: `${formatPaperValue(paperValue('segment-tokens', null))} tokens`,
    replication: null,
    item: 'fig1',
    findings: /^Books, separators "paper": most segments are under 50 tokens/,
    needed: 'PG-19 itself, a download',
  },
  {
    where: 'Figure 1: segments',
    claim: 'Sequences of about 120 k tokens have up to about 10 k sentences',
    source: 'S',
    paper: `${formatPaperValue(paperValue('segments-per-sequence', null))} segments`,
    replication: null,
    item: 'fig1',
    findings: /^Books, separators "paper": about 120 k tokens hold up to/,
    needed: 'PG-19 itself: "up to" is the maximum over its many books',
  },
  {
    where: 'Figure 3: arithmetic',
    claim: 'At hidden size 48 BiPE-ALiBi reaches about 97 %, all others stay under 70 %',
    source: 'N',
    paper: values('arithmetic-accuracy', { bipe_alibi: 'BiPE-ALiBi', others: 'others' }),
    replication: null,
    item: 'fig3',
    findings: /^Hidden size 48: BiPE-ALiBi reaches about/,
    needed: "The paper's length of training, 100 epochs of 1,000,000 instances (preset `paper`), and seeds",
  },
  {
    where: 'Figure 3: arithmetic',
    claim: 'At hidden size 48 BiPE-ALiBi computes better than ALiBi and RoPE',
    source: 'N',
    paper: values('arithmetic-accuracy', { bipe_alibi: 'BiPE-ALiBi', others: 'others' }),
    replication: null,
    item: 'fig3',
    findings: /^Hidden size 48: BiPE-ALiBi computes better than/,
    needed: 'Further seeds, and longer trainings: the lead may shrink as the others catch up',
  },
  {
    where: 'Figure 3: arithmetic',
    claim: 'BiPE-RoPE computes better than RoPE',
    source: null,
    paper: subjectOnly,
    replication: null,
    item: 'fig3',
    findings: /^Hidden size 48: BiPE-RoPE computes better than RoPE/,
    needed: 'Further seeds, and longer trainings (preset `paper`)',
  },
  {
    where: 'Figure 3: arithmetic',
    claim: 'The same at other hidden sizes',
    source: null,
    paper: subjectOnly,
    replication: null,
    item: 'fig3',
    findings: /^Hidden size (?!48:)\d+: BiPE-(?:ALiBi|RoPE) computes better than/,
    needed: 'The preset `evening`, which has three sizes',
  },
  {
    where: pg19,
    claim: 'Beyond the training length BiPE-ALiBi predicts better than ALiBi',
    source: 'N',
    paper: `PG-19, 8 times: ${values('pg19-perplexity', { bipe_alibi: 'BiPE-ALiBi', alibi: 'ALiBi' })}`,
    replication: replicatedRatio('bipe_alibi', 'alibi'),
    item: 'fig4',
    findings: /^Books, 16 times the training length: BiPE-ALiBi predicts better than ALiBi$/,
    needed: atPaperScale,
  },
  {
    where: pg19,
    claim: 'Beyond the training length BiPE-ALiBi predicts better than RoPE',
    source: 'N',
    paper: `PG-19, 8 times: ${values('pg19-perplexity', { bipe_alibi: 'BiPE-ALiBi', rope: 'RoPE' })}`,
    replication: replicatedRatio('bipe_alibi', 'rope'),
    item: 'fig4',
    findings: /^Books, 16 times the training length: BiPE-ALiBi predicts better than RoPE$/,
    needed: atPaperScale,
  },
  {
    where: pg19,
    claim: 'Beyond the training length ALiBi predicts better than RoPE',
    source: 'N',
    paper: `PG-19, 8 times: ${values('pg19-perplexity', { alibi: 'ALiBi', rope: 'RoPE' })}`,
    replication: replicatedRatio('alibi', 'rope'),
    item: 'fig4',
    findings: /^Books, 16 times the training length: ALiBi predicts better than RoPE$/,
    needed: atPaperScale,
  },
  {
    where: pg19,
    claim: 'Beyond the training length BiPE-RoPE predicts better than RoPE',
    source: 'S',
    paper: none,
    replication: replicatedRatio('bipe_rope', 'rope'),
    item: 'fig4',
    findings: /^Books, 16 times the training length: BiPE-RoPE predicts better than RoPE$/,
    needed: atPaperScale,
  },
  {
    where: pg19,
    claim: 'The same on papers and code',
    source: null,
    paper: subjectOnly,
    replication: null,
    item: 'fig4',
    findings: /^(?:Papers|Code), 16 times the training length: BiPE-\w+ predicts better than/,
    needed: 'The preset `evening` with all its texts, or `released`',
  },
  {
    where: 'Figure 5: YaRN',
    claim: 'Finetuned with YaRN, BiPE-RoPE predicts better than RoPE',
    source: null,
    paper: subjectOnly,
    replication: null,
    item: 'fig5',
    findings: /both finetuned with YaRN, BiPE-RoPE predicts better than RoPE$/,
    needed: 'Seeds, and the released models finetuned at several times their length (a GPU)',
  },
  {
    where: 'Table: SCROLLS',
    claim: 'On the mean of seven tasks BiPE-RoPE is above RoPE',
    source: 'N',
    paper: `${formatPaperValue(paperValue('scrolls-gain', 'bipe_rope'))} points above RoPE`,
    replication: `no bilevel encoding; RoPE: ${replicatedScores('rope')}`,
    item: 'table-scrolls',
    findings: /^On the mean of SCROLLS' seven tasks, BiPE-RoPE is above RoPE/,
    needed: 'The preset `paper`: the released models and the seven tasks, downloads, and a GPU',
  },
  {
    where: 'Table: normal-length data',
    claim: 'At the training length a bilevel model is about as good as its one-level form',
    source: null,
    paper: subjectOnly,
    replication: `BiPE-RoPE and RoPE ${replicatedRatio('bipe_rope', 'rope', 0)}; BiPE-ALiBi and ALiBi ${replicatedRatio('bipe_alibi', 'alibi', 0)}`,
    item: 'table-normal',
    findings: /, at the training length: BiPE-\w+ is at most 5 % worse than/,
    needed: `${atPaperScale}. Bilevel models learn later, so a short training is against them`,
  },
  {
    where: ablation,
    claim: 'Both levels together predict better than one alone',
    source: null,
    paper: subjectOnly,
    replication: null,
    item: 'table-ablation',
    findings: /^Books, at 4 times the training length: with \w+ between segments, both levels predict better/,
    needed: shortAndSmall,
  },
  {
    where: ablation,
    claim: 'BiPE-ALiBi is best with slopes of 96 times those of ALiBi',
    source: null,
    paper: 'the slopes of the released code [C]; its comparison is not at hand',
    replication: null,
    item: 'table-ablation',
    findings: /^Books, at 4 times the training length: slopes of 96 times/,
    needed: shortAndSmall,
  },
];

/** The replication's scores of an encoding, e.g. `Qasper 12.98 (F1)`. */
function replicatedScores(encoding: string): string {
  return replicatedScrollsTasks
    .map(
      ({ task, metric }, place) =>
        `${scrollsTasks[task].title} ${replicatedScrolls[encoding]?.[place] ?? ''} (${metric})`,
    )
    .join(', ');
}
