// The page's script: it turns events into actions, gets the next state from `nextState`, and
// redraws the panels that have changed. No other module knows the browser. `document.ts` bundles
// this file into the page.

import { panels } from './body';
import { fields, type Field } from './draft';
import { pageExamples } from './examples';
import { element, isControl, redrawPanels } from '../page/dom';
import { type Action, nextState, openPage, type PageData } from './state';

const data = JSON.parse(element('source', HTMLScriptElement).text) as PageData;
let state = openPage(data, pageExamples);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Redraws the panels that have changed. */
function draw(): void {
  redrawPanels(panels(state));
  for (const field of fields) drawField(field);
  const place = element('place', HTMLInputElement);
  place.max = String(state.scene.trace.tokens - 1);
  place.value = String(state.token);
  element('example', HTMLSelectElement).value = state.example === undefined ? '' : String(state.example);
  keepInSight();
}

function drawField(field: Field): void {
  const control = document.getElementById(`field-${field}`);
  if (!isControl(control)) throw new Error(`the page has no field ${field}`);
  if (control.value !== state.draft[field]) control.value = state.draft[field];
  const problem = state.problems[field] ?? '';
  element(`problem-${field}`, HTMLElement).textContent = problem;
  control.setAttribute('aria-invalid', String(problem !== ''));
  const details = control.closest('details');
  if (problem !== '' && details !== null) details.open = true;
}

/** Scrolls the score so that the current token is visible. */
function keepInSight(): void {
  const score = element('score', HTMLElement);
  const now = score.querySelector('.now');
  const x = Number(now?.getAttribute('x') ?? 0);
  if (x < score.scrollLeft || x > score.scrollLeft + score.clientWidth - 60)
    score.scrollLeft = Math.max(0, x - score.clientWidth / 2);
}

/** Scrolls the layers below the player, if they are not all in sight. */
function bringLayersIntoSight(): void {
  const { top, bottom } = element('score', HTMLElement).getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  document.querySelector('section.attention')?.scrollIntoView({ block: 'start' });
}

function act(action: Action): void {
  clearTimeout(timer);
  state = nextState(state, action);
  draw();
  if (action.kind === 'play' && state.isPlaying) bringLayersIntoSight();
  if (state.isPlaying)
    timer = setTimeout(
      () => {
        act({ kind: 'tick' });
      },
      Number(element('speed', HTMLSelectElement).value),
    );
}

const buttons: Readonly<Record<string, Action>> = {
  play: { kind: 'play' },
  'segment-back': { kind: 'move', by: 'segment', steps: -1 },
  'token-back': { kind: 'move', by: 'token', steps: -1 },
  'token-on': { kind: 'move', by: 'token', steps: 1 },
  'segment-on': { kind: 'move', by: 'segment', steps: 1 },
};

const keys: Readonly<Record<string, string>> = {
  ' ': 'play',
  ArrowLeft: 'token-back',
  ArrowRight: 'token-on',
  PageUp: 'segment-back',
  PageDown: 'segment-on',
};

document.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element)) return;
  const action = buttons[target.closest('button')?.id ?? ''];
  if (action !== undefined) act(action);
  const { toggle, arrow } = target.closest<HTMLElement | SVGElement>('[data-toggle]')?.dataset ?? {};
  if ((toggle === 'subTransitions' || toggle === 'segmentTransitions') && arrow !== undefined)
    act({ kind: 'toggle', field: toggle, arrow: JSON.parse(arrow) as string[] });
  const token = target.closest<HTMLElement | SVGElement>('[data-token]')?.dataset['token'];
  if (token !== undefined) act({ kind: 'go', token: Number(token) });
});

document.addEventListener('input', ({ target }) => {
  if (!isControl(target)) return;
  const field = fields.find((name) => name === target.dataset['field']);
  if (field !== undefined) act({ kind: 'edit', field, text: target.value });
  if (target.id === 'place') act({ kind: 'go', token: Number(target.value) });
});

document.addEventListener('change', ({ target }) => {
  if (!isControl(target)) return;
  if (target.id === 'example' && target.value !== '') act({ kind: 'example', index: Number(target.value) });
});

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  // Fields and lists use keys themselves; on a button the space bar presses it.
  if (isControl(target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || (key === ' ' && target !== document.body)) return;
  const action = buttons[keys[key] ?? ''];
  if (action === undefined) return;
  event.preventDefault();
  act(action);
});

draw();
