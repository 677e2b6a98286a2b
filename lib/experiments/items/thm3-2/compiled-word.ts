// A compiled network and one word, for notebooks: where each layer looks, what is reached after
// every prefix, and the certificate as a table.

import { type Figure, makeFigure } from '../../../report/figure';
import { makeTable } from '../../../report/measures';
import { type Table } from '../../../report/tables';
import type { Word } from '../../../theory/automata/automaton';
import { simulate } from '../../../theory/automata/simulate';
import { certifyNetwork } from '../../../theory/compile/certificate';
import { room } from '../../../theory/compile/count-error';
import { type Network, networkSeparators, startId, stateNames } from '../../../theory/network/network';
import { trace } from '../../../theory/network/plain';
import { tokenReader } from '../../../theory/network/words';
import { attentionPanels } from '../../charts/attention-panels';

/** A symbol as a label: white space would not be seen. */
function visible(symbol: string): string {
  return symbol.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll(' ', '␣');
}

/**
 * The token that each token copies from, a panel for each layer, with the borders of segments.
 *
 * @throws DataError for a word that the network cannot take
 */
export function compiledAttentionFigure(network: Network, word: Word): Figure {
  const ids = tokenReader(network)(word);
  const { layers, tokens } = trace(network, ids);
  return makeFigure({
    id: 'compiled-attention',
    title: 'Each token copies from one other, twice as far in each layer of a level',
    subtitle: 'Query (row) to key (column); lines are the borders of segments',
    caption: `${network.bounds.encoding === 'bipe' ? 'First inside segments, then from separator to separator. ' : ''}Where there is no token at that distance, the start token is found, whose relations leave every state where it is.`,
    alt: `${layers.length} triangular heat maps over ${tokens} tokens; each row has nearly all its weight on one key.`,
    ...attentionPanels({
      titles: layers.map(({ name }, layer) => `Layer ${layer + 1}: ${name}`),
      maps: layers.map(({ attention }) =>
        Array.from({ length: tokens }, (_, query) =>
          Array.from(attention.subarray(query * tokens, (query + 1) * tokens)),
        ),
      ),
      labels: ['start', ...word.map(visible)],
      ids: [startId, ...ids],
      separators: networkSeparators(network),
      height: 300,
      digits: 4,
    }),
  });
}

/**
 * The read-out of a network after every prefix of a word, beside the set simulator.
 *
 * @throws DataError for a word that the network cannot take
 */
export function reachedTable(network: Network, word: Word): Table {
  const names = stateNames(network);
  const { reached } = trace(network, tokenReader(network)(word));
  const wanted = simulate(network.automaton, word);
  return makeTable<{ readonly symbol: string; readonly prefix: number }>(
    {
      id: 'compiled-word',
      title: 'Reachable states after every prefix',
      caption: 'As the compiled network reads them out, in float64, and as a set simulator has them.',
    },
    [
      { key: 'prefix', label: 'Symbols read', format: 'integer', of: ({ prefix }) => prefix },
      { key: 'symbol', label: 'The last', of: ({ symbol }) => symbol },
      {
        key: 'network',
        label: 'Network',
        of: ({ prefix }) =>
          names
            .filter((_, state) => reached[prefix * names.length + state] === 1)
            .sort()
            .join(' '),
      },
      { key: 'simulator', label: 'Simulator', of: ({ prefix }) => wanted[prefix]?.join(' ') ?? '' },
    ],
    ['start', ...word.map(visible)].map((symbol, prefix) => ({ symbol, prefix })),
  );
}

/** The certificate of a network, layer by layer. */
export function networkCertificateTable(network: Network): Table {
  const certificate = certifyNetwork(network);
  const blocks = certificate.blocks.map(({ name, size }) => `${name} ${size}`).join(', ');
  const { width, hidden, weights, weightNorm, exactUpTo, mostTokens, mistakes, obstacle, holds, layers } =
    certificate;
  return makeTable<(typeof layers)[number]>(
    {
      id: 'compiled-certificate',
      title: holds ? 'Certified for every word within the bounds' : 'Not certified',
      caption:
        `Width ${width} (${blocks}), at most ${hidden.toLocaleString('en')} hidden units, ${weights.toLocaleString('en')} weights, the largest ${weightNorm.largest.toPrecision(3)}, their norm ${weightNorm.euclidean.toPrecision(3)}. ` +
        `Words have at most ${mostTokens.toLocaleString('en')} tokens; attention in float32 would be exact enough for ${exactUpTo?.toLocaleString('en') ?? 'any number of'}. Counts may err by ${room} before they are rounded.` +
        mistakes.map((mistake) => ` Not as compiled: ${mistake}.`).join('') +
        (obstacle === null ? '' : ` Not proved: ${obstacle}.`),
    },
    [
      { key: 'layer', label: 'Layer', format: 'integer', of: (one) => layers.indexOf(one) + 1 },
      { key: 'name', label: 'Copies', of: ({ name }) => name },
      { key: 'gap', label: 'Gap of scores', format: 'fixed2', of: ({ gap }) => gap },
      { key: 'leak', label: 'Attention elsewhere, at most', format: 'scientific', of: ({ leak }) => leak },
      { key: 'bound', label: 'Counts err by, proved', format: 'scientific', of: ({ bound }) => bound },
      { key: 'measured', label: 'Found', format: 'scientific', of: ({ measured }) => measured },
    ],
    layers,
  );
}
