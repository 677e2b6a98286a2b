import { describe, expect, it } from 'vitest';
import { createProgram } from '../../lib/cli/main';
import { experiments } from '../../lib/experiments/registry';

describe('the fields of settings', () => {
  it('have a meaning each', () => {
    const without = experiments.flatMap(({ id, presets, meanings }) =>
      presets
        .flatMap(({ settings }) => Object.keys(settings))
        .filter((field) => meanings[field] === undefined)
        .map((field) => `${id} ${field}`),
    );
    expect(without).toEqual([]);
  });

  it('mean what they mean in the presets that train, where a released model has one of the name', () => {
    const fig4 = experiments.find(({ id }) => id === 'fig4');
    expect(fig4?.meanings).toMatchObject({
      tokenizer: 'llama2, llama2-<pieces>, bytes or characters',
      checkpoints: 'models of the hub by the names of their encodings',
    });
    expect(Object.keys(fig4?.meanings ?? {})[0]).toBe('encodings');
  });

  it('stand in the help of an item, with meaning and value', () => {
    const [fig3] = experiments.filter(({ id }) => id === 'fig3');
    if (fig3 === undefined) throw new Error('no fig3');
    const [command] = createProgram([fig3]).commands.filter((one) => one.name() === 'reproduce');
    let text = '';
    command?.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
    const quick = fig3.presets.find(({ name }) => name === 'quick');
    for (const field of Object.keys(quick?.settings ?? {}))
      expect(text).toMatch(new RegExp(`^  ${field} +${fig3.meanings[field]?.slice(0, 20) ?? ''}`, 'm'));
    expect(text).toMatch(/^ {2}encodings +names of encodings.* \(\["bipe_alibi",.*\)$/m);
  });
});
