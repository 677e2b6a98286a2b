import { describe, expect, it } from 'vitest';
import { toPlain } from '../../../lib/report/json';
import { compileApe, compileBiPE, compileCompact } from '../../../lib/theory/compile/compile';
import { flatten } from '../../../lib/theory/automata/flatten';
import { connectionsFigure, matricesFigure, unitsBetween } from '../../../lib/theory/network/picture';
import { pageExamples } from '../../../apps/automaton-page/examples';
import { expectPage } from '../../support/page';
import { degenerateBiNfas, degenerateNfas } from '../automata/arbitrary';

const [log] = pageExamples;
if (log === undefined) throw new Error('no example');
const network = compileBiPE(log.automaton, log.bounds);
const layers = network.layers.map((_, index) => index + 1);

/** What a cell of a heat map says when it is pointed at. */
function cells(figure: ReturnType<typeof matricesFigure>, panel: number): string[][] {
  return figure.data[panel]?.['customdata'] as string[][];
}

it('pictures of a network say what their page has', () =>
  expectPage('network', { figures: [matricesFigure(network, 1), connectionsFigure(network, 1)] }));

describe('the picture of a layer’s matrices', () => {
  it.each(layers)('shows every weight of layer %d, with the names of its coordinate and its row', (layer) => {
    const figure = matricesFigure(network, layer);
    const { query, key } = network.layers[layer - 1]?.head ?? { query: undefined, key: undefined };
    for (const [panel, matrix] of [
      [1, query],
      [2, key],
    ] as const) {
      const shown = cells(figure, panel).map((row) => row.map((text) => Number(text.split(': ').at(-1))));
      shown.forEach((row, column) => {
        expect(row).toHaveLength(network.layout.width);
        row.forEach((value, coordinate) => {
          const weight = matrix?.values[coordinate * matrix.columns + column] ?? Number.NaN;
          expect(value).toBe(Number(weight.toPrecision(4)));
        });
      });
      expect(shown).toHaveLength(matrix?.columns ?? -1);
    }
  });

  it('names tokens and coordinates', () => {
    expect(cells(matricesFigure(network, 1), 0)[2]?.[8]).toBe('e; sub relation: ok → error: 1.000');
  });

  it('has a name for each component of a head', () => {
    const axes = matricesFigure(network, 1).layout as unknown as { yaxis2: { ticktext: string[] } };
    expect(axes.yaxis2.ticktext).toEqual([
      ...['π/1', 'π/2', 'π/4'].map((angle) => `RoPE ${angle}, first`),
      ...['π/1', 'π/2', 'π/4'].map((angle) => `RoPE ${angle}, second`),
      'place cos π/1',
      'place cos π/2',
      'place sin π/1',
      'place sin π/2',
      'start',
    ]);
  });

  it('is drawn for networks of all kinds', () => {
    const flat = compileApe(flatten(log.automaton), 9);
    const others = degenerateBiNfas.map(({ automaton }) =>
      compileBiPE(automaton, { maxSegmentLength: 2, maxSegments: 2 }),
    );
    const nfas = degenerateNfas.map(({ automaton }) => compileApe(automaton, 2));
    const compact = compileCompact(log.automaton, 9);
    for (const one of [flat, compact, ...others, ...nfas])
      for (const figure of [matricesFigure(one, 1), connectionsFigure(one, 1)])
        expect(JSON.stringify(toPlain(figure.data))).not.toContain('NaN');
  });

  it('says which blocks a head copies, also where they are several', () => {
    const { caption } = matricesFigure(compileCompact(log.automaton, 9), 1);
    expect(caption).toContain(
      'coordinates of sub relation, first separator, segment relation, sub-states to copied sub relation, copied first separator, copied segment relation, copied sub-states.',
    );
    expect(matricesFigure(network, 1).caption).toContain('coordinates of sub relation to copied.');
  });

  it('refuses a layer that the network does not have', () => {
    expect(() => matricesFigure(network, 6)).toThrow('layer 6: the network has layers 1 to 5');
    expect(() => connectionsFigure(compileApe(flatten(log.automaton), 1), 1)).toThrow(
      'layer 1: the network has none',
    );
  });
});

describe('hidden units between blocks', () => {
  it('are those of Lemma 1.4, and two to clear each entry', () => {
    const names = network.layout.blocks.map(({ name }) => name);
    const [register, copied] = [names.indexOf('segment relation'), names.indexOf('copied')];
    const n = log.automaton.segmentStates.length;
    const product = network.layers.at(-1)?.feedForward[0]?.mlp;
    if (product === undefined) throw new Error('no product');
    const counts = unitsBetween(network.layout, product);
    const expected = names.map(() => names.map(() => 0));
    expected[register]?.splice(register, 1, 4 * n ** 3 + 2 * n ** 2);
    expected[register]?.splice(copied, 1, 4 * n ** 3);
    expected[copied]?.splice(copied, 1, 2 * n ** 2);
    expect(counts).toEqual(expected);
  });
});
