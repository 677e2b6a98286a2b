import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, MachineError, UsageError } from '../../lib/base/errors';
import { errorAt, parseWith } from '../../lib/base/schema';

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
