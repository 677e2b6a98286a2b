// Answers of a model to prompts, and their scores: greedy generation over the instances of a task,
// in batches of similar length, and the task's metric with each instance's contribution.

import { type Reporter, silentReporter } from '../base/progress';
import { groupScrollsRows, type ScrollsRow } from '../data/scrolls/file';
import { type RowSource } from '../data/scrolls/row-source';
import { promptIds, type SequenceOptions } from '../data/scrolls/sequence';
import { type ProductType } from '../engine/graph/program';
import { Random } from '../engine/random/random';
import { type Decoder } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';
import { decoderGenerator } from './generator';
import { greedyGeneration } from './greedy';
import { scoreOfParts, scoreTexts, type TextMetricName, type TextScore } from './metrics/text-metrics';
import { scoreInstances } from './scrolls';
import { swappedOrder } from './swapping';

/**
 * An instance as a model's prompt. Its document is stored as tokens, as far as the model reads it:
 * books are long.
 */
export interface PromptedInstance {
  readonly id: string;
  /** [time] int32 */
  readonly prompt: Int32Array;
  readonly references: readonly string[];
  /** The rows' group; without one, the instance is a group of its own. */
  readonly group: string;
}

/**
 * Makes the instances of some rows, in the order of the rows: all, or `count` of them drawn by
 * `seed`.
 *
 * @throws UsageError if sequences have no room for an input
 */
export async function promptedInstances(
  rows: RowSource,
  options: SequenceOptions,
  { count, seed = 0 }: { readonly count?: number; readonly seed?: number } = {},
): Promise<PromptedInstance[]> {
  const asked = new Map<string, Pick<PromptedInstance, 'prompt' | 'group'>>();
  const grouped = await groupScrollsRows(
    (async function* (): AsyncGenerator<ScrollsRow> {
      for (let index = 0; index < rows.count; index += 1) {
        const row = await rows.row(index);
        const { id, input, group = id } = row;
        if (!asked.has(id)) asked.set(id, { prompt: promptIds(input, options), group });
        yield { ...row, input: '' };
      }
    })(),
  );
  const instances = grouped.flatMap(({ id, references }) => {
    const found = asked.get(id);
    return found === undefined ? [] : [{ id, references, ...found }];
  });
  if (count === undefined || count >= instances.length) return instances;
  const chosen = Random.fromSeed(seed).fork('instances asked').permutation(instances.length).slice(0, count);
  return Array.from(chosen.sort()).flatMap((place) => instances[place] ?? []);
}

/** Options of a generation. */
export interface AnswerOptions {
  /**
   * Prompts of a batch; default: as many as keep the cache of keys and values under a gigabyte, at
   * most 32.
   */
  readonly batch?: number;
  /** Precision of matrix products in captured steps; default `float32`. */
  readonly products?: ProductType;
  /** Runs operation by operation even where a graph is possible. */
  readonly eager?: boolean;
  readonly reporter?: Reporter;
}

/** Number of lengths that prompts are padded to; each is a graph. */
const promptLengths = 4;

const cacheBytes = 1e9;

/**
 * Generates an answer for each instance: its most likely tokens until the end token, or as many as
 * fit.
 *
 * @returns text by the instance's id
 */
export async function generateAnswers(
  decoder: Decoder,
  parameters: ModelParameters,
  instances: readonly PromptedInstance[],
  sequences: SequenceOptions,
  options: AnswerOptions = {},
): Promise<Map<string, string>> {
  const { tokenizer, maxTokens, outputTokens, end } = sequences;
  const { reporter = silentReporter, batch = batchWithin(cacheBytes, decoder, maxTokens), ...how } = options;
  const answers = new Map<string, string>();
  const task = reporter.task('answers', instances.length);
  try {
    for (const { length, members } of byLength(instances, maxTokens - outputTokens)) {
      const greedy = greedyGeneration(decoderGenerator(decoder, parameters), {
        ...how,
        batch: Math.min(batch, members.length),
        promptLength: length,
        newTokens: outputTokens,
        eos: end,
      });
      try {
        const done = answers.size;
        const generated = await greedy.generate(
          members.map(({ prompt }) => prompt),
          (count) => {
            task.update(done + count);
          },
        );
        members.forEach(({ id }, index) => {
          answers.set(id, tokenizer.decode(generated[index] ?? []));
        });
      } finally {
        greedy.dispose();
      }
    }
  } finally {
    task.finish();
  }
  return answers;
}

/** Number of sequences whose keys and values, float32 in each layer, take so many bytes. */
function batchWithin(bytes: number, { architecture }: Decoder, tokens: number): number {
  const each = tokens * architecture.numLayers * architecture.hiddenSize * 2 * 4;
  return Math.max(1, Math.min(32, Math.floor(bytes / each)));
}

interface LengthGroup {
  /** Tokens of the longest prompt, rounded up. */
  readonly length: number;
  /** The shortest prompt first, so that batches end at similar times. */
  readonly members: readonly PromptedInstance[];
}

function byLength(instances: readonly PromptedInstance[], longest: number): LengthGroup[] {
  const groups = new Map<number, PromptedInstance[]>();
  for (const instance of [...instances].sort((a, b) => a.prompt.length - b.prompt.length)) {
    const part = Math.ceil((instance.prompt.length * promptLengths) / longest);
    const length = Math.min(longest, Math.ceil((part * longest) / promptLengths));
    groups.set(length, [...(groups.get(length) ?? []), instance]);
  }
  return [...groups].map(([length, members]) => ({ length, members }));
}

/** The score of a model's answers, and each instance's contribution. */
export interface AnswerScore extends TextScore {
  /** In the order of the instances; `scoreOfParts` makes a score of any of them. */
  readonly byInstance: readonly TextScore['parts'][];
}

/**
 * Scores a model's answers.
 *
 * @throws UsageError as `scoreInstances`
 */
export function scoreAnswers(
  metric: TextMetricName,
  instances: readonly Pick<PromptedInstance, 'id' | 'references'>[],
  answers: ReadonlyMap<string, string>,
): AnswerScore {
  return {
    ...scoreInstances(metric, instances, answers),
    byInstance: instances.map(
      ({ id, references }) => scoreTexts(metric, [{ prediction: answers.get(id) ?? '', references }]).parts,
    ),
  };
}

/** Number of ways in which answers are reassigned to other instances. */
export const swaps = 5;

/** Score of answers reassigned to other instances. */
export interface SwappedScore {
  /** The mean over the reassignments, each scored like the answers themselves. */
  readonly score: number;
  /** Each instance's contribution, for each reassignment. */
  readonly rounds: readonly AnswerScore['byInstance'][];
}

/**
 * Scores answers reassigned to instances of other groups, averaged over a few reassignments: the
 * score that a model reaches without reading, by writing common answers. A score no higher than
 * this shows no reading.
 *
 * It is the mean of scores, not the score of mean contributions. For ROUGE the latter would be
 * higher, as it is a geometric mean of contributions that are seldom 0 together: blind answers
 * would seem to do better when reassigned.
 */
export function scoreSwapped(
  metric: TextMetricName,
  instances: readonly Pick<PromptedInstance, 'id' | 'references' | 'group'>[],
  answers: ReadonlyMap<string, string>,
  random: Random,
): SwappedScore {
  const written = instances.map(({ id }) => answers.get(id) ?? '');
  const groups = instances.map(({ group }) => group);
  const rounds = Array.from({ length: swaps }, () => {
    const order = swappedOrder(groups, random);
    return instances.map(
      ({ references }, index) =>
        scoreTexts(metric, [{ prediction: written[order[index] ?? 0] ?? '', references }]).parts,
    );
  });
  const score = rounds.reduce((sum, parts) => sum + scoreOfParts(metric, parts), 0) / rounds.length;
  return { score, rounds };
}
