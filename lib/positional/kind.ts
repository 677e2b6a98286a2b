// What a file of this folder says about its encoding so that the registry can make it from a
// configuration, and what several of these files need.

import { type z } from 'zod';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import type * as tf from '@tensorflow/tfjs';
import { type Encoding } from './encoding';

/** One kind of encoding: its settings as JSON, and how it is made of them. */
export interface EncodingKind<Config extends { readonly kind: string }> {
  readonly kind: Config['kind'];
  readonly schema: z.ZodType<Config>;
  readonly create: (config: Config) => Encoding;
}

/** The configuration that a kind is made of. */
export type ConfigOf<Kind> = Kind extends EncodingKind<infer Config> ? Config : never;

/**
 * What the function that makes an encoding takes: its configuration without the word that says
 * which one it is.
 */
export type Settings<Config extends { readonly kind: string }> = Omit<Config, 'kind'>;

/**
 * A trained tensor of an encoding.
 *
 * @throws Error if it is missing: the model must hand over all that `parameters` asks for
 */
export function trained(parameters: ReadonlyMap<string, tf.Tensor>, name: string): tf.Tensor {
  return present(parameters.get(name), `parameter ${name}`);
}

/**
 * Half of a width whose components an encoding takes in pairs.
 *
 * @throws ConfigError if it is odd
 */
export function halfOf(width: number, encoding: string, what: string): number {
  if (width % 2 === 0) return width / 2;
  throw new ConfigError(
    `encoding ${encoding}: ${what} is ${width}; it must be even, because components turn in pairs`,
  );
}
