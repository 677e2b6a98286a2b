import { describe, expect, it } from 'vitest';
import { growthWords, newValues } from '../../../apps/idea-page/growth';
import { mostTokens } from '../../../apps/idea-page/reading';
import { type Action, type IdeaState, nextIdea, openIdea } from '../../../apps/idea-page/state';
import { queryWords } from '../../../apps/idea-page/table';

const opened = openIdea({ text: 'A stone flew up. Two birds fell down.' });
const after = (...actions: readonly Action[]): IdeaState => actions.reduce(nextIdea, opened);
const tick: Action = { kind: 'tick' };

describe('the page of the idea', () => {
  it('opens at the last token, with a text four times as long as in training', () => {
    expect(opened).toMatchObject({ query: 9, length: 40 });
    expect(queryWords(opened)).toContain('position 9; with BiPE, at place 4 of segment 1');
  });

  it('counts what training never had', () => {
    expect(growthWords(opened)).toContain('<b>30</b> distances');
    expect(growthWords(opened)).toContain('meets <b>6</b>, in segments, and no new place');
    expect(growthWords(after({ kind: 'length', length: 10 }))).toContain('the length of training');
    expect(newValues(Int32Array.of(0, 1, 0), Int32Array.of(0, 1, 2, 3, 3))).toBe(2);
  });

  it('says that places are new where a text has no separator', () => {
    const words = growthWords(after({ kind: 'text', text: 'no end' }));
    expect(words).toContain('<b>6</b> new places');
  });

  it('keeps the relative length when the text changes, and leaves out what is too long', () => {
    const long = after({ kind: 'text', text: 'word '.repeat(mostTokens + 3) });
    expect(long).toMatchObject({ leftOut: 3, length: 4 * mostTokens });
    expect(after({ kind: 'text', text: '' })).toMatchObject({ length: 0, query: 0 });
    expect(after({ kind: 'text', text: '' }, { kind: 'text', text: 'a b' })).toMatchObject({ query: 1 });
  });

  it('moves the query and the length within their bounds', () => {
    expect(after({ kind: 'query', token: -3 }).query).toBe(0);
    expect(after({ kind: 'query', token: 99 }).query).toBe(9);
    expect(after({ kind: 'length', length: 1e9 }).length).toBe(160);
    expect(after({ kind: 'length', length: 0 }).length).toBe(10);
  });

  it('plays the query from the first to the last token, and stops there', () => {
    let state = after({ kind: 'play', what: 'query' });
    expect(state).toMatchObject({ query: 0, playing: 'query' });
    for (let token = 1; token < 9; token += 1) {
      state = nextIdea(state, tick);
      expect(state).toMatchObject({ query: token, playing: 'query' });
    }
    expect(nextIdea(state, tick)).toMatchObject({ query: 9, playing: undefined });
  });

  it('grows the text to the greatest length, and begins anew from there', () => {
    let state = after({ kind: 'play', what: 'length' });
    for (let step = 0; state.playing !== undefined && step < 1000; step += 1) {
      const { length } = state;
      state = nextIdea(state, tick);
      expect(state.length).toBeGreaterThan(length);
    }
    expect(state.length).toBe(160);
    expect(nextIdea(state, { kind: 'play', what: 'length' }).length).toBe(10);
    expect(after({ kind: 'play', what: 'length' }, { kind: 'play', what: 'length' }).playing).toBe(undefined);
  });
});
