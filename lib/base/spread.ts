// A sample of many things.

/** At most `most` of `count` places, evenly spaced, the first included; ascending. */
export function spreadPlaces(count: number, most: number): number[] {
  const wanted = Math.min(count, most);
  return Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
}
