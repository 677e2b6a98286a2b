// Draws state diagrams of automata, in Graphviz's DOT language, and as SVG by Graphviz compiled to
// WebAssembly. An arrow without a source marks the start, double borders mark accepting states, one
// arrow joins all transitions between two states, and reachable states are filled.

import { UsageError } from '../../base/errors';
import { encodingStyles, fontFamily, fontSize, ink } from '../../report/style';
import { hintFor } from './alphabet';
import { type Automaton, type BiNfa, type Nfa, pairName } from './automaton';
import { checkAutomaton } from './problems';

/** Options of a state diagram. */
export interface PictureOptions {
  /**
   * States to fill: names of an NFA's states, or pairs `"s,k"` of a Bi-NFA's, as `simulate` returns
   * them.
   */
  readonly highlight?: { readonly states: readonly string[] };
}

/**
 * Writes a state diagram in the DOT language. A Bi-NFA has two, one for each level. Nodes have the
 * class `state-0`, or `sub-state-0` and `segment-state-0`, by their index in the automaton.
 *
 * @throws DataError if the automaton is not sound, UsageError if it lacks a state to be filled
 */
export function automatonDot(automaton: Automaton, options: PictureOptions = {}): string {
  checkAutomaton(automaton);
  const diagrams =
    automaton.type === 'nfa' ? [nfaDiagram(automaton, options)] : biNfaDiagrams(automaton, options);
  const lines = diagrams
    .reverse()
    .flatMap((diagram, index) =>
      diagram.title === undefined
        ? body(diagram)
        : [`subgraph cluster_${index} {`, `margin=12; label=<${diagram.title}>`, ...body(diagram), '}'],
    );
  return ['digraph {', ...STYLE, ...lines, '}', ''].join('\n');
}

/**
 * Draws a state diagram as an SVG element.
 *
 * @throws DataError if the automaton is not sound, UsageError if it lacks a state to be filled
 */
export async function drawAutomaton(automaton: Automaton, options: PictureOptions = {}): Promise<string> {
  const dot = automatonDot(automaton, options);
  const { instance } = await import('@viz-js/viz');
  const svg = (await instance()).renderString(dot, { format: 'svg', engine: 'dot' });
  const element = svg
    .slice(svg.indexOf('<svg'))
    // Graphviz's own titles are node numbers, and would appear as tooltips.
    .replace(/<title>[^<]*<\/title>\n?/g, '')
    .replace(/<!--.*?-->\n?/gs, '')
    .replaceAll('font-family="Arial"', `font-family="${markup(fontFamily)}"`);
  const kind = automaton.type === 'nfa' ? 'an NFA' : 'a bilevel NFA';
  return element.replace(
    '<svg ',
    `<svg role="img" aria-label="State diagram of ${kind}" style="max-width: 100%; height: auto" `,
  );
}

/** An arrow between two states, by index. */
interface Arrow {
  readonly from: number;
  readonly to: number;
  /** A DOT label: a string in quotes, or markup between angle brackets. */
  readonly label: string;
}

interface Diagram {
  /** Markup; a single diagram has none. */
  readonly title?: string;
  /** The kind of its nodes, which names their class. */
  readonly kind: 'state' | 'sub-state' | 'segment-state';
  readonly states: readonly string[];
  readonly start: string;
  readonly accept: readonly string[];
  readonly filled: ReadonlySet<string>;
  readonly arrows: readonly Arrow[];
}

// Graphviz knows the letter widths of this font, which the house fonts share.
const FONT = 'fontname="Arial"';
const FILL = encodingStyles.rope.color;

const STYLE: readonly string[] = [
  `graph [rankdir=LR, nodesep=0.3, ranksep=0.35, pad=0.1, style=rounded, color="${ink.grid}", bgcolor="${ink.paper}", labeljust=l, ${FONT}, fontsize=${fontSize.label}, fontcolor="${ink.muted}"]`,
  `node [style="rounded,filled", fillcolor="${ink.paper}", color="${ink.text}", ${FONT}, fontsize=${fontSize.label}, fontcolor="${ink.text}"]`,
  `edge [color="${ink.muted}", arrowsize=0.7, ${FONT}, fontsize=${fontSize.tick}, fontcolor="${ink.text}"]`,
];

function nfaDiagram(automaton: Nfa, { highlight }: PictureOptions): Diagram {
  const { states, start, accept, symbols, transitions } = automaton;
  return {
    kind: 'state',
    states,
    start,
    accept,
    filled: checked(highlight?.states ?? [], states),
    arrows: symbolArrows(states, symbols, transitions),
  };
}

function biNfaDiagrams(automaton: BiNfa, { highlight }: PictureOptions): Diagram[] {
  const { segmentStates, subStates } = automaton;
  const pairs = segmentStates.flatMap((state) => subStates.map((subState) => pairName(state, subState)));
  const filled = [...checked(highlight?.states ?? [], pairs)].map((pair) => pair.split(','));
  return [
    {
      title: 'Within a segment, symbol by symbol',
      kind: 'sub-state',
      states: subStates,
      start: automaton.subStart,
      accept: [],
      filled: new Set(filled.map(([, subState = '']) => subState)),
      arrows: symbolArrows(subStates, automaton.symbols, automaton.subTransitions),
    },
    {
      title: 'At a separator, by the <i>sub-state</i> reached',
      kind: 'segment-state',
      states: segmentStates,
      start: automaton.segmentStart,
      accept: automaton.accept,
      filled: new Set(filled.map(([state = '']) => state)),
      arrows: segmentArrows(automaton),
    },
  ];
}

function checked(names: readonly string[], known: readonly string[]): ReadonlySet<string> {
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return new Set(names);
  throw new UsageError(`highlight: no state ${JSON.stringify(wrong)}; ${hintFor(wrong, known)}`);
}

function body({ kind, states, start, accept, filled, arrows }: Diagram): string[] {
  const node = (index: number): string => `${kind.replace('-', '_')}_${index}`;
  const shape = states.every((name) => Array.from(shownName(name)).length <= 3)
    ? 'shape=circle, width=0.5, margin=0.02'
    : 'shape=box, height=0.4, margin="0.12,0.06"';
  return [
    `node [${shape}]`,
    ...states.map((name, index) => {
      const fill = filled.has(name) ? `, fillcolor="${FILL}", penwidth=2` : '';
      const border = accept.includes(name) ? ', peripheries=2' : '';
      return `${node(index)} [label=${quoted([shownName(name)])}, class="${kind}-${index}"${border}${fill}]`;
    }),
    `${node(states.length)} [shape=point, style=invis, width=0, label=""]`,
    `${node(states.length)} -> ${node(states.indexOf(start))} [weight=20]`,
    ...arrows.map(({ from, to, label }) => `${node(from)} -> ${node(to)} [label=${label}]`),
  ];
}

/** The arrows of symbols, one for each pair of states. */
function symbolArrows(
  states: readonly string[],
  symbols: readonly string[],
  transitions: readonly (readonly [string, string, string])[],
): Arrow[] {
  return pairsOf(states, transitions, (from, to) => {
    const read = symbols.filter((symbol) =>
      transitions.some((arrow) => arrow[0] === from && arrow[1] === symbol && arrow[2] === to),
    );
    return quoted(wrapped(shownSymbols(read)));
  });
}

/** The arrows of separators, with a line for each group of sub-states that share separators. */
function segmentArrows({ segmentStates, subStates, separators, segmentTransitions }: BiNfa): Arrow[] {
  const moves = segmentTransitions.map(([from, , , to]) => [from, '', to] as const);
  return pairsOf(segmentStates, moves, (from, to) => {
    const lines = new Map<string, string[]>();
    for (const subState of subStates) {
      const moving = separators.filter((separator) =>
        segmentTransitions.some(
          (arrow) => arrow[0] === from && arrow[1] === subState && arrow[2] === separator && arrow[3] === to,
        ),
      );
      if (moving.length === 0) continue;
      const shown = shownSymbols(moving).join(' ');
      lines.set(shown, [...(lines.get(shown) ?? []), shownName(subState)]);
    }
    const rows = [...lines]
      .map(([shown, names]) => {
        const reached = names.length === subStates.length ? ['any'] : withCommas(names);
        const italic = wrapped(reached).map((line) => `<i>${markup(line)}</i>`);
        return `${italic.join('<br/>')} <b>${markup(shown)}</b>`;
      })
      .join('<br/>');
    return `<${rows}>`;
  });
}

function pairsOf(
  states: readonly string[],
  moves: readonly (readonly [string, string, string])[],
  label: (from: string, to: string) => string,
): Arrow[] {
  const joined = new Set(moves.map(([from, , to]) => JSON.stringify([from, to])));
  return states.flatMap((from, fromIndex) =>
    states.flatMap((to, toIndex) =>
      joined.has(JSON.stringify([from, to]))
        ? [{ from: fromIndex, to: toIndex, label: label(from, to) }]
        : [],
    ),
  );
}

/**
 * Formats symbols: three or more consecutive characters as a range, words with commas between them.
 */
function shownSymbols(symbols: readonly string[]): string[] {
  const runs: string[][] = [];
  for (const symbol of symbols) {
    const run = runs.at(-1);
    if (run && follows(run.at(-1) ?? '', symbol)) run.push(symbol);
    else runs.push([symbol]);
  }
  const shown = runs.flatMap((run) =>
    run.length < 3 ? run.map(shownName) : [`${run[0] ?? ''}–${run.at(-1) ?? ''}`],
  );
  return symbols.some((symbol) => Array.from(symbol).length > 1) ? withCommas(shown) : shown;
}

function withCommas(parts: readonly string[]): string[] {
  return parts.map((part, index) => (index === parts.length - 1 ? part : `${part},`));
}

const RANGE = /^[a-z0-9]$/i;

function follows(before: string, after: string): boolean {
  return RANGE.test(before) && RANGE.test(after) && after.charCodeAt(0) === before.charCodeAt(0) + 1;
}

const WIDEST = 16;

/** Joins parts by blanks into lines that fit an arrow. */
function wrapped(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + part.length <= WIDEST)
      lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** Makes the invisible characters of a name visible. */
function shownName(name: string): string {
  const visible = name
    .replace(/\n/g, '↵')
    .replace(/\t/g, '⇥')
    .replace(/[\p{Cc}\p{Cs}]/gu, '�');
  return visible.trim() === '' ? visible.replace(/\s/g, '␣') : visible;
}

/** Formats lines of text as a DOT string. */
function quoted(lines: readonly string[]): string {
  return `"${lines.map((line) => markup(line).replace(/\\/g, '\\\\')).join('\\n')}"`;
}

/** Escapes text for Graphviz's markup. */
function markup(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
