// The notebook kernel, known to the JupyterLab of .venv alone.
import { existsSync } from 'node:fs';
import { installKernelspec, isKernelspecInstalled } from '../lib/jupyter.mjs';
import { venvPython } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';

export const kernel = {
  id: 'kernel',
  title: 'notebook kernel',
  required: false,
  without: 'notebooks cannot be opened; figures and numbers are not affected',
  status() {
    return isKernelspecInstalled()
      ? { done: true, detail: 'TypeScript (BiPE)' }
      : { done: false, detail: 'not registered', mend: 'npm run setup' };
  },
  async perform() {
    if (!existsSync(venvPython)) throw new SetupError('waits for JupyterLab (see the line above)');
    installKernelspec();
    return 'TypeScript (BiPE)';
  },
};
