// `bipe train`: trains the model of a configuration file.

import { resolve } from 'node:path';
import { type Command } from 'commander';
import { TrainingError } from '../../base/errors';
import { readTextFile, sha256 } from '../../base/files';
import { formatDuration } from '../../base/format';
import { canonicalJson } from '../../base/json';
import { checkOutputs } from '../../base/outputs';
import { displayPath, workPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { parseStrictJson } from '../../base/strict-json';
import { examples } from '../shared/options';
import { printJson, printLines } from '../shared/output';

interface TrainOptions {
  readonly config: string;
  readonly out?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a model; a run that was interrupted goes on exactly where it was')
    .requiredOption('--config <file>', 'JSON: model, task, batchSize, steps, schedule and more')
    .option('--out <folder>', 'the run: metrics, TensorBoard events, checkpoint; default in runs/')
    .option('--resume', 'go on with the run in the folder, if there is one')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${examples('train --config train.json --out runs/first')}\n\ntrain.json:\n${example}`,
    )
    .action(train);
}

const example = `{
  "model": {
    "style": "llama", "vocabSize": 21, "hiddenSize": 48, "intermediateSize": 192, "numLayers": 3, "numHeads": 4,
    "trainLength": 26, "normEps": 1e-5, "initializerRange": 0.02, "tieEmbeddings": false, "logScale": false,
    "encoding": "bipe_alibi", "separators": [[9]]
  },
  "task": { "kind": "arithmetic", "operators": 3 },
  "batchSize": 256,
  "steps": 5000,
  "schedule": { "kind": "linear", "learningRate": 2e-3, "warmupSteps": 200 },
  "clipNorm": 1,
  "evaluateEvery": 500
}`;

async function train(options: TrainOptions): Promise<void> {
  const { parseTrainingConfig } = await import('../../train/config.js');
  const { trainModel } = await import('../../train/train-model.js');
  const { readMetrics } = await import('../../train/metrics.js');
  const { runInputs, runOutputs } = await import('../../train/run-files.js');
  const { startEngine } = await import('../../engine/engine.js');
  const path = resolve(options.config);
  const where = displayPath(path);
  const config = parseTrainingConfig(parseStrictJson(await readTextFile(path), where), where);
  const folder =
    options.out === undefined
      ? workPath('runs', `training-${sha256(canonicalJson(config)).slice(0, 16)}`)
      : resolve(options.out);
  await checkOutputs(runOutputs(folder), [path, ...runInputs(config)]);
  const reporter = terminalReporter();
  await startEngine({ reporter });
  const stop = new AbortController();
  // The first Ctrl-C ends the run well; with the listener gone, a second one ends the process.
  process.once('SIGINT', () => {
    reporter.note('stopping, with a checkpoint of the last whole step');
    stop.abort();
  });
  const { parameters, ...result } = await trainModel(config, {
    folder,
    where,
    resume: options.resume === true,
    reporter,
    signal: stop.signal,
  });
  for (const parameter of parameters.values()) parameter.dispose();
  const metrics = await readMetrics(folder);
  const training = metrics.findLast((line) => line.kind === 'training');
  const evaluation = metrics.findLast((line) => line.kind === 'evaluation');
  if (options.json === true)
    printJson({ ...result, folder, loss: training?.loss, evaluation: evaluation?.metrics });
  else {
    const measured = Object.entries(evaluation?.metrics ?? {}).map(
      ([name, value]) => `${name} ${value.toPrecision(4)}`,
    );
    printLines([
      `${result.outcome}: ${result.reason}`,
      ...(training === undefined
        ? []
        : [
            `  loss ${training.loss.toPrecision(4)} after ${formatDuration(metrics.at(-1)?.machine.seconds ?? 0)}`,
          ]),
      ...(measured.length === 0 ? [] : [`  ${measured.join(', ')}`]),
      `  ${displayPath(folder)}`,
    ]);
  }
  if (result.outcome === 'interrupted')
    throw new TrainingError(
      `${displayPath(folder)}: ${result.reason}; the same command with --resume goes on`,
    );
}
