// Starts both sides with the same number of threads. PyTorch runs with an interpreter of the
// caller's choice, or in an environment of its own in .cache, made on demand.

import { spawn } from 'node:child_process';
import { MachineError, messageOf } from '../../lib/base/errors';
import { makeFolder } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { type PeerWay } from './rows';
import { Side, type SideCommand } from './side';

/** The temporary folder of the compiler behind `torch.compile`. */
const temporaryFolder = projectPath('.cache', 'tmp');

/**
 * Finds the peer's interpreter.
 *
 * @param python the caller's own; without it an environment is made if there is none
 * @throws MachineError if there is no Python, or PyTorch cannot be installed
 */
export async function peerInterpreter(python?: string): Promise<string> {
  await makeFolder(temporaryFolder);
  if (python !== undefined) return python;
  const child = spawn(process.execPath, [projectPath('bench', 'pytorch', 'setup.mjs')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [printed, trouble] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    trouble += text;
    process.stderr.write(text.startsWith('  ') ? text : '');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code === 0) return printed.trim();
  throw new MachineError(
    `PyTorch: ${trouble.trim().split('\n').at(-1) ?? ''}; or give --python an interpreter that has torch`,
  );
}

/** The device of both sides. */
export type BenchDevice = 'cpu' | 'gpu';

/** The settings that both sides share. */
export interface SideSettings {
  readonly device: BenchDevice;
  /** CPU threads of each side. */
  readonly threads: number;
}

/**
 * Keeps float32 products on a GPU exact; by default TensorFlow rounds factors to 10 bits, PyTorch
 * does not.
 */
const exactProducts = { NVIDIA_TF32_OVERRIDE: '0' };

/** The peer's process for one of its ways. */
export function peerCommand(python: string, way: PeerWay, { device, threads }: SideSettings): SideCommand {
  return {
    name: `PyTorch, ${way}`,
    command: python,
    args: [projectPath('bench', 'pytorch', 'peer.py')],
    env: {
      ...process.env,
      ...exactProducts,
      BIPE_BENCH_DEVICE: device === 'gpu' ? 'cuda' : 'cpu',
      OMP_NUM_THREADS: String(threads),
      MKL_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: '1',
      TMPDIR: temporaryFolder,
      TORCHINDUCTOR_CACHE_DIR: projectPath('.cache', 'inductor'),
    },
  };
}

/** Our process. */
export function ourCommand({ device, threads }: SideSettings): SideCommand {
  return {
    name: 'ours',
    command: process.execPath,
    args: [projectPath('dist', 'bench', 'harness', 'worker.js')],
    env: {
      ...process.env,
      ...exactProducts,
      BIPE_ENGINE: device === 'gpu' ? 'native-gpu' : 'native-cpu',
      TF_NUM_INTRAOP_THREADS: String(threads),
    },
  };
}

/**
 * Describes the library and device of a side.
 *
 * @throws MachineError if it does not run
 */
export async function describeSide(command: SideCommand): Promise<string> {
  const side = new Side(command);
  try {
    return (await side.ask('describe', {})).description;
  } catch (error) {
    throw new MachineError(
      `${messageOf(error)}; ${command.command} cannot be used${command.name === 'ours' ? ': npm run setup' : ', give --python one that has torch, or leave it out'}`,
      { cause: error },
    );
  } finally {
    await side.close();
  }
}
