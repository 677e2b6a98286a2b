// Lemma 1.2: ReLU networks by GELU networks of the same shape.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import { certifyRectifier, randomReluLayers, rectifierSteepness } from '../../../theory/lemmas/rectifier';
import { count, listOf, seedField } from '../../settings/fields';
import { tightest } from './drawing';
import { defineLemma, epsilonsField } from './item';
import { counted, extent } from '../../settings/preset-words';

const schema = z
  .strictObject({
    depths: listOf(count).describe('numbers of layers in a row'),
    width: count.describe('width of the random networks'),
    hidden: count.describe('hidden units of each layer'),
    networks: count.describe('random networks of each depth'),
    bound: z.number().positive().describe('inputs are at most this'),
    epsilons: epsilonsField,
    points: count.describe('random inputs on which errors are looked for first'),
    seed: seedField,
  })
  .readonly();

/** Settings: which networks are approximated. */
export type Lemma12Settings = z.infer<typeof schema>;

/** Lemma 1.2 as an item. */
export const lemma12 = defineLemma<Lemma12Settings>({
  lemma: '1.2',
  title: 'GELU networks in the place of ReLU networks',
  question: 'Can a network with GELU do what one of the same shape does with ReLU?',
  definition: 'a ReLU MLP is approximated by a GELU MLP of the same shape, to error ε on a bounded domain',
  revision: 1,
  schema,
  describe: ({ depths, networks, epsilons }) =>
    `depths from ${extent(depths)}, ${counted(networks, 'random network')} each, errors from ${extent(epsilons)}`,
  smoke: { depths: [1, 2], networks: 1, epsilons: [1e-1, 1e-3], points: 20 },
  quick: {
    depths: [1, 2, 4],
    width: 4,
    hidden: 16,
    networks: 5,
    bound: 3,
    epsilons: [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
    points: 200,
    seed: 1,
  },
  paper: { depths: [1, 2, 4, 6], networks: 20, points: 2000 },
  paperTime: 'about 2 minutes',
  constructions: ({ depths, width, hidden, networks: count, bound, epsilons, points, seed }) => {
    const random = Random.fromSeed(seed);
    const least = Math.min(...epsilons);
    return depths.map((depth) => {
      const networks = Array.from({ length: count }, (_, network) =>
        randomReluLayers(random.fork(`network ${depth} ${network}`), { depth, width, hidden }),
      );
      // An error that rounding alone can exceed is refused before any network is measured.
      for (const layers of networks) rectifierSteepness(layers, { epsilon: least, bound, width });
      return {
        name: depth === 1 ? '1 layer' : `${depth} layers`,
        kind: 'ReLU network',
        value: depth,
        certify: (epsilon) =>
          tightest(
            networks.map((layers, network) => {
              const own = random.fork(`points ${depth} ${network}`);
              return certifyRectifier(layers, { epsilon, bound, width, points, random: own });
            }),
          ),
      };
    });
  },
  scale: ({ networks, width, hidden, points }) =>
    `Measured on ${counted(networks, 'random network')} of each depth (${counted(width, 'coordinate')}, ${counted(hidden, 'hidden unit')} a layer). The largest error is searched at ${counted(points, 'random input')}, as many corners and as many points where units bend, then by hill climbing from the worst. The network closest to its bound is shown.`,
  texts: {
    title: 'GELU for ReLU: the error and the weights it costs',
    subtitle: 'Random networks; of each depth the one with the least room below its bound',
    caption:
      'Inputs are made steeper and outputs flatter by the same factor, which is in proportion to 1/ε. The bound adds up the worst of all units; ' +
      'the search found no input where they are at their worst at once.',
    growth: [{ kind: 'ReLU network', of: 'layers', ofValue: null, ofError: 1 }],
  },
});
