// The peer of `bipe bench --peer pytorch`: installs it if need be, and prints the path of its
// Python; progress and trouble go to standard error.
import { fileURLToPath } from 'node:url';
import { pythonTool } from '../../scripts/lib/python-tool.mjs';
import { SetupError } from '../../scripts/lib/run.mjs';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
try {
  const interpreter = await pythonTool({ name: 'pytorch', title: 'PyTorch (some minutes)', requirements });
  process.stdout.write(`${interpreter}\n`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
