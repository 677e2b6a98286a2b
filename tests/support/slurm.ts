// Slurm's commands as a test wants them.

import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './command';

/** Commands of Slurm that do as a script says, first on the path. */
export function fakeSlurm(scripts: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}${delimiter}/usr/bin${delimiter}/bin`;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
  return folder;
}
