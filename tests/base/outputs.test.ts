import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { checkOutputs, isJsonOfKind, type Output } from '../../lib/base/outputs';
import { temporaryFolder } from '../support/command';

function output(path: string, isOwn = true): Output {
  return { path, what: 'a file of logits', isOwn: () => isOwn };
}

async function refusal(outputs: readonly Output[], inputs: readonly string[] = []): Promise<string> {
  const error: unknown = await checkOutputs(outputs, inputs).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

describe('files that are about to be written', () => {
  it('may be new, or of the kind that is written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old'), '');
    await checkOutputs([output(join(folder, 'old')), output(join(folder, 'new')), output('/none/at/all')]);
  });

  it('are refused where they are of another kind, or no files', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old'), '');
    expect(await refusal([output(join(folder, 'old'), false)])).toMatch(
      /old: is there already, and is not a file of logits; nothing was written, write elsewhere$/,
    );
    expect(await refusal([output(folder)])).toMatch(/: is not a file; nothing was written/);
    expect(await refusal([output('/dev/null')])).toMatch(/: is not a file; nothing was written/);
  });

  it('are refused where they are read, by whatever name', async () => {
    const folder = temporaryFolder();
    const model = join(folder, 'model');
    mkdirSync(model);
    const weights = join(model, 'weights');
    writeFileSync(weights, 'numbers');
    linkSync(weights, join(folder, 'hard'));
    symlinkSync(weights, join(folder, 'soft'));
    symlinkSync(model, join(folder, 'same'));
    for (const name of ['model/weights', 'model/../model/weights', 'hard', 'soft', 'same/weights'])
      for (const inputs of [[weights], [model], [join(folder, 'none'), join(folder, 'same')]])
        expect(await refusal([output(join(folder, name))], inputs)).toMatch(
          /: is read by this command \(.*weights\); nothing was written, write elsewhere$/,
        );
    await checkOutputs([output(join(model, 'other'))], [model]);
  });

  it('of JSON are told by their kind', async () => {
    const path = join(temporaryFolder(), 'x.json');
    for (const [text, expected] of [
      ['{"kind": "figure"}', true],
      ['{"kind": "other"}', false],
      ['{"a": 1}', false],
      ['null', false],
      ['{\n  "kind": "table",\n  "rows": [', true],
      ['{"kin', true],
      ['{"kind": "figures"}', false],
    ] as const) {
      writeFileSync(path, text);
      expect(await isJsonOfKind(path, 'table', 'figure'), text).toBe(expected);
    }
    expect(await isJsonOfKind(`${path}.none`, 'figure')).toBe(false);
  });
});
