// How the two sides are started, each with the same number of threads; and where PyTorch runs: with
// an interpreter of the caller's choice, or in an environment of its own in .cache, made on demand.

import { spawn } from 'node:child_process';
import { MachineError, messageOf } from '../../lib/base/errors';
import { makeFolder } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { type PeerWay } from './rows';
import { Side, type SideCommand } from './side';

/** The compiler behind `torch.compile` writes there. */
const temporaryFolder = projectPath('.cache', 'tmp');

/**
 * The peer's interpreter.
 *
 * @param python the caller's own; left out: an environment is made if there is none
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

/** Where both sides compute. */
export type BenchDevice = 'cpu' | 'gpu';

/** How both sides are started. */
export interface SideSettings {
  readonly device: BenchDevice;
  /** Of the processor, for each side. */
  readonly threads: number;
}

/**
 * Rounds no factor of a float32 product on a GPU to 10 bits, which TensorFlow does by default and
 * PyTorch does not.
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
 * What runs on a side, in words.
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
