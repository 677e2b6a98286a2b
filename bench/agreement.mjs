// Compares the GPU with the CPU, with products in full float32: the golden models of tests/golden
// against their expected numbers on each, and models with every encoding (losses, a training's
// course and its final parameters, long blocks, greedy generation) against each other. Run
// `npm run build` first, then `node bench/agreement.mjs [--only bipe_rope]`; `--only` takes a part
// of a name, `--engines native-cpu,native-cpu` tries the script without a GPU. It fails if a
// difference is more than rounding.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    engines: { type: 'string', default: 'native-cpu,native-gpu' },
    numbers: { type: 'boolean', default: false },
  },
});
/**
 * Allowed difference, relative to the largest number; an H100 differed by a fifth of it at most,
 * mostly below 1e-6.
 */
const tolerance = 1e-3;
/** Allowed differences of a golden model's logits, loss and norms of gradients, as in the tests. */
const goldenTolerances = [1e-4, 1e-5, 1e-4];
if (options.numbers) await printNumbers();
else compare();

function compare() {
  const numbers = options.engines.split(',').map((engine) => {
    const script = fileURLToPath(import.meta.url);
    const child = spawnSync(process.execPath, [script, '--numbers', '--only', options.only], {
      env: { ...process.env, BIPE_ENGINE: engine, NVIDIA_TF32_OVERRIDE: '0' },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) throw new Error(`${engine} ended with code ${child.status}`);
    return JSON.parse(child.stdout.trim().split('\n').at(-1));
  });
  for (const { engine } of numbers) console.log(engine);
  const [first, second] = numbers.map(({ found }) => found);
  let apart = 0;
  for (const [name, values] of Object.entries(first)) {
    const others = second[name] ?? 'nothing';
    const [agree, said] = judge(name, values, others);
    if (!agree) apart += 1;
    console.log(`${agree ? ' ' : '!'} ${name}: ${said}`);
  }
  console.log(apart === 0 ? 'they agree' : `${apart} of ${Object.keys(first).length} do not agree`);
  if (apart > 0) process.exitCode = 1;
}

/** Compares two engines' numbers: whether they agree, and their difference. */
function judge(name, values, others) {
  if (typeof values === 'string' || typeof others === 'string')
    return [false, `${show(values)}; ${show(others)}`];
  if (name.startsWith('golden')) {
    const good = [values, others].every((one) => one.every((each, index) => each < goldenTolerances[index]));
    return [good, `${show(values)}; ${show(others)}`];
  }
  const difference = largestDifference(values, others);
  return [difference <= tolerance, difference.toExponential(1)];
}

function show(value) {
  return typeof value === 'string' ? value : value.map((one) => one.toExponential(1)).join(' ');
}

/** The largest difference, relative to the largest number. */
function largestDifference(values, others) {
  if (values.length !== others.length) return NaN;
  const largest = Math.max(...values.map(Math.abs), 1e-30);
  let most = 0;
  values.forEach((value, index) => {
    const difference = Math.abs(value - others[index]) / largest;
    if (!(difference <= most)) most = difference;
  });
  return most;
}

async function printNumbers() {
  const load = createRequire(import.meta.url);
  const lib = (path) => load(join(root, 'dist', 'lib', path));
  const tf = load('@tensorflow/tfjs');
  const { description } = await lib('engine/engine.js').startEngine();
  const { capture } = lib('engine/graph/capture.js');
  const { valueAndGradients } = lib('engine/gradients.js');
  const { Random } = lib('engine/random/random.js');
  const { loadCheckpoint, loadTensors } = lib('model/files/checkpoint.js');
  const { logits } = lib('model/decoder.js');
  const { nextTokenLoss } = lib('model/loss.js');
  const { createDecoder } = lib('model/config.js');
  const { initialParameters } = lib('model/parameters.js');
  const { encodingNamed, encodingNames, createEncoding } = lib('positional/registry.js');
  const { defaultAdamW, planBundles } = lib('train/step/adamw.js');
  const { runningLossKey, trainingStep, updateScalars, zeroState } = lib('train/step/step.js');
  const { nextTokens } = lib('train/tasks/task.js');
  const { decoderGenerator } = lib('evaluate/generator.js');
  const { greedyGeneration } = lib('evaluate/greedy.js');
  const found = {};
  const attempt = async (name, work) => {
    if (!name.includes(options.only)) return;
    try {
      found[name] = await work();
    } catch (error) {
      found[name] = `FAILED: ${String(error?.message ?? error)
        .split('\n')[0]
        .slice(0, 300)}`;
    }
  };
  const numbersOf = async (tensor) => [...(await tensor.data())];

  for (const name of ['rope', 'alibi', 'bipe_rope', 'bipe_alibi']) {
    // Differences of logits and loss, and relative differences of the gradients' norms.
    await attempt(`golden ${name}`, async () => {
      const folder = join(root, 'tests', 'golden', name);
      const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
      const { decoder, parameters } = await loadCheckpoint(folder);
      const { tensors } = await loadTensors(join(folder, 'expected.safetensors'));
      const ids = tensors.get('input_ids');
      const apart = tf.tidy(() => {
        const all = logits(decoder, parameters, ids);
        const rows = [...tensors.get('times').dataSync()].map((time) => all.slice([0, time, 0], [-1, 1, -1]));
        return tf.max(tf.abs(tf.sub(tf.concat(rows, 1), tensors.get('logits')))).dataSync()[0];
      });
      const names = [...parameters.keys()];
      const { value, gradients } = valueAndGradients(
        () => nextTokenLoss(decoder, parameters, ids),
        [...parameters.values()],
      );
      const norms = names.map((parameter, index) => {
        const norm = tf.tidy(() => tf.norm(gradients[index]).dataSync()[0]);
        return Math.abs(norm / expected.grad_norms[parameter] - 1);
      });
      return [apart, Math.abs(value.dataSync()[0] - expected.loss), Math.max(...norms)];
    });
  }

  const modelWith = (encoding, size = {}) => ({
    style: 'llama',
    vocabSize: 200,
    hiddenSize: 48,
    intermediateSize: 192,
    numLayers: 2,
    numHeads: 4,
    trainLength: 96,
    normEps: 1e-5,
    initializerRange: 0.05,
    tieEmbeddings: false,
    logScale: false,
    separators: Array.from({ length: createEncoding(encoding).levels - 1 }, () => [3, 7, 11]),
    encoding,
    ...size,
  });
  const draw = (model) => {
    const decoder = createDecoder(model);
    const random = Random.fromSeed(1).fork('parameters');
    return { decoder, parameters: initialParameters(decoder.parameters, model.initializerRange, random) };
  };
  const tokens = (batch, time) => {
    const random = Random.fromSeed(2);
    const ids = Int32Array.from({ length: batch * time }, () => random.integer(0, 200));
    return tf.tensor2d(ids, [batch, time], 'int32');
  };
  /** Losses of some steps, and the first numbers of each parameter after them. */
  const course = async (model, { products, remember, batch = 3, time = 96, steps = 4 } = {}) => {
    const { decoder, parameters } = draw(model);
    const shapes = [...parameters].map(([name, { shape }]) => ({ name, shape }));
    const optimizer = { ...defaultAdamW, weightDecay: 0.01 };
    const design = {
      loss: nextTokens(decoder, { remember }),
      parameters: shapes,
      bundles: planBundles(shapes, optimizer),
      optimizer,
      clipNorm: 1,
      accumulation: 1,
    };
    const step = capture(trainingStep(design), {
      state: { ...Object.fromEntries(parameters), ...zeroState(design) },
      products,
    });
    const ids = tokens(batch, time + 1);
    const losses = [];
    for (let done = 1; done <= steps; done += 1) {
      const scalars = updateScalars(design, { step: done, weight: batch * time, learningRate: 1e-3 });
      const { gradientNorm } = step.run({ ids, ...scalars });
      losses.push(gradientNorm.dataSync()[0]);
      const { [runningLossKey]: sum } = step.readState([runningLossKey]);
      losses.push(sum.dataSync()[0] / (batch * time));
    }
    const state = step.readState();
    const after = [];
    for (const { name } of shapes) after.push(...(await numbersOf(state[name])).slice(0, 50));
    step.dispose();
    return { losses, after };
  };
  for (const name of encodingNames) {
    const encoding = encodingNamed(name);
    // The randomized forms draw positions in their task.
    if (encoding.kind === 'randomized') continue;
    const model = modelWith(encoding);
    await attempt(`${name}: losses and gradient norms of 4 captured steps`, async () => {
      const { losses, after } = await course(model);
      found[`${name}: parameters after them`] = after;
      return losses;
    });
    await attempt(`${name}: logits of a block of 700, captured`, async () => {
      const { decoder, parameters } = draw(model);
      const step = capture(
        (state, { ids }) => ({
          outputs: {
            all: logits(decoder, new Map(Object.entries(state)), ids).slice([0, 600, 0], [1, 40, 200]),
          },
        }),
        { state: Object.fromEntries(parameters) },
      );
      return numbersOf(step.run({ ids: tokens(1, 700) }).all);
    });
    await attempt(`${name}: loss, operation by operation`, async () => {
      const { decoder, parameters } = draw(model);
      return numbersOf(tf.tidy(() => nextTokenLoss(decoder, parameters, tokens(2, 300))));
    });
    await attempt(`${name}: tokens of a greedy generation`, async () => {
      const { decoder, parameters } = draw(model);
      const generation = greedyGeneration(decoderGenerator(decoder, parameters), {
        batch: 3,
        promptLength: 10,
        newTokens: 20,
        eos: 1,
      });
      const rows = await generation.generate(tokens(3, 10).arraySync());
      return rows.flatMap((row) => [...row]);
    });
  }
  const more = {
    'gradient checkpointing': [{}, { remember: 'block-inputs' }],
    'a block of 1,100': [{}, { batch: 1, time: 1100, steps: 2 }],
    'a window of 40': [{ window: 40 }, {}],
    'gpt2 style': [{ style: 'gpt2' }, {}],
    'tied embeddings': [{ tieEmbeddings: true }, {}],
    'bfloat16 products': [{}, { products: 'bfloat16' }],
  };
  for (const name of ['bipe_rope', 'bipe_alibi'])
    for (const [title, [size, how]] of Object.entries(more))
      await attempt(
        `${name}, ${title}: losses and gradient norms`,
        async () => (await course(modelWith(encodingNamed(name), size), how)).losses,
      );
  process.stdout.write(`${JSON.stringify({ engine: description, found })}\n`);
}
