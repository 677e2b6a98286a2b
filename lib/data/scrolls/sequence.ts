// A row of SCROLLS as the token sequence of a decoder: the input, a cue, the output, the end.
// Inputs that do not fit are truncated at their end, as by SCROLLS' baselines (src/run.py truncates
// on the tokenizer's default side, the right), so a query, which comes first, always stays. The cue
// is this project's: the benchmark is for encoder-decoders, and we have not seen how BiPE's authors
// joined the two.

import { ConfigError, UsageError } from '../../base/errors';
import { type Tokenizer } from '../tokenizers/tokenizer';

/** Options of sequences. */
export interface SequenceOptions {
  readonly tokenizer: Tokenizer;
  /**
   * Most tokens of a sequence, prompt, output and end together; 8,192 in the paper's finetuning.
   */
  readonly maxTokens: number;
  /**
   * Tokens reserved for the output and its end: the same in each row, so that generation truncates
   * as training did.
   */
  readonly outputTokens: number;
  /** The token that ends an output, e.g. Llama 2's `</s>`, 2. */
  readonly end: number;
}

/** A sequence whose outputs begin at `promptLength`. */
export interface PromptedSequence {
  /** [time] int32 */
  readonly ids: Int32Array;
  /** Tokens of the prompt, with which generation begins. */
  readonly promptLength: number;
}

/**
 * Options of sequences with a tokenizer's own end token.
 *
 * @throws ConfigError if it has none
 * @throws UsageError as `promptIds`
 */
export function sequenceOptions(options: Omit<SequenceOptions, 'end'>): SequenceOptions {
  const { name, endOfText: end } = options.tokenizer;
  if (end === undefined)
    throw new ConfigError(
      `the tokenizer ${name} has no token that ends an output; take llama2 or a smaller llama2`,
    );
  promptIds('?', { ...options, end });
  return { ...options, end };
}

/** Stands between input and output. */
export const outputCue = '\n\nAnswer:';

/** UTF-16 units of text tokenized at once; books need not be read to their end. */
const pieceLength = 8192;

/**
 * Makes the prompt: the begin-of-text token if the tokenizer has one, as much of the input as fits,
 * and the cue; at most `maxTokens - outputTokens` tokens, [time] int32.
 *
 * @throws UsageError if there is no room for any input
 */
export function promptIds(input: string, options: SequenceOptions): Int32Array {
  const { tokenizer, maxTokens, outputTokens } = options;
  const cue = tokenizer.encode(outputCue);
  const room = maxTokens - outputTokens - cue.length;
  if (outputTokens < 1 || room < 2)
    throw new UsageError(
      `sequences of ${maxTokens} tokens with ${outputTokens} for the output leave no room for an input; make them longer`,
    );
  return Int32Array.from([...firstIds(input, room, tokenizer), ...cue]);
}

/**
 * Makes a whole sequence for training. An output that does not fit is truncated; the end token
 * always stays.
 *
 * @throws UsageError as `promptIds`
 */
export function promptedSequence(input: string, output: string, options: SequenceOptions): PromptedSequence {
  const prompt = promptIds(input, options);
  const answer = options.tokenizer.encode(output).subarray(0, options.outputTokens - 1);
  return { ids: Int32Array.from([...prompt, ...answer, options.end]), promptLength: prompt.length };
}

/** The first ids of a text, at most `count`. */
function firstIds(text: string, count: number, tokenizer: Tokenizer): Int32Array {
  const stream = tokenizer.stream({ beginOfText: tokenizer.beginOfText !== undefined });
  const ids: number[] = [];
  for (let start = 0; start < text.length && ids.length < count; start += pieceLength)
    ids.push(...stream.push(text.slice(start, start + pieceLength)));
  if (ids.length < count) ids.push(...stream.finish());
  return Int32Array.from(ids.slice(0, count));
}
