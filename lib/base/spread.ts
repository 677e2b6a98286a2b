// A part of many things that stands for all of them.

/**
 * The places of as many of `count` things as `most` allows, spread evenly over all, the first among
 * them; ascending.
 */
export function spreadPlaces(count: number, most: number): number[] {
  const wanted = Math.min(count, most);
  return Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
}
