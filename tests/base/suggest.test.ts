import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { closestName, unknownFields, unknownName } from '../../lib/base/suggest';

describe('a name that is not known', () => {
  it('is taken for the nearest known name when it differs by a slip', () => {
    expect(closestName('relased', ['paper', 'released'])).toBe('released');
    expect(closestName('PAPER', ['paper', 'released'])).toBe('paper');
  });

  it('is taken for nothing when it is far from every known name', () => {
    expect(closestName('newline', ['paper', 'released'])).toBeUndefined();
    expect(closestName('', [])).toBeUndefined();
  });

  it('is not taken for another one that shares no letter with it', () => {
    expect(closestName('x', ['a', 'b'])).toBeUndefined();
    expect(closestName('', ['a'])).toBeUndefined();
    expect(closestName('X', ['a', 'x'])).toBe('x');
    expect(closestName('q', ['q0', 'r1'])).toBe('q0');
  });

  it('is refused with the names there are', () => {
    expect(unknownName('fruit', 'aple', ['apple', 'pear'])).toEqual(
      new UsageError('unknown fruit "aple"; did you mean apple? known: apple, pear'),
    );
    expect(unknownName('fruit', 'zzz', ['apple', 'pear']).message).toBe(
      'unknown fruit "zzz"; known: apple, pear',
    );
  });
});

describe('fields that are not known', () => {
  it('are told with those that were probably meant, and all there are', () => {
    expect(unknownFields(['hight', 'zzz', 'heigth'], ['height', 'width'])).toBe(
      "unknown field 'hight', 'zzz', 'heigth'; did you mean height? known are height, width",
    );
    expect(unknownFields(['zzz'], ['height'])).toBe("unknown field 'zzz'; known are height");
  });

  it('are to be removed where there is none', () => {
    expect(unknownFields(['zzz'], [])).toBe("unknown field 'zzz'; remove it");
  });
});
