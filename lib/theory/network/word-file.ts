// Reads files of words as JSON lines, an array of symbols on each line. The whole file is checked
// before any word is run.

import { DataError, messageOf } from '../../base/errors';
import { readTextFile } from '../../base/files';
import { displayPath } from '../../base/paths';
import { alphabetOf } from '../automata/alphabet';
import type { Word } from '../automata/automaton';
import type { Network } from './network';
import { tokenReader } from './words';

/**
 * Reads the words of a file as ids of a network's tokens, [length] each; `[]` is the empty word.
 *
 * @throws DataError naming file and line: no JSON, no array of symbols, a symbol that the automaton
 *   does not have, a word beyond the network's bounds
 */
export async function readWordFile(path: string, network: Network): Promise<Int32Array[]> {
  const read = tokenReader(network);
  const example = JSON.stringify(alphabetOf(network.automaton).slice(0, 2));
  const lines = (await readTextFile(path)).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0)
    throw new DataError(`${displayPath(path)}: no words; write an array of symbols a line, e.g. ${example}`);
  return lines.map((line, index) => {
    const where = `${displayPath(path)}:${index + 1}`;
    return read(wordOf(line, where, example), where);
  });
}

function wordOf(line: string, where: string, example: string): Word {
  if (line.trim() === '')
    throw new DataError(`${where}: an empty line; remove it, or write [] for the empty word`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const what = messageOf(error).replace(/\s+/g, ' ');
    throw new DataError(`${where}: not JSON (${what}); write an array of symbols, e.g. ${example}`, {
      cause: error,
    });
  }
  if (Array.isArray(value) && value.every((symbol) => typeof symbol === 'string')) return value;
  throw new DataError(`${where}: not an array of symbols; write one a line, e.g. ${example}`);
}
