import { get } from 'node:http';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveGallery, type ServedGallery } from '../../../apps/gallery/server';
import { silentReporter } from '../../../lib/base/progress';
import { items } from '../../../lib/experiments/registry';
import { RunStore } from '../../../lib/experiments/run/store';
import { temporaryFolder } from '../../support/command';

async function served(folder: string, store: RunStore): Promise<ServedGallery> {
  const gallery = await serveGallery({ folder, store, items: [items.fig2, items.fig4] }, 0);
  onTestFinished(() => gallery.close());
  return gallery;
}

/** Status and text of an address, asked for as it is written. */
function ask(
  url: string,
  path: string,
  options: object = {},
): Promise<[status: number | undefined, text: string]> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    get({ hostname, port, path, ...options }, (response) => {
      let text = '';
      response.on('data', (part) => (text += String(part)));
      response.on('end', () => {
        done([response.statusCode, text]);
      });
    }).on('error', fail);
  });
}

describe('the gallery on this machine', () => {
  it('shows a run as soon as it has ended', async () => {
    const base = temporaryFolder();
    const store = new RunStore(join(base, 'runs'));
    const { url } = await served(join(base, 'site'), store);
    expect((await ask(url, '/'))[1]).not.toContain('Run on this machine');
    await items.fig2.execute({ reporter: silentReporter, store });
    expect((await ask(url, '/'))[1]).toContain('Run on this machine');
    expect((await ask(url, '/fig2.html'))[1]).toContain('plot-fig2');
    expect(await ask(url, '/gallery.js')).toEqual([200, expect.stringContaining('newPlot')]);
  });

  it('gives nothing but the files of the site, and to nobody else', async () => {
    const base = temporaryFolder();
    const folder = join(base, 'site');
    const { url } = await served(folder, new RunStore(join(base, 'runs')));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    writeFileSync(join(dirname(folder), 'secret.html'), 'secret');
    writeFileSync(join(folder, 'notes.txt'), 'secret');
    for (const path of [
      '/../secret.html',
      '/%2e%2e/secret.html',
      '/..%2fsecret.html',
      '/notes.txt',
      '/none.html',
    ])
      expect(await ask(url, path)).toEqual([404, 'no such page\n']);
    expect((await ask(url, '/', { headers: { host: 'elsewhere.example' } }))[0]).toBe(403);
    expect((await ask(url, '/', { method: 'POST' }))[0]).toBe(405);
  });

  it('says in one line that a port is taken', async () => {
    const base = temporaryFolder();
    const store = new RunStore(join(base, 'runs'));
    const { url } = await served(join(base, 'site'), store);
    const again = serveGallery({ folder: join(base, 'site'), store, items: [] }, Number(new URL(url).port));
    await expect(again).rejects.toThrow(/^port \d+: .*; give another one: --port$/);
  });
});
