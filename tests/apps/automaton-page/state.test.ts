import { describe, expect, it } from 'vitest';
import { simulate } from '../../../lib/theory/automata/simulate';
import { panels } from '../../../apps/automaton-page/body';
import { pageExamples } from '../../../apps/automaton-page/examples';
import { type Action, nextState, openPage, type PageState } from '../../../apps/automaton-page/state';

const [log] = pageExamples;
if (log === undefined) throw new Error('no example');
/** iie;ii;ie;ei;ii;i */
const start = openPage({ ...log, example: 0 }, pageExamples);
/** At the last token. */
const opened = nextState(start, { kind: 'go', token: 17 });
const after = (state: PageState, ...actions: readonly Action[]): PageState =>
  actions.reduce(nextState, state);
const go = (token: number): Action => ({ kind: 'go', token });
const segment = (steps: 1 | -1): Action => ({ kind: 'move', by: 'segment', steps });
const token = (steps: 1 | -1): Action => ({ kind: 'move', by: 'token', steps });
const tick: Action = { kind: 'tick' };

describe('the page', () => {
  it('opens before the first token', () => {
    expect(start.token).toBe(0);
  });

  it('moves by tokens and by segments, and not beyond the word', () => {
    expect(after(opened, token(1)).token).toBe(17);
    expect(after(opened, token(-1)).token).toBe(16);
    const stops = [4, 7, 10, 13, 16, 17, 17];
    let state = after(opened, go(0));
    for (const stop of stops) {
      state = after(state, segment(1));
      expect(state.token).toBe(stop);
    }
    for (const stop of [16, 13, 10, 7, 4, 0, 0]) {
      state = after(state, segment(-1));
      expect(state.token).toBe(stop);
    }
  });

  it('plays to the end and stops there; from the end it begins anew', () => {
    let state = after(opened, { kind: 'play' });
    expect(state).toMatchObject({ token: 0, isPlaying: true });
    for (let count = 1; count < 17; count++) {
      state = after(state, tick);
      expect(state).toMatchObject({ token: count, isPlaying: true });
    }
    expect(after(state, tick)).toMatchObject({ token: 17, isPlaying: false });
    expect(after(state, { kind: 'play' }, tick)).toMatchObject({ token: 16, isPlaying: false });
  });

  it('keeps the last good picture while a text is wrong, and says what is wrong', () => {
    const bad = after(opened, go(5), { kind: 'edit', field: 'word', text: 'iix' });
    expect(bad.scene).toBe(opened.scene);
    expect(bad.token).toBe(5);
    expect(bad.draft.word).toBe('iix');
    expect(Object.keys(bad.problems)).toEqual(['word']);
    const mended = after(bad, { kind: 'edit', field: 'word', text: 'ii' });
    expect(mended.problems).toEqual({});
    expect(mended.scene.word).toEqual(['i', 'i']);
    expect(mended.token).toBe(2);
  });

  it('compiles an arrow that was switched, stays where it is, and is an example no more', () => {
    const state = after(opened, go(6), {
      kind: 'toggle',
      field: 'subTransitions',
      arrow: ['error', 'i', 'ok'],
    });
    expect(state.scene.automaton.subTransitions).toContainEqual(['error', 'i', 'ok']);
    expect(state.scene.network).not.toBe(opened.scene.network);
    expect(state).toMatchObject({ token: 6, example: undefined });
  });

  it('shows what the last edit has changed, entry by entry, and after which tokens', () => {
    const toggle: Action = { kind: 'toggle', field: 'subTransitions', arrow: ['error', 'e', 'error'] };
    expect(panels(opened)['changed']).toBe('');
    expect(panels(opened)['stream']).not.toContain('class="change"');
    // iie;ii;ie;ei;ii;i has no e after an e: no set changes, but the relation of e does.
    const without = after(opened, go(3), toggle);
    expect(without.before).toBe(opened.scene);
    expect(panels(without)['changed']).toContain('the reached sets of this word are the same');
    const [embedded = '', ...others] = (panels(without)['stream'] ?? '').split('Layer ');
    expect(embedded.match(/class="change"/g)).toHaveLength(1);
    expect(others.join('')).toContain('class="change"');
    const removed = after(opened, { ...toggle, arrow: ['ok', 'e', 'error'] });
    const sets = [opened, removed].map(({ scene }) => simulate(scene.automaton, scene.word));
    const changed = sets[0]?.flatMap((set, index) =>
      set.join() === sets[1]?.[index]?.join() ? [] : [index],
    );
    expect(panels(removed)['changed']).toContain(`after tokens ${changed?.join(', ')}.`);
  });

  it('compares only what can be compared', () => {
    const toggled = after(opened, { kind: 'toggle', field: 'subTransitions', arrow: ['ok', 'e', 'error'] });
    for (const [field, text] of [
      ['word', 'ii'],
      ['maxSegments', '9'],
      ['subStates', 'ok error more'],
      ['symbols', 'i e f'],
    ] as const)
      expect(after(toggled, { kind: 'edit', field, text }).before).toBeUndefined();
    expect(after(toggled, { kind: 'example', index: 0 }).before).toBeUndefined();
    expect(after(toggled, go(2)).before).toBe(opened.scene);
  });

  it('opens another example whole', () => {
    const state = after(opened, { kind: 'example', index: 1 });
    expect(state.scene.automaton).toEqual(pageExamples[1]?.automaton);
    expect(state.draft.word).toBe(pageExamples[1]?.word.join(''));
    expect(state.example).toBe(1);
  });
});
