// `bipe checkpoint`: models on the disk: get the authors' from the hub, and see what one is.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command } from 'commander';
import { z } from 'zod';
import { formatBytes, formatCount } from '../../base/format';
import { jsonOrUndefined } from '../../base/json';
import { checkOutputs, type Output } from '../../base/outputs';
import { displayPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { examples } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

interface DownloadOptions {
  readonly revision: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds the subcommand and its own. */
export function addCheckpointCommand(program: Command): void {
  const checkpoint = program.command('checkpoint').description('models on the disk: download, show');
  checkpoint
    .command('download')
    .description('bring a checkpoint from the Hugging Face hub onto this machine and check it')
    .argument('<model>', 'owner/name; the authors released hzy00/BiPE_RoPE-151M and others')
    .option('--revision <name>', 'a branch, tag or commit', 'main')
    .option('--out <folder>', 'where to; default: datasets/cache/checkpoints/<model>')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('checkpoint download hzy00/BiPE_RoPE-151M'))
    .action(download);
  checkpoint
    .command('show')
    .description('what model a folder holds; every tensor is read and checked')
    .argument('<folder>', 'config.json and model.safetensors')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('checkpoint show datasets/cache/checkpoints/hzy00/BiPE_RoPE-151M'))
    .action(show);
}

async function download(model: string, { revision, out, json }: DownloadOptions): Promise<void> {
  const { downloadCheckpoint } = await import('../../data/hub.js');
  if (out !== undefined) await checkOutputs(await downloadOutputs(out));
  const checkpoint = await downloadCheckpoint(model, {
    revision,
    reporter: terminalReporter(),
    ...(out !== undefined && { to: out }),
  });
  const rows = checkpoint.files.map(({ name, bytes, sha256, verified }) => [
    name,
    formatBytes(bytes),
    `sha256 ${sha256}`,
    verified ? 'as the hub says' : 'the hub gave no hash',
  ]);
  printResult(json, checkpoint, [
    `${model} (${checkpoint.revision}) in ${displayPath(checkpoint.folder)}`,
    ...alignColumns(rows),
  ]);
}

/**
 * The files that a download may replace in a folder: those of an earlier one, which left its record
 * there.
 */
async function downloadOutputs(folder: string): Promise<Output[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const record = await readFile(join(folder, 'download.json'), 'utf8').catch(() => '');
  const isOwn = (): boolean => z.object({ model: z.string() }).safeParse(jsonOrUndefined(record)).success;
  return names
    .filter((name) => /\.(json|safetensors|bin)$/.test(name))
    .map((name) => ({ path: join(folder, name), what: "a downloaded checkpoint's", isOwn }));
}

async function show(folder: string, { json }: { readonly json?: boolean }): Promise<void> {
  const [{ startEngine }, { loadCheckpoint }, { disposeParameters, parameterCount }] = await Promise.all([
    import('../../engine/engine.js'),
    import('../../model/files/checkpoint.js'),
    import('../../model/parameters.js'),
  ]);
  await startEngine({ reporter: terminalReporter() });
  const { config, decoder, parameters } = await loadCheckpoint(folder);
  disposeParameters(parameters);
  const numbers = parameterCount(decoder.parameters);
  printResult(json, { config, parameters: numbers }, [
    `${decoder.encoding.name}, ${config.style} style, ${formatCount(numbers)} parameters`,
    `${config.numLayers} layers, ${config.numHeads} heads, width ${config.hiddenSize}, feed-forward ${config.intermediateSize}, vocabulary ${formatCount(config.vocabSize)}`,
    `trained at ${formatCount(config.trainLength)} tokens, separators ${JSON.stringify(config.separators)}`,
  ]);
}
