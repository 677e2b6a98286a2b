import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatJson, toPlain } from '../../lib/report/json';

it('formats JSON that reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('puts a list of numbers on one line and each field on its own, but for rows', () => {
  expect(formatJson({ a: new Float32Array([1, 2.5]), b: { c: [], d: [{ e: null }] } })).toBe(
    '{\n  "a": [1, 2.5],\n  "b": {\n    "c": [],\n    "d": [\n      { "e": null }\n    ]\n  }\n}\n',
  );
});

it('turns what JSON cannot say into null', () => {
  expect(toPlain([Number.NaN, Infinity, undefined, 1])).toEqual([null, null, null, 1]);
  expect(toPlain({ kept: 0, left: undefined })).toEqual({ kept: 0 });
});
