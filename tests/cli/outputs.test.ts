// No command writes over what it reads, nor over what is not of its own kind.

import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { writeSafetensors } from '../../lib/model/files/safetensors';
import { bipe, temporaryFolder } from '../support/command';

/** A folder with a model, `model/`, and ids for it, `ids.safetensors`. */
async function workplace(): Promise<string> {
  const folder = temporaryFolder();
  cpSync(projectPath('tests', 'golden', 'rope'), join(folder, 'model'), { recursive: true });
  await writeSafetensors(join(folder, 'ids.safetensors'), [
    { name: 'input_ids', type: 'I32', shape: [1, 3], values: () => Int32Array.of(5, 6, 7) },
  ]);
  linkSync(join(folder, 'model', 'model.safetensors'), join(folder, 'hard.safetensors'));
  symlinkSync(join(folder, 'ids.safetensors'), join(folder, 'soft.safetensors'));
  writeFileSync(join(folder, 'notes.txt'), 'notes');
  return folder;
}

/** Every file of a folder with its content. */
function contents(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path, 'latin1')] as const;
    }),
  );
}

/** Runs a command that must be refused in one line, and leave every file as it was. */
function expectRefusal(folder: string, args: readonly string[], message: RegExp): void {
  const before = contents(folder);
  const run = bipe(args, { cwd: folder });
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  // The library may be compiled first, which is said on a line of its own.
  const lines = run.stderr.trim().split('\n');
  expect(lines.filter((line) => !line.startsWith('library'))).toEqual([expect.stringMatching(message)]);
  expect(contents(folder)).toEqual(before);
}

const read = /: is read by this command \(.*\); nothing was written, write elsewhere$/;
const another = /: is there already, and is not .*; nothing was written, write elsewhere$/;

describe('bipe logits', () => {
  it.each([
    ['model/model.safetensors', read],
    ['model/config.json', read],
    ['hard.safetensors', read],
    ['ids.safetensors', read],
    ['soft.safetensors', read],
    ['notes.txt', another],
    ['model', /: is not a file; /],
  ])('does not write over %s', async (out, message) => {
    const folder = await workplace();
    expectRefusal(
      folder,
      ['logits', '--checkpoint', 'model', '--ids', 'ids.safetensors', '--out', out],
      message,
    );
  });

  it('writes over logits', async () => {
    const folder = await workplace();
    const args = ['logits', '--checkpoint', 'model', '--ids', 'ids.safetensors', '--out', 'out.safetensors'];
    expect(bipe(args, { cwd: folder })).toMatchObject({ exitCode: 0 });
    const before = readFileSync(join(folder, 'out.safetensors'));
    expect(bipe(args, { cwd: folder })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(folder, 'out.safetensors')).equals(before)).toBe(true);
  });
});

describe('bipe theory compile', () => {
  const automaton = JSON.stringify({
    type: 'nfa',
    states: ['a', 'b'],
    symbols: ['0', '1'],
    start: 'a',
    accept: ['b'],
    transitions: [
      ['a', '0', 'b'],
      ['b', '1', 'a'],
    ],
  });
  const args = (file: string, out: string): string[] => [
    'theory',
    'compile',
    '--automaton',
    file,
    '--encoding',
    'ape',
    '--max-length',
    '4',
    '--out',
    out,
  ];

  it('does not write over a model, nor over the automaton; a network is compiled anew', async () => {
    const folder = await workplace();
    writeFileSync(join(folder, 'automaton.json'), automaton);
    mkdirSync(join(folder, 'net'));
    writeFileSync(join(folder, 'net', 'network.json'), automaton);
    expectRefusal(folder, args('automaton.json', 'model'), another);
    expectRefusal(folder, args('net/network.json', 'net'), read);
    expect(bipe(args('automaton.json', 'new'), { cwd: folder })).toMatchObject({ exitCode: 0 });
    expect(bipe(args('automaton.json', 'new'), { cwd: folder })).toMatchObject({ exitCode: 0 });
  });
});

describe('bipe train', () => {
  it('does not write over the checkpoint that it starts from, nor the text that it reads', async () => {
    const folder = await workplace();
    mkdirSync(join(folder, 'run'));
    cpSync(join(folder, 'model'), join(folder, 'run', 'checkpoint'), { recursive: true });
    writeFileSync(join(folder, 'run', 'metrics.jsonl'), 'a text that is trained on. '.repeat(100));
    const config = {
      model: {
        style: 'llama',
        vocabSize: 256,
        hiddenSize: 16,
        intermediateSize: 32,
        numLayers: 1,
        numHeads: 2,
        trainLength: 16,
        normEps: 1e-5,
        initializerRange: 0.02,
        tieEmbeddings: false,
        logScale: false,
        encoding: 'rope',
        separators: [],
      },
      task: { kind: 'text', file: join(folder, 'notes.txt') },
      batchSize: 4,
      steps: 1,
      schedule: { kind: 'constant', learningRate: 1e-3 },
    };
    const train = (change: object, message: RegExp): void => {
      writeFileSync(join(folder, 'train.json'), JSON.stringify({ ...config, ...change }));
      expectRefusal(folder, ['train', '--config', 'train.json', '--out', 'run'], message);
    };
    train({ initialCheckpoint: join(folder, 'run', 'checkpoint') }, read);
    train({ task: { kind: 'text', file: join(folder, 'run', 'metrics.jsonl') } }, read);
    train({}, another);
  });
});

describe('bipe checkpoint download', () => {
  it('does not write over a checkpoint that it did not bring', async () => {
    const folder = await workplace();
    expectRefusal(folder, ['checkpoint', 'download', 'hzy00/RoPE-151M', '--out', 'model'], another);
  });
});
