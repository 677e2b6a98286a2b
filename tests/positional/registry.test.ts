import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, UsageError } from '../../lib/base/errors';
import { parseWith } from '../../lib/base/schema';
import { type Encoding } from '../../lib/positional/encoding';
import {
  createEncoding,
  type EncodingConfig,
  encodingNamed,
  encodingNames,
  encodingSchema,
  registerEncoding,
} from '../../lib/positional/registry';
import { shape } from './support';

/** The one line of the ConfigError that a configuration causes. */
function complaint(config: unknown): string {
  try {
    createEncoding(config as EncodingConfig);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error(`accepted ${JSON.stringify(config)}`);
}

describe('named encodings', () => {
  it.each(encodingNames)('%s makes an encoding of its name', (name) => {
    expect(createEncoding(encodingNamed(name)).name).toBe(name);
  });

  it('are the paper’s: intra table of 1,024 rows, ALiBi’s slopes times 96', () => {
    const table = createEncoding(encodingNamed('bipe_rope')).parameters(shape);
    expect(table).toEqual([
      { name: 'model.embeds.0.weight', shape: [1024, shape.hiddenSize], initial: 'normal' },
    ]);
    expect(encodingNamed('bipe_alibi')).toMatchObject({ inter: { kind: 'alibi', slopeFactor: 96 } });
  });

  it('that do not exist are answered with the likely one', () => {
    expect(() => encodingNamed('bipe_rop')).toThrow(UsageError);
    expect(() => encodingNamed('bipe_rop')).toThrow(/unknown encoding "bipe_rop"; did you mean bipe_rope\?/);
  });

  it('stand for their configuration where one is read', () => {
    expect(parseWith(encodingSchema, 'bipe_alibi', 'model')).toEqual(encodingNamed('bipe_alibi'));
  });
});

describe('a configuration', () => {
  it('that is nested without end is refused in one line', () => {
    let nested: EncodingConfig = { kind: 'rope' };
    for (let level = 0; level < 20_000; level += 1)
      nested = { kind: 'bipe', intra: { kind: 'none' }, inter: nested };
    expect(() => createEncoding(nested)).toThrow(/^encoding: nested more than 64 deep; write it flatter$/);
  });

  it('stays as it is written: defaults are not filled in', () => {
    const config: EncodingConfig = {
      kind: 'bipe',
      intra: { kind: 'sinusoidal' },
      inter: { kind: 'bipe', intra: { kind: 'none' }, inter: { kind: 'rope', base: 500 } },
    };
    expect(parseWith(encodingSchema, config, 'model')).toEqual(config);
    expect(parseWith(encodingSchema, JSON.parse(JSON.stringify(config)), 'model')).toEqual(config);
  });

  it.each<[unknown, RegExp]>([
    [{ kind: 'rop' }, /^encoding: kind: unknown encoding "rop"; did you mean rope\? known: none, /],
    ['rop', /^encoding: the value: unknown encoding "rop"; did you mean rope\? known: /],
    [7, /^encoding: the value: not an encoding; give an object with its kind, such as \{"kind": "rope"\}$/],
    [
      { kind: 'rope', bse: 3 },
      /^encoding: unknown field 'bse'; did you mean base\? known are kind, base, scaling$/,
    ],
    [{ kind: 'rope', base: 1 }, /^encoding: base: .*>1/],
    [{ kind: 'rope', scaling: { type: 'yarn', factor: 2, alpha: 50 } }, /scaling: alpha must be below beta$/],
    [{ kind: 'rope', scaling: { type: 'yan', factor: 2 } }, /^encoding: scaling.type: .*'yarn'/],
    [{ kind: 'learned', rows: 0 }, /^encoding: rows: /],
    [
      { kind: 't5', maxDistance: 10 },
      /^encoding t5: maxDistance is 10; it must be over 16, half of the 32 buckets$/,
    ],
    [
      { kind: 'bipe', intra: { kind: 'rope' }, inter: { kind: 'rope' } },
      /^encoding: intra.kind: rope is not allowed here; choose none, sinusoidal, learned/,
    ],
    [
      { kind: 'bipe', intra: { kind: 'learned' }, inter: { kind: 'learned' } },
      /^encoding: inter.kind: learned is not allowed here; choose none, rope, alibi, xpos, t5, kerple, fire/,
    ],
    [
      { kind: 'bipe', intra: { kind: 'learned' }, inter: { kind: 'alibi', slope: 3 } },
      /^encoding: inter: unknown field 'slope'; known are kind, slopeFactor$/,
    ],
    [{ kind: 'bipe', intra: { kind: 'learned' } }, /^encoding: inter: not an encoding; give an object/],
    [{ kind: 'randomized', encoding: { kind: 'rope' } }, /^encoding: maxPosition: /],
    [
      { kind: 'randomized', encoding: { kind: 'bipe' }, maxPosition: 9 },
      /^encoding: encoding.kind: bipe is not allowed here/,
    ],
  ])('that is wrong is refused in one line: %j', (config, expected) => {
    expect(complaint(config)).toMatch(expected);
  });
});

describe('an encoding of one’s own', () => {
  const own = (name: string): Encoding => ({ name, levels: 1, parameters: () => [], apply: () => ({}) });
  const kind = {
    kind: 'own_nothing' as const,
    schema: z.strictObject({ kind: z.literal('own_nothing'), label: z.string() }),
    create: ({ label }: { label: string }) => own(label),
  };

  it('is known once registered, alone and inside bipe', () => {
    const config: EncodingConfig = { kind: 'own_nothing', label: 'empty' };
    expect(complaint(config)).toMatch(/unknown encoding "own_nothing"/);
    registerEncoding(kind);
    expect(createEncoding(config).name).toBe('empty');
    expect(createEncoding({ kind: 'bipe', intra: config, inter: config }).levels).toBe(2);
    expect(complaint({ kind: 'own_nothing' })).toMatch(/^encoding: label: /);
  });

  it('may be registered again, and must have a name of its own', () => {
    registerEncoding({ ...kind, create: () => own('changed') });
    expect(createEncoding({ kind: 'own_nothing', label: 'empty' }).name).toBe('changed');
    const taken = { ...kind, kind: 'rope' as never };
    expect(() => {
      registerEncoding(taken);
    }).toThrow(/^encoding "rope": the kind of your own encoding must begin with own_, e.g. own_rope$/);
  });
});
