import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import {
  arithmeticModelSize,
  createDecoder,
  languageModelSize,
  type ModelConfig,
  parseModelConfig,
} from '../../lib/model/config';
import { fromHuggingFace, toHuggingFace } from '../../lib/model/hugging-face';
import { parameterCount } from '../../lib/model/parameters';
import { encodingNames } from '../../lib/positional/registry';
import { smallConfig } from './small';

const rope = { encoding: { kind: 'rope' }, separators: [] } as const;

describe('a model configuration', () => {
  it.each<[what: string, change: object, message: RegExp]>([
    [
      'an unknown field',
      { numheads: 4 },
      /^model: unknown field 'numheads'; did you mean numHeads\? known are style, vocabSize, /,
    ],
    ['an encoding that does not exist', { encoding: 'rpoe' }, /^model: encoding/],
    ['a kind of encoding that does not exist', { encoding: { kind: 'roppe' } }, /did you mean rope\?/],
    [
      'heads that do not divide the width',
      { numHeads: 5 },
      /^model: numHeads: 5 heads do not divide the width 16; 4 or 8 would$/,
    ],
    [
      'a separator that no token is',
      { encoding: 'bipe_rope', separators: [[99]] },
      /^model: separators: an id is not in the vocabulary; ids go up to 12$/,
    ],
    [
      'too few separators',
      { encoding: 'bipe_rope', separators: [] },
      /^model: separators: 0 given, but bipe_rope has 2 levels of position and needs 1/,
    ],
    ['a width of nothing', { hiddenSize: 0 }, /^model: hiddenSize: /],
    ['all dropped', { dropout: 1 }, /^model: dropout: /],
  ])('with %s is refused in one line', (_, change, message) => {
    const attempt = (): unknown => parseModelConfig({ ...smallConfig('rope'), ...change });
    expect(attempt).toThrow(message);
  });

  it('may name its encoding', () => {
    const config = parseModelConfig({ ...smallConfig('bipe_alibi'), encoding: 'bipe_alibi' });
    expect(config).toEqual(smallConfig('bipe_alibi'));
  });

  it('has the sizes of the paper', () => {
    const { parameters } = createDecoder({ ...languageModelSize, vocabSize: 32000, ...rope });
    expect(parameterCount(parameters)).toBe(162_417_408);
    expect(parameters.find(({ name }) => name === 'model.layers.11.mlp.gate_proj.weight')?.shape).toEqual([
      3072, 768,
    ]);
    const arithmetic = createDecoder({ ...arithmeticModelSize(48), vocabSize: 21, ...rope });
    expect(arithmetic.architecture).toMatchObject({ numLayers: 3, numHeads: 4, hiddenSize: 48 });
  });
});

describe('config.json', () => {
  it.each(['rope', 'alibi', 'bipe_rope', 'bipe_alibi'])(
    'of the released code with %s is understood',
    (name) => {
      const released = JSON.parse(
        readFileSync(projectPath('tests', 'golden', name, 'config.json'), 'utf8'),
      ) as Record<string, unknown>;
      const config = fromHuggingFace(released, 'config.json');
      expect(config).toMatchObject({ hiddenSize: 48, numHeads: 6, trainLength: 1024, normEps: 1e-5 });
      expect(createDecoder(config).encoding.name).toBe(name);
      expect(config.separators).toEqual(name.startsWith('bipe') ? [[869, 13]] : []);
      // And written so that the released code would read the same.
      const written = toHuggingFace(config);
      for (const field of [
        'rpe_type',
        'train_scale',
        'log_scale',
        'hidden_size',
        'rope_scaling',
        'hidden_act',
      ])
        expect(written[field], field).toEqual(released[field]);
    },
  );

  it('keeps a scaling of RoPE and the scaling of queries', () => {
    const config: ModelConfig = {
      ...languageModelSize,
      vocabSize: 32000,
      logScale: true,
      separators: [],
      encoding: { kind: 'rope', scaling: { type: 'dynamic', factor: 2 } },
    };
    const written = toHuggingFace(config);
    expect(written).toMatchObject({
      rpe_type: 'rope',
      log_scale: true,
      rope_scaling: { type: 'dynamic', factor: 2 },
    });
    const released = Object.entries(written).filter(([field]) => field !== 'bipe_workbench');
    expect(fromHuggingFace(Object.fromEntries(released), 'config.json')).toEqual(config);
  });

  it.each(encodingNames)('tells everything about a small model with %s', (name) => {
    const config = smallConfig(name, { style: 'gpt2', window: 3 });
    const written: unknown = JSON.parse(JSON.stringify(toHuggingFace(config)));
    expect(fromHuggingFace(written, 'config.json')).toEqual(config);
  });

  it('does not claim to be a model of the released code where it is none', () => {
    const config = { ...smallConfig('bipe_rope'), separators: [[3, 5]] };
    expect(toHuggingFace(config)).toMatchObject({ model_type: 'bipe_workbench' });
    expect(toHuggingFace(config)).not.toHaveProperty('rpe_type');
  });
});
