// What the certificate says of sound networks, and that it notices weights that were changed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random/random';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { mostTokens } from '../../../lib/theory/compile/addressing';
import { blockNamed } from '../../../lib/theory/network/layout';
import type { Mlp } from '../../../lib/theory/network/mlp';
import { type Network, put } from '../../../lib/theory/network/network';
import { listsOfWeights } from './weights';

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
      const certificate = certifyNetwork(network);
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
    expect(certifyNetwork(compileBiPE(automaton, { maxSegmentLength: 31, maxSegments: 4096 })).holds).toBe(
      true,
    );
    const long = randomNfa(Random.fromSeed(4), { states: 2, symbols: 2, density: 0.5 });
    expect(certifyNetwork(compileApe(long, 1500)).holds).toBe(true);
    const wide = randomNfa(Random.fromSeed(4), { states: 64, symbols: 1, density: 0.03 });
    expect(certifyNetwork(compileApe(wide, 30, { activation: 'relu' })).holds).toBe(true);
  });

  it('is of no layer where words have one symbol', () => {
    const network = compileApe(randomNfa(Random.fromSeed(4), { states: 2, symbols: 2, density: 0.5 }), 1);
    expect(certifyNetwork(network)).toMatchObject({ depth: 0, worstGap: null, exactUpTo: null, holds: true });
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
    expect(present(certifyNetwork(network).layers[1], 'layer').gap).toBeLessThan(1);
    expect(certifyNetwork(network).holds).toBe(false);
  });

  it('does not hold where scores are not sharp enough', () => {
    const network = flat();
    const { query } = present(network.layers[2], 'layer').head;
    query.values.forEach((value, index) => {
      query.values[index] = 0.3 * value;
    });
    const certificate = certifyNetwork(network);
    expect(present(certificate.exactUpTo, 'length')).toBeLessThan(certificate.mostTokens);
    expect(certificate.holds).toBe(false);
  });

  it('holds where a head reads hardly anything of what layers write, and not where it reads more', () => {
    const network = flat();
    const { key } = present(network.layers[0], 'layer').head;
    const relation = blockNamed(network.layout, 'relation');
    put(key, relation.start, 0, 0.001);
    expect(certifyNetwork(network).holds).toBe(true);
    put(key, relation.start, 0, 1);
    expect(certifyNetwork(network)).toMatchObject({
      holds: false,
      obstacle: 'layer 1: another token may score as high as the one to copy',
    });
  });

  it('does not hold where a product is off', () => {
    const network = flat();
    const { mlp } = present(present(network.layers[0], 'layer').feedForward[0], 'product');
    mlp.outputWeight[5] = 1.01 * (mlp.outputWeight[5] ?? 0);
    const certificate = certifyNetwork(network);
    expect(certificate.holds).toBe(false);
    expect(certificate.obstacle).toMatch(/^layer 1: product: what it rounds may be off by 0\.4/);
  });

  const relation = 'sub relation';
  const block = (network: Network, layer: number, name: string): Mlp =>
    present(
      present(network.layers[layer], 'layer').feedForward.find((one) => one.name === name),
      name,
    ).mlp;
  const lastInside = 2;
  const changes: readonly (readonly [string, (network: Network) => Network | undefined, string])[] = [
    [
      'a symbol brings another relation',
      ({ embedding, layout }) => {
        put(embedding, 2, blockNamed(layout, relation).start + 1, 0.5);
      },
      "embedding: row 2 is not the compiler's",
    ],
    [
      'a symbol has a place of its own',
      ({ embedding, layout }) => {
        put(embedding, 2, blockNamed(layout, 'place').start, 0.5);
      },
      "embedding: row 2 is not the compiler's",
    ],
    [
      'places bring relations',
      ({ places, layout }) => {
        put(places, 3, blockNamed(layout, relation).start, 1);
      },
      "places: row 3 is not the compiler's",
    ],
    [
      'a head copies another register',
      (network) => withHead(network, 0, { from: blockNamed(network.layout, 'segment relation').start }),
      'layer 1: its head does not copy sub relation as it should',
    ],
    [
      'a head puts what it copies elsewhere',
      (network) => withHead(network, 0, { to: 0 }),
      'layer 1: its head does not copy sub relation as it should',
    ],
    [
      'rounding leaves large counts above 1',
      (network) => {
        const { outputWeight } = block(network, 0, 'rounding');
        outputWeight[1] = 0.99 * (outputWeight[1] ?? 0);
      },
      "layer 1: rounding: unit 2 is not the compiler's",
    ],
    [
      'rounding has another threshold',
      (network) => {
        const { bias } = block(network, 0, 'rounding');
        bias[0] = (bias[0] ?? 0) - 12;
      },
      "layer 1: rounding: unit 1 is not the compiler's",
    ],
    [
      'a transition takes another sub-state',
      (network) => {
        const { inputIndex } = block(network, lastInside, 'transition');
        inputIndex[0] = (inputIndex[0] ?? 0) + 3;
      },
      `layer ${lastInside + 1}: transition: unit 1 is not the compiler's`,
    ],
    [
      'a transition happens at symbols',
      (network) => {
        const { bias } = block(network, lastInside, 'transition');
        bias.forEach((value, unit) => (bias[unit] = 0.2 * value));
      },
      `layer ${lastInside + 1}: transition: unit 1 is not the compiler's`,
    ],
    [
      'a layer writes to what tells tokens apart',
      (network) => {
        const { outputIndex } = block(network, lastInside, 'transition');
        outputIndex[0] = 0;
      },
      `layer ${lastInside + 1}: transition: unit 1 is not the compiler's`,
    ],
    [
      'the read-out takes another row',
      (network) => ({
        ...network,
        readout: network.readout.map(({ inputs, ...part }) => ({
          ...part,
          inputs: inputs.map((connections) =>
            connections.map(([coordinate, weight]) => [coordinate + 1, weight] as const),
          ),
        })),
      }),
      "readout: its weights are not the compiler's",
    ],
    [
      'it is read out under other names',
      (network) => ({ ...network, readout: network.readout.toReversed() }),
      "readout: its states are not the automaton's",
    ],
    [
      'a layer is missing',
      (network) => ({ ...network, layers: network.layers.slice(1) }),
      'layers: 6 instead of 7',
    ],
    [
      'it is for longer words than it has layers for',
      (network) => ({
        ...network,
        bounds: { encoding: 'bipe', maxSegmentLength: 6, maxSegments: 17 },
      }),
      'layers: 7 instead of 8',
    ],
  ];
  for (const [what, change, mistake] of changes)
    it(`has a mistake that is named, if ${what}`, () => {
      const network = bilevel();
      const { holds, mistakes } = certifyNetwork(change(network) ?? network);
      expect(holds).toBe(false);
      expect(mistakes.join('\n')).toContain(mistake);
    });

  it('does not hold where a product takes another entry', () => {
    const network = flat();
    const { inputIndex } = block(network, 0, 'product');
    inputIndex[0] = (inputIndex[0] ?? 0) + 1;
    expect(certifyNetwork(network).holds).toBe(false);
  });

  it('does not hold where a product leaves what was copied', () => {
    const network = flat();
    const { outputIndex, outputWeight } = block(network, 0, 'product');
    const copied = blockNamed(network.layout, 'copied').start;
    outputWeight.forEach((weight, at) => (outputWeight[at] = outputIndex[at] === copied ? 0 : weight));
    expect(certifyNetwork(network).holds).toBe(false);
  });

  it("is never taken for the compiler's, whatever weight was changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = Random.fromSeed(seed);
        const network = small(random);
        expect(certifyNetwork(network)).toMatchObject({ holds: true, mistakes: [], obstacle: null });
        const weights = random.choice(listsOfWeights(network).filter(({ length }) => length > 0));
        const at = random.integer(0, weights.length);
        // As little as float32 can tell.
        weights[at] = random.choice([0, -1, 1.5, 1 + 2 ** -22]) * (weights[at] ?? 0) || 2 ** -20;
        expect(certifyNetwork(network).mistakes).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is certified if its numbers are those of float32', () => {
    const network = bilevel();
    for (const weights of listsOfWeights(network))
      weights.forEach((weight, at) => (weights[at] = Math.fround(weight)));
    expect(certifyNetwork(network).holds).toBe(true);
  });
});

describe('what trials do not see', () => {
  it('a unit that acts at some places only: one more of weight 8 that reads the sine of a place', () => {
    const automaton = randomNfa(Random.fromSeed(4), { states: 2, symbols: 1, density: 0.5 });
    const network = compileApe(automaton, 8);
    const sine = blockNamed(network.layout, 'place').columns.indexOf('sin π/2');
    const [layer] = network.layers;
    const product = present(present(layer, 'layer').feedForward[0], 'product');
    const unit: Mlp = {
      ...product.mlp,
      hidden: product.mlp.hidden + 1,
      bias: Float64Array.of(...product.mlp.bias, 0),
      inputStart: Int32Array.of(...product.mlp.inputStart, product.mlp.inputIndex.length + 1),
      inputIndex: Int32Array.of(...product.mlp.inputIndex, blockNamed(network.layout, 'place').start + sine),
      inputWeight: Float64Array.of(...product.mlp.inputWeight, 8),
      outputStart: Int32Array.of(...product.mlp.outputStart, product.mlp.outputIndex.length + 1),
      outputIndex: Int32Array.of(...product.mlp.outputIndex, blockNamed(network.layout, 'relation').start),
      outputWeight: Float64Array.of(...product.mlp.outputWeight, 8),
    };
    const edited = {
      ...network,
      layers: network.layers.map(({ head, feedForward }) => ({
        head,
        feedForward: feedForward.map(({ name, mlp }) => ({ name, mlp: mlp === product.mlp ? unit : mlp })),
      })),
    };
    expect(certifyNetwork(edited)).toMatchObject({
      holds: false,
      mistakes: network.layers.map(
        (_, index) => `layer ${index + 1}: product: ${unit.hidden} units instead of ${product.mlp.hidden}`,
      ),
    });
  });

  it('arrows that are missing at 40 states on each level', () => {
    const automaton = randomBiNfa(Random.fromSeed(4), {
      subStates: 40,
      segmentStates: 40,
      symbols: 1,
      separators: 1,
      density: 0.5,
    });
    const kept = new Set(automaton.subStates.slice(0, 10));
    const fewer = {
      ...automaton,
      segmentTransitions: automaton.segmentTransitions.filter(([, subState]) => kept.has(subState)),
    };
    const bounds = { maxSegmentLength: 1, maxSegments: 1 };
    const network = { ...compileBiPE(fewer, bounds), automaton };
    expect(certifyNetwork(network)).toMatchObject({
      holds: false,
      mistakes: ["layer 1: transition: unit 1 is not the compiler's"],
    });
  });

  for (const [activation, states] of [
    ['relu', 100],
    ['gelu', 72],
  ] as const)
    it(`one wrong index in a product of ${states} states (${activation})`, () => {
      const names = Array.from({ length: states }, (_, index) => `q${index}`);
      const automaton = {
        ...randomNfa(Random.fromSeed(4), { states: 1, symbols: 1, density: 0.5 }),
        states: names,
      };
      const network = compileApe(automaton, 2, { activation });
      const { mlp } = present(network.layers[0]?.feedForward[0], 'product');
      const last = mlp.inputIndex.length - 7;
      mlp.inputIndex[last] = (mlp.inputIndex[last] ?? 0) + 1;
      const { holds, mistakes } = certifyNetwork(network);
      expect(holds).toBe(false);
      expect(mistakes).toHaveLength(1);
    });
});

/** A layer's head takes or puts its values elsewhere. */
function withHead(
  network: Network,
  index: number,
  place: { readonly from?: number; readonly to?: number },
): Network {
  const layers = network.layers.map((layer, at) =>
    at === index ? { ...layer, head: { ...layer.head, value: { ...layer.head.value, ...place } } } : layer,
  );
  return { ...network, layers };
}

/** A small network of either kind. */
function small(random: Random): Network {
  const activation = random.choice(['gelu', 'relu'] as const);
  if (random.uniform() < 0.5)
    return compileApe(randomNfa(random, { states: 3, symbols: 2, density: 0.4 }), 8, { activation });
  const automaton = randomBiNfa(random, {
    subStates: 2,
    segmentStates: 3,
    symbols: 2,
    separators: 2,
    density: 0.4,
  });
  return compileBiPE(automaton, { maxSegmentLength: 3, maxSegments: 4 }, { activation });
}
