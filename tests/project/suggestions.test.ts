// What notebooks suggest to try works with their own preset, and in the smallest, with which
// classes and tests run them.

import { readdirSync, readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { type Experiment } from '../../lib/experiments/run/definition';
import { experimentNamed, experiments } from '../../lib/experiments/registry';
import { prepare } from '../support/prepared';

interface Suggestion {
  readonly text: string;
  readonly item: Experiment;
  readonly settings: object;
}

/** The suggestions of a line: `settings: {...}`, a field of them, or a call of `reproduce`. */
function suggestionsIn(line: string, own: Experiment | undefined): Suggestion[] {
  // Another preset, or a download.
  if (/preset `|'scrolls'/.test(line)) return [];
  return [...line.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => {
    const call = /^await reproduce\('([^']+)', \{ settings: (\{.*\}) \}\)$/.exec(code);
    if (call !== null) return suggestion(code, experimentNamed(call[1] ?? ''), call[2] ?? '');
    if (own === undefined) return [];
    const settings = /^settings(?:: | = )(\{.*\})$/.exec(code);
    if (settings !== null) return suggestion(code, own, settings[1] ?? '');
    const field = /^(times|variants)(?:: | = )(.*)$/.exec(code);
    return field === null ? [] : suggestion(code, own, `{ ${field[1] ?? ''}: ${field[2] ?? ''} }`);
  });
}

function suggestion(text: string, item: Experiment, code: string): Suggestion[] {
  return [{ text, item, settings: runInNewContext(`(${code})`) as object }];
}

const suggestions = readdirSync(projectPath('notebooks'))
  .filter((name) => name.endsWith('.ipynb'))
  .flatMap((name) => {
    const { cells } = JSON.parse(readFileSync(projectPath('notebooks', name), 'utf8')) as {
      cells: { cell_type: string; source: string[] }[];
    };
    const items = experiments.filter(({ notebook }) => notebook === `notebooks/${name}`);
    const own = items.length === 1 ? items[0] : undefined;
    const prose = cells
      .filter(({ cell_type }) => cell_type === 'markdown')
      .map(({ source }) => source.join(''));
    return prose
      .join('\n')
      .split('\n')
      .flatMap((line) => suggestionsIn(line, own));
  });

describe('what a notebook suggests to try', () => {
  it('is found', () => {
    const items = new Set(suggestions.map(({ item }) => item.id));
    expect([...items]).toEqual(
      expect.arrayContaining(['fig3', 'fig4', 'fig5', 'attention_by_segment', 'table-ablation']),
    );
  });

  it.each(suggestions)(
    'works in smoke and in quick: $text',
    { timeout: 120_000 },
    async ({ item, settings }) => {
      await expect(prepare(item, 'smoke', settings)).resolves.toBeUndefined();
      await expect(prepare(item, 'quick', settings, 'without data')).resolves.toBeUndefined();
    },
  );
});
