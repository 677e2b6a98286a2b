// Registers the notebook kernel in the JupyterLab of .venv alone.
import { existsSync } from 'node:fs';
import { isLink } from '../lib/links.mjs';
import { venvFolder, venvPython } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';

// Loaded on demand: commands that open no notebook do not need it.
const jupyter = () => import('../lib/jupyter.mjs');

export const kernel = {
  id: 'kernel',
  title: 'notebook kernel',
  required: false,
  without: 'notebooks cannot be opened; figures and numbers are not affected',
  async status() {
    const { kernelspecTrouble } = await jupyter();
    const trouble = kernelspecTrouble();
    return trouble === undefined
      ? { done: true, detail: 'TypeScript (BiPE)' }
      : { done: false, detail: trouble, mend: 'npm run setup' };
  },
  async perform() {
    // A link leads to another checkout's .venv, whose notebooks would start this kernel.
    if (isLink(venvFolder) || !existsSync(venvPython))
      throw new SetupError('waits for JupyterLab (see the line above)');
    const { installKernelspec } = await jupyter();
    await installKernelspec();
    return 'TypeScript (BiPE)';
  },
};
