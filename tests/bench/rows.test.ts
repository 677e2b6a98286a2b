import { describe, expect, it } from 'vitest';
import { benchRows, chooseRows, flopsOf, quickRow, tokensOf } from '../../bench/harness/rows';
import { createDecoder, parseModelConfig } from '../../lib/model/config';
import { parameterCount } from '../../lib/model/parameters';

const row = (name: string) => {
  const [found] = chooseRows(undefined, [name]);
  if (found === undefined) throw new Error(name);
  return found;
};

describe('the rows of the bench', () => {
  it('have names of their own that begin with their suite', () => {
    expect(new Set(benchRows.map(({ name }) => name)).size).toBe(benchRows.length);
    for (const { name, work } of benchRows) expect(name).toMatch(new RegExp(`^${work.kind}-[a-z0-9-]+$`));
  });

  it('have models that are right, at full size and quick', () => {
    for (const one of benchRows)
      for (const { work } of [one, quickRow(one)]) expect(parseModelConfig(work.model)).toEqual(work.model);
  });

  it('have models of the sizes that they are called by', () => {
    const millions = (name: string): number =>
      parameterCount(createDecoder(row(name).work.model).parameters) / 1e6;
    expect(millions('train-17m')).toBeCloseTo(17, -0.5);
    expect(millions('evaluate-151m-1024')).toBeGreaterThan(151);
    expect(millions('evaluate-151m-1024')).toBeLessThan(165);
    expect(millions('train-arithmetic-512x88')).toBeLessThan(0.2);
  });

  it('aim at what was set for the machine of two cores', () => {
    const targets = Object.fromEntries(benchRows.map(({ name, target }) => [name, target]));
    expect(targets).toMatchObject({
      'evaluate-151m-1024': { speed: 1.9, memory: 1.2 },
      'evaluate-151m-4096': { speed: 1.8, memory: 1.2 },
      'evaluate-151m-8192': { speed: 1.7, overPlain: 8, memory: 1.2 },
      'train-151m': { speed: 1.8, memory: 1.2 },
      'train-151m-checkpointed': { memory: 0.7 },
      'train-17m': { speed: 1.7, memory: 1.5 },
      'train-arithmetic-512x88': { speed: 1.5, memory: 2 },
      'train-arithmetic-64x256': { speed: 1.2, memory: 2 },
      'train-arithmetic-16x88': { speed: 1.2, memory: 2 },
      'decode-1': { speed: 1, memory: 2 },
      'decode-256': { speed: 1.3, memory: 2 },
      'decode-1024': { speed: 1.5, memory: 2 },
      'train-17m-bfloat16': { speed: 1.2, memory: 1.2 },
      'train-151m-bfloat16': { speed: 1.2, memory: 1.2 },
    });
  });

  it('say in their titles what is rounded', () => {
    for (const { title, work } of benchRows)
      expect(title.includes('bfloat16')).toBe(work.products === 'bfloat16');
  });

  it('are chosen by suite and by name, and a slip is told with what was meant', () => {
    expect(chooseRows('decode', []).map(({ name }) => name)).toEqual([
      'decode-1',
      'decode-256',
      'decode-1024',
    ]);
    expect(chooseRows(undefined, [])).toEqual(benchRows);
    expect(() => chooseRows('trai', [])).toThrow(/did you mean train\?/);
    expect(() => chooseRows(undefined, ['train-17'])).toThrow(/did you mean train-17m\?/);
  });

  it('mean nothing when quick: no targets', () => {
    for (const one of benchRows) expect(quickRow(one).target).toEqual({});
  });
});

describe('floating-point operations', () => {
  const model = {
    ...row('decode-1').work.model,
    hiddenSize: 4,
    intermediateSize: 8,
    numLayers: 3,
    vocabSize: 10,
  };
  const work = { ...row('decode-1').work, model };

  // Counted product by product: 2 x rows x inner x columns each.
  const product = (rows: number, inner: number, columns: number): number => 2 * rows * inner * columns;
  const blocks = (tokens: number): number =>
    3 * (product(tokens, 4, 12) + product(tokens, 4, 4) + 2 * product(tokens, 4, 8) + product(tokens, 8, 4));
  const attention = (tokens: number): number =>
    3 * Array.from({ length: tokens }, (_, index) => 2 * product(1, 4, index + 1)).reduce((a, b) => a + b);

  it('of an evaluation are those of its products, each query with the keys it sees', () => {
    const evaluation = { ...work, kind: 'evaluate', batch: 2, time: 5 } as const;
    expect(flopsOf(evaluation)).toBe(2 * (blocks(5) + attention(5) + product(5, 4, 10)));
    expect(tokensOf(evaluation)).toBe(10);
  });

  it('of a training step are three times as many, computed again or not', () => {
    const evaluation = { ...work, kind: 'evaluate', batch: 2, time: 5 } as const;
    for (const remember of ['all', 'block-inputs'] as const)
      expect(flopsOf({ ...evaluation, kind: 'train', remember })).toBe(3 * flopsOf(evaluation));
  });

  it('of a generation go through the blocks for all tokens but the last, and the head for the new ones', () => {
    const generation = { ...work, batch: 1, time: 3, newTokens: 4 };
    expect(flopsOf(generation)).toBe(blocks(6) + attention(6) + product(4, 4, 10));
    expect(tokensOf(generation)).toBe(4);
  });
});
