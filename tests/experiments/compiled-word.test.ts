import { describe, expect, it } from 'vitest';
import { DataError } from '../../lib/base/errors';
import {
  compiledAttentionFigure,
  networkCertificateTable,
  reachedTable,
} from '../../lib/experiments/items/thm3-2/compiled-word';
import { heatScale } from '../../lib/report/style';
import { type BiNfa } from '../../lib/theory/automata/automaton';
import { exampleNamed } from '../../lib/theory/automata/examples';
import { simulate } from '../../lib/theory/automata/simulate';
import { certifyNetwork } from '../../lib/theory/compile/certificate';
import { compileBiPE } from '../../lib/theory/compile/compile';
import { trace } from '../../lib/theory/network/plain';
import { tokenReader } from '../../lib/theory/network/words';
import { expectPage } from '../support/page';
import { expectPoints, readColors, readFigure } from '../support/read-figure';
import { cells, readTable } from '../support/read-table';

describe('a compiled network and a word, read back', () => {
  const automaton = exampleNamed('sentences').automaton as BiNfa;
  const network = compileBiPE(automaton, { maxSegmentLength: 5, maxSegments: 2 });
  const word = ['the', 'old', 'man', 'the', 'boats', '.'];
  const longer = [...word, 'fish'];
  const figure = compiledAttentionFigure(network, longer);

  it('say what their page has', () =>
    expectPage('compiled-word', {
      figures: [figure],
      tables: [reachedTable(network, word), networkCertificateTable(network)],
    }));

  it('show the attention of each layer, with a line between two segments', () => {
    const { layers } = trace(network, tokenReader(network)(longer));
    const labels = ['start', ...longer];
    const tokens = labels.length;
    const read = readFigure(figure);
    expect(read.panels.map(({ title, x, y }) => [title, x.ticks, y.ticks])).toEqual(
      layers.map(({ name }, layer) => {
        const ticks = labels.map((label, token) => [token, label]);
        return [`Layer ${layer + 1}: ${name}`, ticks, ticks];
      }),
    );
    // Queries from top to bottom, keys up to their own place.
    expect(read.panels[0]).toMatchObject({ x: { range: [-0.5, 7.5] }, y: { range: [7.5, -0.5] } });
    expectPoints(
      read.points,
      layers.flatMap(({ attention }, panel) =>
        labels.flatMap((query, y) =>
          labels.slice(0, y + 1).map((key, x) => {
            const z = attention[y * tokens + x] ?? NaN;
            return { panel, x, y, z, hover: `query ${query}, key ${key}: ${z.toFixed(4)}` };
          }),
        ),
      ),
    );
    // The start and the full stop end a segment each.
    expect(read.lines).toEqual(
      layers.flatMap((_, panel) =>
        [0.5, 6.5].flatMap((border) => [
          { panel, x: border, ends: [border, 7.5] },
          { panel, y: border, ends: [-0.5, border] },
        ]),
      ),
    );
  });

  it('show weights from white to the darkest, each row dark at the token before it in its segment', () => {
    const [white, darkest] = [heatScale[0]?.[1], heatScale.at(-1)?.[1]];
    const colors = readColors(figure).filter(({ panel }) => panel === 0);
    const darkAt = ['start', ...longer].map((_, query) =>
      colors.filter(({ y, color }) => y === query && color === darkest).map(({ x }) => x),
    );
    // A segment's first token finds the start.
    expect(darkAt).toEqual([[0], [0], [1], [2], [3], [4], [5], [0]]);
    expect(new Set(colors.map(({ color }) => color))).toEqual(new Set([white, darkest]));
  });

  it('name white space by signs', () => {
    const spaces = compileBiPE(
      {
        ...automaton,
        symbols: [...automaton.symbols, ' ', '\n', '\t'],
        subTransitions: [' ', '\n', '\t'].map((symbol) => [automaton.subStart, symbol, automaton.subStart]),
      },
      { maxSegmentLength: 5, maxSegments: 2 },
    );
    const { panels } = readFigure(compiledAttentionFigure(spaces, [' ', '\n', '\t']));
    expect(panels[0]?.x.ticks?.map(([, label]) => label)).toEqual(['start', '␣', '↵', '⇥']);
    expect(reachedTable(spaces, [' ', '\n', '\t']).rows.map(({ symbol }) => symbol)).toEqual([
      'start',
      '␣',
      '↵',
      '⇥',
    ]);
  });

  it('have the states that are reached side by side, as the simulator has them', () => {
    const wanted = simulate(automaton, word).map((states) => states.join(' '));
    expect(wanted[3]).toBe('begin,subject begin,verb');
    expect(wanted[6]).toBe('told,start');
    expect(readTable(reachedTable(network, word))).toEqual({
      headers: ['Symbols read', 'The last', 'Network', 'Simulator'],
      rows: ['start', ...word].map((symbol, prefix) => [
        String(prefix),
        symbol,
        wanted[prefix],
        wanted[prefix],
      ]),
    });
  });

  it('refuse a word beyond the bounds in one line', () => {
    expect(() =>
      reachedTable(
        network,
        Array.from({ length: 6 }, () => 'the'),
      ),
    ).toThrow(
      new DataError(
        'word: 6 symbols in a segment, and the network was compiled for 5; compile it with --max-segment 6',
      ),
    );
  });

  it('have the certificate, a row a layer', () => {
    const { layers, width, hidden } = certifyNetwork(network);
    const table = networkCertificateTable(network);
    expect(readTable(table)).toEqual({
      headers: [
        'Layer',
        'Copies',
        'Gap of scores',
        'Attention elsewhere, at most',
        'Counts err by, proved',
        'Found',
      ],
      rows: layers.map(({ name, gap, leak, bound, measured }, layer) => [
        String(layer + 1),
        name,
        cells.fixed(gap, 2),
        ...[leak, bound, measured].map(cells.scientific),
      ]),
    });
    expect(table.title).toBe('Certified for every word within the bounds');
    expect(table.caption).toMatch(
      new RegExp(`^Width ${width} \\(.*\\), at most ${cells.integer(hidden)} hidden units, `),
    );
  });

  it('show, of a network that was changed, that it is not certified, and why', () => {
    const changed = { ...network, readout: network.readout.toReversed() };
    const { title, caption } = networkCertificateTable(changed);
    expect(title).toBe('Not certified');
    expect(caption).toContain("Not as compiled: readout: its states are not the automaton's.");
  });
});
