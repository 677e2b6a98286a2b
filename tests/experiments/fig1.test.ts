import { describe, expect, it } from 'vitest';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { type Drawing } from '../../lib/experiments/run/report';
import { drawFig1, type ModalityStatistics } from '../../lib/experiments/items/fig1/draw';
import { items } from '../../lib/experiments/registry';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';
import { recordingReporter } from '../support/recording-reporter';
import { measureSegments } from '../../lib/experiments/items/fig1/segment-statistics';

const tokenizer = new ByteTokenizer();
const sequenceLengths = [512, 1024, 2048, 4096];

async function drawingOf(text: string, lengths = sequenceLengths): Promise<Drawing> {
  async function* documents() {
    yield await Promise.resolve({ id: 'one', title: '', text });
  }
  const statistics = await measureSegments(documents(), {
    tokenizer,
    separators: new Map([['paper', [46]]]),
    sequenceLengths: lengths,
    maxTokens: 1e9,
  });
  const modality: ModalityStatistics = { modality: 'books', sources: ['test'], ...statistics };
  return drawFig1({ modalities: [modality] });
}

const verdicts = (drawing: Drawing) => drawing.findings.map(({ holds }) => holds);

it('Figure 1 says how far it is, in tokens of each kind of text', async () => {
  const { reporter, tasks } = recordingReporter();
  const store = new RunStore(temporaryFolder());
  const { preset } = await items.fig1.execute({ preset: 'smoke', reporter, store });
  expect(preset).toBe('smoke');
  const own = tasks.filter(({ label }) => label.endsWith(': tokens'));
  expect(own.map(({ words }) => words.slice(0, 2))).toContainEqual(['books: tokens', 'tokens']);
  for (const { words, ends } of own) {
    expect(words.at(-1)).toMatch(/^[\d,]+ in [\d,]+ documents$/);
    expect(ends).toBe(1);
  }
});

describe('the findings of Figure 1', () => {
  it('hold for text of short sentences, but for the count of ten thousand', async () => {
    const drawing = await drawingOf('Nine byte.'.repeat(2000));
    expect(verdicts(drawing)).toEqual([true, true, null]);
    expect(drawing.findings[0]?.measured).toMatch(/^100\.0 % of the segments in 4 sequences of 4,096 tokens/);
    expect(drawing.findings[1]?.measured).toMatch(/as length to the power (0\.99|1\.00)/);
    expect(drawing.findings[2]?.measured).toContain('no document here has 120,000 tokens');
  });

  it('do not hold for text of long sentences', async () => {
    expect(verdicts(await drawingOf(`${'x'.repeat(99)}.`.repeat(200)))).toEqual([false, true, null]);
  });

  it('do not hold for text without sentences: there is one segment, whatever the length', async () => {
    const drawing = await drawingOf('x'.repeat(20_000));
    expect(verdicts(drawing)).toEqual([false, false, null]);
    expect(drawing.findings[1]?.measured).toContain('to the power 0.00');
  });

  it('tell whether 120 k tokens hold about 10 k segments', async () => {
    const dense = await drawingOf('Ten bytes.'.repeat(13_000), [512, 120_000]);
    expect(verdicts(dense)).toEqual([true, true, true]);
    const sparse = await drawingOf('Some twenty bytes..'.repeat(7000).replaceAll('..', ' '), [512, 120_000]);
    expect(verdicts(sparse)[2]).toBe(false);
  });
});

describe('the pictures of Figure 1', () => {
  it('put every share of the histogram into a bin', async () => {
    const [figure] = (await drawingOf('a.bb.cccc.'.repeat(800))).figures;
    const steps = figure?.data.find((trace) => (trace['line'] as { shape?: string }).shape === 'hv');
    const shares = steps?.['y'] as number[];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('label powers of ten alone, unless lengths lie so close that few would be seen', async () => {
    const stepOf = async (lengths: number[]): Promise<unknown> => {
      const [figure] = (await drawingOf('Nine byte. Up. '.repeat(9000), lengths)).figures;
      return (figure?.layout['xaxis2'] as { dtick: unknown }).dtick;
    };
    expect(await stepOf([512, 8192])).toBe('D2');
    expect(await stepOf([512, 120_000])).toBe(1);
  });

  it('draw one curve for each sequence length, all ending at 1', async () => {
    const [, figure] = (await drawingOf('Nine byte. Up. '.repeat(2000))).figures;
    const curves = figure?.data
      .filter((trace) => trace['xaxis'] === 'x')
      .map((trace) => trace['y'] as number[]);
    expect(curves).toHaveLength(sequenceLengths.length);
    for (const curve of curves ?? []) expect(curve.at(-1)).toBeCloseTo(1, 12);
  });
});
