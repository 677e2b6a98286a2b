import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportOutputs } from '../../lib/report/outputs';
import { CapturedOutputs } from '../../lib/report/widgets/outputs';
import { temporaryFolder } from '../support/command';

describe('what an export may replace', () => {
  it('is a file whose JSON beside it is of a figure or a table, wherever it lies', async () => {
    const folder = join(temporaryFolder(), 'v1.2');
    mkdirSync(folder);
    const kinds = { 'thm3.1': 'figure', numbers: 'table', notes: 'letter' };
    for (const [name, kind] of Object.entries(kinds))
      writeFileSync(join(folder, `${name}.json`), JSON.stringify({ kind }));
    const isOwn = (names: readonly string[]): Promise<boolean[]> =>
      Promise.all(
        exportOutputs(names.map((name) => join(folder, name))).map(async (one) => one.isOwn(one.path)),
      );
    expect(await isOwn(['thm3.1.svg', 'thm3.1.png', 'thm3.1.json', 'numbers.csv'])).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(await isOwn(['notes.svg', 'none.svg', 'thm3.2.svg'])).toEqual([false, false, false]);
  });
});

describe('captured outputs', () => {
  const html = (text: string) => ({ data: { 'text/html': text } });
  const named = (text: string, id: string) => ({ ...html(text), transient: { display_id: id } });

  it('are those of a cell in order, and one that is updated is where it was', () => {
    const captured = new CapturedOutputs();
    captured.publish('stream', { text: 'one ' });
    captured.publish('stream', { text: '\u001b[31mtwo\u001b[0m' });
    captured.publish('display_data', named('first', 'a'));
    captured.publish('display_data', html('second'));
    captured.publish('update_display_data', named('third', 'a'));
    captured.publish('stream', { text: 'three' });
    const before = captured.outputs;
    expect(before).toHaveLength(4);
    expect(before[0]).toEqual({ kind: 'text', text: 'one two' });
    expect(JSON.stringify(before[1])).toContain('third');
    expect(JSON.stringify(before[2])).toContain('second');
    // Nothing was shown under this name yet.
    captured.publish('update_display_data', named('fourth', 'b'));
    expect(captured.outputs.slice(0, 4)).toEqual(before);
    expect(JSON.stringify(captured.outputs[4])).toContain('fourth');
    captured.fail(new Error('broken'));
    expect(captured.outputs[5]).toMatchObject({ kind: 'text', isError: true });
  });
});
