// Results of language models in which no two numbers are alike.

import { type PerplexityByLength } from '../../../lib/evaluate/perplexity';
import {
  type LanguageModelRun,
  type ModalityPerplexity,
} from '../../../lib/experiments/language-models/runs';
import { type Modality } from '../../../lib/data/sources/source';
import { type Differing } from '../../support/differing';

/** Documents of a kind of text: others of each, in number too. */
export const documentsOf: Readonly<Record<Modality, number>> = { books: 6, papers: 7, code: 8 };

/** A reading at a length: nothing in it follows from anything else. */
export function reading(some: Differing, length: number, documents: number): PerplexityByLength {
  const loss = 2 + some.share();
  const { low, high } = some.range(Math.exp(loss));
  const half = length / 2;
  return {
    length,
    stride: length,
    windows: some.count(),
    tokens: some.count(),
    documents,
    byDocument: Array.from({ length: documents }, () => {
      const tokens = some.count();
      return { tokens, sum: tokens * (2 + some.share()) };
    }),
    loss,
    perplexity: Math.exp(loss),
    interval: { estimate: Math.exp(loss), low, high },
    byPosition: [
      { from: 1, to: half, loss: 2 + some.share(), tokens: some.count() },
      { from: half + 1, to: length - 1, loss: 2 + some.share(), tokens: some.count() },
    ],
  };
}

/** Readings of kinds of text at several lengths. */
export function readings(
  some: Differing,
  modalities: readonly Modality[],
  lengths: readonly number[],
): ModalityPerplexity[] {
  return modalities.map((modality) => ({
    modality,
    byLength: lengths.map((length) => reading(some, length, documentsOf[modality])),
  }));
}

/** A model that was trained. */
export function languageModel(
  some: Differing,
  encoding: string,
  seed: number,
  modalities: readonly Modality[],
  lengths: readonly number[],
): LanguageModelRun {
  return {
    encoding,
    hiddenSize: 96,
    seed,
    modalities: readings(some, modalities, lengths),
    parameters: some.count(),
    curve: some.curve(),
    tokensPerSecond: some.count(),
    seconds: some.count(),
  };
}

/** What was read of a kind of text at a length. */
export function at(
  { modalities }: { readonly modalities: readonly ModalityPerplexity[] },
  modality: Modality,
  length: number,
): PerplexityByLength {
  const found = modalities
    .find((one) => one.modality === modality)
    ?.byLength.find((one) => one.length === length);
  if (found === undefined) throw new Error(`nothing of ${modality} at ${length}`);
  return found;
}

/** As a figure and a table have it: the number, its interval, its words. */
export function perplexity(found: PerplexityByLength) {
  const { low = NaN, high = NaN } = found.interval ?? {};
  return {
    centre: found.perplexity,
    low,
    high,
    words: `perplexity ${found.perplexity.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
  };
}

/** Two readings of the same documents beside each other, as a finding says it. */
export function ratioOf(first: PerplexityByLength, second: PerplexityByLength): string {
  const mean = ({ byDocument }: PerplexityByLength): number =>
    byDocument.reduce((sum, one) => sum + one.sum, 0) / byDocument.reduce((sum, one) => sum + one.tokens, 0);
  const [a, b] = [first, second].map((one) => one.perplexity.toPrecision(3));
  const change = 100 * (Math.exp(mean(first) - mean(second)) - 1);
  return `${a ?? ''} vs ${b ?? ''}, ${Math.abs(change).toFixed(1)} % ${change < 0 ? 'lower' : 'higher'} (95 % CI `;
}
