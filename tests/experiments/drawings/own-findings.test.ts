// What is found of an encoding of the reader's own: how it compares with the main four that were
// measured beside it.

import { describe, expect, it } from 'vitest';
import { ownPairs } from '../../../lib/experiments/charts/encoding-pairs';
import { drawFig3 } from '../../../lib/experiments/items/fig3/draw';
import { drawFig4 } from '../../../lib/experiments/items/fig4/draw';
import { drawNormal } from '../../../lib/experiments/items/normal/draw';
import { type Finding } from '../../../lib/experiments/run/report';
import { Differing } from '../../support/differing';
import { languageModel } from './language-models.support';

const encodings = ['bipe_rope', 'rope', 'own_bell', 'sinusoidal'];
const some = new Differing();
const runs = encodings.map((encoding) => languageModel(some, encoding, 1, ['books'], [512, 1024]));
const proportion = { successes: 1, trials: 2, share: 0.5, low: 0.4, high: 0.6 };
const accuracies = runs.map((run) => ({
  ...run,
  trainedOperators: 2,
  modulus: 5,
  accuracy: proportion,
  soundness: proportion,
  byOperators: [{ operators: 2, accuracy: proportion, soundness: proportion }],
  byInstances: [{ instances: 100, accuracy: proportion }],
}));

const claims = (findings: readonly Finding[]): string[] =>
  findings.map(({ claim }) => claim).filter((claim) => claim.includes('own_bell'));

describe('an encoding of one’s own', () => {
  it.each<[item: string, findings: readonly Finding[], claims: readonly string[]]>([
    [
      'Figure 3',
      drawFig3({ runs: accuracies }).findings,
      [
        ...['BiPE-RoPE', 'RoPE'].map((other) => `Hidden size 96: own_bell computes better than ${other}`),
        ...['BiPE-RoPE', 'RoPE'].map(
          (other) =>
            `Hidden size 96: own_bell needs fewer instances than ${other} until 50 % of its answers are right`,
        ),
      ],
    ],
    [
      'Figure 4',
      drawFig4({ kind: 'trained', runs }, 512).findings,
      ['BiPE-RoPE', 'RoPE'].map(
        (other) => `Books, 2 times the training length: own_bell predicts better than ${other}`,
      ),
    ],
    [
      'the table of normal lengths',
      drawNormal({ runs }, { trainLength: 512 }).findings,
      ['BiPE-RoPE', 'RoPE'].map(
        (other) => `Books, at the training length: own_bell is at most 5 % worse than ${other}`,
      ),
    ],
  ])('is compared with the others in %s', (_, findings, wanted) => {
    expect(claims(findings)).toEqual(wanted);
  });

  it('is compared with those of the four that are there, each once; the others have their own claims', () => {
    expect(ownPairs(['own_a', 'alibi', 'own_b', 'own_a', 'xpos'])).toEqual([
      ['own_a', 'alibi'],
      ['own_b', 'alibi'],
    ]);
    expect(ownPairs(['own_a', 'xpos'])).toEqual([]);
    expect(ownPairs(encodings.filter((name) => name !== 'own_bell'))).toEqual([]);
  });
});
