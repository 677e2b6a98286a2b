// Lists in the settings of items: those in which nothing may stand twice, since it would be trained
// or counted twice, and those that ascend.

import { z } from 'zod';

/** A list in which everything stands once. */
export function listOnce<Item extends string | number>(item: z.ZodType<Item>): z.ZodArray<z.ZodType<Item>> {
  return z.array(item).superRefine((items, context) => {
    const twice = items.find((one, index) => items.indexOf(one) !== index);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', message: `${twice} is given twice; give it once` });
  });
}

/** Names of encodings, at least one. */
export const encodingsField = listOnce(z.string()).min(1);

/** Seeds of what is drawn, at least one. */
export const seedsField = listOnce(z.int().min(0)).min(1);

/** Lengths in tokens that ascend, at least one. */
export function ascendingLengths(least: number): z.ZodArray<z.ZodInt> {
  return z
    .array(z.int().min(least))
    .min(1)
    .refine(
      (lengths) => lengths.every((length, index) => index === 0 || length > (lengths[index - 1] ?? 0)),
      { error: 'must be ascending, e.g. [512, 1024, 2048]' },
    );
}
