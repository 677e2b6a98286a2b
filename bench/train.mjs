// Training the arithmetic task's model (hidden 48, 3 layers, 4 heads) with the whole loop: data, forward and backward
// pass, clipping, AdamW. As captured graphs, operation by operation, and by PyTorch (bench/peers/train.py), in turns.
// Run `npm run build` first, then
// `node bench/train.mjs [--json] [--seconds 5] [--rounds 3] [--python PYTHON_WITH_TORCH] [NAME...]`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { startEngine } = require('../dist/lib/engine/engine.js');
const { Random } = require('../dist/lib/engine/random.js');
const { streamArithmeticBatches } = require('../dist/lib/data/arithmetic/batches.js');
const { arithmeticModelSize, createDecoder } = require('../dist/lib/model/config.js');
const { disposeParameters, initialParameters } = require('../dist/lib/model/parameters.js');
const { defaultAdamW } = require('../dist/lib/train/adamw.js');
const { nextTokens } = require('../dist/lib/train/task.js');
const { train } = require('../dist/lib/train/train.js');

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
  },
});

const time = 88;
const rope = { encoding: { kind: 'rope' }, separators: [] };
const bipeAlibi = {
  encoding: {
    kind: 'bipe',
    intra: { kind: 'learned', rows: 128 },
    inter: { kind: 'alibi', slopeFactor: 96 },
  },
  separators: [[9]],
};
const cases = {
  'rope-64': { encoding: rope, batch: 64 },
  'bipe-alibi-64': { encoding: bipeAlibi, batch: 64 },
  'rope-512': { encoding: rope, batch: 512 },
  'bipe-alibi-512': { encoding: bipeAlibi, batch: 512 },
};

await startEngine();
const results = {};
for (const [name, { encoding, batch }] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const best = { graph: 0, eager: 0, pytorch: 0 };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    best.graph = Math.max(best.graph, await ours(encoding, batch, 'captured'));
    // The peer has RoPE alone: bilevel positions cost it at least as much.
    if (options.python !== undefined && encoding === rope) best.pytorch = Math.max(best.pytorch, peer(batch));
    best.eager = Math.max(best.eager, await ours(encoding, batch, 'eager'));
  }
  results[name] = Object.fromEntries(
    Object.entries(best)
      .filter(([, rate]) => rate > 0)
      .flatMap(([way, rate]) => [
        [`${way} tokens/s`, Math.round(rate)],
        [`${way} steps/s`, Number((rate / (batch * time)).toPrecision(3))],
      ]),
  );
}
if (options.json) console.log(JSON.stringify({ suite: 'train', tokens: time, results }));
else console.table(results);

/** Tokens a second of the loop, without its first steps, in which the graph is made. */
async function ours({ encoding, separators }, batch, execution) {
  const config = { ...arithmeticModelSize(48, time), vocabSize: 21, encoding, separators };
  const decoder = createDecoder(config);
  const parameters = initialParameters(decoder.parameters, config.initializerRange, Random.fromSeed(1));
  const folder = mkdtempSync(join(tmpdir(), 'bipe-bench-'));
  const stop = new AbortController();
  const rates = [];
  const started = performance.now();
  try {
    const trained = await train({
      folder,
      config: {},
      plan: {
        steps: 1_000_000,
        optimizer: defaultAdamW,
        schedule: { kind: 'constant', learningRate: 1e-3, warmupSteps: 100, finalFraction: 1 },
        clipNorm: 1,
        logEvery: 5,
        checkpointEvery: 1_000_000,
      },
      parameters,
      loss: nextTokens(decoder),
      batches: streamArithmeticBatches({ operators: 6, batch, time, seed: 1 }),
      execution,
      signal: stop.signal,
      onMetrics: (line) => {
        rates.push(line.machine.tokensPerSecond);
        if (performance.now() - started > Number(options.seconds) * 1000 && rates.length > 2) stop.abort();
      },
    });
    disposeParameters(trained.parameters);
  } finally {
    disposeParameters(parameters);
    rmSync(folder, { recursive: true, force: true });
  }
  return Math.max(...rates.slice(1));
}

/** The same of PyTorch. */
function peer(batch) {
  const script = fileURLToPath(new URL('peers/train.py', import.meta.url));
  const run = spawnSync(options.python, [script, String(batch), String(time), options.seconds], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`the PyTorch peer failed: ${run.stderr.trim().split('\n').at(-1)}`);
  return Number(run.stdout);
}
