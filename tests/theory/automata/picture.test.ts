import { instance } from '@viz-js/viz';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DataError, UsageError } from '../../../lib/base/errors';
import type { Automaton, Nfa } from '../../../lib/theory/automata/automaton';
import { automatonExamples, exampleNamed } from '../../../lib/theory/automata/examples';
import { automatonDot, drawAutomaton } from '../../../lib/theory/automata/picture';
import { biNfas, nfas } from './arbitrary';

const graphSchema = z.object({
  objects: z.array(
    z.object({
      name: z.string(),
      label: z.string().optional(),
      class: z.string().optional(),
      peripheries: z.string().optional(),
      fillcolor: z.string().optional(),
      style: z.string().optional(),
    }),
  ),
  edges: z.array(z.object({ tail: z.number(), head: z.number(), label: z.string().optional() })).optional(),
});

/** The diagram as Graphviz reads it: states by class, and arrows between them. */
async function readBack(dot: string): Promise<{
  readonly states: Readonly<
    Record<string, { readonly label: string; readonly accepts: boolean; readonly filled: boolean }>
  >;
  readonly arrows: Readonly<Record<string, string>>;
}> {
  const text = (await instance()).renderString(dot, { format: 'dot_json' });
  const { objects, edges = [] } = graphSchema.parse(JSON.parse(text));
  const states = objects.flatMap(({ class: name, label = '', peripheries, fillcolor }) =>
    name === undefined
      ? []
      : [[name, { label, accepts: peripheries === '2', filled: fillcolor !== '#FFFFFF' }] as const],
  );
  const arrows = edges.map(
    ({ tail, head, label = '' }) =>
      [`${objects[tail]?.class ?? ''} ${objects[head]?.class ?? ''}`.trim(), label] as const,
  );
  return { states: Object.fromEntries(states), arrows: Object.fromEntries(arrows) };
}

const nfa: Nfa = {
  type: 'nfa',
  states: ['idle', 'busy'],
  symbols: ['a', 'b', 'c', 'd', 'z', '\n'],
  start: 'busy',
  accept: ['idle'],
  transitions: [
    ['idle', 'd', 'busy'],
    ['idle', 'a', 'busy'],
    ['idle', 'c', 'busy'],
    ['idle', 'z', 'busy'],
    ['idle', 'b', 'busy'],
    ['busy', '\n', 'busy'],
  ],
};

describe('the diagram of an NFA', () => {
  it('has a node for each state, one arrow between two states, an arrow to the start, and double borders', async () => {
    expect(await readBack(automatonDot(nfa, { highlight: { states: ['busy'] } }))).toEqual({
      states: {
        'state-0': { label: 'idle', accepts: true, filled: false },
        'state-1': { label: 'busy', accepts: false, filled: true },
      },
      arrows: { 'state-1': '', 'state-0 state-1': 'a–d z', 'state-1 state-1': '↵' },
    });
  });

  it('has the arrows of the automaton and no others, on random ones', async () => {
    await fc.assert(
      fc.asyncProperty(nfas, async (automaton) => {
        const { arrows, states } = await readBack(automatonDot(automaton));
        const name = (state: string): string => `state-${automaton.states.indexOf(state)}`;
        const expected = automaton.transitions.map(([from, , to]) => `${name(from)} ${name(to)}`);
        expect(Object.keys(arrows).sort()).toEqual([...new Set([...expected, name(automaton.start)])].sort());
        expect(Object.values(states).map(({ label }) => label)).toEqual(automaton.states);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the diagram of a Bi-NFA', () => {
  it('shows at each arrow between segment states what is reached and the separator', async () => {
    const { automaton } = exampleNamed('sentences');
    const { states, arrows } = await readBack(
      automatonDot(automaton, { highlight: { states: ['told,verb', 'told,article'] } }),
    );
    const filled = Object.values(states).filter((state) => state.filled);
    expect(filled.map(({ label }) => label).sort()).toEqual(['article', 'told', 'verb']);
    expect(arrows['segment-state-1 segment-state-2']).toBe('<i>asks, whom</i> <b>?</b>');
    expect(arrows['segment-state-0 segment-state-1']).toBe('<i>verb, object</i> <b>. !</b>');
    expect(arrows['sub-state-0 sub-state-2']).toBe('old, man, boats,\\nfish');
    expect(states['segment-state-1']).toMatchObject({ label: 'told', accepts: true });
  });

  it('has the arrows of both levels and no others, on random ones', async () => {
    await fc.assert(
      fc.asyncProperty(biNfas, async (automaton) => {
        const { segmentStates, subStates } = automaton;
        const { arrows, states } = await readBack(automatonDot(automaton));
        const sub = (state: string): string => `sub-state-${subStates.indexOf(state)}`;
        const segment = (state: string): string => `segment-state-${segmentStates.indexOf(state)}`;
        const expected = [
          sub(automaton.subStart),
          segment(automaton.segmentStart),
          ...automaton.subTransitions.map(([from, , to]) => `${sub(from)} ${sub(to)}`),
          ...automaton.segmentTransitions.map(([from, , , to]) => `${segment(from)} ${segment(to)}`),
        ];
        expect(Object.keys(arrows).sort()).toEqual([...new Set(expected)].sort());
        expect(
          Object.values(states)
            .map(({ label }) => label)
            .sort(),
        ).toEqual([...segmentStates, ...subStates].sort());
      }),
      { numRuns: 40 },
    );
  });

  it('calls all sub-states together any', async () => {
    const { automaton } = exampleNamed('csv-records');
    if (automaton.type !== 'bi-nfa') throw new Error('not bilevel');
    const always = automaton.subStates.map((state) => ['two', state, '\n', 'first'] as const);
    const { arrows } = await readBack(automatonDot({ ...automaton, segmentTransitions: always }));
    expect(arrows['segment-state-1 segment-state-0']).toBe('<i>any</i> <b>↵</b>');
  });
});

/** The texts of an SVG element; fails where its tags do not close each other. */
function textsOf(svg: string): string[] {
  const open: string[] = [];
  for (const [tag, closing, name = ''] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*>/g)) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (!tag.endsWith('/>')) open.push(name);
  }
  expect(open).toEqual([]);
  const entities: Readonly<Record<string, string>> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    '#39': "'",
    '#45': '-',
  };
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole),
  );
}

describe('the picture', () => {
  it.each(automatonExamples)('of $name is an SVG element that names every state', async ({ automaton }) => {
    const svg = await drawAutomaton(automaton);
    expect(svg).toMatch(/^<svg role="img" aria-label="State diagram of an? [^"]+" /);
    const texts = textsOf(svg);
    const states =
      automaton.type === 'nfa' ? automaton.states : [...automaton.segmentStates, ...automaton.subStates];
    expect(texts).toEqual(expect.arrayContaining([...states]));
  });

  it('shows names as they are, whatever they are made of', async () => {
    const character = fc.constantFrom(
      'a',
      'é',
      '漢',
      '😀',
      '"',
      '\\',
      '<',
      '>',
      '&',
      ';',
      '{',
      '|',
      "'",
      '%',
      '-',
    );
    const names = fc.oneof(
      fc.string({ unit: character, minLength: 1, maxLength: 6 }),
      fc.constantFrom('\\n', '\\N', '&amp;', '&lt;b&gt;', '<b>x</b>', '"];', '\\', '\\\\', 'a\\', '$&', '->'),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(names, { minLength: 2, maxLength: 4 }), async (states) => {
        const [start = '', accept = ''] = states;
        const automaton: Automaton = {
          type: 'nfa',
          states,
          symbols: states,
          start,
          accept: [accept],
          transitions: states.map((state) => [start, state, state] as const),
        };
        const texts = textsOf(await drawAutomaton(automaton)).join('\n');
        for (const state of states) expect(texts.split(state).length).toBeGreaterThan(2);
      }),
      { numRuns: 100 },
    );
  });

  it('makes visible what is not', async () => {
    const automaton: Automaton = {
      ...nfa,
      symbols: [' ', '\t', '\n', '\u0001', 'a  b'],
      transitions: [' ', '\t', '\n', '\u0001', 'a  b'].map((symbol) => ['idle', symbol, 'busy'] as const),
    };
    expect(textsOf(await drawAutomaton(automaton)).join(' ')).toContain('␣, ⇥, ↵, �,');
  });

  it('of an automaton that is not sound, or with a state that is not its, is refused', () => {
    expect(() => automatonDot({ ...nfa, start: 'bus' })).toThrow(
      new DataError('automaton: start: state "bus" is not in states; did you mean "busy"?'),
    );
    expect(() => automatonDot(nfa, { highlight: { states: ['idle', 'bussy'] } })).toThrow(
      new UsageError('highlight: no state "bussy"; did you mean "busy"?'),
    );
    expect(() =>
      automatonDot(exampleNamed('sentences').automaton, { highlight: { states: ['told'] } }),
    ).toThrow(/^highlight: no state "told"; known: "begin,start", .* and 6 more$/);
  });
});
