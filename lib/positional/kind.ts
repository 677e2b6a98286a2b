// The form in which an encoding's file offers it to the registry, and helpers that several
// encodings share.

import { type z } from 'zod';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import type * as tf from '@tensorflow/tfjs';
import { type Encoding } from './encoding';

/** A kind of encoding: its settings as JSON, and the function that makes it from them. */
export interface EncodingKind<Config extends { readonly kind: string }> {
  readonly kind: Config['kind'];
  readonly schema: z.ZodType<Config>;
  readonly create: (config: Config) => Encoding;
}

/** The configuration of a kind. */
export type ConfigOf<Kind> = Kind extends EncodingKind<infer Config> ? Config : never;

/** The settings that make an encoding: its configuration without the field `kind`. */
export type Settings<Config extends { readonly kind: string }> = Omit<Config, 'kind'>;

/**
 * Looks up a trained tensor of an encoding.
 *
 * @throws Error if it is missing: the model must pass all tensors that `parameters` names
 */
export function trained(parameters: ReadonlyMap<string, tf.Tensor>, name: string): tf.Tensor {
  return present(parameters.get(name), `parameter ${name}`);
}

/**
 * Half of a width whose components are taken in pairs.
 *
 * @throws ConfigError if it is odd
 */
export function halfOf(width: number, encoding: string, what: string): number {
  if (width % 2 === 0) return width / 2;
  throw new ConfigError(
    `encoding ${encoding}: ${what} is ${width}; it must be even, because components turn in pairs`,
  );
}
