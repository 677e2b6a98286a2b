// Jupyter inside the repository: where it keeps its files, which kernel it offers, how JupyterLab is set.
// Nothing is written into the user's home, and nothing of the user's own Jupyter is read.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root as projectRoot } from './paths.mjs';

/** The name by which notebooks ask for the kernel. */
export const kernelName = 'bipe';

/**
 * The environment in which every Jupyter program of the project runs.
 *
 * @param {string} [root] the project's folder
 * @returns {Record<string, string | undefined>}
 */
export function jupyterEnvironment(root = projectRoot) {
  const home = join(root, '.jupyter');
  const venv = join(root, '.venv');
  const environment = {
    ...process.env,
    VIRTUAL_ENV: venv,
    PATH: [join(venv, 'bin'), process.env.PATH].join(delimiter),
    JUPYTER_CONFIG_DIR: join(home, 'config'),
    JUPYTER_DATA_DIR: join(home, 'data'),
    JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(home, 'lab', 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(home, 'lab', 'workspaces'),
    IPYTHONDIR: join(home, 'ipython'),
    JUPYTER_PREFER_ENV_PATH: '1',
    PYTHONNOUSERSITE: '1',
  };
  for (const name of ['JUPYTER_CONFIG_PATH', 'JUPYTER_PATH', 'JUPYTERLAB_DIR', 'PYTHONHOME', 'PYTHONPATH']) {
    delete environment[name];
  }
  return environment;
}

const kernelspec = (root) => ({
  argv: [process.execPath, join(root, 'scripts', 'kernel', 'main.mjs'), '--config-path', '{connection_file}'],
  display_name: 'TypeScript (BiPE)',
  language: 'typescript',
  interrupt_mode: 'message',
  // The server's own would be inherited: the key to everything that it serves, in the hands of every cell.
  env: { JUPYTER_TOKEN: '' },
  metadata: { debugger: false },
});

const serverConfig = {
  // One kernel, so that nobody has to choose; the other one speaks Python.
  KernelSpecManager: { allowed_kernelspecs: [kernelName], ensure_native_kernel: false },
  // For who asks for a kernel without a name.
  MultiKernelManager: { default_kernel_name: kernelName },
  ServerApp: {
    answer_yes: true,
    log_level: 'ERROR',
    // It looks for language servers with npm, which leaves files in the user's home.
    jpserver_extensions: { jupyter_lsp: false },
  },
  // JupyterLab works without a network and asks nobody for anything.
  LabApp: {
    check_for_updates_class: 'jupyterlab.NeverCheckForUpdate',
    extension_manager: 'readonly',
    log_level: 'ERROR',
    news_url: null,
  },
};

/** What of JupyterLab's own pages is left out: the other half of the language servers. */
const pageConfig = {
  disabledExtensions: { '@jupyterlab/lsp-extension': true },
  // JupyterLab would add this itself, and the file would then not be what was written.
  lockedExtensions: { '@jupyterlab/lsp-extension': true },
};

const labSettings = {
  '@jupyterlab/apputils-extension:notification': { checkForUpdates: false, fetchNews: 'false' },
  '@jupyterlab/extensionmanager-extension:plugin': { enabled: false },
  '@jupyterlab/notebook-extension:tracker': {
    // An error names the cell's line.
    codeCellConfig: { lineNumbers: true },
  },
};

// The bracketed positions of BiPE: two levels of squares.
const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="10" fill="#3178c6"/>
  <g fill="#fff">
    <rect x="8" y="12" width="22" height="14" rx="3"/>
    <rect x="34" y="12" width="22" height="14" rx="3"/>
    <rect x="8" y="36" width="9" height="14" rx="2" opacity=".9"/>
    <rect x="21" y="36" width="9" height="14" rx="2" opacity=".6"/>
    <rect x="34" y="36" width="9" height="14" rx="2" opacity=".9"/>
    <rect x="47" y="36" width="9" height="14" rx="2" opacity=".6"/>
  </g>
</svg>
`;

/** Every file of the registration: its path, relative to the Python environment, and what it says. */
function registration(root) {
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  const kernel = join('share', 'jupyter', 'kernels', kernelName);
  return [
    [join(kernel, 'kernel.json'), json(kernelspec(root))],
    [join(kernel, 'logo-svg.svg'), logo],
    [join('etc', 'jupyter', 'jupyter_server_config.json'), json(serverConfig)],
    [join('etc', 'jupyter', 'labconfig', 'page_config.json'), json(pageConfig)],
    [join('share', 'jupyter', 'lab', 'settings', 'overrides.json'), json(labSettings)],
  ];
}

function says(path, content) {
  try {
    // JupyterLab writes some of these files again, with other line ends.
    return readFileSync(path, 'utf8').trim() === content.trim();
  } catch {
    return false;
  }
}

/** Whether the kernel is registered as `installKernelspec` would. */
export function isKernelspecInstalled({ root = projectRoot, prefix = join(root, '.venv') } = {}) {
  return registration(root).every(([name, content]) => says(join(prefix, name), content));
}

/**
 * Registers the notebook kernel in the project's Python environment, with the settings that make JupyterLab
 * offer it alone and ask the network for nothing. Repeating it changes nothing.
 *
 * @param {{ root?: string, prefix?: string }} [options] the project's folder; the Python environment's folder
 */
export function installKernelspec({ root = projectRoot, prefix = join(root, '.venv') } = {}) {
  for (const [name, content] of registration(root)) {
    const path = join(prefix, name);
    if (says(path, content)) continue;
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.partial`;
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  }
}
