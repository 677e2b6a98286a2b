import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, fromJson, jsonOrUndefined, toJson } from '../../lib/base/json';
import { anyNumber, parseWith } from '../../lib/base/schema';

const unusual = fc.constantFrom(NaN, Infinity, -Infinity, -0);
const likeThem = fc
  .tuple(fc.constantFrom('', "'", "''"), fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '+0', 'nan'))
  .map((parts) => parts.join(''));

/** Values with every number and with texts that look like those which JSON cannot say. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.double(), unusual),
    fc.oneof(fc.string({ unit: 'binary' }), likeThem),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), likeThem), tie('value')),
  ),
})).value;

describe('JSON', () => {
  it('is valid and reads back as the same value, whatever numbers and texts are in it', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = toJson(value, indent);
        expect(() => JSON.parse(text) as unknown).not.toThrow();
        // toStrictEqual tells 0 from -0; a null prototype is no difference that JSON could keep.
        expect(fromJson(text)).toStrictEqual(structuredClone(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('says NaN and the infinities as other languages read them', () => {
    expect(toJson({ loss: [NaN, Infinity, -Infinity, -0, 0, 1.5], NaN: 'NaN', text: 'is NaN' })).toBe(
      `{"loss":["NaN","Infinity","-Infinity","-0",0,1.5],"NaN":"'NaN","text":"is NaN"}`,
    );
  });

  it('is what JSON.stringify and JSON.parse have for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.stringify(value, (_key, field: unknown) => (Object.is(field, -0) ? 0 : field));
        fc.pre(!/(NaN|Infinity|-0)"/.test(plain) && !plain.includes('"-0'));
        const without0 = JSON.parse(plain) as unknown;
        expect(toJson(without0)).toBe(plain);
        expect(fromJson(plain)).toStrictEqual(without0);
      }),
    );
    expect(() => fromJson('{"loss": NaN}')).toThrow(SyntaxError);
  });

  it('is checked by a schema in which any number is one', () => {
    const schema = z.strictObject({ loss: anyNumber });
    for (const loss of [NaN, Infinity, -Infinity, -0, 2])
      expect(parseWith(schema, fromJson(toJson({ loss })), 'line 3')).toStrictEqual({ loss });
    for (const [loss, is] of [
      [null, 'null'],
      ['2', 'string'],
    ] as const)
      expect(() => parseWith(schema, { loss }, 'line 3')).toThrow(
        `line 3: loss: expected number, received ${is}`,
      );
  });
});

describe('canonical JSON', () => {
  it('is the same for the same value, in whatever order its fields were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('has the fields of every object in order, lists as they are, and no spaces', () => {
    expect(canonicalJson({ b: [3, 1, { d: null, c: 'x y' }], a: true })).toBe(
      '{"a":true,"b":[3,1,{"c":"x y","d":null}]}',
    );
  });

  it('differs for what differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const alike = isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
        expect(canonicalJson(one) === canonicalJson(other)).toBe(alike);
      }),
    );
  });
});

describe('JSON that may be none', () => {
  it('is its value, or undefined', () => {
    expect(jsonOrUndefined(' {"a":[1,null]} ')).toEqual({ a: [1, null] });
    expect(jsonOrUndefined('null')).toBeNull();
    expect(['', '{', 'undefined', 'NaN'].map(jsonOrUndefined)).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});
