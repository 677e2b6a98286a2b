// The training that each kind of run makes of its settings, written out: every number is another
// one, so that none can stand for another, and what is derived from a setting (lengths, sizes, how
// often something is measured) has a value of its own.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { type Corpus } from '../../lib/data/tokens/corpus';
import { type ArithmeticRunSettings, arithmeticRun } from '../../lib/experiments/items/fig3/runs';
import { languageModelRun } from '../../lib/experiments/language-models/runs';
import { type LanguageModelRunSettings } from '../../lib/experiments/language-models/settings';
import { promptedRun, type PromptedRunSettings } from '../../lib/experiments/items/scrolls/runs';
import { RunStore } from '../../lib/experiments/run/store';
import {
  chooseAutomaton,
  stateSetRun,
  type StateSetRunSettings,
} from '../../lib/experiments/items/thm3-2-trained/runs';
import type * as trainedRuns from '../../lib/experiments/run/trained-run';
import { encodingNamed } from '../../lib/positional/registry';

/** What would have been trained. */
const asked = vi.hoisted(() => [] as unknown[]);
vi.mock('../../lib/experiments/run/trained-run', async (original) => ({
  ...(await original<typeof trainedRuns>()),
  trainedRun: (spec: unknown) => {
    asked.push(spec);
    return Promise.reject(new Error('asked for'));
  },
}));
beforeEach(() => {
  asked.length = 0;
});

const options = { store: new RunStore('/none'), reporter: silentReporter };
const data = [{ name: 'text', version: '1', checksum: 'ab', modality: 'books' }] as const;
const corpus = { data } as unknown as Corpus;

async function specOf(run: Promise<unknown>): Promise<unknown> {
  await expect(run).rejects.toThrow('asked for');
  return asked[0];
}

const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, groups: [] };
const habits = {
  style: 'llama',
  normEps: 1e-5,
  initializerRange: 0.02,
  tieEmbeddings: false,
  logScale: false,
};

describe('what is trained for', () => {
  const arithmetic: ArithmeticRunSettings = {
    variants: {},
    operators: 4,
    modulus: 7,
    steps: 1003,
    batchSize: 31,
    learningRate: 0.011,
    warmupSteps: 17,
    clipNorm: 1.5,
    products: 'bfloat16',
    dropout: 0.13,
    instances: 999,
    questions: 23,
    longer: [6, 8],
    accumulation: 3,
    evaluations: 7,
    evaluationQuestions: 29,
  };

  it('arithmetic', async () => {
    const point = { encoding: 'bipe_rope', hiddenSize: 48, seed: 5 };
    expect(await specOf(arithmeticRun(point, arithmetic, options))).toMatchObject({
      item: 'arithmetic',
      label: 'bipe_rope, hidden size 48',
      asked: { questions: 23, longer: [6, 8] },
      training: {
        model: {
          ...habits,
          // Seven numbers and ten signs; an instance of four operators has at most 2 x 4 x 5 + 2
          // tokens.
          vocabSize: 17,
          trainLength: 42,
          hiddenSize: 48,
          intermediateSize: 192,
          numLayers: 3,
          numHeads: 4,
          separators: [[9]],
          encoding: encodingNamed('bipe_rope'),
          dropout: 0.13,
        },
        task: {
          kind: 'arithmetic',
          operators: 4,
          modulus: 7,
          testInstances: 29,
          testMix: 'exact',
          instances: 999,
        },
        batchSize: 31,
        seed: 5,
        steps: 1003,
        accumulation: 3,
        optimizer: { ...optimizer, weightDecay: 0.01 },
        schedule: { kind: 'linear', learningRate: 0.011, warmupSteps: 17, finalFraction: 0 },
        clipNorm: 1.5,
        products: 'bfloat16',
        logEvery: 20,
        checkpointEvery: 251,
        // Seven of equally many steps, the last of a few less.
        evaluateEvery: 144,
      },
    });
  });

  const language: LanguageModelRunSettings = {
    variants: {},
    sources: ['sotu'],
    tokenizer: 'llama2',
    maxTokens: 100_000,
    separators: 'paper',
    validationShare: 0.07,
    layers: 3,
    heads: 4,
    trainLength: 96,
    steps: 4004,
    batchSize: 31,
    learningRate: 0.011,
    warmupSteps: 17,
    weightDecay: 0.19,
    clipNorm: 1.5,
    products: 'bfloat16',
    initialCheckpoint: 'runs/some',
    lengths: [48, 192],
    documentTokens: 576,
  };

  it('language models', async () => {
    const point = { encoding: 'bipe_rope', hiddenSize: 48, seed: 5 };
    expect(await specOf(languageModelRun(point, language, corpus, options))).toMatchObject({
      item: 'language-model',
      label: 'bipe_rope, hidden size 48',
      data,
      training: {
        model: {
          ...habits,
          vocabSize: 32_000,
          hiddenSize: 48,
          intermediateSize: 192,
          numLayers: 3,
          numHeads: 4,
          trainLength: 96,
          separators: [[29_889, 869, 13]],
          encoding: encodingNamed('bipe_rope'),
        },
        task: {
          kind: 'corpus',
          sources: ['sotu'],
          tokenizer: 'llama2',
          maxTokens: 100_000,
          validationShare: 0.07,
          validationMinimum: 192,
          blocks: 'concatenated',
        },
        batchSize: 31,
        seed: 5,
        steps: 4004,
        accumulation: 1,
        optimizer: { ...optimizer, weightDecay: 0.19 },
        schedule: { kind: 'linear', learningRate: 0.011, warmupSteps: 17, finalFraction: 0 },
        clipNorm: 1.5,
        products: 'bfloat16',
        initialCheckpoint: 'runs/some',
        logEvery: 80,
        checkpointEvery: 500,
      },
    });
  });

  const prompted: PromptedRunSettings = {
    tokenizer: 'llama2',
    maxTokens: 333,
    steps: 403,
    batchSize: 31,
    accumulation: 3,
    learningRate: 0.011,
    warmupSteps: 17,
    schedule: 'constant',
    weightDecay: 0.19,
    dropout: 0.13,
    clipNorm: 1.5,
    inputWeight: 0.29,
    remember: 'block-inputs',
    products: 'bfloat16',
    instances: 37,
    longer: [],
  };

  it('prompted tasks', async () => {
    const task = { data: { kind: 'scrolls', task: 'qasper', folder: '/data' }, outputTokens: 41 } as const;
    const model = {
      ...habits,
      style: 'llama',
      vocabSize: 32_000,
      hiddenSize: 48,
      intermediateSize: 192,
      numLayers: 3,
      numHeads: 4,
      trainLength: 96,
      separators: [],
      encoding: encodingNamed('rope'),
    } as const;
    const start = { start: { model, folder: '/models/start', data: [] }, seed: 5, encoding: 'rope' };
    expect(await specOf(promptedRun(start, task, prompted, data, options))).toMatchObject({
      item: 'prompted',
      label: 'rope, qasper',
      data,
      asked: { instances: 37 },
      training: {
        model: { ...model, dropout: 0.13 },
        task: {
          kind: 'prompted',
          data: task.data,
          tokenizer: 'llama2',
          maxTokens: 333,
          outputTokens: 41,
          inputWeight: 0.29,
          testRows: 200,
        },
        batchSize: 31,
        accumulation: 3,
        remember: 'block-inputs',
        initialCheckpoint: '/models/start',
        seed: 5,
        steps: 403,
        optimizer: { ...optimizer, weightDecay: 0.19 },
        schedule: { kind: 'constant', learningRate: 0.011, warmupSteps: 17, finalFraction: 0 },
        clipNorm: 1.5,
        products: 'bfloat16',
        logEvery: 8,
        checkpointEvery: 101,
      },
    });
  });

  const stateSets: StateSetRunSettings = {
    variants: {},
    automaton: {
      subStates: 2,
      segmentStates: 3,
      symbols: 4,
      separators: 2,
      density: 0.4,
      candidates: 3,
      seed: 1,
    },
    length: 37,
    maxSegmentLength: 9,
    longer: [41],
    words: 23,
    layers: 3,
    heads: 4,
    steps: 8008,
    batchSize: 31,
    learningRate: 0.011,
    warmupSteps: 17,
    clipNorm: null,
  };

  it('sets of states', async () => {
    const { automaton } = chooseAutomaton(stateSets);
    const point = { encoding: 'bipe_rope', hiddenSize: 48, seed: 5 };
    const spec = await specOf(stateSetRun(point, stateSets, automaton, options));
    expect(spec).toMatchObject({
      item: 'state-sets',
      label: 'bipe_rope, hidden size 48',
      asked: { words: 23, longer: [41] },
      training: {
        model: {
          ...habits,
          // The start, four symbols and two separators; a number for each state of both levels.
          vocabSize: 7,
          outputs: 5,
          hiddenSize: 48,
          intermediateSize: 192,
          numLayers: 3,
          numHeads: 4,
          trainLength: 38,
          separators: [[0, 5, 6]],
          encoding: encodingNamed('bipe_rope'),
        },
        task: { kind: 'state-sets', automaton, maxSegmentLength: 9, testWords: 20 },
        batchSize: 31,
        seed: 5,
        steps: 8008,
        accumulation: 1,
        optimizer: { ...optimizer, weightDecay: 0.01 },
        schedule: { kind: 'linear', learningRate: 0.011, warmupSteps: 17, finalFraction: 0 },
        logEvery: 160,
        checkpointEvery: 1000,
      },
    });
    expect(spec).not.toHaveProperty('training.clipNorm');
  });

  it('all of them, without what is set to nothing', async () => {
    const plain = { clipNorm: null, products: 'float32' } as const;
    const point = { encoding: 'rope', hiddenSize: 48, seed: 5 };
    await specOf(
      arithmeticRun(point, { ...arithmetic, ...plain, dropout: 0, instances: null, steps: 3 }, options),
    );
    const { initialCheckpoint, ...fromNothing } = language;
    expect(initialCheckpoint).toBeDefined();
    await specOf(
      languageModelRun(point, { ...fromNothing, ...plain, maxTokens: null, steps: 3 }, corpus, options),
    );
    for (const spec of asked) {
      for (const name of [
        'clipNorm',
        'products',
        'initialCheckpoint',
        'model.dropout',
        'task.instances',
        'task.maxTokens',
      ])
        expect(spec, name).not.toHaveProperty(`training.${name}`);
      expect(spec).toMatchObject({
        training: { model: { separators: [] }, logEvery: 1, checkpointEvery: 1 },
      });
    }
  });
});
