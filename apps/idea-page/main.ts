// The page's script: it turns events into actions, gets the next state from `nextIdea`, and redraws
// what has changed. No other module knows the browser. `document.ts` bundles this file into the
// page.

import { element, isControl, redrawPanels } from '../page/dom';
import { panels } from './body';
import { endings } from './reading';
import { comparedEncodings, heatPixels } from './scores';
import { type Action, type IdeaData, longest, nextIdea, openIdea } from './state';

const pauseMs = { query: 700, length: 60 } as const;

let state = openIdea(JSON.parse(element('source', HTMLScriptElement).text) as IdeaData);
let timer: ReturnType<typeof setTimeout> | undefined;

function draw(): void {
  redrawPanels(panels(state));
  const length = element('length', HTMLInputElement);
  length.min = String(state.trained.tokens.length);
  length.max = String(longest(state));
  length.value = String(state.length);
  length.setAttribute('aria-valuetext', element('times', HTMLOutputElement).textContent);
  element('ending', HTMLSelectElement).value = state.ending;
  element('head', HTMLSelectElement).value = String(state.head);
  element('head-field', HTMLElement).hidden = state.family !== 'alibi';
  drawMaps();
  keepInSight();
}

function drawMaps(): void {
  const names = ['map-one', 'map-two'] as const;
  comparedEncodings(state).forEach((encoding, index) => {
    const canvas = element(names[index] ?? '', HTMLCanvasElement);
    const size = encoding.positions.length;
    if (size === 0) return;
    canvas.width = size;
    canvas.height = size;
    canvas.getContext('2d')?.putImageData(new ImageData(heatPixels(encoding), size, size), 0, 0);
  });
}

/** Scrolls the table so that the query is visible. */
function keepInSight(): void {
  const table = element('positions', HTMLElement);
  const query = table.querySelector<HTMLElement>('thead .query');
  const head = table.querySelector<HTMLElement>('thead th');
  if (query === null || head === null) return;
  const [start, end] = [query.offsetLeft - head.offsetWidth, query.offsetLeft + query.offsetWidth];
  if (start < table.scrollLeft || end > table.scrollLeft + table.clientWidth)
    table.scrollLeft = Math.max(0, start - 40);
}

function act(action: Action): void {
  clearTimeout(timer);
  state = nextIdea(state, action);
  draw();
  if (state.playing === undefined) return;
  timer = setTimeout(() => {
    act({ kind: 'tick' });
  }, pauseMs[state.playing]);
}

document.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element)) return;
  const { id = '', dataset } = target.closest('button') ?? {};
  if (id === 'play-query-button') act({ kind: 'play', what: 'query' });
  if (id === 'play-length-button') act({ kind: 'play', what: 'length' });
  const token = dataset?.['token'];
  if (token !== undefined) act({ kind: 'query', token: Number(token) });
});

document.addEventListener('input', ({ target }) => {
  if (!isControl(target)) return;
  if (target.id === 'text') act({ kind: 'text', text: target.value });
  if (target.id === 'length') act({ kind: 'length', length: Number(target.value) });
  if (target.id === 'head') act({ kind: 'head', head: Number(target.value) });
  if (target.name === 'family') act({ kind: 'family', family: target.value === 'alibi' ? 'alibi' : 'rope' });
  const ending = endings.find((name) => target.id === 'ending' && name === target.value);
  if (ending !== undefined) act({ kind: 'ending', ending });
});

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  const isBack = key === 'ArrowLeft';
  if (isControl(target) || (!isBack && key !== 'ArrowRight')) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act({ kind: 'query', token: state.query + (isBack ? -1 : 1) });
  if (target instanceof HTMLElement && target.dataset['token'] !== undefined)
    document.getElementById(`token-${state.query}`)?.focus({ preventScroll: true });
});

draw();
