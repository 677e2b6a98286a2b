// Jupyter inside the repository: the folders of its files, its kernel, JupyterLab's settings.
// Nothing is written into the user's home, and the user's own Jupyter is not read.
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
  argv: [process.execPath, join(root, 'kernel', 'main.mjs'), '--config-path', '{connection_file}'],
  display_name: 'TypeScript (BiPE)',
  language: 'typescript',
  interrupt_mode: 'message',
  // Otherwise cells would inherit the server's token, the key to everything that it serves.
  env: { JUPYTER_TOKEN: '' },
  metadata: { debugger: false },
});

const serverConfig = {
  // One kernel, so that nobody has to choose; the other one is Python's.
  KernelSpecManager: { allowed_kernelspecs: [kernelName], ensure_native_kernel: false },
  // For requests without a kernel's name.
  MultiKernelManager: { default_kernel_name: kernelName },
  ServerApp: {
    answer_yes: true,
    log_level: 'ERROR',
    // It looks for language servers with npm, which would write into the user's home.
    jpserver_extensions: { jupyter_lsp: false },
  },
  // JupyterLab sends no requests to the network.
  LabApp: {
    custom_css: true,
    check_for_updates_class: 'jupyterlab.NeverCheckForUpdate',
    extension_manager: 'readonly',
    log_level: 'ERROR',
    news_url: null,
  },
};

/**
 * Disabled parts of JupyterLab: the other half of the language servers, and plugins that require
 * it.
 */
const leftOut = Object.fromEntries(
  [
    '@jupyterlab/lsp-extension',
    '@jupyterlab/fileeditor-extension:language-server',
    '@jupyterlab/notebook-extension:language-server',
  ].map((name) => [name, true]),
);

// Otherwise JupyterLab locks disabled plugins itself and changes this file.
const pageConfig = { disabledExtensions: leftOut, lockedExtensions: leftOut };

const styleSheet = readFileSync(new URL('jupyterlab.css', import.meta.url), 'utf8');
const copiesConfig = readFileSync(new URL('jupyter_copies.py', import.meta.url), 'utf8');

const labSettings = {
  '@jupyterlab/apputils-extension:notification': { checkForUpdates: false, fetchNews: 'false' },
  '@jupyterlab/extensionmanager-extension:plugin': { enabled: false },
  '@jupyterlab/notebook-extension:tracker': {
    // Errors name lines of the cell, so lines are numbered; long lines wrap.
    codeCellConfig: { lineNumbers: true, lineWrap: true },
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

/**
 * Every file of the registration, by path. JupyterLab reads the style sheet from its configuration
 * alone.
 */
function registration(root, prefix) {
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  const kernel = join('share', 'jupyter', 'kernels', kernelName);
  return [
    [join(prefix, kernel, 'kernel.json'), json(kernelspec(root))],
    [join(prefix, kernel, 'logo-svg.svg'), logo],
    [join(prefix, 'etc', 'jupyter', 'jupyter_server_config.json'), json(serverConfig)],
    [join(prefix, 'etc', 'jupyter', 'labconfig', 'page_config.json'), json(pageConfig)],
    [join(prefix, 'share', 'jupyter', 'lab', 'settings', 'overrides.json'), json(labSettings)],
    [join(root, '.jupyter', 'config', 'custom', 'custom.css'), styleSheet],
    [join(root, '.jupyter', 'config', 'jupyter_server_config.py'), copiesConfig],
  ];
}

function says(path, content) {
  try {
    // JupyterLab rewrites some of these files, with other line ends.
    return readFileSync(path, 'utf8').trim() === content.trim();
  } catch {
    return false;
  }
}

/**
 * Explains in a line how the registered kernel differs from the one that `installKernelspec` would
 * register; undefined if they are the same. A copied .venv has the kernel of the other checkout.
 */
export function kernelspecTrouble({ root = projectRoot, prefix = join(root, '.venv') } = {}) {
  if (registration(root, prefix).every(([path, content]) => says(path, content))) return undefined;
  let found;
  try {
    found = JSON.parse(
      readFileSync(join(prefix, 'share', 'jupyter', 'kernels', kernelName, 'kernel.json'), 'utf8'),
    );
  } catch {
    return 'not registered';
  }
  const [node, main] = found.argv;
  const own = kernelspec(root).argv;
  if (main !== own[1])
    return `the registered one is that of another checkout (${main}): .venv was copied or moved`;
  if (node !== own[0]) return `registered for another Node.js (${node})`;
  return 'registered by another version of the project';
}

/**
 * Registers the notebook kernel in the project's Python environment, with the settings that make
 * JupyterLab offer it alone and ask the network for nothing. Repeating it changes nothing.
 *
 * @param {{ root?: string, prefix?: string }} [options] the project's folder; the Python
 *   environment's folder
 */
export function installKernelspec({ root = projectRoot, prefix = join(root, '.venv') } = {}) {
  for (const [path, content] of registration(root, prefix)) {
    if (says(path, content)) continue;
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.partial`;
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  }
}
