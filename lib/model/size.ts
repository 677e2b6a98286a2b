// The memory that a model needs, from its sizes alone: nothing is made of a configuration that
// needs more than this machine has. The estimates are lower bounds, so what they refuse cannot
// work, and what they accept may still be too large.

import { ConfigError } from '../base/errors';
import { formatBytes, formatCount } from '../base/format';
import { machineMemory } from '../base/memory';
import type { Encoding } from '../positional/encoding';
import type { Architecture } from './architecture';
import { decoderWith } from './decoder';
import { parameterCount } from './parameters';

/** Bytes of a number of a model: float32. */
export const bytesOfNumber = 4;

/**
 * How many numbers a model's parameters are, without making a list of them: of one block, times the
 * layers.
 */
export function modelNumbers(architecture: Architecture, encoding: Encoding): number {
  const withLayers = (numLayers: number): number =>
    parameterCount(decoderWith({ ...architecture, numLayers }, encoding).parameters);
  return withLayers(0) + architecture.numLayers * (withLayers(1) - withLayers(0));
}

/**
 * Makes sure that the parameters fit into memory, before anything is made of their sizes.
 *
 * @param where  the message's first words, e.g. the file that says the sizes
 * @param memory bytes; default: this machine's
 * @throws ConfigError naming the size that is to blame
 */
export function checkModelSize(
  architecture: Architecture,
  encoding: Encoding,
  where = 'model',
  memory = machineMemory(),
): void {
  // Apart, since an encoding may make numbers to say what its parameters are.
  const trunk = bytesOfNumber * modelNumbers(architecture, { ...encoding, parameters: () => [] });
  const { outputs = 1, ...sizes } = architecture;
  checkMemory({ what: 'its parameters', bytes: trunk, sizes: { ...sizes, outputs }, where, memory });
  const bytes = bytesOfNumber * modelNumbers(architecture, encoding);
  if (bytes > memory)
    throw new ConfigError(`${where}: encoding: ${tooMuch('its parameters', bytes, memory)}`);
}

/**
 * Sizes that memory grows with, and their usual values: those of the paper's language models and
 * its batches.
 */
const usualSizes = {
  vocabSize: 32_000,
  outputs: 32_000,
  hiddenSize: 768,
  intermediateSize: 3072,
  numLayers: 12,
  trainLength: 1024,
  batchSize: 256,
} as const;

/** Some of the sizes of a configuration. */
export type Sizes = Readonly<Partial<Record<keyof typeof usualSizes, number>>>;

/**
 * Makes sure that something fits into memory.
 *
 * @throws ConfigError naming the size that is the most times its usual value
 */
export function checkMemory({
  what,
  bytes,
  sizes,
  where,
  memory = machineMemory(),
}: {
  /** Plural, e.g. `its parameters`. */
  readonly what: string;
  readonly bytes: number;
  readonly sizes: Sizes;
  readonly where: string;
  readonly memory?: number;
}): void {
  if (bytes <= memory) return;
  const names = Object.keys(usualSizes) as (keyof Sizes)[];
  const excess = (name: keyof Sizes): number => (sizes[name] ?? 0) / usualSizes[name];
  const worst = names.reduce((first, second) => (excess(second) > excess(first) ? second : first));
  throw new ConfigError(
    `${where}: ${worst}: ${formatCount(sizes[worst] ?? 0)}: ${tooMuch(what, bytes, memory)}`,
  );
}

/** What is wrong with a size, and how to mend it, without the field's name before it. */
export function tooMuch(what: string, bytes: number, memory: number): string {
  return `${what} take at least ${formatBytes(bytes)}, and this machine has ${formatBytes(memory)} of memory; lower it`;
}
