import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { createDecoder, type ModelConfig, parseModelConfig } from '../../lib/model/config';
import { parameterCount } from '../../lib/model/parameters';
import { checkModelSize, modelNumbers } from '../../lib/model/size';
import { createEncoding, encodingNamed, encodingNames } from '../../lib/positional/registry';
import { smallConfig } from './small';

describe('the size of a model', () => {
  it('is the number of its parameters, of any style, encoding and depth', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('llama' as const, 'gpt2' as const),
        fc.constantFrom(...encodingNames),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (style, name, numLayers, tieEmbeddings) => {
          const encoding = encodingNamed(name);
          const separators = createEncoding(encoding).levels === 2 ? [[1]] : [];
          const config = { ...smallConfig('rope'), style, numLayers, tieEmbeddings, encoding, separators };
          const { architecture, parameters } = createDecoder(config);
          expect(modelNumbers(architecture, createEncoding(encoding))).toBe(parameterCount(parameters));
        },
      ),
    );
  });

  it('is refused from the first byte over the memory', () => {
    const { architecture, encoding, parameters } = createDecoder(smallConfig('rope'));
    const bytes = 4 * parameterCount(parameters);
    expect(() => {
      checkModelSize(architecture, encoding, 'model', bytes);
    }).not.toThrow();
    expect(() => {
      checkModelSize(architecture, encoding, 'model', bytes - 1);
    }).toThrow(ConfigError);
  });

  it.each<[what: string, change: Partial<ModelConfig>, message: RegExp]>([
    [
      'a width of hundreds of millions',
      { hiddenSize: 400_000_000, numHeads: 2 },
      /^model: hiddenSize: 400,000,000: its parameters take at least \d+ TB, and this machine has .* of memory; lower it$/,
    ],
    [
      'such a feed-forward layer',
      { intermediateSize: 2 ** 31 - 1 },
      /^model: intermediateSize: 2,147,483,647: /,
    ],
    [
      'such a vocabulary',
      { vocabSize: 2 ** 31 - 1 },
      /^model: vocabSize: 2,147,483,647: its parameters take /,
    ],
    [
      'such a table of positions',
      { encoding: { kind: 'learned', rows: 2 ** 31 - 1 } },
      /^model: encoding: its parameters take /,
    ],
    ['millions of layers', { numLayers: 50_000_000 }, /^model: numLayers: must be 10,000 or less$/],
    ['more layers than an integer counts', { numLayers: 2 ** 60 }, /^model: numLayers: /],
    [
      'a vocabulary over 31 bits',
      { vocabSize: 2 ** 40 },
      /^model: vocabSize: must be 2,147,483,647 or less$/,
    ],
    [
      'distances to lay out',
      { encoding: { kind: 't5', maxDistance: 2 ** 31 } },
      /^model: encoding\.maxDistance: must be 1,048,576 or less$/,
    ],
    [
      'hidden units to lay out',
      { encoding: { kind: 'fire', width: 2 ** 31 } },
      /^model: encoding\.width: must be 1,048,576 or less$/,
    ],
    [
      'heads that do not divide a width of hundreds of millions',
      { hiddenSize: 400_000_000, numHeads: 3 },
      /^model: numHeads: 3 heads do not divide the width 400000000; 2 or 4 would$/,
    ],
  ])('is refused in one line before anything is made of it: %s', (_, change, message) => {
    expect(() => {
      const { encoding, ...architecture } = parseModelConfig({ ...smallConfig('rope'), ...change });
      checkModelSize(architecture, createEncoding(encoding), 'model', 64e9);
    }).toThrow(message);
  });

  it('is asked for wherever a decoder is made', () => {
    const widest = { ...smallConfig('rope'), hiddenSize: 2 ** 30, intermediateSize: 2 ** 30, numHeads: 2 };
    expect(() => createDecoder(widest)).toThrow(/^model: hiddenSize: 1,073,741,824: its parameters take/);
  });
});
