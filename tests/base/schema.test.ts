import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, MachineError, UsageError } from '../../lib/base/errors';
import { anyNumber, countUpTo, errorAt, parseInside, parseJsonWith, parseWith } from '../../lib/base/schema';

const shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('circle'), radius: z.number() }),
  z.strictObject({ kind: z.literal('square'), side: z.number() }),
]);
const schema = z.strictObject({
  title: z.string(),
  shapes: z.array(shape).default([]),
  frame: z
    .strictObject({ width: z.number() })
    .refine(({ width }) => width > 0)
    .exactOptional(),
});

describe('what does not fit a schema', () => {
  it.each<[value: unknown, says: string]>([
    [4, 'picture: the value: Invalid input: expected object, received number'],
    [{ title: 4 }, 'picture: title: Invalid input: expected string, received number'],
    [
      { title: 'a', shape: [] },
      "picture: unknown field 'shape'; did you mean shapes? known are title, shapes, frame",
    ],
    [{ title: 'a', frame: { width: 1, depth: 2 } }, "picture: frame: unknown field 'depth'; known are width"],
    [
      {
        title: 'a',
        shapes: [
          { kind: 'circle', radius: 1 },
          { kind: 'square', side: 1, sides: 4 },
        ],
      },
      "picture: shapes[1]: unknown field 'sides'; did you mean side? known are kind, side",
    ],
  ])('is told in one line with its place: %j', (value, says) => {
    expect(() => parseWith(schema, value, 'picture')).toThrow(new ConfigError(says));
  });
});

describe('what is nested', () => {
  it('may be so 64 deep, and no deeper', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(parseWith(z.unknown(), nested(64), 'picture')).toEqual(nested(64));
    expect(() => parseWith(z.unknown(), nested(65), 'picture')).toThrow(
      new ConfigError('picture: nested more than 64 deep; write it flatter'),
    );
    let shared: unknown = 'end';
    for (let depth = 0; depth < 60; depth += 1) shared = [shared, shared];
    expect(parseWith(z.unknown(), shared, 'picture')).toBe(shared);
    const circle: unknown[] = [];
    circle.push([circle]);
    expect(() => parseWith(z.unknown(), circle, 'picture')).toThrow('nested more than 64 deep');
  });
});

describe('an error in making something of settings', () => {
  it.each([new ConfigError('too wide'), new UsageError('too wide'), new ConfigError('picture: too wide')])(
    'begins with their place, once: %s',
    (error) => {
      expect(errorAt('picture', error)).toEqual(new ConfigError('picture: too wide'));
    },
  );

  it('is left as it is when it is not about them', () => {
    const error = new MachineError('the disk is full');
    expect(errorAt('picture', error)).toBe(error);
  });
});

describe('a count', () => {
  it.each([
    [1, true],
    [2000, true],
    [0, false],
    [-1, false],
    [1.5, false],
    [2001, false],
    ['2', false],
  ])('up to 2,000 may be %j: %j', (value, isRight) => {
    expect(countUpTo(2000).safeParse(value).success).toBe(isRight);
  });

  it('says what the most is', () => {
    expect(() => parseWith(z.strictObject({ layers: countUpTo(2000) }), { layers: 3000 }, 'model')).toThrow(
      new ConfigError('model: layers: must be 2,000 or less'),
    );
  });
});

describe('a schema that is chosen by the value', () => {
  const chosen = z.strictObject({
    kind: z.string(),
    inside: z.unknown().transform((value, context) => parseInside(schema, value, context)),
  });

  it('gives what that one makes of it', () => {
    expect(parseWith(chosen, { kind: 'a', inside: { title: 'b' } }, 'file')).toEqual({
      kind: 'a',
      inside: { title: 'b', shapes: [] },
    });
  });

  it('tells its issues with their whole place', () => {
    const inside = { title: 'b', shapes: [{ kind: 'circle', radius: 'x' }] };
    expect(() => parseWith(chosen, { kind: 'a', inside }, 'file')).toThrow(
      new ConfigError('file: inside.shapes[0].radius: Invalid input: expected number, received string'),
    );
    expect(() => parseWith(chosen, { kind: 'a', inside: { title: 'b', shape: [] } }, 'file')).toThrow(
      new ConfigError(
        "file: inside: unknown field 'shape'; did you mean shapes? known are title, shapes, frame",
      ),
    );
  });
});

describe('JSON of a file', () => {
  const damaged = (why: string, cause: Error): Error => new MachineError(`damaged: ${why}`, { cause });
  const read = (text: string): unknown => parseJsonWith(z.strictObject({ loss: anyNumber }), text, damaged);

  it('is read with the numbers that JSON has no literal for', () => {
    expect(read('{"loss":"-Infinity"}')).toEqual({ loss: -Infinity });
  });

  it.each([
    ['{"loss":', /^damaged: .*JSON/],
    ['{"loss":true}', /^damaged: it: loss: expected number, received boolean$/],
  ])('is said to be damaged where it is %s', (text, says) => {
    expect(() => read(text)).toThrow(says);
    expect(() => read(text)).toThrow(MachineError);
  });
});
