// The least memory that a training needs, from its configuration alone: a training that cannot fit
// is refused before data or folders are made.

import { ConfigError } from '../base/errors';
import { formatCount } from '../base/format';
import { nativeBackend } from '../engine/native/binding';
import { machineMemory } from '../base/memory';
import { type Decoder } from '../model/decoder';
import { bytesOfNumber, checkMemory, tooMuch } from '../model/size';
import { parameterCount } from '../model/parameters';
import { type TrainingConfig } from './config';
import { taskSize } from './tasks/registry';

/** Most numbers of a tensor. */
const mostTokens = 2 ** 31 - 1;

/**
 * Makes sure that a training fits into memory: parameters with their moments and gradients, and for
 * a batch the ids and each block's input. Tensors on a GPU are not counted.
 *
 * @param where  first words of the message, e.g. the file with the sizes
 * @param memory bytes; default: this machine's
 * @throws ConfigError naming the size that is too large
 */
export function checkTrainingSize(
  { task, batchSize, accumulation = 1 }: Pick<TrainingConfig, 'task' | 'batchSize' | 'accumulation'>,
  { architecture, parameters }: Pick<Decoder, 'architecture' | 'parameters'>,
  where = 'training',
  memory = machineMemory(),
): void {
  const { trainLength, hiddenSize, numLayers } = architecture;
  const { time, bytes: data } = taskSize(task, trainLength);
  if (data > memory) throw new ConfigError(`${where}: task: ${tooMuch('its data', data, memory)}`);
  const tokens = batchSize * time;
  const onGpu = nativeBackend()?.isUsingGpuDevice === true;
  // Values, both moments, a gradient, and with several batches a step the sum of their gradients.
  const copies = onGpu ? 1 : accumulation > 1 ? 5 : 4;
  const hidden = onGpu ? 0 : (numLayers + 1) * hiddenSize;
  checkMemory({
    what: 'parameters, moments and a batch',
    bytes: bytesOfNumber * (copies * parameterCount(parameters) + tokens * (1 + hidden)),
    sizes: { ...architecture, batchSize },
    where,
    memory,
  });
  if (tokens > mostTokens)
    throw new ConfigError(
      `${where}: batchSize: ${formatCount(batchSize)} sequences of ${formatCount(time)} tokens are more than the ${formatCount(mostTokens)} numbers of a tensor; lower it and raise accumulation`,
    );
}
