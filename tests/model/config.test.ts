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
import { fromHuggingFace, huggingFaceJson, toHuggingFace } from '../../lib/model/hugging-face';
import { parameterCount } from '../../lib/model/parameters';
import { encodingNames } from '../../lib/positional/registry';
import { type RopeScaling } from '../../lib/positional/rope-scaling';
import { type SegmentEnds } from '../../lib/segment/ends';
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
    [
      'a rule of segments that does not exist',
      { encoding: 'bipe_rope', separators: [{ kind: 'evry', tokens: 4 }] },
      /^model: separators\[0\]: unknown rule of segments "evry"; did you mean every\?/,
    ],
    ['a width of nothing', { hiddenSize: 0 }, /^model: hiddenSize: /],
    [
      'a head of its own that is the embedding',
      { outputs: 5, tieEmbeddings: true },
      /^model: outputs: the head is the embedding, which scores tokens; set tieEmbeddings to false$/,
    ],
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

function readGolden(name: string): Record<string, unknown> {
  const path = projectPath('tests', 'golden', name, 'config.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

function scaledConfig(scaling: RopeScaling): ModelConfig {
  return {
    ...languageModelSize,
    vocabSize: 32000,
    logScale: true,
    separators: [],
    encoding: { kind: 'rope', scaling },
  };
}

describe('config.json', () => {
  it.each(['rope', 'alibi', 'bipe_rope', 'bipe_alibi'])(
    'of the released code with %s is understood',
    (name) => {
      const released = readGolden(name);
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

  it.each<[what: string, scaling: RopeScaling]>([
    ['linear scaling', { type: 'linear', factor: 2.5 }],
    ['dynamic scaling', { type: 'dynamic', factor: 2 }],
    ['dynamic scaling from another length', { type: 'dynamic', factor: 2, originalLength: 512 }],
  ])('says %s as the released code does, and the scaling of queries', (_, scaling) => {
    const config = scaledConfig(scaling);
    const written = toHuggingFace(config);
    const { type, factor } = scaling;
    expect(written).toMatchObject({ rpe_type: 'rope', log_scale: true, model_type: 'llama' });
    expect(written['rope_scaling']).toEqual({ type, factor });
    expect(written['max_position_embeddings']).toBe('originalLength' in scaling ? 512 : 1024);
    const released = Object.entries(written).filter(([field]) => field !== 'bipe_workbench');
    expect(fromHuggingFace(Object.fromEntries(released), 'config.json')).toEqual(config);
  });

  it('writes a factor as the float that the released code wants', () => {
    const text = huggingFaceJson(scaledConfig({ type: 'linear', factor: 4 }));
    expect(text).toContain('"rope_scaling": {\n    "type": "linear",\n    "factor": 4.0\n  }');
    expect(huggingFaceJson(scaledConfig({ type: 'linear', factor: 4.25 }))).toContain('"factor": 4.25\n');
  });

  it.each<[what: string, scaling: RopeScaling]>([
    ['YaRN', { type: 'yarn', factor: 4 }],
    ['dynamic scaling without a factor', { type: 'dynamic' }],
    ['a factor of 1', { type: 'linear', factor: 1 }],
  ])('leaves %s, of which the released code knows nothing, to the field of its own', (_, scaling) => {
    const config = scaledConfig(scaling);
    expect(toHuggingFace(config)).toMatchObject({ model_type: 'bipe_workbench' });
    expect(fromHuggingFace(JSON.parse(huggingFaceJson(config)), 'config.json')).toEqual(config);
  });

  it.each<[field: string, value: unknown, message: string]>([
    ['model_type', 'mistral', 'only llama is known here'],
    ['rope_theta', 500_000, 'only 10000 is known here'],
    ['rope_parameters', { rope_type: 'llama3' }, 'only null is known here'],
    ['partial_rotary_factor', 0.5, 'only 1 is known here'],
    ['attention_bias', true, 'only false is known here'],
    ['mlp_bias', true, 'only false is known here'],
    ['sliding_window', 64, 'only null is known here'],
    ['quantization_config', { bits: 4 }, 'only null is known here'],
    ['head_dim', 12, '12 for 6 heads; only hidden_size / num_attention_heads is known here'],
    ['num_key_value_heads', 2, '2 for 6 heads; shared keys are not known here'],
  ])('of another Llama is refused by its %s', (field, value, message) => {
    const released = readGolden('rope');
    expect(() => fromHuggingFace({ ...released, [field]: value }, 'config.json')).toThrow(
      `config.json: ${field}: ${message}`,
    );
  });

  it('with what a Llama says by default is understood', () => {
    const defaults = { rope_theta: 10000, attention_bias: false, sliding_window: null, head_dim: 8 };
    const released = readGolden('rope');
    expect(fromHuggingFace({ ...released, ...defaults }, 'config.json')).toEqual(
      fromHuggingFace(released, 'config.json'),
    );
  });

  it.each<[scaling: object, message: RegExp]>([
    [
      { type: 'yarn', factor: 4, original_max_position_embeddings: 2048 },
      /^config\.json: rope_scaling\.type: only linear and dynamic are known here$/,
    ],
    [{ type: 'linear', factor: 1 }, /^config\.json: rope_scaling\.factor: /],
    [
      { type: 'linear', factor: 2, original_max_position_embeddings: 2048 },
      /^config\.json: rope_scaling: unknown field 'original_max_position_embeddings'; /,
    ],
  ])('with a scaling %j is refused', (scaling, message) => {
    expect(() => fromHuggingFace({ ...readGolden('rope'), rope_scaling: scaling }, 'config.json')).toThrow(
      message,
    );
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

  it('keeps rules of segments, of which the released code knows nothing', () => {
    const rules: SegmentEnds[] = [
      { kind: 'every', tokens: 16 },
      { kind: 'random', lengths: [3, 20], seed: 2 },
    ];
    for (const rule of rules) {
      const config = { ...smallConfig('bipe_rope'), separators: [rule] };
      expect(toHuggingFace(config)).toMatchObject({ model_type: 'bipe_workbench' });
      expect(fromHuggingFace(JSON.parse(huggingFaceJson(config)), 'config.json')).toEqual(config);
    }
  });
});
