// No positional encoding (NoPE): a causal mask alone lets a decoder count. Kazemnejad et al. 2023,
// "The Impact of Positional Encoding on Length Generalization in Transformers" (arXiv 2305.19466).

import { z } from 'zod';
import { type Encoding } from './encoding';
import { type EncodingKind } from './kind';

const schema = z.strictObject({
  kind: z.literal('none'),
});

/** No settings. */
export type NoneConfig = z.infer<typeof schema>;

/** The encoding that does nothing. */
export function none(): Encoding {
  return { name: 'none', levels: 1, parameters: () => [], apply: () => ({}) };
}

/** NoPE for the registry. */
export const noneKind: EncodingKind<NoneConfig> = {
  kind: 'none',
  schema,
  create: none,
};
