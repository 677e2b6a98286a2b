import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../lib/base/errors';
import { checkSeparators } from '../../lib/model/check-separators';
import { type NestedSeparators } from '../../lib/segment/levels';

describe('checking the separators of a checkpoint', () => {
  it('accepts those that it was trained for, in any order, and any where it has no segments', () => {
    checkSeparators({ separators: [[13, 869]] }, [[869, 13]], 'm');
    checkSeparators({ separators: [[13], [10, 11]] }, [[13], [11, 10]], 'm');
    checkSeparators({ separators: [{ kind: 'every', tokens: 8 }] }, [{ tokens: 8, kind: 'every' }], 'm');
    checkSeparators({ separators: [] }, [[869, 13]], 'm');
  });

  it('refuses others in one line that names both', () => {
    const refuse = (trained: NestedSeparators, given: NestedSeparators, says: string): void => {
      expect(() => {
        checkSeparators({ separators: trained }, given, 'runs/model');
      }).toThrow(
        new CheckpointError(
          `runs/model: trained for segments that end at ${says}; give the same separators, or a checkpoint trained for these`,
        ),
      );
    };
    refuse([[869, 13]], [[29_889, 869, 13]], '13,869, not at 13,869,29889');
    refuse([[13], [10]], [[10], [13]], '13 / 10, not at 10 / 13');
    refuse([[13]], [[13], [10]], '13, not at 13 / 10');
    refuse([{ kind: 'every', tokens: 8 }], [[13]], '{"kind":"every","tokens":8}, not at 13');
    refuse([[13]], [], '13, not at nothing');
  });
});
