import { describe, expect, it, vi } from 'vitest';
import { availableMemory, machineMemory } from '../../lib/base/memory';
import { ownEntry } from '../../lib/base/own';
import { present } from '../../lib/base/present';

describe('present', () => {
  it('is the value, also one that counts as false', () => {
    expect([0, '', false, null].map((value) => present(value, 'value'))).toEqual([0, '', false, null]);
  });

  it('says what is not there', () => {
    expect(() => present<unknown>(undefined, 'tensor')).toThrow('there is no tensor');
  });
});

describe('ownEntry', () => {
  it('is what was put there, and nothing that is inherited', () => {
    expect(ownEntry({ a: 1, toString: 2 }, 'a')).toBe(1);
    expect(ownEntry<unknown>({ a: 1, toString: 2 }, 'toString')).toBe(2);
    expect(ownEntry<unknown>({ a: 1 }, 'toString')).toBeUndefined();
    expect(ownEntry({ a: 1 }, 'b')).toBeUndefined();
  });
});

describe('memory', () => {
  it('is without a limit where there is no Node.js', () => {
    const asked = vi.spyOn(process, 'availableMemory').mockReturnValue(123);
    expect(availableMemory()).toBe(123);
    asked.mockRestore();
    vi.stubGlobal('process', undefined);
    try {
      expect([availableMemory(), machineMemory()]).toEqual([Infinity, Infinity]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
