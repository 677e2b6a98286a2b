// What the fields of settings mean, for `--help`. Fields of one name mean the same in all items,
// but for those listed by item.

const meanings: Readonly<Record<string, string>> = {
  accumulation: 'how often gradients of a batch are computed for one update',
  automata: 'random automata of each size',
  automaton: 'what the automaton is drawn from',
  batchSize: 'sequences whose gradients are computed at once',
  bitsStates: 'states of the relations that are held in d numbers of p bits',
  bound: 'values are at most this',
  bounds: 'factors are at most these',
  chanceSeeds:
    'further seeds of BiPE-RoPE and BiPE-ALiBi, which show what chance alone makes of a difference',
  checkpoints: 'models of the hub by the names of their encodings',
  cliffStates: 'states of the compiled networks',
  clipNorm: 'the largest norm of the gradient; null: no clipping',
  contextStates: 'the most states for which every relation is tried in every context',
  corpora: 'names of data sources by the kind of text they are',
  depths: 'layers in a row',
  documents: 'at most so many validation documents',
  documentTokens:
    'at most so many tokens of each validation document are read; a multiple of the longest length',
  dropout: 'the share of numbers that are set to 0 in training',
  encodings: 'names of encodings, of the registry or of `variants`',
  epsilons: 'errors that are asked for',
  finetune: 'length of its blocks, steps and learning rate of the finetuning',
  flat: 'flattened automata of up to so many states are run, too; larger ones are only compiled',
  fragments: 'the most fragments that each network reads, in every context',
  gap: '|t| is from `gap` to 1',
  grid: 'points a side of the grid on which errors are looked for',
  groups: 'what is varied: levels, absolute, relative, separators, slopes, third',
  heads: 'attention heads of each layer',
  hidden: 'hidden units of each layer',
  hiddenSize: 'width of the model',
  hiddenSizes: 'widths of the models',
  inputWeight: 'how much a token of the input counts in training, where one of the output counts 1',
  instances: 'validation instances that are asked; null: all',
  layers: 'layers of the model',
  learningRate: 'the highest, after the warm-up',
  length: 'symbols and separators of a training word',
  lengths: 'tokens of a block, ascending; at each the same text is read',
  longer: 'lengths beyond training that are asked too, ascending',
  maps: 'random maps of each size',
  matches: 'positions that share an address where means are taken, on average',
  maxSegmentLength: 'the most symbols of a segment, its separator not counted',
  maxTokens: 'at most so many tokens are read; null: all',
  modality: 'the kind of text: books, papers or code',
  modulus: 'numbers are counted modulo this prime',
  monoidStates: 'the most states for which all relations are enumerated',
  networks: 'random networks of each depth',
  operators: 'the most operators of a training instance',
  points: 'random inputs on which errors are looked for',
  questions: 'test questions for each number of operators',
  rankStates: 'the most states for which the rank is computed',
  remember:
    'what of a forward pass is kept for the gradients: all, or block-inputs, which takes less memory and more time',
  scales: 'scales at which rounding is shown',
  scalings: 'how RoPE is scaled: yarn, linear, dynamic',
  schedule: 'what the learning rate does after the warm-up; linear falls to 0',
  seed: 'of everything that is drawn',
  seeds: 'each makes one more model of every kind',
  segments: 'segments of a random word',
  separators: 'what ends a segment: paper, released, or ids such as 869,13',
  sequenceLengths: 'tokens of a sequence, ascending',
  short: 'automata of at most so many states on each level are tried on all words up to a length',
  sizes: 'rows and columns of matrices',
  sources: 'names of data sources; `data list` has them',
  start: 'the models that are finetuned',
  steps: 'updates of the parameters',
  tasks: 'names of tasks: those of SCROLLS, or quick ones',
  text: 'the text that is cut into tokens and segments',
  times: 'contexts, as multiples of the training length',
  tokenizer: 'llama2, llama2-<pieces>, bytes or characters',
  trainLength: 'tokens of a training block',
  validationShare: 'the share of tokens that is kept, in whole documents, for the evaluation',
  variants: 'encodings by names of your own; those that you give are added',
  warmupSteps: 'steps in which the learning rate rises from 0',
  weightDecay: 'decay of the parameters, as AdamW has it',
  width: 'width of the random networks',
  words: 'random words of each automaton',
};

const inItem: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fig1: { separators: 'sets of separators: paper, released' },
  fig3: {
    instances: 'training instances, no two alike, gone through in epochs; null: new ones without end',
    longer: 'numbers of operators beyond training that are asked too',
  },
  'thm3.2': { sizes: 'states of the sub-level and of the segment level, in all combinations' },
  'thm3.2-trained': { words: 'words that are asked, of each length' },
  'lemma1.5': { lengths: 'numbers of positions' },
  'table-scrolls': { maxTokens: 'the longest sequence' },
};

/**
 * What a field of an item's settings means, in a few words; undefined for one that is not known.
 */
export function meaningOf(item: string, field: string): string | undefined {
  return inItem[item]?.[field] ?? meanings[field];
}

/** All fields that have a meaning. */
export const knownFields: readonly string[] = Object.keys(meanings);
