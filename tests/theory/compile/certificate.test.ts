// What the certificate says of sound networks, and that it notices weights that were changed.

import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { certify } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { mostTokens } from '../../../lib/theory/compile/weights';
import { blockNamed } from '../../../lib/theory/network/layout';
import { type Network, put } from '../../../lib/theory/network/network';

function bilevel(): Network {
  const automaton = randomBiNfa(Random.fromSeed(4), {
    subStates: 3,
    segmentStates: 2,
    symbols: 2,
    separators: 2,
    density: 0.5,
  });
  return compileBiPE(automaton, { maxSegmentLength: 6, maxSegments: 9 });
}

function flat(): Network {
  return compileApe(randomNfa(Random.fromSeed(4), { states: 3, symbols: 2, density: 0.5 }), 40);
}

describe('the certificate of a compiled network', () => {
  for (const [name, network] of [
    ['absolute', flat()],
    ['bilevel', bilevel()],
  ] as const)
    it(`holds, with room for its longest words (${name} positions)`, () => {
      const certificate = certify(network);
      expect(certificate.holds).toBe(true);
      expect(certificate.mostTokens).toBe(mostTokens(network));
      expect(present(certificate.exactUpTo, 'length')).toBeGreaterThanOrEqual(certificate.mostTokens);
      expect(certificate.depth).toBe(network.layers.length);
      expect(certificate.blocks.reduce((sum, { size }) => sum + size, 0)).toBe(certificate.width);
      for (const { gap, leak, bound, measured } of certificate.layers) {
        // One below a match, times the sharpness log(tokens / 1e-4).
        expect(gap).toBeCloseTo(Math.log(certificate.mostTokens / 1e-4), 5);
        expect(leak).toBeLessThan(1.01e-4);
        expect(measured).toBeGreaterThan(0);
        expect(measured).toBeLessThanOrEqual(bound);
      }
    });

  it('holds up to thousands of segments and long flat words', () => {
    const { automaton } = bilevel();
    if (automaton.type !== 'bi-nfa') throw new Error('a bilevel automaton');
    expect(certify(compileBiPE(automaton, { maxSegmentLength: 31, maxSegments: 4096 })).holds).toBe(true);
    const long = randomNfa(Random.fromSeed(4), { states: 2, symbols: 2, density: 0.5 });
    expect(certify(compileApe(long, 1500)).holds).toBe(true);
  });

  it('is of no layer where words have one symbol', () => {
    const network = compileApe(randomNfa(Random.fromSeed(4), { states: 2, symbols: 2, density: 0.5 }), 1);
    expect(certify(network)).toMatchObject({ depth: 0, worstGap: null, exactUpTo: null, holds: true });
  });
});

describe('a network whose weights were changed', () => {
  it('has two tokens that match, if a head looks at the wrong distance', () => {
    const network = bilevel();
    const { head } = present(network.layers[1], 'layer');
    // Without the finest cosine and sine, places two apart look alike.
    const still = 2 * network.rotaryPairs;
    const places = (head.query.columns - still - 1) / 2;
    for (let row = 0; row < head.query.rows; row++)
      for (const column of [still, still + places]) put(head.query, row, column, 0);
    expect(present(certify(network).layers[1], 'layer').gap).toBeLessThan(1);
    expect(certify(network).holds).toBe(false);
  });

  it('does not hold where scores are not sharp enough', () => {
    const network = flat();
    const { query } = present(network.layers[2], 'layer').head;
    query.values.forEach((value, index) => {
      query.values[index] = 0.3 * value;
    });
    const certificate = certify(network);
    expect(present(certificate.exactUpTo, 'length')).toBeLessThan(certificate.mostTokens);
    expect(certificate.holds).toBe(false);
  });

  it('does not hold where a head reads what layers write', () => {
    const network = flat();
    const relation = blockNamed(network.layout, 'relation');
    put(present(network.layers[0], 'layer').head.key, relation.start, 0, 0.001);
    expect(certify(network)).toMatchObject({
      worstGap: Number.NEGATIVE_INFINITY,
      exactUpTo: 0,
      holds: false,
    });
  });

  it('does not hold where a product is off', () => {
    const network = flat();
    const { mlp } = present(present(network.layers[0], 'layer').feedForward[0], 'product');
    mlp.outputWeight[5] = 1.01 * (mlp.outputWeight[5] ?? 0);
    const certificate = certify(network);
    expect(present(certificate.layers[0], 'layer').measured).toBeGreaterThan(
      present(certificate.layers[0], 'layer').bound,
    );
    expect(certificate.holds).toBe(false);
  });
});
