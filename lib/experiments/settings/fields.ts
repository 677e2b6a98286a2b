// Fields that the settings of several items share: what they allow, and what they mean, which
// `bipe reproduce <item> --help` lists.

import { z } from 'zod';
import { bipe } from '../../base/command';
import { variantsSchema } from '../../positional/registry';

/** Settings with these fields, as their schema gives them. */
export type SettingsWith<Fields extends z.ZodRawShape> = Readonly<z.infer<z.ZodObject<Fields>>>;

/** A whole number from 1. */
export const count = z.int().min(1);

/** Some of these, at least one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).min(1).readonly();
}

/**
 * A list in which everything stands once: a second time it would be trained or counted twice.
 *
 * @param least how long it is at least
 */
export function listOnce<Item extends z.ZodType<string | number>>(item: Item, least = 1) {
  return z
    .array(item)
    .superRefine((items, context) => {
      const twice = items.find((one, index) => items.indexOf(one) !== index);
      if (twice !== undefined)
        context.addIssue({ code: 'custom', message: `${twice} is given twice; give it once` });
    })
    .min(least)
    .readonly();
}

/** Lengths in tokens that ascend, at least one. */
export function ascendingLengths(least: number) {
  return z
    .array(z.int().min(least))
    .min(1)
    .refine(
      (lengths) => lengths.every((length, index) => index === 0 || length > (lengths[index - 1] ?? 0)),
      { error: 'must be ascending, e.g. [512, 1024, 2048]' },
    )
    .readonly();
}

/** The seed of an item. */
export const seedField = z.int().min(0).describe('seed of everything that is drawn at random');

/** Encodings to compare, and the models of each. */
export const encodingFields = {
  encodings: listOnce(z.string()).describe('names of encodings: of the registry, or of `variants`'),
  seeds: listOnce(z.int().min(0)).describe('each seed trains one more model of every kind'),
};

/** Encodings of one's own. */
export const variantsField = variantsSchema.describe(
  'encodings by names of your own; those that you give are added',
);

/** The layers of a model. */
export const layerFields = {
  layers: count.describe('layers of the model'),
  heads: count.describe('attention heads of each layer'),
};

/** Length of a training, and its learning rate. */
export const trainingFields = {
  steps: count.describe('updates of the parameters'),
  batchSize: count.describe('sequences whose gradients are computed at once'),
  learningRate: z.number().positive().describe('the highest learning rate, after the warm-up'),
  warmupSteps: z.int().min(0).describe('steps in which the learning rate rises from 0'),
};

/** The largest norm of a gradient. */
export const clipNormField = z
  .number()
  .positive()
  .nullable()
  .describe('the largest norm of the gradient; null: no clipping');

/** Decay of the parameters. */
export const weightDecayField = z.number().min(0).describe('weight decay of AdamW');

/** The share of activations that is dropped. */
export const dropoutField = z
  .number()
  .min(0)
  .lt(1)
  .describe('the share of activations that is set to 0 in training');

/** The precision of matrix products in training. */
export const productsField = z
  .enum(['float32', 'bfloat16'])
  .exactOptional()
  .describe('what training rounds matrix products to: float32 or bfloat16; evaluations are in float32');

/** The tokenizer of a text. */
export const tokenizerField = z.string().describe('llama2, llama2-<pieces>, bytes or characters');

/** Sources of text. */
export const sourcesField = listOf(z.string()).describe(
  `names of data sources, as ${bipe('data list')} lists them`,
);

/**
 * The meaning of each field of a schema that has one; of alternatives, the first one's.
 *
 * @param schema of an object, or of what is made of one
 */
export function meaningsOf(schema: z.core.$ZodType): Readonly<Record<string, string>> {
  if (schema instanceof z.ZodReadonly) return meaningsOf(schema.unwrap());
  if (schema instanceof z.ZodPipe) return meaningsOf(schema.in);
  if (schema instanceof z.ZodUnion)
    return schema.options.reduce(
      (earlier: Readonly<Record<string, string>>, option) => ({
        ...earlier,
        ...meaningsOf(option),
        ...earlier,
      }),
      {},
    );
  if (!(schema instanceof z.ZodObject)) return {};
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  return Object.fromEntries(
    Object.entries(shape).flatMap(([field, { description }]) =>
      description === undefined ? [] : [[field, description]],
    ),
  );
}
