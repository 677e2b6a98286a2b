import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../../lib/base/errors';
import { parseWith } from '../../lib/base/schema';
import { parseStrictJson } from '../../lib/base/strict-json';

describe('JSON that a person wrote', () => {
  it('is read as JSON.parse reads it, whatever it says', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
        const value = JSON.parse(json) as unknown;
        expect(parseStrictJson(JSON.stringify(value, null, indent), 'a.json')).toEqual(value);
      }),
    );
  });

  it('is refused where a key stands twice in one object, wherever that is', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.nat(3), (key, first, second, depth) => {
        const name = JSON.stringify(key);
        const escaped = `"${escapes(key)}"`;
        const twice = `{${name}:${JSON.stringify(first)},${escaped} : ${JSON.stringify(second)}}`;
        const text = `${'[{"a":'.repeat(depth)}${twice}${'}]'.repeat(depth)}`;
        expect(() => parseStrictJson(text, 'a.json')).toThrow(ConfigError);
        expect(() => parseStrictJson(text, 'a.json')).toThrow(/is named twice; remove or rename one$/);
      }),
    );
  });

  it('is refused where it is none, with what the parser says', () => {
    for (const text of ['{', '{"a": 1,}', '']) {
      let error: unknown;
      try {
        parseStrictJson(text, 'a.json');
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).cause).toBeInstanceOf(SyntaxError);
      expect((error as Error).message).toMatch(/^a\.json: not JSON \([^\n]+\); correct it$/);
    }
  });

  it('is refused with the line and column of the second', () => {
    expect(() => parseStrictJson('{\n  "a\\"b": 1,\n  "c": {"a\\"b": 2}, "a\\"b": 3\n}', 'a.json')).toThrow(
      new ConfigError('a.json: line 3, column 21: "a\\"b" is named twice; remove or rename one'),
    );
    expect(() => parseStrictJson('{"\\u0061": 1, "a": 2}', 'a.json')).toThrow(
      new ConfigError('a.json: line 1, column 15: "a" is named twice; remove or rename one'),
    );
  });

  it('may name a key again in another object', () => {
    expect(parseStrictJson('{"a": {"a": 1}, "b": [{"a": 2}, {"a": "a"}, "a"]}', 'a.json')).toEqual({
      a: { a: 1 },
      b: [{ a: 2 }, { a: 'a' }, 'a'],
    });
  });

  it('may be nested as deep as it likes, which what reads it then refuses in one line', () => {
    interface Nested {
      readonly inside?: Nested | undefined;
    }
    const schema: z.ZodType<Nested> = z.strictObject({ inside: z.lazy(() => schema).optional() });
    const deep = parseStrictJson(`${'{"inside":'.repeat(100_000)}{}${'}'.repeat(100_000)}`, 'a.json');
    expect(() => parseWith(schema, deep, 'a.json')).toThrow(
      new ConfigError('a.json: nested more than 64 deep; write it flatter'),
    );
    const circle: { inside?: unknown } = {};
    circle.inside = circle;
    expect(() => parseWith(schema, circle, 'a.json')).toThrow(ConfigError);
  });
});

/** Text as JSON may also write it. */
function escapes(text: string): string {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
}
