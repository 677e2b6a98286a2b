// Measures the effect of bfloat16 products on accuracy: perplexity of a small text model, at its
// training length and beyond, and answers of models like Figure 3's on a smaller task. Both are
// trained with float32 and bfloat16 products, and each is evaluated with both. Run `npm run build`
// first, then `node bench/bfloat16.mjs [--quick] [--fresh]`. It takes half an hour on two cores,
// continues after an interruption (--fresh trains anew), and writes bench/results/bfloat16.json;
// --quick takes a few steps and writes nothing.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheFolder, root } from '../scripts/lib/paths.mjs';

const require = createRequire(import.meta.url);
const lib = (path) => require(`../dist/lib/${path}.js`);
const tf = require('@tensorflow/tfjs');
const { canonicalJson } = lib('base/json');
const { sha256, writeFileAtomic } = lib('base/files');
const { terminalReporter } = lib('base/progress');
const { distinctQuestions } = lib('data/arithmetic/questions');
const { arithmeticVocabulary } = lib('data/arithmetic/vocabulary');
const { prepareSource } = lib('data/sources/prepare');
const { startEngine } = lib('engine/engine');
const { capture } = lib('engine/graph/capture');
const { evaluateArithmetic } = lib('evaluate/arithmetic');
const { decoderGenerator } = lib('evaluate/generator');
const { arithmeticRun, trainedArithmeticModel } = lib('experiments/items/fig3/runs');
const { fig3Presets } = lib('experiments/items/fig3/item');
const { RunStore } = lib('experiments/run/store');
const { loadCheckpoint } = lib('model/files/checkpoint');
const { createDecoder } = lib('model/config');
const { nextTokenLoss } = lib('model/loss');
const { disposeParameters } = lib('model/parameters');
const { encodingNamed } = lib('positional/registry');
const { collectProvenance } = lib('report/provenance');
const { parseTrainingConfig } = lib('train/config');
const { trainModel } = lib('train/train-model');

const quick = process.argv.includes('--quick');
const fresh = process.argv.includes('--fresh');
const seeds = quick ? [1] : [1, 2, 3];
const encodings = ['rope', 'bipe_rope'];
const productTypes = ['float32', 'bfloat16'];
const trainLength = 256;
const evaluatedTokens = quick ? 2 ** 13 : 2 ** 16;
const evaluatedLengths = [trainLength, 4 * trainLength];

const reporter = terminalReporter();
const store = new RunStore();
const startedAt = Date.now();
const engine = await startEngine({ reporter });
const text = await prepareText('sotu');
const provenance = () =>
  collectProvenance({
    item: 'bfloat16',
    preset: quick ? 'quick' : 'full',
    scale: 'Small models: see the settings.',
    startedAt,
    seeds,
    data: [text.source],
    engine: engine.description,
    captured: engine.captures,
  });
// The state of the loaded sources, which may change in the following half hour.
const { commit, dirty } = provenance();

const perplexities = [];
const answers = [];
for (const seed of seeds) {
  for (const encoding of encodings) {
    for (const trained of productTypes) {
      reporter.note(`seed ${seed}, ${encoding}, trained with ${trained} products`);
      perplexities.push(...(await textModel(encoding, seed, trained)));
      answers.push(...(await arithmeticModel(encoding, seed, trained)));
    }
  }
}
console.log(table('perplexity', perplexities, ({ length }) => `${length} bytes`));
console.log(table('accuracy', answers, ({ operators }) => `${operators} operators`));
if (!quick) {
  const result = {
    provenance: { ...provenance(), commit, dirty },
    settings: {
      text: {
        ...textConfig('rope', 1, 'float32'),
        task: { kind: 'text', source: 'sotu', tokenizer: 'bytes' },
      },
      evaluatedTokens,
      arithmetic: arithmeticSettings('float32'),
    },
    perplexities,
    answers,
  };
  await writeFileAtomic(
    join(root, 'bench', 'results', 'bfloat16.json'),
    `${JSON.stringify(result, null, 2)}\n`,
  );
}

/** A source's documents as one file, as the text task reads them, and the end that it holds out. */
async function prepareText(name) {
  const { info, checksum, documents } = await prepareSource(name, { reporter });
  const texts = [];
  for await (const { text } of documents()) texts.push(text);
  const folder = join(cacheFolder, 'bench-bfloat16');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.txt`);
  const whole = texts.join('\n\n');
  await writeFile(file, whole);
  const bytes = Buffer.from(whole);
  return {
    file,
    end: Int32Array.from(bytes.subarray(bytes.length - evaluatedTokens - 1)),
    testShare: 1.01 * (evaluatedTokens / bytes.length),
    source: { name, version: info.version, checksum },
  };
}

function textConfig(encoding, seed, products) {
  return parseTrainingConfig({
    model: {
      ...{
        style: 'llama',
        vocabSize: 256,
        hiddenSize: 128,
        intermediateSize: 384,
        numLayers: 4,
        numHeads: 4,
      },
      ...{ trainLength, normEps: 1e-5, initializerRange: 0.02, tieEmbeddings: false, logScale: false },
      encoding: encodingNamed(encoding),
      separators: encoding === 'bipe_rope' ? [[46, 10]] : [],
    },
    task: { kind: 'text', file: text.file, testShare: text.testShare },
    batchSize: 16,
    steps: quick ? 10 : 400,
    seed,
    schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: quick ? 2 : 50 },
    clipNorm: 1,
    ...(products === 'bfloat16' && { products }),
  });
}

/**
 * Trains a text model, or finds it; returns perplexities of the text's end in windows of each
 * length.
 */
async function textModel(encoding, seed, trained) {
  const config = textConfig(encoding, seed, trained);
  const folder = join(store.folder, `bench-bfloat16-${sha256(canonicalJson(config)).slice(0, 16)}`);
  if (fresh) await rm(folder, { recursive: true, force: true });
  const { parameters } = await trainModel(config, { folder, resume: true, reporter });
  const decoder = createDecoder(config.model);
  const rows = [];
  for (const length of evaluatedLengths) {
    const windows = evaluatedTokens / length;
    const batch = 4096 / length;
    for (const evaluated of productTypes) {
      const step = capture(
        (state, { ids }) => ({
          outputs: { loss: nextTokenLoss(decoder, new Map(Object.entries(state)), ids) },
        }),
        { state: Object.fromEntries(parameters), name: 'evaluation', products: evaluated },
      );
      let sum = 0;
      for (let first = 0; first < windows; first += batch) {
        const values = Array.from({ length: batch }, (_, row) =>
          text.end.slice((first + row) * length, (first + row + 1) * length + 1),
        );
        const ids = tf.tensor2d(
          values.map((window) => [...window]),
          [batch, length + 1],
          'int32',
        );
        const { loss } = step.run({ ids });
        sum += (await loss.data())[0] * batch;
        tf.dispose([ids, loss]);
      }
      step.dispose();
      rows.push({ encoding, seed, trained, evaluated, length, perplexity: Math.exp(sum / windows) });
    }
  }
  disposeParameters(parameters);
  return rows;
}

function arithmeticSettings(products) {
  const { settings } = fig3Presets.smoke;
  if (quick) return { ...settings, products };
  const size = { operators: 3, longer: [4], questions: 500, evaluations: 1 };
  return { ...settings, ...size, steps: 1000, batchSize: 256, accumulation: 1, warmupSteps: 200, products };
}

/**
 * Trains a model of Figure 3, or finds it; counts right answers to questions as long as the longest
 * training ones.
 */
async function arithmeticModel(encoding, seed, trained) {
  const settings = arithmeticSettings(trained);
  const { operators, modulus, questions, hiddenSizes } = settings;
  const point = { encoding, seed, hiddenSize: hiddenSizes[0] };
  await arithmeticRun(point, settings, { store, reporter, fresh });
  const { decoder, parameters } = await loadCheckpoint(
    await trainedArithmeticModel(point, settings, { store, reporter }),
  );
  const asked = distinctQuestions({ operators, modulus, count: questions, seed: 0 });
  const rows = [];
  for (const evaluated of productTypes) {
    const { accuracy } = await evaluateArithmetic(decoderGenerator(decoder, parameters), asked, {
      vocabulary: arithmeticVocabulary(modulus),
      products: evaluated,
    });
    rows.push({ encoding, seed, trained, evaluated, operators, accuracy: accuracy.share });
  }
  disposeParameters(parameters);
  return rows;
}

/** Means over seeds, with the range, as a Markdown table. */
function table(what, rows, conditionOf) {
  const groups = new Map();
  for (const row of rows) {
    const group = [row.encoding, conditionOf(row), row.trained, row.evaluated].join(' | ');
    groups.set(group, [...(groups.get(group) ?? []), row[what]]);
  }
  const lines = [...groups].map(([group, values]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [shown, least, most] = [mean, Math.min(...values), Math.max(...values)].map((value) =>
      value.toPrecision(4),
    );
    return `| ${group} | ${shown} (${least} to ${most}) |`;
  });
  return ['| encoding | on | trained | evaluated | ' + what + ' |', '| - | - | - | - | - |', ...lines].join(
    '\n',
  );
}
