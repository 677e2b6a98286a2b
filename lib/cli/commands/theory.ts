// `bipe theory`: automata as Transformers: compile one to weights, and run words through it.

import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { bipe } from '../../base/command';
import { CheckError, UsageError } from '../../base/errors';
import { removeLeftovers } from '../../base/files';
import { formatBytes, formatCount } from '../../base/format';
import { checkOutputs } from '../../base/outputs';
import { displayPath } from '../../base/paths';
import { type Reporter, silentReporter, terminalReporter } from '../../base/progress';
import { withLock } from '../../data/io/lock';
import type { Automaton } from '../../theory/automata/automaton';
import type { NetworkCertificate } from '../../theory/compile/certificate';
import type { Activation } from '../../theory/network/mlp';
import type { Bounds, Network } from '../../theory/network/network';
import { examples, wholeNumber } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

/** Adds the subcommand and its own. */
export function addTheoryCommand(program: Command): void {
  const theory = program
    .command('theory')
    .description('automata as Transformers: compile one to weights, run words through it');
  theory
    .command('compile')
    .description('write the weights of a Transformer that represents an automaton, and their certificate')
    .requiredOption('--automaton <file>', 'JSON: an NFA or a bilevel one')
    .addOption(
      new Option(
        '--encoding <name>',
        'absolute positions, flat (Theorem 3.1), compact, carried or spread, or bilevel ones (Theorem 3.2)',
      )
        .choices(['ape', 'compact', 'carried', 'spread', 'bipe'])
        .makeOptionMandatory(),
    )
    .option('--max-segment <n>', 'symbols in a segment, its separator left out', '16')
    .option('--max-segments <n>', 'segments in a word', '64')
    .option(
      '--max-length <n>',
      'symbols in a word, for absolute positions; default: as many as the segments have',
    )
    .addOption(
      new Option('--activation <name>', 'of hidden units; relu is exact but for rounding')
        .choices(['gelu', 'relu'])
        .default('gelu'),
    )
    .requiredOption('--out <folder>', 'where network.json, model.safetensors and certificate.json go')
    .option('--uncertified', 'write a network whose certificate does not hold, too')
    .option('--json', 'print the certificate as JSON')
    .addHelpText(
      'after',
      examples(
        'theory compile --automaton log.json --encoding bipe --max-segment 16 --max-segments 64 --out log',
      ),
    )
    .action(compile);
  theory
    .command('run')
    .description(
      'the reachable states after each prefix of each word, the empty one first: a JSON array a word',
    )
    .requiredOption('--model <folder>', `what ${bipe('theory compile')} has written`)
    .requiredOption('--words <file>', 'JSON lines: an array of symbols a word')
    .option('--uncertified', 'run a network whose certificate does not hold; its states may be wrong')
    .addHelpText('after', examples('theory run --model log --words words.jsonl > states.jsonl'))
    .action(run);
}

interface CompileOptions {
  readonly automaton: string;
  readonly encoding: Bounds['encoding'];
  readonly maxSegment: string;
  readonly maxSegments: string;
  readonly maxLength?: string;
  readonly activation: Activation;
  readonly out: string;
  readonly uncertified?: boolean;
  readonly json?: boolean;
}

async function compile(options: CompileOptions): Promise<void> {
  const { automaton: file, out, uncertified, json } = options;
  const [{ readAutomaton }, { networkFiles, networkOutputs, saveNetwork }] = await Promise.all([
    import('../../theory/automata/file.js'),
    import('../../theory/compile/network-file.js'),
  ]);
  await checkOutputs(networkOutputs(out), [file]);
  const automaton = await readAutomaton(file);
  const reporter = await announce(automaton, options);
  const network = await compiled(automaton, options);
  const certificate = await certified(network, reporter);
  const said = describe(network, certificate);
  if (!certificate.holds && uncertified !== true) {
    printResult(json, certificate, said);
    throw new CheckError(
      `${displayPath(file)}: not written: ${whyUncertified(network, certificate)}; or write it all the same with --uncertified`,
    );
  }
  await withLock(join(out, 'compile.lock'), 'this network', async () => {
    await removeLeftovers(out);
    await saveNetwork(out, { network, certificate });
  });
  printResult(json, certificate, [
    ...said,
    '',
    ...(certificate.holds ? [] : [`not certified: ${whyUncertified(network, certificate)}`]),
    `written to ${displayPath(out)}: ${await sizes(out, networkFiles)}`,
  ]);
}

/** Says why a certificate does not hold, and what to do. */
function whyUncertified(
  { layout, activation }: Network,
  { mistakes, obstacle, exactUpTo, mostTokens, layers }: NetworkCertificate,
): string {
  const [mistake] = mistakes;
  if (mistake !== undefined)
    return `the weights are not the compiler's (${mistake}), and bounds of what that changes leave no room (${obstacle ?? ''}); compile the automaton again, and report it if that does not help`;
  const otherwise = activation === 'relu' ? '' : ', or with --activation relu';
  if (exactUpTo !== null && exactUpTo > 0)
    return `the network is certified for words of ${formatCount(exactUpTo)} tokens, not of ${formatCount(mostTokens)}; compile it for shorter words${otherwise}`;
  const states = Math.max(...layout.blocks.map(({ rows }) => rows.length));
  const error = Math.max(...layers.map(({ bound }) => bound));
  return `relations between ${formatCount(states)} states are too large for float32: counts may be off by ${error.toPrecision(2)}, whatever the length of words; compile an automaton of fewer states${otherwise}`;
}

/**
 * Says how large a network will be if it takes more than a moment, and gives who says how far it is
 * then. Nothing is built yet: to flatten a bilevel automaton may be what takes the memory.
 */
async function announce(automaton: Automaton, options: CompileOptions): Promise<Reporter> {
  const { checkBound } = await import('../../theory/compile/compile.js');
  const { checkNetworkMemory, describeEstimate, estimateNetwork, isLong } =
    await import('../../theory/compile/estimate.js');
  const bounds = boundsOf(automaton, options);
  for (const [name, value] of Object.entries(bounds)) if (typeof value === 'number') checkBound(name, value);
  const estimate = estimateNetwork(automaton, bounds, options.activation);
  checkNetworkMemory(estimate);
  if (!isLong(estimate)) return silentReporter;
  const reporter = terminalReporter();
  reporter.note(`compiling ${displayPath(options.automaton)}: ${describeEstimate(estimate)}`);
  return reporter;
}

/** The network that the options ask for. */
async function compiled(automaton: Automaton, options: CompileOptions): Promise<Network> {
  const { compileApe, compileBiPE, compileCarried, compileCompact, compileSpread } =
    await import('../../theory/compile/compile.js');
  const { asNfa } = await import('../../theory/automata/flatten.js');
  const { activation } = options;
  const bounds = boundsOf(automaton, options);
  const flat = { ape: compileApe, carried: compileCarried, spread: compileSpread };
  if (bounds.encoding !== 'compact' && bounds.encoding !== 'bipe')
    return flat[bounds.encoding](asNfa(automaton), bounds.maxLength, { activation });
  if (automaton.type === 'nfa') throw new Error(`a ${bounds.encoding} network of an NFA`);
  if (bounds.encoding === 'compact') return compileCompact(automaton, bounds.maxLength, { activation });
  return compileBiPE(automaton, bounds, { activation });
}

/** For which words the options ask. */
function boundsOf(automaton: Automaton, options: CompileOptions): Bounds {
  const { encoding, maxLength } = options;
  const maxSegmentLength = wholeNumber('--max-segment', options.maxSegment, { example: 16 });
  const maxSegments = wholeNumber('--max-segments', options.maxSegments, { example: 64 });
  if ((encoding === 'compact' || encoding === 'bipe') && automaton.type === 'nfa')
    throw new UsageError(
      `--encoding ${encoding}: ${displayPath(options.automaton)} is an NFA, which has no separators; compile it with --encoding ape, carried or spread`,
    );
  if (encoding !== 'bipe') {
    const length =
      maxLength === undefined
        ? maxSegments * (maxSegmentLength + 1)
        : wholeNumber('--max-length', maxLength, { example: 1088 });
    return { encoding, maxLength: length };
  }
  if (maxLength !== undefined)
    throw new UsageError('--max-length: is for absolute positions; give --max-segment and --max-segments');
  return { encoding, maxSegmentLength, maxSegments };
}

/** The certificate of a network, a step at a time, so that a terminal shows how far it is. */
async function certified(network: Network, reporter: Reporter): Promise<NetworkCertificate> {
  const { certifySteps } = await import('../../theory/compile/certificate.js');
  const task = reporter.task('certificate', network.layers.length + 1, 'steps');
  try {
    const steps = certifySteps(network);
    for (let done = 0; ; done += 1) {
      task.update(done);
      await setImmediate();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  } finally {
    task.finish();
  }
}

function describe({ automaton, bounds, readout }: Network, certificate: NetworkCertificate): string[] {
  const limit =
    bounds.encoding !== 'bipe'
      ? `${formatCount(bounds.maxLength)} symbols`
      : `${formatCount(bounds.maxSegments)} segments of ${formatCount(bounds.maxSegmentLength)} symbols`;
  const states = readout.map((part) => `${formatCount(part.states.length)} ${part.name}`).join(', ');
  const { depth, width, blocks, hidden, weights, weightNorm, layers } = certificate;
  const { worstGap, exactUpTo, mostTokens } = certificate;
  const summary = [
    ['automaton', `${automaton.type}; read out: ${states}`],
    ['words', `up to ${limit}`],
    ['depth', `${formatCount(depth)} layers`],
    [
      'width',
      `${formatCount(width)}: ${blocks.map(({ name, size }) => `${name} ${formatCount(size)}`).join(', ')}`,
    ],
    ['hidden width', formatCount(hidden)],
    [
      'weights',
      `${formatCount(weights)} that are not 0; largest ${weightNorm.largest.toPrecision(3)}, root of the sum of squares ${weightNorm.euclidean.toPrecision(3)}`,
    ],
    ...(worstGap === null || exactUpTo === null
      ? []
      : [
          ['attention', `the token to copy scores at least ${worstGap.toFixed(2)} above any other`],
          [
            'room',
            `attention in float32 would be exact enough for ${formatCount(exactUpTo)} tokens; words have at most ${formatCount(mostTokens)}`,
          ],
        ]),
  ];
  const rows = layers.map(({ name, gap, leak, bound, measured }, index) => [
    String(index + 1),
    gap.toFixed(2),
    leak.toExponential(1),
    bound.toExponential(1),
    measured.toExponential(1),
    name,
  ]);
  return [
    ...alignColumns(summary),
    '',
    ...alignColumns([['layer', 'gap', 'elsewhere', 'error at most', 'found', 'copies'], ...rows]),
  ];
}

async function sizes(folder: string, names: readonly string[]): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const files = await Promise.all(
    names.map(async (name) => `${name} ${formatBytes((await stat(join(folder, name))).size)}`),
  );
  return files.join(', ');
}

interface RunOptions {
  readonly model: string;
  readonly words: string;
  readonly uncertified?: boolean;
}

async function run({ model, words: file, uncertified }: RunOptions): Promise<void> {
  const [{ loadNetwork }, { readWordFile }, { stateNames }] = await Promise.all([
    import('../../theory/compile/network-file.js'),
    import('../../theory/network/word-file.js'),
    import('../../theory/network/network.js'),
  ]);
  const { network, certificate } = await loadNetwork(model);
  if (!certificate.holds && uncertified !== true)
    throw new CheckError(
      `${displayPath(model)}: not run: ${whyUncertified(network, certificate)}; or run it all the same with --uncertified`,
    );
  const words = await readWordFile(file, network);
  const [{ startEngine }, { runWords }] = await Promise.all([
    import('../../engine/engine.js'),
    import('../../theory/network/run.js'),
  ]);
  const reporter = terminalReporter();
  await startEngine({ reporter });
  const line = setPrinter(stateNames(network));
  const task = reporter.task('words', words.length, 'words');
  let done = 0;
  for await (const reached of runWords(network, words)) {
    if (!process.stdout.write(line(reached))) await once(process.stdout, 'drain');
    task.update((done += 1));
  }
  task.finish();
}

/**
 * Prints sets of states, [prefixes, states] of 0 and 1, as a line: an array of arrays of names,
 * each sorted.
 */
function setPrinter(names: readonly string[]): (reached: Uint8Array) => string {
  const order = names.map((name, index) => ({ name, index })).sort((a, b) => (a.name < b.name ? -1 : 1));
  // Few sets occur, again and again.
  const printed = new Map<string, string>();
  const print = (set: Uint8Array): string =>
    JSON.stringify(order.filter(({ index }) => set[index] === 1).map(({ name }) => name));
  return (reached) => {
    const sets: string[] = [];
    for (let at = 0; at < reached.length; at += names.length) {
      const set = reached.subarray(at, at + names.length);
      const key = Buffer.from(set).toString('latin1');
      const text = printed.get(key) ?? print(set);
      printed.set(key, text);
      sets.push(text);
    }
    return `[${sets.join(',')}]\n`;
  };
}
