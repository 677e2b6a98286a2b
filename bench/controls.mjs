// Measures how long a notebook's controls take to redraw: every slider, choice and text of every
// cell is moved, one move after another, without a browser.
//
//   node bench/controls.mjs [notebook ...]       e.g. encodings fig2
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKernel } from '../kernel/client.mjs';
import { fail } from '../scripts/lib/console.mjs';
import { root } from '../scripts/lib/paths.mjs';

const places = 20;
const given = process.argv.slice(2);
const names = given.length > 0 ? given : ['encodings', 'fig1', 'fig2', 'arithmetic_playground'];

/** What a reader may do with a control, as changes of its model's state. */
function movesOf({ _model_name: name, value, min, max, base, _options_labels: labels = [] }) {
  const steps = Array.from({ length: places }, (_, place) => place / (places - 1));
  if (name === 'IntSliderModel')
    return steps.map((step) => ({ value: Math.round(min + step * (max - min)) }));
  if (name === 'FloatSliderModel') return steps.map((step) => ({ value: min + step * (max - min) }));
  if (name === 'FloatLogSliderModel')
    return steps.map((step) => ({ value: base ** (min + step * (max - min)) }));
  if (/^Text(area)?Model$/.test(name)) {
    const longer = /^[\d()+*/ -]+$/.test(value) ? '+1' : ' word';
    return steps.map((_, place) => ({ value: value + longer.repeat(place % 5) }));
  }
  if (/^(Dropdown|ToggleButtons)Model$/.test(name))
    return steps.map((_, place) => ({ index: place % labels.length }));
  return [];
}

async function measure(kernel, name, source) {
  let redrawn = () => undefined;
  const onPublished = ({ type, content }) => {
    if (type === 'comm_msg' && content.data.state?.outputs !== undefined) redrawn();
  };
  const run = await kernel.execute(source, { onPublished });
  if (run.error !== undefined) fail(`${name}: ${run.error.evalue}`);
  const opened = run.published.filter(({ type }) => type === 'comm_open');
  if (!opened.some(({ content }) => content.data.state.outputs !== undefined)) return;
  for (const { content } of opened) {
    const times = [];
    for (const state of movesOf(content.data.state)) {
      const done = new Promise((resolve) => {
        redrawn = resolve;
      });
      const begin = performance.now();
      const data = { method: 'update', state, buffer_paths: [] };
      await kernel.exchange('comm_msg', { comm_id: content.comm_id, data });
      await done;
      times.push(performance.now() - begin);
    }
    if (times.length === 0) continue;
    times.sort((a, b) => a - b);
    const at = (share) => `${Math.round(times[Math.ceil(share * times.length) - 1])} ms`.padStart(7);
    const { description } = content.data.state;
    console.log(name.padEnd(24), description.padEnd(20), 'median', at(0.5), '  95 %', at(0.95));
  }
}

for (const name of names) {
  const notebook = join(root, 'notebooks', `${name}.ipynb`);
  const { cells } = JSON.parse(readFileSync(notebook, 'utf8'));
  const kernel = await startKernel();
  for (const { cell_type, source } of cells)
    if (cell_type === 'code') await measure(kernel, name, source.join(''));
  await kernel.stop();
}
