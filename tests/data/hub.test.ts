import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, NetworkError, UsageError } from '../../lib/base/errors';
import { downloadCheckpoint, downloadedCheckpoint, type HubOptions } from '../../lib/data/hub';
import { answerAsHub, commit, type HubFiles, sha256, type Storage } from './local-hub';
import { type LocalServer, sendFile, serve } from './local-server';

const model = 'someone/Small-Model';
const config = Buffer.from('{"vocab_size": 5}\n');
const tensors = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));

let folder: string;
let server: LocalServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-hub-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A server that answers as the hub does. */
async function hub(files: HubFiles, storage?: Storage): Promise<HubOptions> {
  server = await serve((request, response) => {
    answerAsHub({ [model]: files }, request, response, storage);
  });
  return {
    to: folder,
    environment: { BIPE_MIRROR_HUGGINGFACE: `${server.url}/` },
    backoffMs: 1,
  };
}

const whole: HubFiles = { small: { 'config.json': config }, large: { 'model.safetensors': tensors } };

describe('a checkpoint from the hub', () => {
  it('comes whole, each file compared with the hash that the hub gives', async () => {
    const checkpoint = await downloadCheckpoint(model, await hub(whole));
    expect(checkpoint).toEqual({
      model,
      revision: commit,
      folder,
      files: [
        { name: 'config.json', bytes: config.length, sha256: sha256(config), verified: true },
        { name: 'model.safetensors', bytes: tensors.length, sha256: sha256(tensors), verified: true },
      ],
    });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(tensors)).toBe(true);
    expect(await readdir(folder)).toEqual(['config.json', 'download.json', 'model.safetensors']);
    expect(JSON.parse(await readFile(join(folder, 'download.json'), 'utf8'))).toMatchObject({
      model,
      revision: commit,
    });
  });

  it('takes all files from the commit of the first', async () => {
    await downloadCheckpoint(model, await hub(whole));
    const asked = server?.requests.map(({ path }) => path).filter((path) => path.includes('/resolve/'));
    expect(asked?.[0]).toContain('/resolve/main/config.json');
    expect(asked?.slice(1).every((path) => path.includes(`/resolve/${commit}/`))).toBe(true);
  });

  it.each(['a/../b', 'C'.repeat(40), 'c'.repeat(41)])(
    'stays at the revision that was asked for where the hub names no commit: %s',
    async (said) => {
      server = await serve((request, response) => {
        answerAsHub({ [model]: whole }, request, response, undefined, said);
      });
      const environment = { BIPE_MIRROR_HUGGINGFACE: server.url };
      const { revision } = await downloadCheckpoint(model, { to: folder, environment, backoffMs: 1 });
      expect(revision).toBe('main');
      const asked = server.requests.map(({ path }) => path).filter((path) => path.includes('/resolve/'));
      expect(asked.every((path) => path.includes('/resolve/main/'))).toBe(true);
    },
  );

  it('comes in pieces where an index names them', async () => {
    const index = Buffer.from(
      JSON.stringify({ weight_map: { a: 'model-1-of-2.safetensors', b: 'model-2-of-2.safetensors' } }),
    );
    const sharded: HubFiles = {
      small: { 'config.json': config, 'model.safetensors.index.json': index },
      large: { 'model-1-of-2.safetensors': tensors, 'model-2-of-2.safetensors': config },
    };
    const { files } = await downloadCheckpoint(model, await hub(sharded));
    expect(files.map(({ name }) => name)).toEqual([
      'config.json',
      'model.safetensors.index.json',
      'model-1-of-2.safetensors',
      'model-2-of-2.safetensors',
    ]);
  });

  it('comes as PyTorch pickled it where there is nothing else', async () => {
    const pickled: HubFiles = { small: { 'config.json': config }, large: { 'pytorch_model.bin': tensors } };
    const { files } = await downloadCheckpoint(model, await hub(pickled));
    expect(files.map(({ name }) => name)).toEqual(['config.json', 'pytorch_model.bin']);
  });

  it('is continued where a connection was cut', async () => {
    let served = 0;
    const options = await hub(whole, (request, response, content) => {
      const isProbe = request.headers.range === 'bytes=0-0';
      if (!isProbe) served += 1;
      if (isProbe) response.writeHead(206, { 'content-range': `bytes 0-0/${content.length}` }).end('x');
      else sendFile(request, response, content, served === 1 ? { cutAfter: 150_000 } : {});
    });
    await downloadCheckpoint(model, options);
    const ranges = server?.requests.filter(({ path }) => path === `/storage/${model}/model.safetensors`);
    expect(ranges?.map(({ range }) => range)).toEqual(['bytes=0-0', undefined, 'bytes=150000-']);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(tensors)).toBe(true);
  });

  it('is not fetched again where it is here and right, and is where it is not', async () => {
    const options = await hub(whole);
    await downloadCheckpoint(model, options);
    const bodies = (): number =>
      server?.requests.filter(({ range, path }) => path.startsWith('/storage/') && range !== 'bytes=0-0')
        .length ?? 0;
    const before = bodies();
    await downloadCheckpoint(model, options);
    expect(bodies()).toBe(before);
    const damaged = Buffer.from(tensors);
    damaged[5] = 255;
    await writeFile(join(folder, 'model.safetensors'), damaged);
    await downloadCheckpoint(model, options);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(tensors)).toBe(true);
  });

  it('is refused where it does not match its hash, and nothing of it stays', async () => {
    const options = await hub(whole, (request, response, content) => {
      const other = Buffer.from(content);
      other[1000] = 255;
      sendFile(request, response, other);
    });
    const error = await failure(downloadCheckpoint(model, options));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('does not match the checksum');
    expect(await readdir(folder)).toEqual(['download.partial']);
    expect(await readdir(join(folder, 'download.partial'))).toEqual(['config.json']);
  });

  it('stays as it is until another revision has come whole', async () => {
    const options = await hub(whole);
    const before = await downloadCheckpoint(model, options);
    await server?.close();
    const newer = { small: { 'config.json': Buffer.from('{"vocab_size": 6}\n') }, large: whole.large };
    const broken = await hub(newer, (request, response) => {
      sendFile(request, response, Buffer.alloc(tensors.length));
    });
    // Its tensors are the same, and need not come again; without the file here, they have to, and
    // are wrong.
    await rm(join(folder, 'model.safetensors'));
    await expect(downloadCheckpoint(model, broken)).rejects.toThrow(DataError);
    await writeFile(join(folder, 'model.safetensors'), tensors);
    expect(await downloadedCheckpoint(model, options)).toEqual(before);
    await server?.close();
    const { files } = await downloadCheckpoint(model, await hub(newer));
    expect(await downloadedCheckpoint(model, options)).toMatchObject({ files });
    expect(files[0]?.sha256).not.toBe(before.files[0]?.sha256);
    expect(await readdir(folder)).toEqual(['config.json', 'download.json', 'model.safetensors']);
  });

  it('is of one format: files of the other, from a revision before, go', async () => {
    await downloadCheckpoint(model, await hub(whole));
    await server?.close();
    const pickled: HubFiles = { small: { 'config.json': config }, large: { 'pytorch_model.bin': tensors } };
    await downloadCheckpoint(model, await hub(pickled));
    expect(await readdir(folder)).toEqual(['config.json', 'download.json', 'pytorch_model.bin']);
  });

  it('says what is missing', async () => {
    const other: HubFiles = { small: { 'config.json': config }, large: { 'flax_model.msgpack': tensors } };
    const error = await failure(downloadCheckpoint(model, await hub(other)));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toMatch(
      /: has no model\.safetensors or pytorch_model\.bin; choose a checkpoint that has one$/,
    );
    await server?.close();
    const none = await failure(downloadCheckpoint(model, await hub({ small: {}, large: {} })));
    expect(none.message).toBe(`${model} (main): has no config.json; check its name and revision`);
  });

  it('says that there is no such revision', async () => {
    const options = await hub(whole);
    const error = await failure(downloadCheckpoint(model, { ...options, revision: 'v9' }));
    expect(error.message).toBe(`${model} (v9): has no config.json; check its name and revision`);
  });

  it('says in one line that no server is there', async () => {
    const options = await hub(whole);
    await server?.close();
    const error = await failure(downloadCheckpoint(model, options));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toMatch(
      /^someone\/Small-Model: could not be downloaded: no server answers at .*BIPE_MIRROR/,
    );
    expect(error.message).not.toContain('\n');
  });

  it.each(['small-model', '../secret', 'a/b/c', 'https://elsewhere/a'])(
    'refuses %s as a name',
    async (name) => {
      expect(await failure(downloadCheckpoint(name, { to: folder }))).toBeInstanceOf(UsageError);
    },
  );

  it('refuses a mirror that is no address', async () => {
    const environment = { BIPE_MIRROR_HUGGINGFACE: 'mirror' };
    const error = await failure(downloadCheckpoint(model, { to: folder, environment }));
    expect(error.message).toContain("BIPE_MIRROR_HUGGINGFACE: 'mirror' is not an http or https address");
  });
});

describe('a checkpoint that was downloaded', () => {
  it('is found without asking anybody, as it came', async () => {
    const options = await hub(whole);
    expect(await downloadedCheckpoint(model, options)).toBeUndefined();
    const checkpoint = await downloadCheckpoint(model, options);
    await server?.close();
    expect(await downloadedCheckpoint(model, options)).toEqual(checkpoint);
    expect(await downloadedCheckpoint('someone/Other-Model', options)).toBeUndefined();
  });

  it.each([
    ['a number was changed', 'model.safetensors', (content: Buffer) => Buffer.from(content).fill(9, 5, 6)],
    ['it was cut short', 'model.safetensors', (content: Buffer) => content.subarray(0, 1000)],
    ['its record is none', 'download.json', () => Buffer.from('{"model"')],
    [
      'its record names a file elsewhere',
      'download.json',
      (content: Buffer) => Buffer.from(content.toString().replace('config.json', '../config.json')),
    ],
  ])('is not one where %s', async (_what, file, change) => {
    const options = await hub(whole);
    await downloadCheckpoint(model, options);
    const path = join(folder, file);
    await writeFile(path, change(await readFile(path)));
    expect(await downloadedCheckpoint(model, options)).toBeUndefined();
  });
});

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}
