import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type * as operations from '../../lib/engine/native/operation';
import { logits } from '../../lib/model/decoder';
import { useNativeEngine } from '../support/engine';
import { dropsAsAsked } from './dropping';
import { randomIds, smallModel } from './small';

/** The seeds of random numbers that were drawn since it was emptied. */
const seeds = vi.hoisted(() => [] as string[]);

vi.mock('../../lib/engine/native/operation', async (original) => {
  const actual = await original<typeof operations>();
  const executeNative: typeof operations.executeNative = (...call) => {
    const [, operation, , inputs] = call;
    if (operation === 'StatelessRandomUniform') seeds.push([...(inputs[1]?.dataSync() ?? [])].join());
    return actual.executeNative(...call);
  };
  return { ...actual, executeNative };
});

describe('dropout', () => {
  useNativeEngine();

  it('has in a forward pass a seed for each place, whatever the model', () => {
    fc.assert(
      fc.property(
        fc.record({
          numLayers: fc.integer({ min: 1, max: 4 }),
          style: fc.constantFrom('llama' as const, 'gpt2' as const),
          time: fc.integer({ min: 1, max: 12 }),
          queryChunk: fc.integer({ min: 1, max: 12 }),
        }),
        ({ numLayers, style, time, queryChunk }) => {
          seeds.length = 0;
          const { decoder, parameters } = smallModel('rope', { dropout: 0.3, numLayers, style });
          const dropoutSeed = tf.tensor1d([4, 9], 'int32');
          logits(decoder, parameters, randomIds(1, time), { dropoutSeed, queryChunk });
          // The embedding; in each layer the weights of each chunk of queries, what attention
          // gives, and what the feed-forward gives.
          const places = [[-1, 0]];
          for (let layer = 0; layer < numLayers; layer += 1) {
            for (let chunk = 0; chunk < Math.ceil(time / queryChunk); chunk += 1)
              places.push([layer, 2 + chunk]);
            places.push([layer, 0], [layer, 1]);
          }
          // As a resumed run, and one of an earlier version, drops.
          const wanted = places.map(([layer = 0, part = 0]) =>
            Int32Array.of(4 + Math.imul(layer + 1, 0x9e3779b1), 9 + Math.imul(part + 1, 0x85ebca77)).join(),
          );
          expect(seeds).toEqual(wanted);
          expect(new Set(seeds).size).toBe(seeds.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  dropsAsAsked();
});
