import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MachineError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import type { BiNfa, Nfa } from '../../../lib/theory/automata/automaton';
import { flatten } from '../../../lib/theory/automata/flatten';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import {
  compileApe,
  compileBiPE,
  compileCarried,
  compileCompact,
  compileSpread,
} from '../../../lib/theory/compile/compile';
import {
  checkNetworkMemory,
  estimateNetwork,
  type NetworkEstimate,
} from '../../../lib/theory/compile/estimate';
import type { Network } from '../../../lib/theory/network/network';
import { weightsOf } from '../../../lib/theory/network/network-json';
import { networkSize } from '../../../lib/theory/network/size';

const activations = fc.constantFrom('gelu', 'relu');
const bound = fc.integer({ min: 1, max: 20 });

function sizeOf(network: Network): Omit<NetworkEstimate, 'memory'> {
  const { depth, width, hidden } = networkSize(network);
  const numbers = [...weightsOf(network).values()].reduce((sum, { values }) => sum + values.length, 0);
  return { depth, width, hidden, numbers };
}

function chain(states: number): Nfa {
  const names = Array.from({ length: states }, (_, index) => `s${index}`);
  return { type: 'nfa', states: names, symbols: ['a'], start: 's0', accept: [], transitions: [] };
}

describe('the estimate of a network', () => {
  it('is its size, by absolute positions', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        bound,
        activations,
        (seed, states, length, kind) => {
          const automaton = randomNfa(Random.fromSeed(seed), {
            states,
            symbols: 1 + (seed % 3),
            density: 0.4,
          });
          const estimate = estimateNetwork(automaton, { encoding: 'ape', maxLength: length }, kind);
          expect(estimate).toMatchObject(sizeOf(compileApe(automaton, length, { activation: kind })));
          for (const [encoding, compile] of [
            ['carried', compileCarried],
            ['spread', compileSpread],
          ] as const)
            expect(estimateNetwork(automaton, { encoding, maxLength: length }, kind)).toMatchObject(
              sizeOf(compile(automaton, length, { activation: kind })),
            );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is its size, by bilevel positions, compact, and flattened without flattening', () => {
    const sizes = fc.record({
      segmentStates: fc.integer({ min: 1, max: 4 }),
      subStates: fc.integer({ min: 1, max: 4 }),
      symbols: fc.integer({ min: 1, max: 3 }),
      separators: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.nat(),
        sizes,
        bound,
        bound,
        activations,
        (seed, size, maxSegmentLength, maxSegments, kind) => {
          const automaton = randomBiNfa(Random.fromSeed(seed), { ...size, density: 0.3 });
          const bounds = { maxSegmentLength, maxSegments };
          const estimate = estimateNetwork(automaton, { encoding: 'bipe', ...bounds }, kind);
          expect(estimate).toMatchObject(sizeOf(compileBiPE(automaton, bounds, { activation: kind })));
          const compact = { encoding: 'compact', maxLength: maxSegments } as const;
          expect(estimateNetwork(automaton, compact, kind)).toMatchObject(
            sizeOf(compileCompact(automaton, maxSegments, { activation: kind })),
          );
          const flat = { encoding: 'ape', maxLength: maxSegments } as const;
          expect(estimateNetwork(automaton, flat, kind)).toEqual(
            estimateNetwork(flatten(automaton), flat, kind),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of its memory is more than its lists and matrices take, and not many times as much', () => {
    const automaton = chain(30);
    const estimate = estimateNetwork(automaton, { encoding: 'ape', maxLength: 64 }, 'gelu');
    const bytes = [...weightsOf(compileApe(automaton, 64)).values()].reduce(
      (sum, { values }) => sum + 8 * values.length,
      0,
    );
    expect(estimate.memory).toBeGreaterThan(bytes);
    expect(estimate.memory).toBeLessThan(4 * bytes);
  });
});

describe('a network that is too large', () => {
  it('is refused before any of it is built, with its numbers', () => {
    const estimate = estimateNetwork(chain(300), { encoding: 'ape', maxLength: 1088 }, 'gelu');
    expect(() => {
      checkNetworkMemory(estimate, 4e9);
    }).toThrow(
      new MachineError(
        'this network is too large for this machine: 11 layers of width 180,024, 108,360,000 hidden units, 5.06 GB of weights, about 15.8 GB of memory, and 4 GB are free; use fewer states, symbols or places, the bilevel or the compact encoding, or --activation relu',
      ),
    );
    checkNetworkMemory(estimate, 16e9);
    expect(() => compileApe(chain(20_000), 4)).toThrow(MachineError);
  });

  it('is refused for many sub-states and segment states, too', () => {
    const names = (letter: string): string[] =>
      Array.from({ length: 4000 }, (_, index) => `${letter}${index}`);
    const automaton: BiNfa = {
      type: 'bi-nfa',
      segmentStates: names('s'),
      segmentStart: 's0',
      accept: [],
      subStates: names('k'),
      subStart: 'k0',
      symbols: ['a'],
      separators: ['.'],
      subTransitions: [],
      segmentTransitions: [],
    };
    expect(() => compileBiPE(automaton, { maxSegmentLength: 4, maxSegments: 4 })).toThrow(MachineError);
  });
});
