import { describe, expect, it } from 'vitest';
import { type Modality } from '../../lib/data/sources/source';
import { silentReporter } from '../../lib/base/progress';
import { exportReport } from '../../lib/experiments/run/export';
import { fig4Presets } from '../../lib/experiments/items/fig4/item';
import { type LanguageModelRun } from '../../lib/experiments/language-models/runs';
import { normalPresets, tableNormal } from '../../lib/experiments/items/normal/item';
import { drawNormal } from '../../lib/experiments/items/normal/draw';
import { RunStore } from '../../lib/experiments/run/store';
import { notAtHand } from '../../lib/experiments/paper/values';
import { temporaryFolder } from '../support/command';

const trainLength = 16;

/**
 * A run that has this perplexity on six documents in the mean, at the training length, and three
 * times as much at a longer one.
 */
function run(encoding: string, perplexities: Partial<Record<Modality, number>>): LanguageModelRun {
  const reading = (length: number, perplexity: number) => {
    const loss = Math.log(perplexity);
    return {
      length,
      stride: length,
      windows: 6,
      tokens: 600,
      documents: 6,
      byDocument: [0.9, 0.95, 1, 1, 1.05, 1.1].map((ease) => ({ sum: 100 * loss * ease, tokens: 100 })),
      loss,
      perplexity,
      interval: { estimate: perplexity, low: perplexity - 1, high: perplexity + 2, level: 0.95 },
      byPosition: [],
    };
  };
  return {
    encoding,
    hiddenSize: 8,
    seed: 1,
    modalities: Object.entries(perplexities).map(([modality, perplexity]) => ({
      modality: modality as Modality,
      byLength: [reading(trainLength, perplexity), reading(4 * trainLength, 3 * perplexity)],
    })),
    parameters: 1000,
    curve: [],
    tokensPerSecond: 1,
    seconds: 1,
  };
}

describe('the table of normal-length data', () => {
  const runs = [run('bipe_rope', { books: 20, code: 8 }), run('rope', { books: 25, code: 6 })];

  it('has a row for each encoding, with the perplexity at the training length of each kind of text', () => {
    const [table] = drawNormal({ runs }, { trainLength }).tables;
    const rounded = table?.rows.map((row) =>
      Object.values(row).map((cell) => (typeof cell === 'number' ? Math.round(cell) : cell)),
    );
    expect(table?.columns.map(({ key }) => key)).toEqual([
      'encoding',
      ...['books', 'code'].flatMap((kind) => [kind, `${kind}Low`, `${kind}High`]),
      'parameters',
    ]);
    expect(rounded).toEqual([
      ['BiPE-RoPE', 20, 19, 22, 8, 7, 10, 1000],
      ['RoPE', 25, 24, 27, 6, 5, 8, 1000],
    ]);
    expect(table?.caption).toContain(notAtHand);
  });

  it('shows in the figure a panel for each kind of text, a mark for each encoding', () => {
    const [figure] = drawNormal({ runs }, { trainLength }).figures;
    expect(figure?.data.map(({ y, name }) => [name, Math.round((y as number[])[0] ?? 0)])).toEqual([
      ['BiPE-RoPE', 20],
      ['RoPE', 25],
      ['BiPE-RoPE', 8],
      ['RoPE', 6],
    ]);
  });

  it('says of each bilevel encoding and kind of text whether it is far behind its one-level form', () => {
    const { findings } = drawNormal({ runs }, { trainLength });
    expect(findings.map(({ claim, holds }) => [claim.slice(0, 5), holds])).toEqual([
      ['Books', true],
      ['Code,', false],
    ]);
  });

  it('says nothing of encodings that were not trained', () => {
    expect(drawNormal({ runs: [run('rope', { books: 20 })] }, { trainLength }).findings).toEqual([]);
  });
});

describe('presets of normal-length data', () => {
  it.each(['smoke', 'evening', 'paper'] as const)(
    "of %s are Figure 4's, whose models they use again",
    (name) => {
      expect(normalPresets[name].settings).toEqual(fig4Presets[name].settings);
    },
  );

  it(
    'run and are exported, each figure and table under a name of its own',
    { timeout: 300_000 },
    async () => {
      const [store, folder] = [new RunStore(temporaryFolder()), temporaryFolder()];
      const report = await tableNormal.execute({ preset: 'smoke', reporter: silentReporter, store });
      expect(report.missing).toEqual([]);
      expect(report.tables[0]?.columns.map(({ key }) => key)).toContain('books');
      const files = await exportReport(report, { folder, reporter: silentReporter });
      expect(new Set(files).size).toBe(files.length);
    },
  );
});
