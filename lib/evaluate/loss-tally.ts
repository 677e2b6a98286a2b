// Losses of an evaluation, summed as they arrive: for each document, and for each place in a
// window.

import { beginsOf, lastAtMost, type TokenSequence } from '../data/tokens/sequence';
import { type Window } from './windows';

/** The losses of a document's predicted tokens. */
export interface DocumentLoss {
  /** In nats. */
  readonly sum: number;
  readonly tokens: number;
}

/** The loss of the tokens at some positions of their windows. */
export interface PositionLoss {
  /** Tokens before the predicted one in the window: at least `from`, at most `to`. */
  readonly from: number;
  readonly to: number;
  /** Mean, in nats. */
  readonly loss: number;
  readonly tokens: number;
}

/** Sums of losses, by document and by place in the window. */
export class LossTally {
  readonly #begins: Float64Array;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #sumsAt: Float64Array;
  readonly #countsAt: Float64Array;

  constructor(documents: readonly Pick<TokenSequence, 'length'>[], length: number) {
    this.#begins = beginsOf(documents);
    this.#sums = new Float64Array(documents.length);
    this.#counts = new Float64Array(documents.length);
    this.#sumsAt = new Float64Array(length);
    this.#countsAt = new Float64Array(length);
  }

  /**
   * Adds a window's losses, [length - 1]: of each token but the first, to the document that has it.
   */
  add({ start, first }: Window, losses: Float32Array): void {
    let document = lastAtMost(this.#begins, start + first);
    for (let place = first; place <= losses.length; place += 1) {
      while ((this.#begins[document + 1] ?? Infinity) <= start + place) document += 1;
      const loss = losses[place - 1] ?? Number.NaN;
      this.#sums[document] = (this.#sums[document] ?? 0) + loss;
      this.#counts[document] = (this.#counts[document] ?? 0) + 1;
      this.#sumsAt[place] = (this.#sumsAt[place] ?? 0) + loss;
      this.#countsAt[place] = (this.#countsAt[place] ?? 0) + 1;
    }
  }

  /** Losses in the order of the documents, with those without a predicted token. */
  byDocument(): DocumentLoss[] {
    return Array.from(this.#sums, (sum, document) => ({ sum, tokens: this.#counts[document] ?? 0 }));
  }

  /**
   * Losses in groups of places of nearly equal size; groups without a predicted token are left out.
   */
  byPosition(bins: number): PositionLoss[] {
    const places = this.#sumsAt.length - 1;
    const used = Math.min(bins, places);
    return Array.from({ length: used }, (_, bin) => {
      const from = 1 + Math.floor((bin * places) / used);
      const to = Math.floor(((bin + 1) * places) / used);
      const tokens = total(this.#countsAt.subarray(from, to + 1));
      return { from, to, loss: total(this.#sumsAt.subarray(from, to + 1)) / tokens, tokens };
    }).filter(({ tokens }) => tokens > 0);
  }
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
