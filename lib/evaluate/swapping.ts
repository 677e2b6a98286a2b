// Who gets whose answer where answers are handed to other instances. An answer that stays in its
// chapter or document is hardly in another place: all excerpts of a chapter may have one reference.

import { type Random } from '../engine/random/random';

/**
 * For each instance another one, whose answer it gets; each is given once. It is of another group,
 * but where a group has more than half of the instances: then for as many of them as there can be.
 *
 * @param groups which group each instance is of
 * @returns [instances] int32
 */
export function swappedOrder(groups: readonly string[], random: Random): Int32Array {
  const order = random.permutation(groups.length);
  const giver = (place: number): string | undefined => groups[order[place] ?? 0];
  for (const [place, group] of groups.entries()) {
    if (giver(place) !== group) continue;
    // Exchanging with a place of another group, whose answer is of another group too, mends this
    // one and spoils none.
    const partners = groups.flatMap((other, at) => (other !== group && giver(at) !== group ? [at] : []));
    if (partners.length === 0) continue;
    const partner = random.choice(partners);
    [order[place], order[partner]] = [order[partner] ?? 0, order[place] ?? 0];
  }
  return order;
}
