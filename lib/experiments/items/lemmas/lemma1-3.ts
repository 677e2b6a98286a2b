// Lemma 1.3: linear maps, exactly, and selection by sign.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import { rectifierGap } from '../../../theory/lemmas/rectifier';
import { certifyLinear, certifySelection } from '../../../theory/lemmas/selection';
import { count, listOf, seedField } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { type LemmaResult, tightest } from './drawing';
import { type Construction, defineLemma, epsilonsField } from './item';
import { counted, extent } from '../../settings/preset-words';

const schema = z
  .strictObject({
    bounds: listOf(z.number().positive()).describe('x and y are at most these'),
    gap: z.number().positive().max(1).describe('|t| is from `gap` to 1'),
    epsilons: epsilonsField,
    sizes: z.array(count).readonly().describe('rows and columns of linear maps'),
    maps: count.describe('random maps of each size'),
    points: count.describe('random inputs on which errors are looked for'),
    seed: seedField,
  })
  .readonly();

/** Settings: which selections and maps are certified. */
export type Lemma13Settings = z.infer<typeof schema>;

/** Lemma 1.3 as an item. */
export const lemma13 = defineLemma<Lemma13Settings>({
  lemma: '1.3',
  title: 'linear maps and selection by sign',
  question: 'What does it cost an MLP to pass values on, and to choose between two?',
  answer: /^The steepness s grows/,
  definition: 'a GELU MLP computes linear maps, and selects x or y by the sign of t, if |t| ≥ α, to error ε',
  revision: 1,
  schema,
  describe: ({ bounds, epsilons, sizes }) =>
    `M from ${extent(bounds)}, errors from ${extent(epsilons)}; linear maps of size ${extent(sizes)}`,
  smoke: { bounds: [1, 4], epsilons: [1e-1, 1e-4], sizes: [1, 4], maps: 1, points: 50 },
  quick: {
    bounds: [1, 4, 16],
    gap: 0.1,
    epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8],
    sizes: [1, 2, 4, 8, 16],
    maps: 10,
    points: 500,
    seed: 1,
  },
  paper: { bounds: [1, 4, 16, 64, 256], sizes: [1, 2, 4, 8, 16, 32, 64], points: 5000 },
  constructions: ({ bounds, gap, sizes, maps, points, seed }) => {
    const random = Random.fromSeed(seed);
    const selections = bounds.map((bound): Construction => ({
      name: `M = ${bound}`,
      kind: 'selection',
      value: bound,
      certify: (epsilon) =>
        certifySelection({
          bound,
          gap,
          range: 1,
          epsilon,
          points,
          random: random.fork(`selection ${bound}`),
        }),
    }));
    const linear = sizes.map((size): Construction => ({
      name: `${size} x ${size}`,
      kind: 'linear map',
      value: size,
      isExact: true,
      certify: () =>
        tightest(
          Array.from({ length: maps }, (_, map) => {
            const own = random.fork(`map ${size} ${map}`);
            const matrix = Array.from({ length: size }, () =>
              Array.from({ length: size }, () => own.normal()),
            );
            return certifyLinear(matrix, { bound: 1, random: own });
          }),
        ),
    }));
    return [...selections, ...linear];
  },
  scale: ({ points, gap }) =>
    `The largest error is searched at ${counted(points, 'random point')} and as many corners, each also with |t| = α = ${gap}, then by hill climbing from the worst, in float64. Linear maps err by rounding alone.`,
  texts: {
    title: 'Selecting by sign: the error and the weights it costs',
    subtitle: '4 GELU units; |x|, |y| ≤ M, |t| ≥ α',
    caption:
      'What is rectified stays away from 0 by M, where ReLU and GELU differ by less than any power: another digit costs hardly any weight. ' +
      'Linear maps are exact and not drawn.',
  },
  findings: (result) => [steepnessFinding(result)],
});

/**
 * Checks that u = steepness * M is at most sqrt(2 log(3 M / epsilon)), or the least u for which the
 * bound is derived: the error is below 6 M Phi(-u) <= 3 M exp(-u^2 / 2). One per cent is for what
 * rounding takes of epsilon.
 */
function steepnessFinding({ series }: LemmaResult): Finding {
  const selections = series.filter(({ kind }) => kind === 'selection').flatMap((one) => one.certificates);
  const shares = selections.map(({ epsilon, parameters }) => {
    const [bound, steepness] = [Number(parameters['bound']), Number(parameters['steepness'])];
    const enough = Math.sqrt(2 * Math.log(Math.max(1, (3 * bound) / epsilon)));
    return (steepness * bound) / Math.max(rectifierGap.at, enough);
  });
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  return {
    claim: 'The steepness s grows as √log(M/ε) only: sM is at most √(2 log(3M/ε)), or 0.7518 if that is more',
    holds: most <= 1.01,
    measured: `it is ${least.toFixed(2)} to ${most.toFixed(2)} of that`,
    check: true,
  };
}
