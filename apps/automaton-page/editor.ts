// The automaton's two cards as HTML text: the diagram, the arrows as matrices whose entries a click
// switches, and everything as text. A symbol's matrix is its relation in the network's embedding.

import { ink, levelStyles } from '../../lib/report/style';
import { escapeXml } from '../../lib/report/text';
import { diagramSvg } from './diagram';
import { cellSize } from './matrix';
import { everySubState, reachedAt, type Scene, segmentArrows, subArrows, tokenName } from './scene';
import type { Draft, Field } from './draft';

/** The label of a field and, for a text area, its rows. */
const fieldTexts: Readonly<Record<Field, { readonly label: string; readonly rows?: number }>> = {
  word: { label: 'Word' },
  maxSegmentLength: { label: 'Most symbols in a segment' },
  maxSegments: { label: 'Most segments' },
  subStates: { label: 'Sub-states' },
  subStart: { label: 'Start' },
  symbols: { label: 'Symbols' },
  subTransitions: { label: 'Arrows: sub-state, symbol, sub-state', rows: 6 },
  segmentStates: { label: 'Segment states' },
  segmentStart: { label: 'Start' },
  accept: { label: 'Accepting' },
  separators: { label: 'Separators' },
  segmentTransitions: { label: 'Arrows: state, sub-state, separator, state', rows: 6 },
};

/** A field with its label and a place for its problem. */
export function fieldHtml(field: Field, draft: Draft): string {
  const { label, rows } = fieldTexts[field];
  const shared = `id="field-${field}" data-field="${field}" aria-describedby="problem-${field}" autocomplete="off" autocapitalize="off" spellcheck="false"`;
  const value = escapeXml(draft[field]);
  const isNumber = field === 'maxSegmentLength' || field === 'maxSegments';
  const control =
    rows === undefined
      ? `<input ${shared} ${isNumber ? 'type="number" min="1" max="16"' : 'type="text"'} value="${value}">`
      : `<textarea ${shared} rows="${rows}">${value}</textarea>`;
  return `<div class="field ${field}"><label for="field-${field}">${label}</label>${control}<p class="problem" id="problem-${field}" aria-live="polite"></p></div>`;
}

/** The sub-level's diagram at a token. */
export function subDiagram(scene: Scene, token: number): string {
  const { automaton } = scene;
  const { sub } = reachedAt(scene, scene.simulated, token);
  return diagramSvg({
    title: 'Sub-level',
    style: levelStyles.sub,
    states: automaton.subStates.map((name, index) => ({
      name,
      isStart: name === automaton.subStart,
      isAccepting: false,
      isReached: sub[index] === true,
    })),
    arrows: subArrows(scene, token),
    isRestarted: scene.isSeparator[token] === true && sub.includes(true),
  });
}

/** The segment level's diagram at a token. */
export function segmentDiagram(scene: Scene, token: number): string {
  const { automaton } = scene;
  const { segment } = reachedAt(scene, scene.simulated, token);
  return diagramSvg({
    title: 'Segment level',
    style: levelStyles.segment,
    states: automaton.segmentStates.map((name, index) => ({
      name,
      isStart: name === automaton.segmentStart,
      isAccepting: automaton.accept.includes(name),
      isReached: segment[index] === true,
    })),
    arrows: segmentArrows(scene, token),
    isRestarted: token === 0,
  });
}

/** A matrix of switches. */
interface Switches {
  /** Prefix of the switches' ids. */
  readonly id: string;
  readonly title: string;
  readonly states: readonly string[];
  readonly color: string;
  /** Whether this is the current token's matrix. */
  readonly isNow: boolean;
  readonly has: (from: string, to: string) => boolean;
  /** The arrow of a switch, as the page's fields write it. */
  readonly arrow: (from: string, to: string) => readonly string[];
}

/** A matrix for each symbol. */
export function subSwitches(scene: Scene, token: number): string {
  const { automaton } = scene;
  return automaton.symbols
    .map((symbol, index) =>
      switchesHtml('subTransitions', {
        id: `sub-${index}`,
        title: symbol,
        states: automaton.subStates,
        color: levelStyles.sub.color,
        isNow: token > 0 && tokenName(scene, token) === symbol,
        has: (from, to) =>
          automaton.subTransitions.some(([a, name, b]) => a === from && name === symbol && b === to),
        arrow: (from, to) => [from, symbol, to],
      }),
    )
    .join('');
}

/** A matrix for each separator and sub-state. */
export function segmentSwitches(scene: Scene, token: number): string {
  const { automaton } = scene;
  const before = token === 0 ? undefined : reachedAt(scene, scene.simulated, token - 1).sub;
  return automaton.separators
    .flatMap((separator, index) =>
      automaton.subStates.map((subState, sub) =>
        switchesHtml('segmentTransitions', {
          id: `segment-${index}-${sub}`,
          title: `${separator} after ${subState}`,
          states: automaton.segmentStates,
          color: levelStyles.segment.color,
          isNow: token > 0 && tokenName(scene, token) === separator && before?.[sub] === true,
          has: (from, to) =>
            automaton.segmentTransitions.some(
              ([a, state, name, b]) => a === from && state === subState && name === separator && b === to,
            ),
          arrow: (from, to) => [from, subState, separator, to],
        }),
      ),
    )
    .join('');
}

function switchesHtml(field: Field, { id, title, states, color, isNow, has, arrow }: Switches): string {
  const cell = Math.max(18, cellSize(states.length));
  const head = states.map((name) => `<th scope="col"><span>${escapeXml(name)}</span></th>`).join('');
  const rows = states.map((from, row) => {
    const cells = states.map((to, column) => {
      const isThere = has(from, to);
      return (
        `<td><button type="button" id="${id}-${row}-${column}" class="switch" style="width:${cell}px;height:${cell}px${isThere ? `;background:${color};border-color:${color}` : ''}" ` +
        `aria-pressed="${isThere}" data-toggle="${field}" data-arrow="${escapeXml(JSON.stringify(arrow(from, to)))}" ` +
        `title="${escapeXml(`${isThere ? 'remove' : 'add'} the arrow ${arrow(from, to).join(' ')}`)}" aria-label="${escapeXml(`arrow ${arrow(from, to).join(' ')}`)}"></button></td>`
      );
    });
    return `<tr><th scope="row">${escapeXml(from)}</th>${cells.join('')}</tr>`;
  });
  return `<table class="switches${isNow ? ' now' : ''}"><caption style="color:${color}">${escapeXml(title)}</caption><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** The card of the sub-level, without the panels that change by token. */
export function subCard(draft: Draft): string {
  const texts = (['subStates', 'subStart', 'symbols', 'subTransitions'] as const).map((field) =>
    fieldHtml(field, draft),
  );
  return card(
    'sub',
    'Sub-level',
    'reads the symbols of a segment; a separator resets it to its start',
    texts,
  );
}

/** The card of the segment level, without the panels that change by token. */
export function segmentCard(draft: Draft): string {
  const texts = (
    ['segmentStates', 'segmentStart', 'accept', 'separators', 'segmentTransitions'] as const
  ).map((field) => fieldHtml(field, draft));
  return card(
    'segment',
    'Segment level',
    `moves at a separator by the sub-state reached, which labels the arrow (${everySubState}: any)`,
    texts,
  );
}

function card(level: 'sub' | 'segment', title: string, text: string, texts: readonly string[]): string {
  return (
    `<article class="card ${level}"><h3 style="color:${levelStyles[level].color}">${title}</h3><p class="note">${text}</p>` +
    `<div id="${level}-diagram" class="diagram"></div>` +
    `<details open><summary>Arrows <span style="color:${ink.muted}">click an entry: row to column</span></summary><div id="${level}-switches" class="matrices"></div></details>` +
    `<details id="${level}-texts"><summary>States, alphabet and arrows as text</summary><div class="fields">${texts.join('')}</div></details></article>`
  );
}
