// Layers with one weight changed, which a certificate must not let pass.

import type { Mlp } from '../../../lib/theory/network/mlp';

/** The layer with each of its weights in turn larger by a share of itself. */
export function tampered(mlp: Mlp, share: number): Mlp[] {
  return (['inputWeight', 'outputWeight'] as const).flatMap((kind) =>
    Array.from(mlp[kind], (_, changed) => ({
      ...mlp,
      [kind]: mlp[kind].map((weight, index) => (index === changed ? weight * (1 + share) : weight)),
    })),
  );
}
