// The page's state, and the function from a state and an action to the next state. A wrong edit
// changes the texts and names the problem; the picture stays that of the last right texts.

import { type Draft, draftOf, type Field, type Problems, readDraft, type Source, toggleArrow } from './draft';
import { type PageExample } from './examples';
import { createScene, type Scene } from './scene';

/** The page at one moment. */
export interface PageState {
  readonly examples: readonly PageExample[];
  /** Index of the example; undefined after an edit. */
  readonly example: number | undefined;
  readonly draft: Draft;
  readonly problems: Problems;
  /** The scene of the last right draft. */
  readonly scene: Scene;
  /** The scene before the last edit, if both can be compared: the same word and states. */
  readonly before: Scene | undefined;
  /** The current token; 0 is the start. */
  readonly token: number;
  readonly isPlaying: boolean;
}

/** The data that the page opens with. */
export interface PageData extends Source {
  /** Index of the example; absent for an automaton of the reader's own. */
  readonly example?: number;
}

/** An action of the reader or of the player. */
export type Action =
  | { readonly kind: 'edit'; readonly field: Field; readonly text: string }
  | {
      readonly kind: 'toggle';
      readonly field: 'subTransitions' | 'segmentTransitions';
      readonly arrow: readonly string[];
    }
  | { readonly kind: 'example'; readonly index: number }
  | { readonly kind: 'go'; readonly token: number }
  | { readonly kind: 'move'; readonly by: 'token' | 'segment'; readonly steps: 1 | -1 }
  | { readonly kind: 'play' }
  /** While it plays: moves to the next token, up to the last. */
  | { readonly kind: 'tick' };

/**
 * Opens the page at the start, before the word's first token.
 *
 * @throws DataError for a word beyond the bounds
 */
export function openPage({ example, ...source }: PageData, examples: readonly PageExample[]): PageState {
  const scene = createScene(source);
  return {
    examples,
    example,
    draft: draftOf(source),
    problems: {},
    scene,
    before: undefined,
    token: 0,
    isPlaying: false,
  };
}

/** The state after an action. */
export function nextState(state: PageState, action: Action): PageState {
  switch (action.kind) {
    case 'edit':
      return withDraft(state, { ...state.draft, [action.field]: action.text }, action.field === 'word');
    case 'toggle':
      return withDraft(state, toggleArrow(state.draft, action.field, action.arrow), false);
    case 'example': {
      const chosen = state.examples[action.index];
      return chosen === undefined ? state : openPage({ ...chosen, example: action.index }, state.examples);
    }
    case 'go':
      return at({ ...state, isPlaying: false }, action.token);
    case 'move':
      return at(
        { ...state, isPlaying: false },
        action.by === 'token' ? state.token + action.steps : segmentEnd(state, action.steps),
      );
    case 'play': {
      if (state.isPlaying) return { ...state, isPlaying: false };
      const isAtEnd = state.token === lastToken(state);
      return { ...state, isPlaying: true, token: isAtEnd ? 0 : state.token };
    }
    case 'tick': {
      if (!state.isPlaying) return state;
      const moved = at(state, state.token + 1);
      return { ...moved, isPlaying: moved.token < lastToken(moved) };
    }
  }
}

function withDraft(state: PageState, draft: Draft, toEnd: boolean): PageState {
  const read = readDraft(draft);
  if ('problems' in read) return { ...state, draft, problems: read.problems, isPlaying: false };
  const scene = createScene(read.source);
  const before = isComparable(scene, state.scene) ? state.scene : undefined;
  const next = { ...state, draft, problems: {}, scene, before, example: undefined };
  return at({ ...next, isPlaying: false }, toEnd ? lastToken(next) : state.token);
}

/** Checks if two scenes have the same word, layers and blocks, so that entries can be compared. */
function isComparable(one: Scene, other: Scene): boolean {
  const shapeOf = ({ word, bounds, network, automaton }: Scene): string =>
    JSON.stringify([word, bounds, network.layout, automaton.symbols]);
  return shapeOf(one) === shapeOf(other);
}

function lastToken({ scene }: Pick<PageState, 'scene'>): number {
  return scene.trace.tokens - 1;
}

function at(state: PageState, token: number): PageState {
  return { ...state, token: Math.max(0, Math.min(lastToken(state), token)) };
}

/** The next or previous token that ends a segment, or the word's own end. */
function segmentEnd({ scene, token }: PageState, steps: 1 | -1): number {
  let place = token + steps;
  while (place > 0 && place < scene.trace.tokens - 1 && scene.isSeparator[place] !== true) place += steps;
  return place;
}
