// Finds the machine's tools for the set-up: Python, a C++ compiler, apt, an NVIDIA GPU.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of a program, or undefined. */
export function which(name) {
  if (name.includes('/')) return existsSync(name) ? name : undefined;
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const suffix of suffixes) {
      const path = join(folder, name + suffix);
      if (folder !== '' && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Explains how to install something here, given its Debian package. */
export function installHint(debianPackage, elsewhere) {
  if (which('apt-get')) return `${isRoot() ? '' : 'sudo '}apt-get install -y ${debianPackage}`;
  return elsewhere;
}

/** Checks if this process may install system packages. */
export function isRoot() {
  return process.getuid?.() === 0;
}

/**
 * Finds a Python of at least 3.11 that can make a virtual environment (BIPE_PYTHON names one).
 *
 * @returns {{path: string, version: string} | {mend: string}}
 */
export function findPython() {
  const names = process.env.BIPE_PYTHON
    ? [process.env.BIPE_PYTHON]
    : ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
  let mend = `no Python: install Python 3.11 or newer (${installHint('python3 python3-venv', 'python.org/downloads')})`;
  for (const name of names) {
    const path = which(name);
    if (path === undefined) continue;
    const probe = spawnSync(
      path,
      ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3]); import venv, ensurepip'],
      { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
    );
    const version = (probe.stdout ?? '').trim();
    const [major, minor] = version.split('.').map(Number);
    if (!(major === 3 && minor >= 11)) continue;
    if (probe.status === 0) return { path, version };
    mend = `Python ${version} lacks its venv module: install it (${installHint('python3-venv', 'the venv and ensurepip modules')})`;
  }
  return { mend };
}

/** Finds a C++ compiler (CXX names one), or explains how to get one. */
export function findCompiler() {
  for (const name of [process.env.CXX, 'c++', 'g++', 'clang++']) {
    const path = name === undefined || name === '' ? undefined : which(name);
    if (path !== undefined) return { path };
  }
  const elsewhere = process.platform === 'darwin' ? 'xcode-select --install' : "your system's g++ or clang++";
  return { mend: `no C++ compiler: install one (${installHint('g++', elsewhere)})` };
}

/** Checks if the machine has an NVIDIA GPU with its driver. */
export function hasNvidiaGpu() {
  if (existsSync('/proc/driver/nvidia/version')) return true;
  const path = which('nvidia-smi');
  return (
    path !== undefined &&
    spawnSync(path, ['-L'], { encoding: 'utf8', timeout: 10_000 }).stdout?.includes('GPU') === true
  );
}

/** Checks if this is Debian or a derivative with apt. */
export function isDebianLike() {
  if (which('apt-get') === undefined || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Lists the tools of the steps: present or not, and what does not work without them. */
export function examineTools() {
  const python = findPython();
  const compiler = findCompiler();
  const apt = which('apt-get');
  return [
    {
      title: 'Python',
      found: python.path === undefined ? null : `${python.version}, ${python.path}`,
      mend: python.mend ?? '',
      neededBy: ['python', 'kernel', 'tensorflow'],
      without: 'no notebooks, and the slower WebAssembly engine',
    },
    {
      title: 'C++ compiler',
      found: compiler.path ?? null,
      mend: compiler.mend ?? '',
      neededBy: ['binding'],
      without: 'the slower WebAssembly engine is used',
    },
    {
      title: 'apt',
      found: apt ?? null,
      mend: 'nothing to do where another system is wanted; Debian and Ubuntu have it',
      neededBy: [],
      without: 'no LaTeX papers from Debian, and Chromium must be installed by hand',
    },
  ];
}
