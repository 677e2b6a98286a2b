// The page's state, and the function from a state and an action to the next state.

import { type Ending, endings, mostTimes, mostTokens, read, type Reading, tokensOf } from './reading';

/** The encodings that are compared: one with one level, and its bilevel form. */
export type Family = 'rope' | 'alibi';

/** The page at one moment. */
export interface IdeaState {
  readonly text: string;
  readonly ending: Ending;
  /** The text as it was trained on. */
  readonly trained: Reading;
  /** Tokens that are left out because the text is too long. */
  readonly leftOut: number;
  /** Index of the query, whose distances to earlier tokens are shown. */
  readonly query: number;
  /** Tokens of the longer text. */
  readonly length: number;
  /** The longer text: the trained one again and again. */
  readonly longer: Reading;
  readonly family: Family;
  /** A head of ALiBi, from 0. */
  readonly head: number;
  /** What moves by itself. */
  readonly playing: 'query' | 'length' | undefined;
}

/** The data that the page opens with. */
export interface IdeaData {
  readonly text: string;
}

/** An action of the reader or of the player. */
export type Action =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ending'; readonly ending: Ending }
  | { readonly kind: 'query'; readonly token: number }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'family'; readonly family: Family }
  | { readonly kind: 'head'; readonly head: number }
  | { readonly kind: 'play'; readonly what: 'query' | 'length' }
  /** While something plays: its next step. */
  | { readonly kind: 'tick' };

/** Heads of ALiBi that can be chosen. */
export const heads = 8;

/** Steps in which a text grows from its own length to the greatest. */
const growingSteps = 120;

/** How many times as long as in training the text is when the page opens. */
const openingTimes = 4;

/** Opens the page: the last token is the query. */
export function openIdea({ text }: IdeaData): IdeaState {
  const [ending] = endings;
  if (ending === undefined) throw new Error('no choice of separators');
  return readAnew({ text, ending, family: 'rope', head: 3, playing: undefined }, openingTimes);
}

type Chosen = Pick<IdeaState, 'text' | 'ending' | 'family' | 'head' | 'playing'>;

/** Reads the text; the longer one keeps its length relative to it. */
function readAnew(chosen: Chosen, times: number): IdeaState {
  const all = tokensOf(chosen.text);
  const tokens = all.slice(0, mostTokens);
  const length = Math.round(times * tokens.length);
  return {
    ...chosen,
    trained: read(tokens, chosen.ending, tokens.length),
    leftOut: all.length - tokens.length,
    query: Math.max(0, tokens.length - 1),
    length,
    longer: read(tokens, chosen.ending, length),
  };
}

/** The state after an action. */
export function nextIdea(state: IdeaState, action: Action): IdeaState {
  const stopped = { ...state, playing: undefined };
  switch (action.kind) {
    case 'text':
      return readAnew({ ...stopped, text: action.text }, timesOf(state));
    case 'ending':
      return { ...readAnew({ ...stopped, ending: action.ending }, timesOf(state)), query: state.query };
    case 'query':
      return { ...stopped, query: within(action.token, 0, state.trained.tokens.length - 1) };
    case 'length':
      return withLength(stopped, action.length);
    case 'family':
      return { ...stopped, family: action.family };
    case 'head':
      return { ...stopped, head: within(action.head, 0, heads - 1) };
    case 'play':
      return state.playing === action.what ? stopped : started(state, action.what);
    case 'tick':
      return ticked(state);
  }
}

/** How many times as long as the trained text the longer one is. */
export function timesOf({ length, trained: { tokens } }: Pick<IdeaState, 'length' | 'trained'>): number {
  return tokens.length === 0 ? 1 : length / tokens.length;
}

/** The greatest length. */
export function longest({ trained }: Pick<IdeaState, 'trained'>): number {
  return mostTimes * trained.tokens.length;
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function withLength(state: IdeaState, wanted: number): IdeaState {
  const { tokens } = state.trained;
  const length = within(Math.round(wanted), tokens.length, longest(state));
  return { ...state, length, longer: read(tokens, state.ending, length) };
}

/** Begins to play, from the beginning if the end was reached. */
function started(state: IdeaState, playing: 'query' | 'length'): IdeaState {
  const isAtEnd =
    playing === 'query' ? state.query >= state.trained.tokens.length - 1 : state.length >= longest(state);
  if (!isAtEnd) return { ...state, playing };
  return playing === 'query'
    ? { ...state, playing, query: 0 }
    : { ...withLength(state, state.trained.tokens.length), playing };
}

function ticked(state: IdeaState): IdeaState {
  if (state.playing === 'query') {
    const last = state.trained.tokens.length - 1;
    const query = within(state.query + 1, 0, last);
    return { ...state, query, playing: query === last ? undefined : 'query' };
  }
  if (state.playing === 'length') {
    const step = Math.max(1, longest(state) / growingSteps);
    const grown = withLength(state, state.length + step);
    return { ...grown, playing: grown.length === longest(state) ? undefined : 'length' };
  }
  return state;
}
