// Findings of `bipe doctor`: the set-up's own view of its steps and tools, then whether engine,
// tokenizer and data really work. Nothing is installed or changed.

import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { bipe } from '../../base/command';
import { messageOf } from '../../base/errors';
import { formatBytes } from '../../base/format';
import { isInstalled, projectPath, projectRoot } from '../../base/paths';
import { silentReporter } from '../../base/progress';
import { testedNodeVersions } from '../../base/version';

/** One thing looked at. */
export interface Diagnosis {
  readonly what: string;
  /** `limited`: something is not available; `broken`: the paper's numbers cannot be computed. */
  readonly state: 'works' | 'limited' | 'broken';
  readonly detail: string;
  /** The remedy; null where none is needed. */
  readonly mend: string | null;
}

interface SetupStep {
  readonly id: string;
  readonly title: string;
  readonly required: boolean;
  readonly done: boolean;
  readonly detail: string;
  readonly mend: string | null;
  /** A line that says what does not work without it. */
  readonly without: string | null;
}

interface Tool {
  readonly title: string;
  readonly found: string | null;
  readonly mend: string;
  /** The steps that need it. */
  readonly neededBy: readonly string[];
  readonly without: string;
}

interface SetupView {
  readonly steps: readonly SetupStep[];
  readonly tools: readonly Tool[];
}

/** Looks at everything, in the order in which one thing needs the other. */
export async function examineMachine(): Promise<Diagnosis[]> {
  const setup = await examineSetup();
  return [
    await examineHardware(),
    ...setup.tools.map((tool) => diagnoseTool(tool, setup.steps)),
    ...setup.steps.map(diagnoseStep),
    await examineBackends(),
    await examineCapture(),
    await examineKernels(),
    await examineTokenizer(),
    ...(await examineData()),
  ];
}

/** An installed package was set up by npm. */
async function examineSetup(): Promise<SetupView> {
  if (isInstalled) return { steps: [], tools: [] };
  const script = projectPath('scripts', 'setup.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check', '--json'], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout) as SetupView;
}

async function examineHardware(): Promise<Diagnosis> {
  const { findGpu } = await import('../../engine/backends/gpu.js');
  const { bavail, bsize } = await statfs(projectRoot);
  const gpu = findGpu();
  const { node } = process.versions;
  const tested = testedNodeVersions.includes(Number.parseInt(node, 10));
  const hint = tested ? '' : ` (tested: ${testedNodeVersions.join(', ')})`;
  return {
    what: 'machine',
    state: 'works',
    detail: `Node.js ${node}${hint}, ${cpus().length} cores, ${formatBytes(totalmem())} memory, ${formatBytes(bavail * bsize)} free disk, GPU: ${gpu.state === 'visible' ? gpu.evidence : 'none'}`,
    mend: null,
  };
}

function diagnoseTool(tool: Tool, steps: readonly SetupStep[]): Diagnosis {
  if (tool.found !== null) return { what: tool.title, state: 'works', detail: tool.found, mend: null };
  const waiting =
    tool.neededBy.length === 0 || steps.some((step) => tool.neededBy.includes(step.id) && !step.done);
  if (!waiting) {
    return {
      what: tool.title,
      state: 'works',
      detail: 'not found, and no longer needed: what it makes is there',
      mend: null,
    };
  }
  return { what: tool.title, state: 'limited', detail: `not found; ${tool.without}`, mend: tool.mend };
}

function diagnoseStep(step: SetupStep): Diagnosis {
  if (step.done) return { what: step.title, state: 'works', detail: step.detail, mend: null };
  return {
    what: step.title,
    state: step.required ? 'broken' : 'limited',
    detail: step.without === null ? step.detail : `${step.detail}; ${step.without}`,
    mend: step.mend,
  };
}

async function examineBackends(): Promise<Diagnosis> {
  const { examineEngine } = await import('../../engine/engine.js');
  const backends = await examineEngine();
  const chosen = backends.find((backend) => backend.available && backend.backend !== 'javascript');
  const others = backends
    .filter((backend) => !backend.available)
    .map((backend) => `${backend.backend}: ${backend.why}`);
  const rest = others.length === 0 ? '' : ` (not available: ${others.join('; ')})`;
  if (chosen === undefined) {
    return {
      what: 'engine',
      state: 'limited',
      detail: `only pure JavaScript; figures 1 and 2 need no engine${rest}`,
      mend: backends.find((backend) => backend.backend === 'native-cpu')?.mend ?? 'npm run setup',
    };
  }
  const native = chosen.backend.startsWith('native');
  const cost = chosen.slowdown === undefined ? '' : `; training takes ${chosen.slowdown} as on native-cpu`;
  return {
    what: 'engine',
    state: native ? 'works' : 'limited',
    detail: `${chosen.backend}: ${chosen.why}${cost}${rest}`,
    mend: native ? null : (backends.find((backend) => backend.backend === 'native-cpu')?.mend ?? null),
  };
}

/** Try on a small step whether the engine that would be started makes graphs of steps. */
async function examineCapture(): Promise<Diagnosis> {
  const what = 'captured steps';
  try {
    const { startEngine } = await import('../../engine/engine.js');
    const { checkCapture } = await import('../../engine/graph/check.js');
    const { backend } = await startEngine({ reporter: silentReporter });
    return (await checkCapture())
      ? { what, state: 'works', detail: `each step runs as one graph on ${backend}`, mend: null }
      : {
          what,
          state: 'limited',
          detail: `none: steps run operation by operation on ${backend}`,
          mend: null,
        };
  } catch (error) {
    return { what, state: 'limited', detail: messageOf(error), mend: 'npm run setup' };
  }
}

/** The project's own kernels that the engine that would be started computes with. */
async function examineKernels(): Promise<Diagnosis> {
  const what = 'kernels in use';
  try {
    const { startEngine } = await import('../../engine/engine.js');
    const { loadedKernels } = await import('../../engine/native/kernel-home.js');
    const { backend } = await startEngine({ reporter: silentReporter });
    if (backend !== 'native-cpu')
      return { what, state: 'works', detail: `none: they are for native-cpu, not ${backend}`, mend: null };
    const instructions = loadedKernels();
    if (instructions !== undefined) return { what, state: 'works', detail: instructions, mend: null };
    const switchedOff = process.env['BIPE_KERNELS'] === 'none';
    return {
      what,
      state: 'limited',
      detail: switchedOff ? 'none: BIPE_KERNELS=none' : 'none: they are not built, or do not load',
      mend: switchedOff ? 'unset BIPE_KERNELS' : 'npm run setup',
    };
  } catch (error) {
    return { what, state: 'limited', detail: messageOf(error), mend: 'docs/engine.md lists known troubles' };
  }
}

async function examineTokenizer(): Promise<Diagnosis> {
  try {
    const { getTokenizer } = await import('../../data/tokenizers/registry.js');
    const tokenizer = await getTokenizer('llama2');
    return {
      what: 'tokenizer',
      state: 'works',
      detail: `${tokenizer.name}, ${tokenizer.vocabularySize.toLocaleString('en')} tokens`,
      mend: null,
    };
  } catch (error) {
    return { what: 'tokenizer', state: 'broken', detail: messageOf(error), mend: 'npm run setup' };
  }
}

async function examineData(): Promise<Diagnosis[]> {
  const { listSources } = await import('../../data/sources/registry.js');
  const { verifySource } = await import('../../data/sources/prepare.js');
  const diagnoses: Diagnosis[] = [];
  for (const source of listSources()) {
    const what = `data ${source.name}`;
    const { status, detail } = await verifySource(source.name);
    if (status === 'ok' || status === 'unpinned')
      diagnoses.push({ what, state: 'works', detail, mend: null });
    else {
      const mend = bipe(`data prepare ${source.name}`);
      const isExpected = source.needs === 'package' && !isInstalled;
      diagnoses.push({ what, state: isExpected ? 'broken' : 'limited', detail, mend });
    }
  }
  return diagnoses;
}
