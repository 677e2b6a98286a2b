import { describe, expect, it } from 'vitest';
import { createProgram } from '../../lib/cli/main';
import { experiments } from '../../lib/experiments/registry';
import { knownFields, meaningOf } from '../../lib/experiments/settings/field-words';

const fields = experiments.flatMap(({ id, presets }) =>
  [...new Set(presets.flatMap(({ settings }) => Object.keys(settings)))].map((field) => ({ id, field })),
);

describe('the fields of settings', () => {
  it('have a meaning each, and no meaning is of a field that is gone', () => {
    expect(fields.filter(({ id, field }) => meaningOf(id, field) === undefined)).toEqual([]);
    const used = new Set(fields.map(({ field }) => field));
    expect(knownFields.filter((field) => !used.has(field))).toEqual([]);
  });

  it('stand in the help of an item, with meaning and value', () => {
    const fig3 = experiments.filter(({ id }) => id === 'fig3');
    const [command] = createProgram(fig3).commands.filter((one) => one.name() === 'reproduce');
    let text = '';
    command?.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
    for (const [field] of Object.entries(
      fig3[0]?.presets.find(({ name }) => name === 'quick')?.settings ?? {},
    ))
      expect(text).toMatch(new RegExp(`^  ${field} +${meaningOf('fig3', field)?.slice(0, 20) ?? ''}`, 'm'));
    expect(text).toMatch(/^ {2}encodings +names of encodings.* \(\["bipe_alibi",.*\)$/m);
  });
});
