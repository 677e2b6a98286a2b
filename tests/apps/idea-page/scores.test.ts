// The maps of the page beside the library's encodings on tensors.

import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../../lib/engine/engine';
import { encodingEffects } from '../../../lib/experiments/charts/encodings-effects';
import { createEncoding, encodingNamed } from '../../../lib/positional/registry';
import { ink, tintedHeatColor } from '../../../lib/report/style';
import {
  comparedEncodings,
  heatPixels,
  scoreMap,
  scoreRange,
  trainedFrom,
} from '../../../apps/idea-page/scores';
import { heads, nextIdea, openIdea } from '../../../apps/idea-page/state';

/** Segments of 5, 3 and 4 tokens, twice. */
const state = nextIdea(openIdea({ text: 'A stone flew up. They fell. He smiled twice.' }), {
  kind: 'length',
  length: 24,
});
const sentences = [5, 3, 4, 5, 3, 4];
const shape = { hiddenSize: 64 * heads, numHeads: heads, headDim: 64, trainLength: 1024 };

describe('the maps of scores', () => {
  beforeAll(async () => {
    await startEngine();
  });

  it.each([
    ['rope', 'rope', 0, 0],
    ['bipe_rope', 'rope', 1, 0],
    ['alibi', 'alibi', 0, 2],
    ['bipe_alibi', 'alibi', 1, 5],
  ] as const)('are those of %s on tensors', (name, family, index, head) => {
    const chosen = nextIdea(nextIdea(state, { kind: 'family', family }), { kind: 'head', head });
    const { scores = [] } = encodingEffects(createEncoding(encodingNamed(name)), sentences, { shape });
    const length = chosen.longer.tokens.length;
    scoreMap(comparedEncodings(chosen)[index]).forEach((score, pair) => {
      const [query, key] = [Math.floor(pair / length), pair % length];
      const expected = scores[head]?.[query]?.[key] ?? Number.NaN;
      if (key > query) expect(score).toBeNaN();
      else expect(Math.abs(score - expected)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expected)));
    });
  });

  it('are drawn in the colours of the scale, and keys after the query as paper', () => {
    const [encoding] = comparedEncodings(state);
    const [least, most] = scoreRange(encoding);
    const map = scoreMap(encoding);
    const pixels = heatPixels(encoding);
    const colorAt = (pair: number): string =>
      `#${Buffer.from(pixels.subarray(4 * pair, 4 * pair + 3))
        .toString('hex')
        .toUpperCase()}`;
    expect(colorAt(0)).toBe(tintedHeatColor(1));
    expect(colorAt(1)).toBe(ink.paper);
    expect(colorAt(map.indexOf(least))).toBe(tintedHeatColor(0));
    expect(most).toBe(1);
  });

  it('have a line where training has no distance any more', () => {
    for (const encoding of comparedEncodings(state)) {
      const { positions, trainedDistance } = encoding;
      trainedFrom(encoding).forEach((first, query) => {
        positions.forEach((position, key) => {
          const distance = (positions[query] ?? 0) - position;
          if (key <= query) expect(distance > trainedDistance).toBe(key < first);
        });
      });
    }
  });
});
