// `npm run tensorboard [-- --port 6007 ...]`: TensorBoard over the trainings in runs/, for this
// machine alone. Further options are TensorBoard's.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { pythonTool } from './lib/python-tool.mjs';
import { SetupError, toolEnvironment } from './lib/run.mjs';

const requirements = join(import.meta.dirname, 'tensorboard-requirements.txt');
try {
  const python = await pythonTool({ name: 'tensorboard', title: 'TensorBoard', requirements });
  const options = ['--logdir', join(root, 'runs'), '--host', '127.0.0.1', ...process.argv.slice(2)];
  const { status } = spawnSync(python, ['-m', 'tensorboard.main', ...options], {
    cwd: root,
    stdio: 'inherit',
    env: toolEnvironment(),
  });
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  fail(`npm run tensorboard: ${error.message}`);
}
