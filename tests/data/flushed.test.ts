// Whatever takes its name by a rename is on the disk before: else a power failure leaves a whole
// name on half a file.

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256, writeFilesAtomic } from '../../lib/base/files';
import { downloadFile } from '../../lib/data/io/download';
import { writeCorpus } from '../../lib/data/tokens/corpus-writer';
import { openZip } from '../../lib/data/io/unzip';
import { writeSafetensors } from '../../lib/model/files/safetensors';
import { temporaryFolder } from '../support/command';
import { renamesSeen, watch } from '../train/faults';
import { sendFile, serve } from './local-server';
import { originOf } from './tokens.support';
import { zipOf } from './zip';

vi.mock('node:fs/promises', async (original) =>
  (await import('../train/faults.js')).faultyPromises(await original()),
);

const content = Buffer.from('some content '.repeat(1000));

describe('what is written whole or not at all', () => {
  it.each<[what: string, names: readonly string[], write: (folder: string) => Promise<unknown>]>([
    [
      'files that belong together',
      ['a', 'b'],
      (folder) =>
        writeFilesAtomic([
          [join(folder, 'a'), content],
          [join(folder, 'b'), content],
        ]),
    ],
    [
      'a file of tensors',
      ['a.safetensors'],
      (folder) =>
        writeSafetensors(join(folder, 'a.safetensors'), [
          { name: 'a', type: 'F32', shape: [2], values: () => Promise.resolve(Float32Array.of(1, 2)) },
        ]),
    ],
    [
      'a corpus',
      ['ids.bin', 'index.json'],
      (folder) =>
        writeCorpus(folder, originOf(9), async (writer) => {
          writer.begin({ id: 'one', title: 'One', source: 'test' });
          await writer.append(Int32Array.of(1, 2, 3));
        }),
    ],
    [
      'a file out of an archive',
      ['unpacked'],
      async (folder) => {
        writeFileSync(join(folder, 'a.zip'), zipOf({ inside: { content } }));
        const zip = await openZip(join(folder, 'a.zip'));
        await zip.extract('inside', join(folder, 'unpacked'), { maxBytes: 1e7 });
        await zip.close();
      },
    ],
    [
      'a download',
      ['downloaded.partial.json', 'downloaded'],
      async (folder) => {
        const server = await serve((request, response) => {
          sendFile(request, response, content);
        });
        onTestFinished(() => server.close());
        await downloadFile({
          urls: [`${server.url}/a`],
          to: join(folder, 'downloaded'),
          sha256: sha256(content),
          bytes: null,
          maxBytes: 1e7,
          advice: 'none',
        });
      },
    ],
  ])('is on the disk before it has its name: %s', async (_, names, write) => {
    const folder = join(temporaryFolder(), 'watched');
    mkdirSync(folder);
    watch(folder);
    await write(folder);
    expect(renamesSeen().map(({ to }) => basename(to))).toEqual(names);
    for (const { from, unflushed } of renamesSeen()) expect(unflushed, from).not.toContain(from);
  });
});
