// Networks whose weights were edited: bounds of what an edit changes, against what it does change,
// and certificates, which hold only where no word is read out wrong.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random/random';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import { allWords, randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { blockDrift } from '../../../lib/theory/compile/block-drift';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import {
  compileApe,
  compileBiPE,
  compileCarried,
  compileCompact,
  compileSpread,
} from '../../../lib/theory/compile/compile';
import { planAgain } from '../../../lib/theory/compile/differences';
import { type Unit, unitOf } from '../../../lib/theory/compile/unit-edits';
import { compareWithSimulator } from '../../../lib/theory/compile/verify';
import { evaluateMlp } from '../../../lib/theory/network/evaluate-mlp';
import { blockNamed } from '../../../lib/theory/network/layout';
import { type Activation, type Connection, type Mlp, MlpBuilder } from '../../../lib/theory/network/mlp';
import type { Matrix, Network } from '../../../lib/theory/network/network';
import { beyondBounds } from '../../../lib/theory/network/words';
import { useNativeEngine } from '../../support/engine';
import { listsOfWeights } from './weights';

useNativeEngine();

const nfaSize = { states: 2, symbols: 2, density: 0.4 };
const biSize = { subStates: 2, segmentStates: 2, symbols: 1, separators: 1, density: 0.5 };

/** A small network of each construction. */
const constructions: readonly (readonly [string, (random: Random) => Network])[] = [
  ['flattened', (random) => compileApe(randomNfa(random, nfaSize), 4, activationOf(random))],
  [
    'bilevel',
    (random) =>
      compileBiPE(randomBiNfa(random, biSize), { maxSegmentLength: 2, maxSegments: 2 }, activationOf(random)),
  ],
  ['compact', (random) => compileCompact(randomBiNfa(random, biSize), 5, activationOf(random))],
  ['carried', (random) => compileCarried(randomNfa(random, nfaSize), 4, activationOf(random))],
  ['spread', (random) => compileSpread(randomNfa(random, nfaSize), 5, activationOf(random))],
];

function activationOf(random: Random): { activation: Activation } {
  return { activation: random.choice(['gelu', 'relu']) };
}

/** The flattened construction for an automaton of one symbol. */
function flat(): Network {
  const automaton = randomNfa(Random.fromSeed(4), { states: 2, symbols: 1, density: 0.5 });
  return compileApe(automaton, 8, { activation: 'relu' });
}

/** The lists of a network's weights, to be edited in place. */
function listsOf(network: Network): Float64Array[] {
  return listsOfWeights(network).filter(({ length }) => length > 0);
}

/** The units of a layer. */
function unitsOf(mlp: Mlp): Unit[] {
  return Array.from({ length: mlp.hidden }, (_, unit) => unitOf(mlp, unit));
}

function layerOf(activation: Activation, units: readonly Unit[]): Mlp {
  const builder = new MlpBuilder(activation);
  for (const { inputs, bias, outputs } of units) builder.unit(inputs, bias, outputs);
  return builder.build();
}

/** A layer with the numbers of float32. */
function rounded(mlp: Mlp): Mlp {
  return {
    ...mlp,
    inputWeight: mlp.inputWeight.map(Math.fround),
    bias: mlp.bias.map(Math.fround),
    outputWeight: mlp.outputWeight.map(Math.fround),
  };
}

/** Edits a layer: a unit more or less, a connection, or some weights. */
function edited(mlp: Mlp, random: Random, width: number): Mlp {
  const size = random.choice([1e-6, 1e-3, 0.1, 1]);
  const units = unitsOf(mlp);
  const place = random.integer(0, Math.max(1, units.length));
  const some = (): number => random.integer(0, width);
  const moved = (connections: readonly Connection[]): Connection[] =>
    connections.map(([coordinate, weight]) => [coordinate, weight * (1 + size * random.normal())]);
  const changed = (unit: Unit): Unit => ({
    inputs: moved(unit.inputs),
    bias: unit.bias * (1 + size * random.normal()),
    outputs: moved(unit.outputs),
  });
  // A transition of an automaton without any has no units.
  switch (units.length === 0 ? 0 : random.integer(0, 4)) {
    case 0: {
      const unit: Unit = {
        inputs: [[some(), random.normal()]],
        bias: random.normal(),
        outputs: [[some(), size * random.normal()]],
      };
      return layerOf(mlp.activation, units.toSpliced(place, 0, unit));
    }
    case 1:
      return layerOf(mlp.activation, units.toSpliced(place, 1));
    case 2: {
      const { inputs, ...unit } = present(units[place], 'unit');
      const [[, weight] = [0, 1], ...others] = inputs;
      return layerOf(mlp.activation, units.with(place, { ...unit, inputs: [[some(), weight], ...others] }));
    }
    default:
      return layerOf(
        mlp.activation,
        units.map((unit) => (random.uniform() < 0.3 ? changed(unit) : unit)),
      );
  }
}

/** A network with another feed-forward block in its first layer. */
function withFirstBlock(network: Network, change: (mlp: Mlp) => Mlp): Network {
  const [layer, ...others] = network.layers;
  const { head, feedForward } = present(layer, 'layer');
  const [block, ...after] = feedForward;
  const { name, mlp } = present(block, 'block');
  return { ...network, layers: [{ head, feedForward: [{ name, mlp: change(mlp) }, ...after] }, ...others] };
}

/** A network with another feed-forward block at the end. */
function withLastBlock(network: Network, change: (mlp: Mlp) => Mlp): Network {
  const { head, feedForward } = present(network.layers.at(-1), 'layer');
  const { name, mlp } = present(feedForward.at(-1), 'block');
  const layer = { head, feedForward: [...feedForward.slice(0, -1), { name, mlp: change(mlp) }] };
  return { ...network, layers: [...network.layers.slice(0, -1), layer] };
}

/** Edits numbers of a head, as a reader may who tries what it does. */
function withEditedHead(network: Network, random: Random): Network {
  const { head } = random.choice(network.layers);
  const sharper = random.choice([0.5, 1, 3, 10]);
  head.query.values.forEach((value, at) => (head.query.values[at] = sharper * value));
  const size = random.choice([1e-3, 0.1, 0.5]);
  for (let edits = random.integer(1, 6); edits > 0; edits--) {
    const { values, columns } = random.choice([head.query, head.key]);
    const rows = blockNamed(network.layout, 'place');
    const row = random.integer(0, rows.start + rows.columns.length);
    const at = row * columns + random.integer(0, columns);
    values[at] = (values[at] ?? 0) + size * random.normal() * (values === head.query.values ? 10 : 1);
  }
  return network;
}

/** Edits one number of a network, a layer of it, or a head. */
function editedNetwork(network: Network, random: Random): Network {
  if (random.uniform() < 0.3) return withEditedHead(network, random);
  if (random.uniform() < 0.5)
    return withFirstBlock(network, (mlp) => edited(mlp, random, network.layout.width));
  const size = random.choice([1e-5, 1e-3, 0.03, 0.3, 1]);
  const list = random.choice(listsOf(network));
  const at = random.integer(0, list.length);
  list[at] = (list[at] ?? 0) + size * random.normal();
  return network;
}

describe('what an edit of a feed-forward layer changes', () => {
  it.each(constructions)('is within its bound at every input tried (%s)', (_, construct) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = Random.fromSeed(seed);
        const network = construct(random);
        const { width } = network.layout;
        const layer = random.integer(0, network.layers.length);
        const blocks = present(planAgain(network)?.layers[layer], 'plan').feedForward;
        const index = random.integer(0, blocks.length);
        const { mlp } = present(network.layers[layer]?.feedForward[index], 'block');
        const other = edited(mlp, random, width);
        const ranges = Array.from({ length: width }, () => {
          const [a, b] = [random.normal(), random.normal()];
          return { low: Math.min(a, b), high: Math.max(a, b) };
        });
        const bound = blockDrift(other, present(blocks[index], 'block'), {
          activation: network.activation,
          numbers: (coordinate) => present(ranges[coordinate], 'range'),
          width,
        });
        for (let attempt = 0; attempt < 20; attempt++) {
          const stream = Float64Array.from(ranges, ({ low, high }) =>
            random.choice([low, high, low + random.uniform() * (high - low)]),
          );
          const [before, after] = [mlp, other].map((one) => evaluateMlp(rounded(one), stream));
          before?.forEach((value, coordinate) => {
            const moved = Math.abs((after?.[coordinate] ?? Number.NaN) - value);
            expect(moved).toBeLessThanOrEqual((bound?.[coordinate] ?? 0) + 1e-12);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is one unit where one was added or is missing, wherever it is', () => {
    const network = flat();
    const { activation, layout } = network;
    const { mlp } = present(network.layers[0]?.feedForward[0], 'block');
    const block = present(planAgain(network)?.layers[0]?.feedForward[0], 'block');
    const boundOf = (units: readonly Unit[]): Float64Array =>
      present(
        blockDrift(layerOf(activation, units), block, {
          activation,
          numbers: () => ({ low: 0, high: 1 }),
          width: layout.width,
        }),
        'bound',
      );
    const units = unitsOf(mlp);
    const unit: Unit = { inputs: [[0, 1]], bias: 0, outputs: [[3, 0.25]] };
    for (let place = 0; place <= units.length; place++) {
      const bound = boundOf(units.toSpliced(place, 0, unit));
      expect(bound[3]).toBeCloseTo(0.25, 4);
      expect(bound.filter((by) => by > 0)).toHaveLength(1);
    }
    for (const [place, missing] of units.entries()) {
      const lost = new Set(missing.outputs.map(([coordinate]) => coordinate));
      boundOf(units.toSpliced(place, 1)).forEach((by, coordinate) => {
        if (!lost.has(coordinate)) expect(by).toBe(0);
      });
    }
  });
});

describe('the certificate of an edited network', () => {
  it.each(constructions)(
    'holds only where no word within its bounds is read out wrong (%s)',
    async (_, construct) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const random = Random.fromSeed(seed);
          const network = editedNetwork(construct(random), random);
          const { holds, obstacle } = certifyNetwork(network);
          expect(holds).toBe(obstacle === null);
          if (!holds) return;
          const words = [...allWords(alphabetOf(network.automaton), 5)].filter(
            (word) => beyondBounds(network, word) === undefined,
          );
          expect(await compareWithSimulator(network, words)).toMatchObject({ mismatches: 0 });
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(constructions)('holds if every number is a little off (%s)', (_, construct) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = Random.fromSeed(seed);
        const network = construct(random);
        for (const list of listsOf(network))
          list.forEach((value, at) => (list[at] = value * (1 + 2 ** -20 * (2 * random.uniform() - 1))));
        expect(certifyNetwork(network)).toMatchObject({ holds: true, obstacle: null });
      }),
      { numRuns: 20 },
    );
  });

  it('holds if a unit was added that never acts, and names the place if it may act', () => {
    const network = flat();
    const place = blockNamed(network.layout, 'place').start;
    const relation = blockNamed(network.layout, 'relation').start;
    const withUnit = (bias: number): Network => {
      const unit: Unit = { inputs: [[place, 1]], bias, outputs: [[relation, 1]] };
      return withFirstBlock(network, (mlp) => layerOf('relu', [...unitsOf(mlp), unit]));
    };
    // A cosine is at most 1.
    expect(certifyNetwork(withUnit(-1.1))).toMatchObject({ holds: true, obstacle: null });
    expect(certifyNetwork(withUnit(-0.5))).toMatchObject({
      holds: false,
      obstacle: 'layer 1: product: what it rounds may be off by 0.50, and there is room for 0.15',
    });
  });

  it('holds if heads are twice as sharp, and has a larger gap', () => {
    const network = flat();
    const before = Number(certifyNetwork(network).worstGap);
    for (const { head } of network.layers)
      head.query.values.forEach((value, at) => (head.query.values[at] = 2 * value));
    const after = certifyNetwork(network);
    expect(after.holds).toBe(true);
    expect(Number(after.worstGap) / before).toBeCloseTo(2, 4);
  });

  it('follows what the embedding moves until rounding sets it right', () => {
    const network = flat();
    const { values } = network.embedding;
    const entry = network.layout.width + blockNamed(network.layout, 'relation').start;
    const before = values[entry] ?? Number.NaN;
    const boundsIf = (by: number): number[] => {
      values[entry] = before + by;
      return certifyNetwork(network).layers.map(({ bound }) => bound);
    };
    const [unedited, small] = [boundsIf(0), boundsIf(0.005)];
    expect(small[0]).toBeGreaterThan((unedited[0] ?? Number.NaN) + 0.02);
    for (const [layer, bound] of small.slice(1).entries())
      expect(bound).toBeCloseTo(unedited[layer + 1] ?? Number.NaN, 5);
    boundsIf(0.02);
    expect(certifyNetwork(network).obstacle).toBe('layer 1: product: what it reads may be off by 0.020');
  });

  it('holds if the read-out is a little off, and names the state if it is not', () => {
    const network = flat();
    const times = (factor: number): Network => ({
      ...network,
      readout: network.readout.map((part) => ({
        ...part,
        inputs: part.inputs.map((connections) =>
          connections.map(([coordinate, weight]) => [coordinate, factor * weight] as const),
        ),
      })),
    });
    expect(certifyNetwork(times(0.6)).holds).toBe(true);
    expect(certifyNetwork(times(0.4)).obstacle).toBe(
      `readout: ${present(network.readout[0]?.states[0], 'state')} may be off by 0.60`,
    );
  });

  it("says what is not of the compiler's structure at all", () => {
    const network = flat();
    const fewer = { ...network, layers: network.layers.slice(1) };
    expect(certifyNetwork(fewer).obstacle).toBe('layers: 2 instead of 3');
    const other = withFirstBlock(network, (mlp) => ({ ...mlp, activation: 'gelu' }));
    expect(certifyNetwork(other).obstacle).toBe('layer 1: product: it is of gelu');
  });

  describe('does not hold', () => {
    const put = ({ columns, values }: Matrix, row: number, column: number, value: number): void => {
      values[row * columns + column] = (values[row * columns + column] ?? 0) + value;
    };

    it('where a symbol of the segment looked at outdoes its separator, at some places alone', async () => {
      const automaton = randomBiNfa(Random.fromSeed(1), biSize);
      const network = compileBiPE(automaton, { maxSegmentLength: 1, maxSegments: 2 });
      const { head } = present(network.layers.at(-1), 'layer');
      head.query.values.forEach((value, at) => (head.query.values[at] = 10 * value));
      const [one, start, separators, place] = ['one', 'start', 'separators', 'place'].map(
        (name) => blockNamed(network.layout, name).start,
      ) as [number, number, number, number];
      for (const pair of [0, 1]) {
        put(head.key, one, pair, 0.6);
        put(head.key, start, pair, -0.6);
        put(head.key, separators, pair, -0.6);
      }
      put(head.key, place, head.key.columns - 1, 0.5);
      expect(certifyNetwork(network).holds).toBe(false);
      const words = [...allWords(alphabetOf(automaton), 4)].filter(
        (word) => beyondBounds(network, word) === undefined,
      );
      expect((await compareWithSimulator(network, words)).mismatches).toBeGreaterThan(0);
    });

    it('where large weights cancel in exact arithmetic alone', () => {
      const network = compileCarried(randomNfa(Random.fromSeed(1), nfaSize), 1, { activation: 'relu' });
      const { query } = present(network.layers[0], 'layer').head;
      const [one, starts] = ['one', 'start'].map((name) => blockNamed(network.layout, name).start) as [
        number,
        number,
      ];
      const { start, columns } = blockNamed(network.layout, 'place');
      const [half, sine] = ['cos π/2', 'sin π/2'].map((name) => start + columns.indexOf(name)) as [
        number,
        number,
      ];
      // 1 is cos (π/2) + sin (π/2) at both places.
      put(query, one, 0, 2 ** 30);
      put(query, starts, 0, -(2 ** 30));
      put(query, half, 0, -(2 ** 30));
      put(query, sine, 0, -(2 ** 30));
      expect(certifyNetwork(network).holds).toBe(false);
    });

    it('where numbers may overflow, though their weights are 0', () => {
      const network = flat();
      const [place, relation, copied] = ['place', 'relation', 'copied'].map(
        (name) => blockNamed(network.layout, name).start,
      ) as [number, number, number];
      const units: Unit[] = [
        { inputs: [[0, 3e38]], bias: 3e38, outputs: [[relation, 0]] },
        { inputs: [[0, 1]], bias: 1, outputs: [[copied, 3e38]] },
        { inputs: [[0, 1]], bias: 1, outputs: [[place, 3e38]] },
        { inputs: [[0, Number.NaN]], bias: 0, outputs: [[copied, 0]] },
      ];
      for (const unit of units)
        expect(
          certifyNetwork(withLastBlock(network, (mlp) => layerOf('relu', [...unitsOf(mlp), unit]))).holds,
        ).toBe(false);
    });

    it('where a number may be too small for float32', () => {
      const network = flat();
      const relation = blockNamed(network.layout, 'relation').start;
      const units: Unit[] = [
        { inputs: [], bias: 1e-38, outputs: [[relation, 6e37]] },
        { inputs: [], bias: 0.6, outputs: [[relation, -1]] },
      ];
      const edited = withLastBlock(network, (mlp) => layerOf('relu', [...unitsOf(mlp), ...units]));
      expect(certifyNetwork(edited).holds).toBe(false);
    });

    it('where a layer has longer lists than units', () => {
      const network = flat();
      const relation = blockNamed(network.layout, 'relation').start;
      const unit: Unit = { inputs: [[0, 1]], bias: 0, outputs: [[relation, -1]] };
      const edited = withLastBlock(network, (mlp) => ({
        ...layerOf('relu', [...unitsOf(mlp), unit]),
        hidden: mlp.hidden,
      }));
      expect(certifyNetwork(edited).obstacle).toMatch(
        /^layer 3: rounding: its lists are not those of \d+ units$/,
      );
    });

    it('where an added unit may act on what float32 loses of a copied number', () => {
      const network = flat();
      for (const { head } of network.layers)
        head.query.values.forEach((value, at) => (head.query.values[at] = 0.7 * value));
      expect(certifyNetwork(network).holds).toBe(true);
      const copied = blockNamed(network.layout, 'copied').start;
      const relation = blockNamed(network.layout, 'relation').start;
      const unit: Unit = { inputs: [[copied, 1]], bias: -1 - 2e-5, outputs: [[relation, 2000]] };
      expect(
        certifyNetwork(withFirstBlock(network, (mlp) => layerOf('relu', [...unitsOf(mlp), unit]))).holds,
      ).toBe(false);
    });

    it('where the read-out has not one sum for each state, of different coordinates', () => {
      const network = flat();
      const edits: ((inputs: readonly (readonly Connection[])[]) => (readonly Connection[])[])[] = [
        (inputs) => [...inputs, []],
        (inputs) => inputs.slice(1),
        (inputs) =>
          inputs.map(([[coordinate, weight] = [0, 1]]) => [
            [coordinate, weight],
            [coordinate, 0],
          ]),
      ];
      for (const edit of edits) {
        const readout = network.readout.map((part) => ({ ...part, inputs: edit(part.inputs) }));
        expect(certifyNetwork({ ...network, readout }).obstacle).toBe(
          'readout: states have not one sum each, of different coordinates',
        );
      }
    });

    it('where an index that a layer picks is off', () => {
      const network = compileSpread(randomNfa(Random.fromSeed(1), nfaSize), 5, { activation: 'relu' });
      const { start, columns } = blockNamed(network.layout, 'place');
      const unit: Unit = {
        inputs: [[0, 1]],
        bias: 0,
        outputs: [[start + columns.indexOf('index 0'), 0.1]],
      };
      expect(
        certifyNetwork(withFirstBlock(network, (mlp) => layerOf('relu', [...unitsOf(mlp), unit]))).holds,
      ).toBe(false);
    });
  });

  it('is of finite numbers, whatever the weights are', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      const network = flat();
      for (const list of listsOf(network)) list[0] = value;
      const certificate = certifyNetwork(network);
      expect(certificate.holds).toBe(false);
      expect(JSON.parse(JSON.stringify(certificate.layers))).toEqual(certificate.layers);
    }
  });
});
