// `npm run docs`: pages of everything that `lib` offers, in docs/api.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nodeModules, root } from './lib/paths.mjs';
import { setup } from './setup.mjs';

await setup({ only: ['packages'] });
const { status } = spawnSync(
  process.execPath,
  [join(nodeModules, 'typedoc', 'bin', 'typedoc'), '--options', join(root, 'typedoc.json')],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
