// The arithmetic task: instances drawn a second (6 operators, one core), and tokens a second of greedy generation with a
// model of the paper's size (3 layers, hidden 48, untrained; every step is taken, whether sequences end or not).
// Run `npm run build` first, then `node bench/arithmetic.mjs [--json]`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const require = createRequire(import.meta.url);
const lib = (path) => require(`../dist/lib/${path}.js`);
const { ArithmeticGenerator, arithmeticLength } = lib('data/arithmetic/generator');
const { streamArithmeticBatches } = lib('data/arithmetic/batches');
const { generateArithmeticSet } = lib('data/arithmetic/set');
const { questionsOf } = lib('data/arithmetic/file');
const { arithmeticIds, arithmeticSeparators, arithmeticVocabulary } = lib('data/arithmetic/vocabulary');
const { Random } = lib('engine/random');
const { startEngine } = lib('engine/engine');
const { arithmeticModelSize, createDecoder } = lib('model/config');
const { initialParameters } = lib('model/parameters');
const { encodingNamed } = lib('positional/registry');
const { decoderGenerator } = lib('evaluate/generator');
const { greedyGeneration } = lib('evaluate/greedy');

const operators = 6;
const count = 1_000_000;

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function instancesPerSecond() {
  const generator = new ArithmeticGenerator({ operators, mix: 'exact' }, Random.fromSeed(1));
  const row = new Int32Array(generator.time);
  const batches = streamArithmeticBatches({ operators, batch: 500, seed: 1 });
  return {
    drawn: count / (await seconds(() => Array.from({ length: count }, () => generator.draw(row, 0)))),
    batches: count / (await seconds(() => Array.from({ length: count / 500 }, () => batches.next().tokens))),
    distinct:
      count / (await seconds(() => generateArithmeticSet({ operators, count, seed: 1, distinct: true }))),
  };
}

async function generation(name, batch, eager) {
  const encoding = encodingNamed(name);
  const decoder = createDecoder({
    ...arithmeticModelSize(48, arithmeticLength(operators)),
    vocabSize: arithmeticVocabulary().size,
    separators: name.startsWith('bipe') ? [arithmeticSeparators()] : [],
    encoding,
  });
  const parameters = initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
  const prompts = questionsOf(
    generateArithmeticSet({ operators, count: 2 * batch, seed: 1, mix: 'exact' }),
  ).map(({ prompt }) => prompt);
  const greedy = greedyGeneration(decoderGenerator(decoder, parameters), {
    batch,
    promptLength: 4 * operators,
    newTokens: arithmeticLength(operators - 1),
    eos: arithmeticIds.eos,
    // Never: each step is taken, whatever comes out.
    checkEvery: Infinity,
    eager,
  });
  const captureSeconds = await seconds(() => greedy.generate(prompts.slice(0, 1)));
  const times = [];
  for (let run = 0; run < 3; run += 1) times.push(await seconds(() => greedy.generate(prompts)));
  greedy.dispose();
  const generated = prompts.length * arithmeticLength(operators - 1);
  return {
    encoding: name,
    batch,
    eager,
    firstCallSeconds: captureSeconds,
    tokensPerSecond: generated / Math.min(...times),
    questionsPerSecond: prompts.length / Math.min(...times),
  };
}

const { description } = await startEngine();
const result = {
  suite: 'arithmetic',
  engine: description,
  operators,
  instancesPerSecond: await instancesPerSecond(),
  generation: [],
};
for (const [name, batch, eager] of [
  ['rope', 256, true],
  ['rope', 256, false],
  ['bipe_alibi', 256, true],
  ['bipe_alibi', 256, false],
  ['bipe_alibi', 1024, false],
])
  result.generation.push(await generation(name, batch, eager));

if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else {
  console.log(result.engine);
  for (const [name, rate] of Object.entries(result.instancesPerSecond))
    console.log(`  instances ${name.padEnd(10)} ${Math.round(rate / 1000)} k/s`);
  for (const {
    encoding,
    batch,
    eager,
    tokensPerSecond,
    questionsPerSecond,
    firstCallSeconds,
  } of result.generation)
    console.log(
      `  greedy ${encoding.padEnd(11)} ${batch} side by side, ${eager ? 'eager   ' : 'captured'} ${(tokensPerSecond / 1000).toFixed(1)} k tokens/s, ` +
        `${questionsPerSecond.toFixed(0)} questions/s (first call ${firstCallSeconds.toFixed(2)} s)`,
    );
}
