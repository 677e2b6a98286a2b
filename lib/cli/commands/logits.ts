// `bipe logits`: the scores a model gives to every next token of some sequences.

import { type Command } from 'commander';
import { formatDuration } from '../../base/format';
import { terminalReporter } from '../../base/progress';
import { formatShape } from '../../base/shape';
import { examples } from '../shared/options';
import { printResult } from '../shared/output';

interface LogitsOptions {
  readonly checkpoint: string;
  readonly ids: string;
  readonly out: string;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addLogitsCommand(program: Command): void {
  program
    .command('logits')
    .description('the scores a model gives to every next token of some sequences')
    .requiredOption(
      '--checkpoint <folder>',
      'config.json and model.safetensors, this project’s or the authors’',
    )
    .requiredOption('--ids <file>', 'safetensors with int32 input_ids [batch, time]')
    .requiredOption('--out <file>', 'safetensors to write, with float32 logits [batch, time, vocabulary]')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'logits --checkpoint checkpoints/BiPE_RoPE-151M --ids ids.safetensors --out logits.safetensors',
      ),
    )
    .action(logits);
}

async function logits({ checkpoint, ids, out, json }: LogitsOptions): Promise<void> {
  const [{ startEngine }, { writeLogits }] = await Promise.all([
    import('../../engine/engine.js'),
    import('../../model/files/logits-file.js'),
  ]);
  const reporter = terminalReporter();
  const engine = await startEngine({ reporter });
  const start = performance.now();
  const shape = await writeLogits({ checkpoint, ids, out }, reporter);
  const seconds = (performance.now() - start) / 1000;
  printResult(json, { out, shape, seconds, engine: engine.backend }, [
    `${out}: logits ${formatShape(shape)}, ${formatDuration(seconds)}, ${engine.description}`,
  ]);
}
