import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { listSources } from '../../lib/data/sources/registry';
import { fig1Presets } from '../../lib/experiments/items/fig1/item';
import { experimentNamed, experiments } from '../../lib/experiments/registry';
import { itemsTable } from '../../lib/experiments/start-page/tables';
import { expectText } from '../support/page';

describe('the registry of paper items', () => {
  it('has items with different names, each with a notebook and a quick preset', () => {
    expect(new Set(experiments.map((item) => item.id)).size).toBe(experiments.length);
    for (const item of experiments) {
      expect(existsSync(projectPath(item.notebook)), item.notebook).toBe(true);
      expect(item.presets.map((preset) => preset.name)).toContain('quick');
      expect(item.question).toMatch(/\?$/);
    }
  });

  it('names notebooks in its table as they lie beside the notebook that shows it', () => {
    const named = itemsTable().rows.map(({ notebook }) => `notebooks/${String(notebook)}`);
    expect(named).toEqual(experiments.map(({ notebook }) => notebook));
  });

  it('says of its items what is kept of them', async () => {
    const texts = experiments.map(({ id, title, question, claim, notebook, presets }) => [
      `${id}: ${title} (${notebook})`,
      `  Question: ${question}`,
      `  Claim: ${claim}`,
      ...presets.map((preset) => {
        return `  ${preset.name} (${preset.time}): ${preset.description(preset.settings)}`;
      }),
    ]);
    await expectText('items', `${texts.map((lines) => lines.join('\n')).join('\n\n')}\n`);
  });

  it('has the settings that are kept of them, with their meanings', async () => {
    const texts = experiments.map(({ id, meanings, presets }) => [
      id,
      ...Object.entries(meanings).map(([field, meaning]) => `  ${field}: ${meaning}`),
      ...presets.flatMap(({ name, settings }) => [
        `  Preset ${name}`,
        ...Object.entries(settings).map(([field, value]) => `    ${field} ${JSON.stringify(value)}`),
      ]),
    ]);
    await expectText('settings', `${texts.map((lines) => lines.join('\n')).join('\n\n')}\n`);
  });

  it('has items whose models may each have a process: those that train several', () => {
    const inPieces = experiments.filter((item) => item.inPieces).map(({ id }) => id);
    const trained = experiments.filter(({ presets }) => presets.some(({ settings }) => 'steps' in settings));
    expect(inPieces).toEqual(trained.map(({ id }) => id).filter((id) => id !== 'attention_by_segment'));
  });

  it('gives the nearest name for one that it does not have', () => {
    expect(() => experimentNamed('fig11')).toThrow(UsageError);
    expect(() => experimentNamed('fig11')).toThrow(/did you mean fig1\?/);
  });

  it('asks only for data sources that there are', () => {
    const names = listSources().map((source) => source.name);
    for (const preset of Object.values(fig1Presets))
      expect(names).toEqual(expect.arrayContaining([...preset.settings.sources]));
  });
});
