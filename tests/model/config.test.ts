import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import {
  arithmeticModelSize,
  createDecoder,
  languageModelSize,
  type ModelConfig,
  parseModelConfig,
} from '../../lib/model/config';
import { fromHuggingFace, huggingFaceJson, toHuggingFace } from '../../lib/model/files/hugging-face';
import { parameterCount } from '../../lib/model/parameters';
import { encodingNames } from '../../lib/positional/registry';
import { type RopeScaling } from '../../lib/positional/rope-scaling';
import { type SegmentEnds } from '../../lib/segment/ends';
import { smallConfig } from './small';

const withRope = { encoding: { kind: 'rope' }, separators: [] } as const;

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
    const { parameters } = createDecoder({ ...languageModelSize, vocabSize: 32000, ...withRope });
    expect(parameterCount(parameters)).toBe(162_417_408);
    expect(parameters.find(({ name }) => name === 'model.layers.11.mlp.gate_proj.weight')?.shape).toEqual([
      3072, 768,
    ]);
    const arithmetic = createDecoder({ ...arithmeticModelSize(48), vocabSize: 21, ...withRope });
    expect(arithmetic.architecture).toMatchObject({ numLayers: 3, numHeads: 4, hiddenSize: 48 });
  });
});

function readGolden(name: string): Record<string, unknown> {
  const path = projectPath('tests', 'golden', name, 'config.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

const onlyKnownTypes = 'only default, linear, dynamic and yarn are supported';

function scaledConfig(scaling: RopeScaling): ModelConfig {
  return {
    ...languageModelSize,
    vocabSize: 32000,
    logScale: true,
    separators: [],
    encoding: { kind: 'rope', scaling },
  };
}

/** A model that transformers can compute, and `config.json` as this project writes it. */
const ours = {
  style: 'llama',
  vocabSize: 101,
  hiddenSize: 32,
  intermediateSize: 56,
  numLayers: 2,
  numHeads: 4,
  trainLength: 64,
  normEps: 1e-5,
  initializerRange: 0.15,
  tieEmbeddings: false,
  separators: [],
  logScale: false,
  encoding: { kind: 'rope' },
} as const satisfies ModelConfig;

const size = fc.integer({ min: 1, max: 4000 });
const positive = fc.double({ min: 1e-9, max: 1, noNaN: true });
const factor = fc.double({ min: 1.01, max: 64, noNaN: true });
const theta = fc.double({ min: 2, max: 1e7, noNaN: true });

const rope = (settings: object): Partial<ModelConfig> => ({ encoding: { kind: 'rope', ...settings } });
const scaled = (scaling: object): Partial<ModelConfig> => rope({ scaling });

/**
 * Each standard field that may be set otherwise: values, what the file then says, and the model
 * that it is then.
 */
const changes: fc.Arbitrary<{ field: string; said: object; model: Partial<ModelConfig> }> = fc.oneof(
  size.map((vocabSize) => ({ field: 'vocab_size', said: { vocab_size: vocabSize }, model: { vocabSize } })),
  size.map((n) => ({ field: 'hidden_size', said: { hidden_size: 4 * n }, model: { hiddenSize: 4 * n } })),
  size.map((n) => ({
    field: 'intermediate_size',
    said: { intermediate_size: n },
    model: { intermediateSize: n },
  })),
  size.map((n) => ({ field: 'num_hidden_layers', said: { num_hidden_layers: n }, model: { numLayers: n } })),
  fc.constantFrom(1, 2, 8, 16, 32).map((n) => ({
    field: 'num_attention_heads',
    said: { num_attention_heads: n, num_key_value_heads: n },
    model: { numHeads: n },
  })),
  positive.map((eps) => ({ field: 'rms_norm_eps', said: { rms_norm_eps: eps }, model: { normEps: eps } })),
  positive.map((range) => ({
    field: 'initializer_range',
    said: { initializer_range: range },
    model: { initializerRange: range },
  })),
  fc.constant({
    field: 'tie_word_embeddings',
    said: { tie_word_embeddings: true },
    model: { tieEmbeddings: true },
  }),
  fc
    .nat(99)
    .map((id) => ({ field: 'pad_token_id', said: { pad_token_id: id }, model: { paddingIndex: id } })),
  theta.map((base) => ({ field: 'rope_theta', said: { rope_theta: base }, model: rope({ base }) })),
  theta.map((base) => ({
    field: 'rope_parameters',
    said: { rope_parameters: { rope_type: 'default', rope_theta: base } },
    model: rope({ base }),
  })),
  fc.tuple(fc.constantFrom('rope_scaling', 'rope_parameters'), factor).chain(([field, by]) =>
    fc.constantFrom(
      {
        field,
        said: { [field]: { rope_type: 'linear', factor: by } },
        model: scaled({ type: 'linear', factor: by }),
      },
      {
        field,
        said: { [field]: { type: 'dynamic', factor: by }, max_position_embeddings: 32 },
        model: scaled({ type: 'dynamic', factor: by, originalLength: 32 }),
      },
      {
        field,
        said: { [field]: { rope_type: 'yarn', type: 'yarn', factor: by, beta_slow: 2 } },
        model: scaled({ type: 'yarn', factor: by, alpha: 2, ramp: 'pairs' }),
      },
      {
        field,
        said: {
          [field]: { rope_type: 'yarn', factor: by, original_max_position_embeddings: 32, rope_theta: 500 },
        },
        model: rope({
          base: 500,
          scaling: { type: 'yarn', factor: by, originalLength: 32, ramp: 'pairs' },
        }),
      },
    ),
  ),
);

describe('config.json', () => {
  it("that other code changed says what its standard fields say, in a checkpoint of this project's too", () => {
    fc.assert(
      fc.property(changes, fc.boolean(), ({ said, model }, isOurs) => {
        const { bipe_workbench: own, ...standard } = toHuggingFace(ours);
        const file = { ...standard, ...(isOurs && { bipe_workbench: own }), ...said };
        expect(fromHuggingFace(file, 'config.json')).toEqual({ ...ours, ...model });
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('of a model that only this project computes is refused by the field that was changed', () => {
    const config: ModelConfig = { ...ours, style: 'gpt2' };
    const file = toHuggingFace(config);
    expect(fromHuggingFace(file, 'config.json')).toEqual(config);
    fc.assert(
      fc.property(changes, ({ field, said }) => {
        const same = Object.entries(said).every(([name, value]) => file[name] === value);
        fc.pre(!same);
        expect(() => fromHuggingFace({ ...file, ...said }, 'config.json')).toThrow(
          new RegExp(`^config\\.json: (${field}|${Object.keys(said).join('|')}): .* change both$`),
        );
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('that transformers saved of a model that it cannot compute is refused', () => {
    const file = { ...toHuggingFace({ ...ours, window: 8 }), model_type: 'llama', hidden_act: 'silu' };
    expect(() => fromHuggingFace(file, 'config.json')).toThrow(
      /^config\.json: model_type: "llama", but bipe_workbench describes a model of no such type; set it to/,
    );
  });

  it.each<[what: string, fields: object, message: RegExp]>([
    [
      'two bases',
      { rope_theta: 500, rope_parameters: { rope_theta: 700 } },
      /^config\.json: rope_theta: both 700 and 500; keep one of them$/,
    ],
    [
      'two scalings',
      {
        rope_scaling: { rope_type: 'linear', factor: 2 },
        rope_parameters: { rope_type: 'linear', factor: 4 },
      },
      /^config\.json: rope_scaling: rope_parameters says something else; keep one of them$/,
    ],
    [
      'two types',
      { rope_scaling: { rope_type: 'linear', type: 'dynamic', factor: 2 } },
      /^config\.json: rope_scaling\.type: rope_type says another one; keep one of them$/,
    ],
    [
      'a base that the released code does not know',
      { rpe_type: 'bipe_rope', rope_theta: 500 },
      /^config\.json: rope_theta: 500; with bipe_rope only 10000 is supported$/,
    ],
    [
      'YaRN from a length in which no pair turns once',
      { rope_scaling: { rope_type: 'yarn', factor: 2, original_max_position_embeddings: 4 } },
      /^config\.json: original_max_position_embeddings: 4; YaRN is supported above 6\.28/,
    ],
  ])('with %s is refused', (_, fields, message) => {
    expect(() => fromHuggingFace({ ...toHuggingFace(ours), ...fields }, 'config.json')).toThrow(message);
  });

  it.each<[field: string, value: number]>([
    ['hidden_size', 400_000_000],
    ['num_hidden_layers', 50_000_000],
    ['num_hidden_layers', 2 ** 40],
    ['num_attention_heads', 2 ** 40],
    ['vocab_size', 2 ** 40],
    ['intermediate_size', 2 ** 40],
    ['max_position_embeddings', 2 ** 40],
    ['train_scale', 2 ** 40],
  ])('with a %s of %d is refused in one line, before anything is made of it', (field, value) => {
    const file = {
      ...readGolden('bipe_rope'),
      num_attention_heads: 3,
      num_key_value_heads: 3,
      [field]: value,
    };
    expect(() => createDecoder(fromHuggingFace(file, 'config.json'), 'config.json')).toThrow(
      /^config\.json: [^\n]*$/,
    );
  });

  it.each<[what: string, config: ModelConfig, model: string, fields: object]>([
    ['RoPE', ours, 'MyLlamaForCausalLM', { rope_scaling: null }],
    ['another base', { ...ours, ...rope({ base: 500 }) }, 'LlamaForCausalLM', { rope_theta: 500 }],
    [
      "YaRN as transformers' code has it",
      { ...ours, ...scaled({ type: 'yarn', factor: 4, ramp: 'pairs' }) },
      'LlamaForCausalLM',
      {
        rope_scaling: {
          rope_type: 'yarn',
          factor: 4,
          beta_fast: 32,
          beta_slow: 1,
          original_max_position_embeddings: 64,
        },
      },
    ],
    [
      'a base and a scaling',
      { ...ours, ...rope({ base: 500, scaling: { type: 'dynamic', factor: 2, originalLength: 32 } }) },
      'LlamaForCausalLM',
      { rope_scaling: { rope_type: 'dynamic', factor: 2 }, max_position_embeddings: 32 },
    ],
  ])('says %s as other code reads it', (_, config, architecture, fields) => {
    const written = toHuggingFace(config);
    expect(written).toMatchObject({ model_type: 'llama', architectures: [architecture], ...fields });
    expect(fromHuggingFace(written, 'config.json')).toEqual(config);
  });

  it.each<[what: string, change: Partial<ModelConfig>]>([
    ['RoPE with its usual base spelled out', rope({ base: 10_000 })],
    ['dropout, which is a matter of training', { dropout: 0.1 }],
    ['a padding row counted from the front', { paddingIndex: 100 }],
    ['a padding row counted from the end', { paddingIndex: -2 }],
  ])("is a Llama's for one with %s, and read back as it was", (_what, change) => {
    const config = { ...ours, ...change };
    const written = toHuggingFace(config);
    expect(written['model_type']).toBe('llama');
    expect(fromHuggingFace(written, 'config.json')).toEqual(config);
  });

  it("takes a file of the authors' that names no training length as their code does: 256", () => {
    const { train_scale: named, ...others } = readGolden('bipe_rope');
    expect(named).not.toBe(256);
    expect(fromHuggingFace(others, 'config.json').trainLength).toBe(256);
  });

  it('names the row that is not trained as an id that transformers saves, and none where all are trained', () => {
    expect(toHuggingFace(ours)['pad_token_id']).toBeNull();
    const padded = { ...ours, paddingIndex: -1 };
    expect(toHuggingFace(padded)['pad_token_id']).toBe(100);
    expect(fromHuggingFace(toHuggingFace(padded), 'config.json')).toEqual(padded);
    // Beside a table inside segments the last row has no one id.
    const released = fromHuggingFace(readGolden('bipe_rope'), 'config.json');
    expect(released.paddingIndex).toBe(-1);
    expect(toHuggingFace(released)['pad_token_id']).toBe(-1);
  });

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

  it('writes bases, factors and ramps as floats, of however many digits', () => {
    const encoding = rope({ base: 500, scaling: { type: 'yarn', factor: 16, ramp: 'pairs' } });
    const text = huggingFaceJson({ ...ours, ...encoding });
    const [standard = ''] = text.split('"bipe_workbench"');
    for (const field of [
      '"rope_theta": 500.0,',
      '"factor": 16.0,',
      '"beta_fast": 32.0,',
      '"beta_slow": 1.0,',
    ])
      expect(standard).toContain(field);
    expect(fromHuggingFace(JSON.parse(text), 'config.json')).toEqual({ ...ours, ...encoding });
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
    ['model_type', 'mistral', 'only llama is supported'],
    ['rope_parameters.rope_type', { rope_type: 'llama3' }, onlyKnownTypes],
    ['rope_scaling.rope_type', { rope_type: 'longrope', factor: 2 }, onlyKnownTypes],
    ['rope_parameters.partial_rotary_factor', { partial_rotary_factor: 0.5 }, 'only 1 is supported'],
    ['rope_scaling.attention_factor', { type: 'yarn', factor: 2, attention_factor: 1.5 }, 'only null'],
    ['partial_rotary_factor', 0.5, 'only 1 is supported'],
    ['attention_bias', true, 'only false is supported'],
    ['mlp_bias', true, 'only false is supported'],
    ['attention_dropout', 0.1, 'only 0 is supported'],
    ['hidden_act', 'gelu', 'only silu is supported'],
    ['pad_token_id', 1000, '1000 in a vocabulary of 1000; give one of its ids, or null'],
    ['sliding_window', 64, 'only null is supported'],
    ['quantization_config', { bits: 4 }, 'only null is supported'],
    ['head_dim', 12, '12 for 6 heads; only hidden_size / num_attention_heads is supported'],
    ['num_key_value_heads', 2, '2 for 6 heads; shared keys are not supported'],
  ])('of another Llama is refused by its %s', (field, value, message) => {
    const released = readGolden('rope');
    const [name = ''] = field.split('.');
    expect(() => fromHuggingFace({ ...released, [name]: value }, 'config.json')).toThrow(
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
