// Reassigns answers to other instances. An answer moved within its chapter or document is hardly
// wrong: all excerpts of a chapter may have one reference.

import { type Random } from '../engine/random/random';

/**
 * Draws for each instance another one, whose answer it gets; each answer is given once. The other
 * one is of another group, unless a group has more than half of the instances: then for as many as
 * possible.
 *
 * @param groups the group of each instance
 * @returns [instances] int32
 */
export function swappedOrder(groups: readonly string[], random: Random): Int32Array {
  const order = random.permutation(groups.length);
  const giver = (place: number): string | undefined => groups[order[place] ?? 0];
  for (const [place, group] of groups.entries()) {
    if (giver(place) !== group) continue;
    // Exchanging with an instance of another group, whose answer is of another group too, repairs
    // this one and spoils none.
    const partners = groups.flatMap((other, at) => (other !== group && giver(at) !== group ? [at] : []));
    if (partners.length === 0) continue;
    const partner = random.choice(partners);
    [order[place], order[partner]] = [order[partner] ?? 0, order[place] ?? 0];
  }
  return order;
}
