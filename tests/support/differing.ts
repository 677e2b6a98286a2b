// Numbers of which no two are alike, so that what stands in another's place is seen.

/** Hands out numbers; the same ones in the same order. */
export class Differing {
  #drawn = 0;

  /** Between 0.1 and 0.9. */
  share(): number {
    this.#drawn += 1;
    // Steps of the golden ratio fill an interval evenly and never meet.
    return 0.1 + 0.8 * ((this.#drawn * 0.6180339887498949) % 1);
  }

  /** Of four or five digits. */
  count(): number {
    this.#drawn += 1;
    return 1000 + 37 * this.#drawn;
  }

  /** A number between two others, not in their middle. */
  range(centre = this.share()): { readonly centre: number; readonly low: number; readonly high: number } {
    return { centre, low: centre * (0.8 + 0.1 * this.share()), high: centre * (1.1 + 0.1 * this.share()) };
  }

  /** A curve of training. */
  curve(): { readonly step: number; readonly loss: number }[] {
    return [10, 25, 45].map((step) => ({ step, loss: 2 + this.share() }));
  }
}
