import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { flatten } from '../../../lib/theory/automata/flatten';
import { randomBiNfa } from '../../../lib/theory/automata/random';
import { randomSegments } from '../../support/automata';
import { compose, identityRelation, subRelations } from '../../../lib/theory/automata/relation';
import { simulate } from '../../../lib/theory/automata/simulate';
import { compileApe, compileCompact } from '../../../lib/theory/compile/compile';
import { panels } from '../../../apps/automaton-page/body';
import type { Source } from '../../../apps/automaton-page/draft';
import { pageExamples } from '../../../apps/automaton-page/examples';
import {
  agreement,
  ancestry,
  createScene,
  isAccepting,
  layersAt,
  reachedAt,
  type Scene,
  segmentArrows,
  subArrows,
} from '../../../apps/automaton-page/scene';
import { openPage } from '../../../apps/automaton-page/state';
import { degenerateBiNfas } from '../../theory/automata/arbitrary';

/** Small random automata with a word each. */
const sources: fc.Arbitrary<Source> = fc
  .record({
    seed: fc.nat(2 ** 31 - 1),
    subStates: fc.integer({ min: 1, max: 3 }),
    segmentStates: fc.integer({ min: 1, max: 3 }),
    symbols: fc.integer({ min: 1, max: 2 }),
    separators: fc.integer({ min: 1, max: 2 }),
    density: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  })
  .map(({ seed, ...size }) => {
    const random = Random.fromSeed(seed);
    const automaton = randomBiNfa(random, size);
    const word = randomSegments(random, automaton, { segments: 5, maxSegmentLength: 4 });
    return { automaton, word, bounds: { maxSegmentLength: 4, maxSegments: 5 } };
  });

const runs = { numRuns: 40 };
const tokensOf = ({ trace: { tokens } }: Scene): number[] =>
  Array.from({ length: tokens }, (_, index) => index);

describe('a scene', () => {
  it('has the network read what the simulator says, after every prefix', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const scene = createScene(source);
        expect(agreement(scene)).toEqual(tokensOf(scene).map(() => true));
      }),
      runs,
    );
  });

  it.each(degenerateBiNfas)('is drawn for $name', ({ automaton }) => {
    const [symbol = '', separator = ''] = [automaton.symbols[0], automaton.separators[0]];
    const word = [separator, symbol, symbol, separator, separator, symbol];
    const state = openPage(
      { automaton, word, bounds: { maxSegmentLength: 2, maxSegments: 4 } },
      pageExamples,
    );
    expect(agreement(state.scene)).not.toContain(false);
    for (const token of tokensOf(state.scene))
      expect(Object.values(panels({ ...state, token })).join('')).not.toMatch(/NaN|undefined/);
  });

  it('says where the network reads another set than the simulator', () => {
    const [example] = pageExamples;
    if (example === undefined) throw new Error('no example');
    const state = openPage(example, pageExamples);
    const reached = state.scene.trace.reached.slice();
    reached[0] = 1 - (reached[0] ?? 0);
    const tampered = { ...state.scene, trace: { ...state.scene.trace, reached } };
    expect(agreement(tampered).indexOf(false)).toBe(0);
    expect(panels({ ...state, scene: tampered })['verdict']).toContain(
      'set differs from the simulator’s after token 0.',
    );
  });

  it('splits the reached pairs into the states of either level', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const scene = createScene(source);
        simulate(scene.automaton, scene.word).forEach((pairs, token) => {
          const { segment, sub } = reachedAt(scene, scene.simulated, token);
          const named = (names: readonly string[], reached: readonly boolean[]): string[] =>
            names.filter((_, index) => reached[index]);
          const [segments, subs] = [
            named(scene.automaton.segmentStates, segment),
            named(scene.automaton.subStates, sub),
          ];
          expect(segments.flatMap((state) => subs.map((subState) => `${state},${subState}`)).sort()).toEqual(
            pairs,
          );
          expect(isAccepting(scene, token)).toBe(
            segments.some((name) => scene.automaton.accept.includes(name)),
          );
        });
      }),
      runs,
    );
  });

  it('marks the arrows that lead to what is reached next, and no other', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const scene = createScene(source);
        for (const token of tokensOf(scene)) {
          const after = reachedAt(scene, scene.simulated, token);
          const isEnd = token > 0 && scene.isSeparator[token] === true;
          const arrows = isEnd ? segmentArrows(scene, token) : subArrows(scene, token);
          const others = isEnd ? subArrows(scene, token) : segmentArrows(scene, token);
          const targets = new Set(arrows.filter(({ isTaken }) => isTaken).map(({ to }) => to));
          expect(others.some(({ isTaken }) => isTaken)).toBe(false);
          if (token === 0) expect(targets.size).toBe(0);
          else
            expect((isEnd ? after.segment : after.sub).map((_, state) => targets.has(state))).toEqual(
              isEnd ? after.segment : after.sub,
            );
        }
      }),
      runs,
    );
  });

  it('finds every token of the word so far among those that the answer is made of, and no later one', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const scene = createScene(source);
        for (const token of tokensOf(scene)) {
          const [first = []] = ancestry(scene, token);
          expect(first.slice(1)).toEqual(
            tokensOf(scene)
              .slice(1)
              .map((other) => other <= token),
          );
        }
      }),
      runs,
    );
  });

  it('holds, after the layers of the sub-level, the relation of the segment so far', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const scene = createScene(source);
        const relations = subRelations(scene.automaton);
        let held = identityRelation(scene.automaton.subStates.length);
        for (const token of tokensOf(scene).slice(1)) {
          const symbol = scene.automaton.symbols.indexOf(scene.word[token - 1] ?? '');
          const relation = relations[symbol];
          if (relation !== undefined) held = compose(held, relation);
          const last = layersAt(scene, token).findLast(({ level }) => level === 'sub');
          const rounded = last?.after.find(({ step }) => step === 'rounding')?.block.values ?? [];
          expect(Array.from(rounded, (value) => Math.abs(Math.round(value)))).toEqual(
            Array.from(held.entries),
          );
          if (relation === undefined) held = identityRelation(scene.automaton.subStates.length);
        }
      }),
      runs,
    );
  });

  it('compares its width with that of the flattened automaton’s network for words as long', () => {
    for (const { automaton, word } of pageExamples.slice(0, 3)) {
      const scene = createScene({ automaton, word, bounds: { maxSegmentLength: 4, maxSegments: 8 } });
      expect(scene.flatWidth).toBe(compileApe(flatten(automaton), 8 * 5).layout.width);
      expect(scene.compactWidth).toBe(compileCompact(automaton, 8 * 5).layout.width);
    }
  });
});

describe('the examples', () => {
  it.each(pageExamples)('$name: holds, and its word reaches something', (example) => {
    const scene = createScene(example);
    expect(scene.certificate.holds).toBe(true);
    expect(agreement(scene)).not.toContain(false);
    expect(simulate(example.automaton, example.word).at(-1)).not.toEqual([]);
    expect(tokensOf(scene).some((token) => isAccepting(scene, token))).toBe(true);
  });
});
