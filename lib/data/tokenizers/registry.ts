// Tokenizers by name. A new one is a file beside this one and a line here.

import { unknownName } from '../../base/suggest';
import { ByteTokenizer } from './bytes';
import { CharacterTokenizer } from './characters';
import { loadLlama2, loadSmallerLlama2 } from './llama2';
import type { Tokenizer } from './tokenizer';

const loaders: ReadonlyMap<string, () => Promise<Tokenizer>> = new Map<string, () => Promise<Tokenizer>>([
  ['llama2', loadLlama2],
  ['bytes', () => Promise.resolve(new ByteTokenizer())],
  ['characters', () => Promise.resolve(new CharacterTokenizer())],
]);

// Not their promises: a promise whose cell was stopped never ends.
const loaded = new Map<string, Tokenizer>();

/** Names of `getTokenizer`, besides `llama2-<pieces>`. */
export const tokenizerNames: readonly string[] = [...loaders.keys()];

/**
 * Gets a tokenizer by name; loaded once. `characters` has the ASCII vocabulary: make a
 * `CharacterTokenizer` for another. `llama2-4096` is Llama 2's restricted to so many pieces.
 *
 * @throws UsageError if the name is unknown
 */
export async function getTokenizer(name: string): Promise<Tokenizer> {
  const load = loaders.get(name) ?? smallerLlama2(name);
  if (!load) throw unknownName('tokenizer', name, [...tokenizerNames, 'llama2-<pieces>']);
  const tokenizer = loaded.get(name) ?? (await load());
  // A simultaneous call may have been first.
  const first = loaded.get(name) ?? tokenizer;
  loaded.set(name, first);
  return first;
}

function smallerLlama2(name: string): (() => Promise<Tokenizer>) | undefined {
  const [, size] = /^llama2-([1-9]\d*)$/.exec(name) ?? [];
  return size === undefined ? undefined : () => loadSmallerLlama2(Number(size));
}
