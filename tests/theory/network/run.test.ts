// Networks without one of their layers, computed together, against each by itself.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { compileApe, compileBiPE, compileCompact } from '../../../lib/theory/compile/compile';
import type { Network } from '../../../lib/theory/network/network';
import { runWithout, runWords } from '../../../lib/theory/network/run';
import { useNativeEngine } from '../../support/engine';

useNativeEngine();

const size = { subStates: 2, segmentStates: 2, symbols: 2, separators: 1, density: 0.5 };

const networks: readonly ((random: Random) => Network)[] = [
  (random) => compileApe(randomNfa(random, { states: 3, symbols: 2, density: 0.4 }), 9),
  (random) => compileBiPE(randomBiNfa(random, size), { maxSegmentLength: 3, maxSegments: 4 }),
  (random) => compileCompact(randomBiNfa(random, size), 9),
];

it('a network without each of some layers reads what it reads by itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(2), async (seed, kind) => {
      const random = Random.fromSeed(seed);
      const network = (networks[kind] ?? networks[0])?.(random);
      if (network === undefined) throw new Error('no network');
      const word = Int32Array.from({ length: random.integer(0, 10) }, () => random.integer(1, 3));
      const left = [...network.layers.keys()].filter(() => random.uniform() < 0.7);
      const together = await runWithout(network, word, left);
      expect(together).toHaveLength(left.length);
      for (const [index, layer] of left.entries()) {
        const without = { ...network, layers: network.layers.filter((_, at) => at !== layer) };
        const alone: Uint8Array[] = [];
        for await (const sets of runWords(without, [word])) alone.push(sets);
        expect([together[index]]).toEqual(alone);
      }
    }),
    { numRuns: 40 },
  );
});
