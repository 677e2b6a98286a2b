// Compiled networks on the disk: what is read is what was written, and what was changed is refused.

import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { displayPath } from '../../../lib/base/paths';
import { CheckpointError, MachineError } from '../../../lib/base/errors';
import { sha256 } from '../../../lib/base/files';
import { canonicalJson } from '../../../lib/base/json';
import { Random } from '../../../lib/engine/random/random';
import { openSafetensors, type TensorSource, writeSafetensors } from '../../../lib/model/files/safetensors';
import { asNfa } from '../../../lib/theory/automata/flatten';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { degenerateAutomata, randomSegments } from '../../support/automata';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import type { Mlp } from '../../../lib/theory/network/mlp';
import type { Matrix, Network } from '../../../lib/theory/network/network';
import {
  type CertifiedNetwork,
  loadNetwork,
  networkFiles,
  saveNetwork,
} from '../../../lib/theory/compile/network-file';
import { runWords } from '../../../lib/theory/network/run';
import { tokenReader } from '../../../lib/theory/network/words';
import { temporaryFolder } from '../../support/command';
import { useNativeEngine } from '../../support/engine';

const bounds = { maxSegmentLength: 3, maxSegments: 4 };

function certified(network: Network): CertifiedNetwork {
  return { network, certificate: certifyNetwork(network) };
}

function bilevel(seed: number): CertifiedNetwork {
  const size = { subStates: 3, segmentStates: 2, symbols: 2, separators: 2, density: 0.4 };
  return certified(compileBiPE(randomBiNfa(Random.fromSeed(seed), size), bounds));
}

/** A network with every weight as float32 holds it. */
function inFloat32(network: Network): Network {
  const matrix = (one: Matrix): Matrix => ({ ...one, values: one.values.map(Math.fround) });
  const layer = (mlp: Mlp): Mlp => ({
    ...mlp,
    bias: mlp.bias.map(Math.fround),
    inputWeight: mlp.inputWeight.map(Math.fround),
    outputWeight: mlp.outputWeight.map(Math.fround),
  });
  return {
    ...network,
    embedding: matrix(network.embedding),
    places: matrix(network.places),
    layers: network.layers.map(({ head, feedForward }) => ({
      head: { ...head, query: matrix(head.query), key: matrix(head.key) },
      feedForward: feedForward.map(({ name, mlp }) => ({ name, mlp: layer(mlp) })),
    })),
  };
}

async function saved(network: CertifiedNetwork): Promise<string> {
  const folder = join(temporaryFolder(), 'deep', 'network');
  await saveNetwork(folder, network);
  return folder;
}

/** Files of a folder with their checksums. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, sha256(readFileSync(join(folder, name)))]),
  );
}

describe('a network in a folder', () => {
  const random = Random.fromSeed(3);
  const nfa = randomNfa(random, { states: 3, symbols: 2, density: 0.4 });
  const networks: readonly (readonly [what: string, network: () => Network])[] = [
    ['bilevel', () => bilevel(1).network],
    ['with absolute positions', () => compileApe(nfa, 9)],
    ['of ReLU', () => compileApe(nfa, 9, { activation: 'relu' })],
    ['without layers', () => compileApe(nfa, 1)],
    ...degenerateAutomata().map(
      ({ name, automaton }) => [name, () => compileApe(asNfa(automaton), 4)] as const,
    ),
  ];

  it.each(networks)('is read back with every weight as float32 holds it: %s', async (_, network) => {
    const original = certified(network());
    const folder = await saved(original);
    const read = await loadNetwork(folder);
    expect(read).toEqual({ network: inFloat32(original.network), certificate: original.certificate });
    // Once more: nothing is rounded again.
    const again = await saved(read);
    expect(await loadNetwork(again)).toEqual(read);
    expect(contents(again)['model.safetensors']).toBe(contents(folder)['model.safetensors']);
    expect(Object.keys(contents(folder)).sort()).toEqual([...networkFiles].sort());
  });

  it('keeps feed-forward layers that layers share as one', async () => {
    const { network } = await loadNetwork(await saved(bilevel(1)));
    const mlps = network.layers.flatMap(({ feedForward }) => feedForward.map(({ mlp }) => mlp));
    const original = bilevel(1).network.layers.flatMap(({ feedForward }) =>
      feedForward.map(({ mlp }) => mlp),
    );
    expect(new Set(mlps).size).toBe(new Set(original).size);
    expect(mlps.map((mlp) => mlps.indexOf(mlp))).toEqual(original.map((mlp) => original.indexOf(mlp)));
  });

  it('is certified alike after reading: the certificate is of the weights as float32 holds them', async () => {
    const { network, certificate } = await loadNetwork(await saved(bilevel(2)));
    const { weightNorm, ...others } = certifyNetwork(network);
    expect({ ...certificate, weightNorm }).toEqual({ ...others, weightNorm });
    expect(weightNorm.euclidean / certificate.weightNorm.euclidean).toBeCloseTo(1, 6);
  });

  it('replaces an older one', async () => {
    const folder = await saved(bilevel(1));
    const other = bilevel(2);
    await saveNetwork(folder, other);
    expect((await loadNetwork(folder)).network).toEqual(inFloat32(other.network));
  });

  it('says in one line that it cannot be written, where a file is in the way', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, 'something dear');
    await expect(saveNetwork(join(file, 'network'), bilevel(1))).rejects.toThrow(MachineError);
    expect(readFileSync(file, 'utf8')).toBe('something dear');
  });

  describe('run', () => {
    useNativeEngine();

    it('gives the same states as before it was written', async () => {
      const { network } = bilevel(5);
      const words = Array.from({ length: 20 }, () =>
        randomSegments(random, network.automaton as Parameters<typeof randomSegments>[1], {
          segments: 4,
          maxSegmentLength: 3,
        }),
      );
      const states = async (of: Network): Promise<Uint8Array[]> => {
        const read = tokenReader(of);
        const sets: Uint8Array[] = [];
        for await (const set of runWords(
          of,
          words.map((word) => read(word)),
        ))
          sets.push(set);
        return sets;
      };
      expect(
        await states(
          (await loadNetwork(await saved({ network, certificate: certifyNetwork(network) }))).network,
        ),
      ).toEqual(await states(network));
    });
  });
});

describe('a folder that is not as it was written', () => {
  const again = 'compile the automaton again (npm run -s bipe -- theory compile)';
  const path = (folder: string, name: string): string => join(folder, name);

  /** Changes a character of a file, in its middle. */
  function changeByte(file: string): void {
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }

  /** Writes other files as if they had been certified. */
  async function forge(
    folder: string,
    changeJson: (json: Record<string, unknown>) => unknown,
    changeTensors: (tensors: readonly TensorSource[]) => readonly TensorSource[] = (tensors) => tensors,
  ): Promise<void> {
    const [network, weights, certificate] = networkFiles.map((name) => path(folder, name)) as [
      string,
      string,
      string,
    ];
    const file = await openSafetensors(weights);
    const sources: TensorSource[] = [];
    for (const [name, { type, shape }] of file.tensors) {
      const { values } = await file.read(name);
      sources.push({ name, type: type === 'I32' ? 'I32' : 'F32', shape, values: () => values });
    }
    await file.close();
    await writeSafetensors(weights, changeTensors(sources));
    const json = JSON.stringify(
      changeJson(JSON.parse(readFileSync(network, 'utf8')) as Record<string, unknown>),
    );
    writeFileSync(network, json);
    const certified_ = {
      certificate: (JSON.parse(readFileSync(certificate, 'utf8')) as { certificate: unknown }).certificate,
      files: { 'network.json': sha256(json), 'model.safetensors': sha256(readFileSync(weights)) },
    };
    writeFileSync(certificate, JSON.stringify({ ...certified_, sha256: sha256(canonicalJson(certified_)) }));
  }

  async function refusal(folder: string): Promise<string> {
    const before = contents(folder);
    const error = await loadNetwork(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(contents(folder)).toEqual(before);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    const named = displayPath(folder);
    expect(message).toContain(named);
    return message.slice(message.indexOf(named) + named.length + 1);
  }

  function isSameJson(one: string, other: string): boolean {
    try {
      return canonicalJson(JSON.parse(one)) === canonicalJson(JSON.parse(other));
    } catch {
      return false;
    }
  }

  it.each(networkFiles)('is refused without %s', async (name) => {
    const folder = await saved(bilevel(1));
    rmSync(path(folder, name));
    expect(await refusal(folder)).toBe(
      `${name}: no such file; give a folder that npm run -s bipe -- theory compile wrote`,
    );
  });

  it.each(['network.json', 'model.safetensors'])(
    'is refused with a bit of %s changed, with it cut short, and with that of another network',
    async (name) => {
      const says = `${name}: not the file that certificate.json is about; it was changed or damaged: ${again}`;
      const changed = await saved(bilevel(1));
      changeByte(path(changed, name));
      expect(await refusal(changed)).toBe(says);
      const cut = await saved(bilevel(1));
      truncateSync(path(cut, name), 100);
      expect(await refusal(cut)).toBe(says);
      const mixed = await saved(bilevel(1));
      cpSync(path(await saved(bilevel(2)), name), path(mixed, name));
      expect(await refusal(mixed)).toBe(says);
    },
  );

  it('is refused with any bit of certificate.json changed that means something', async () => {
    const folder = await saved(bilevel(1));
    const file = path(folder, 'certificate.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"worstGap": 1', '"worstGap": 9'));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    expect(await refusal(folder)).toBe(`certificate.json: was changed after it was written; ${again}`);
    const random = Random.fromSeed(4);
    for (let round = 0; round < 100; round++) {
      const bytes = Buffer.from(text);
      const place = random.integer(0, bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      // The last digit of a number may make no difference.
      if (!isSameJson(bytes.toString(), text)) await refusal(folder);
    }
  });

  it('is refused where certificate.json is cut short, or holds something else', async () => {
    const folder = await saved(bilevel(1));
    const file = path(folder, 'certificate.json');
    truncateSync(file, 100);
    expect(await refusal(folder)).toMatch(/^certificate\.json: not JSON \(.*\); compile the automaton again/);
    writeFileSync(file, '{}');
    expect(await refusal(folder)).toMatch(/^certificate\.json: certificate: /);
  });

  it('is refused where it was forged and does not fit together', async () => {
    const cases: readonly (readonly [
      json: Parameters<typeof forge>[1],
      tensors: Parameters<typeof forge>[2],
      says: string | RegExp,
    ])[] = [
      [
        (json) => ({ ...json, version: 7 }),
        undefined,
        'network.json: version: this project is of another version; compile the automaton again',
      ],
      [
        (json) => ({ ...json, hight: 7 }),
        undefined,
        /^network\.json: unknown field 'hight'; known are version, /,
      ],
      [
        (json) => ({ ...json, automaton: { ...(json['automaton'] as object), accept: ['nowhere'] } }),
        undefined,
        /^network\.json: automaton: accept\[0\]: segment state "nowhere" is not in segmentStates; known: /,
      ],
      [
        (json) => json,
        (tensors) => tensors.filter(({ name }) => name !== 'layers.1.key'),
        `model.safetensors: has no tensor layers.1.key; ${again}`,
      ],
      [
        (json) => json,
        (tensors) =>
          tensors.map((tensor) =>
            tensor.name === 'layers.0.key' ? { ...tensor, shape: [...tensor.shape].reverse() } : tensor,
          ),
        /^model\.safetensors: layers\.0\.key is \[\d+, \d+\], should be \[\d+, \d+\]; compile the automaton again/,
      ],
      [
        (json) => json,
        (tensors) =>
          tensors.map((tensor) =>
            tensor.name === 'places'
              ? { ...tensor, type: 'I32', values: () => new Int32Array(tensor.shape.reduce((a, b) => a * b)) }
              : tensor,
          ),
        `model.safetensors: places holds integers; ${again}`,
      ],
      [
        (json) => json,
        (tensors) =>
          tensors.map((tensor) =>
            tensor.name === 'mlps.0.inputIndex'
              ? { ...tensor, type: 'F32', values: () => new Float32Array(tensor.shape[0] ?? 0) }
              : tensor,
          ),
        `model.safetensors: mlps.0.inputIndex holds no integers; ${again}`,
      ],
    ];
    for (const [json, tensors, says] of cases) {
      const folder = await saved(bilevel(1));
      await forge(folder, json, tensors);
      expect(await refusal(folder)).toEqual(typeof says === 'string' ? says : expect.stringMatching(says));
    }
    const untouched = await saved(bilevel(1));
    await forge(untouched, (json) => json);
    await expect(loadNetwork(untouched)).resolves.toBeDefined();
  });

  it('is a mistake about a file, which the command line answers with exit code 2', async () => {
    await expect(loadNetwork(temporaryFolder())).rejects.toThrow(CheckpointError);
    expect(new CheckpointError('').exitCode).toBe(2);
  });
});
