// Runs test files in a copy of the project, and changes the copy's sources.
import { fork } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, nodeModules, root } from '../lib/paths.mjs';

const entry = join(dirname(fileURLToPath(import.meta.url)), 'vitest.mjs');

/** Ends the running processes, and those that they have started. */
const running = new Set();
process.on('SIGINT', () => {
  for (const kill of running) kill();
  process.exit(130);
});

/** Copies the project with all that tests need, to a folder that is made anew. */
export function copyProject(copy, files) {
  rmSync(copy, { recursive: true, force: true });
  for (const file of files)
    if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file), { recursive: true });
  symlinkSync(nodeModules, join(copy, 'node_modules'));
  mkdirSync(join(copy, '.venv'));
  symlinkSync(join(root, '.venv', 'engine'), join(copy, '.venv', 'engine'));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  if (existsSync(join(cacheFolder, 'native')))
    cpSync(join(cacheFolder, 'native'), join(copy, '.cache', 'native'), { recursive: true });
}

/** A copy of the project with a process that runs its tests. */
export class Runner {
  /**
   * @param {string} copy the folder of the copy, which is made anew
   * @param {string[]} files the project's files
   * @param {{ bail?: number, setupFiles?: string[], env?: Record<string, string> }} [options] how
   *   many failures end a test file (0: none does), modules that run before each test file, and
   *   variables of its process
   */
  constructor(copy, files, { bail = 1, setupFiles = [], env = {} } = {}) {
    Object.assign(this, { copy, options: { bail, setupFiles }, env, changed: [] });
    copyProject(copy, files);
  }

  /** Writes a source of the copy. */
  write(file, text) {
    const path = join(this.copy, file);
    writeFileSync(path, text);
    this.changed.push(path);
  }

  /**
   * Runs a test file.
   *
   * @returns {Promise<{ outcome: 'green' | 'red' | 'too long', seconds: number }>}
   */
  async run(test, secondsAtMost) {
    const child = (this.child ??= await this.start());
    const began = performance.now();
    let isStopped = false;
    const outcome = await new Promise((end) => {
      const timer = setTimeout(() => {
        isStopped = true;
        this.stop();
      }, 1000 * secondsAtMost);
      const settle = (result) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        end(result);
      };
      const onMessage = ({ isGreen, isLate }) => settle(isGreen ? 'green' : isLate ? 'too long' : 'red');
      const onExit = () => settle(isStopped ? 'too long' : 'red');
      child.on('message', onMessage).on('exit', onExit);
      child.send({ test: join(this.copy, test), changed: this.changed });
      this.changed = [];
    });
    return { outcome, seconds: (performance.now() - began) / 1000 };
  }

  start() {
    // A group of its own, so that what the process has started ends with it.
    const child = fork(entry, [JSON.stringify(this.options)], {
      cwd: this.copy,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    });
    child.kill = () => {
      try {
        process.kill(-Number(child.pid), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    running.add(child.kill);
    child.once('exit', () => {
      running.delete(child.kill);
      if (this.child === child) this.child = undefined;
    });
    return new Promise((begin, fail) => {
      const onExit = () => fail(new Error('Vitest did not start'));
      child.once('exit', onExit);
      child.once('message', () => {
        child.off('exit', onExit);
        begin(child);
      });
    });
  }

  /** Ends the process; the next run starts another one. */
  stop() {
    this.child?.kill();
    this.child = undefined;
  }
}
