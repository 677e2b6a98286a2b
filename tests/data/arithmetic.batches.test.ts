import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../lib/base/errors';
import {
  type ArithmeticBatchOptions,
  type ArithmeticBatchSource,
  lossMask,
  storedArithmeticBatches,
  streamArithmeticBatches,
} from '../../lib/data/arithmetic/batches';
import { encodeArithmetic, formatArithmetic, readExpression } from '../../lib/data/arithmetic/expression';
import { questionsOf, readArithmeticFile } from '../../lib/data/arithmetic/file';
import { generateArithmeticSet } from '../../lib/data/arithmetic/set';
import { type ArithmeticVocabulary, arithmeticVocabulary } from '../../lib/data/arithmetic/vocabulary';
import { type BatchSource, type PaddedBatch } from '../../lib/data/batches';
import { Random } from '../../lib/engine/random/random';
import { temporaryFolder } from '../support/command';
import { faultsOf, surprise } from './arithmetic.reference';

/** The instances of a batch, as text. */
function instancesOf({ arrays: { ids } }: PaddedBatch, vocabulary: ArithmeticVocabulary): string[] {
  const [batch, time] = ids.shape;
  return Array.from({ length: batch }, (_, row) =>
    formatArithmetic(ids.values.subarray(row * time, (row + 1) * time), vocabulary),
  );
}

/** The instances of the next batches, as text. */
function rows(source: ArithmeticBatchSource, batches: number): string[] {
  return Array.from({ length: batches }, () => instancesOf(source.next(), source.vocabulary)).flat();
}

const small = generateArithmeticSet({ operators: 2, modulus: 5, count: 50, seed: 3 });

type Shape = Omit<ArithmeticBatchOptions, 'seed'>;

/** Both kinds of source, made anew at each call. */
const sources: readonly (readonly [
  kind: string,
  make: (seed?: number, shape?: Shape) => ArithmeticBatchSource,
])[] = [
  ['drawn', (seed = 1, shape = { batch: 7 }) => streamArithmeticBatches({ operators: 4, ...shape, seed })],
  ['stored', (seed = 1, shape = { batch: 7 }) => storedArithmeticBatches(small, { ...shape, seed })],
];

describe.each(sources)('batches that are %s', (_kind, make) => {
  it('are what the trainer takes, as long as their longest instance needs, of at most 12 lengths', () => {
    const source = make(1, { batch: 3, together: 4 }) satisfies BatchSource;
    const lengths = Array.from({ length: 12 }, (_, index) => Math.ceil(((index + 1) * source.time) / 12));
    for (let count = 0; count < 400; count += 1) {
      const batch = source.next();
      const { arrays, weight, tokens } = batch;
      const longest = Math.max(
        // The text does not show the end.
        ...instancesOf(batch, source.vocabulary).map((text) => text.split(' ').length + 1),
      );
      expect(arrays.ids.shape).toEqual([3, lengths.find((length) => length >= longest)]);
      expect(arrays.mask.shape).toEqual(arrays.ids.shape);
      expect(arrays.ids.values.length).toBe(tokens);
      expect(arrays.mask.values.reduce((sum, counted) => sum + counted, 0)).toBe(weight);
    }
  });

  it('hold right instances alone', () => {
    const source = make();
    const faults = rows(source, 10).flatMap((text) => faultsOf(text, source.vocabulary.modulus));
    expect(faults).toEqual([]);
  });

  // So no length is likelier than another, in any update: the batches of an update hold what one
  // batch of all its instances would, ordered by length.
  it('that belong together hold the same instances as one batch, each as often, the shortest first', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, batch, together) => {
          const divided = make(seed, { batch, together });
          const whole = make(seed, { batch: batch * together });
          for (let update = 0; update < 4; update += 1) {
            const texts = rows(divided, together);
            expect([...texts].sort()).toEqual(rows(whole, 1).sort());
            const lengths = texts.map((text) => text.split(' ').length);
            expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
          }
        },
      ),
    );
  });

  it('go on exactly where their state was taken, through JSON, also among batches that belong together', () => {
    for (const together of [1, 2, 4, 5]) {
      const shape = { batch: 7, together };
      const source = make(1, shape);
      rows(source, 9);
      const state: unknown = JSON.parse(JSON.stringify(source.state()));
      const expected = rows(source, 20);
      const other = make(1, shape);
      rows(other, 3);
      other.restore(state);
      expect(other.state()).toEqual(state);
      expect(rows(other, 20)).toEqual(expected);
    }
  });

  it('refuse a state that is none, or of other options', () => {
    expect(() => {
      make().restore({ drawn: -1 });
    }).toThrow(ConfigError);
    expect(() => {
      make(1).restore(make(2).state());
    }).toThrow(/the state to resume from is of .*"seed":2.*this source is .*"seed":1/);
    const three = make(1, { batch: 7, together: 3 });
    rows(three, 2);
    expect(() => {
      make().restore(three.state());
    }).toThrow(/2 batches of an update were given, which here has 1; resume with the same accumulation/);
  });

  it('depend on the seed', () => {
    expect(rows(make(1), 3)).not.toEqual(rows(make(2), 3));
  });
});

describe('the loss mask', () => {
  it('counts the tokens after the first = through <eos>', () => {
    const ids = encodeArithmetic('1+2*3 = 1+6 = 7 <eos> 7+5 = 1 <eos> <pad> <pad> <pad> <pad> <pad> <pad>');
    expect(Array.from(lossMask(ids, 12)).join('')).toBe('000000111111' + '000011000000');
  });

  it('is that of the definition for any batch', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 7 }), (seed, operators) => {
        const source = streamArithmeticBatches({ operators, batch: 3, seed });
        const { ids, mask } = source.next().arrays;
        const [, time] = ids.shape;
        for (let row = 0; row < 3; row += 1) {
          const tokens = Array.from(ids.values.subarray(row * time, (row + 1) * time), (id) =>
            String(source.vocabulary.tokens[id]),
          );
          const expected = tokens.map((_, place) => {
            const before = tokens.slice(0, place);
            return before.includes('=') && !before.includes('<eos>') ? 1 : 0;
          });
          expect(Array.from(mask.values.subarray(row * time, (row + 1) * time))).toEqual(expected);
        }
      }),
    );
  });
});

describe('a stored set', () => {
  it('is given whole, in another order each epoch', () => {
    const source = storedArithmeticBatches(small, { batch: 25, seed: 1 });
    const all = questionsOf(small).length;
    const [first, second] = [rows(source, 2), rows(source, 2)];
    expect(first.length).toBe(all);
    expect([...first].sort()).toEqual([...second].sort());
    expect(first).not.toEqual(second);
    // Its orders are those of the seed's streams, from epoch 0 on; each batch is ordered by length.
    const order = Random.fromSeed(1).fork('arithmetic order');
    const wanted = [0, 1].flatMap((epoch) =>
      Array.from(order.fork(`epoch ${epoch}`).permutation(small.count), (row) =>
        formatArithmetic(small.ids.subarray(row * small.time, (row + 1) * small.time), source.vocabulary),
      ),
    );
    const inBatches = (texts: readonly string[]): string[][] =>
      [0, 25, 50, 75].map((start) => texts.slice(start, start + 25).sort());
    expect(inBatches([...first, ...second])).toEqual(inBatches(wanted));
  });

  it('has numbers of operators in proportion, to the instance', () => {
    const { operators } = generateArithmeticSet({ operators: 3, count: 6000, seed: 1 });
    const counts = [1, 2, 3].map((count) => operators.filter((own) => own === count).length);
    expect(counts).toEqual([1000, 2000, 3000]);
  });

  it('may hold no instance twice, what is left free being of all operators', () => {
    const set = generateArithmeticSet({ operators: 3, count: 6000, seed: 1, distinct: true });
    const texts = Array.from({ length: set.count }, (_, row) =>
      formatArithmetic(set.ids.subarray(row * set.time, (row + 1) * set.time)),
    );
    expect(new Set(texts).size).toBe(6000);
    const counts = [1, 2, 3].map((count) => set.operators.filter((own) => own === count).length);
    expect(counts[0]).toBeLessThan(473);
    expect(counts[2]).toBeGreaterThan(3500);
    expect(texts.flatMap((text) => faultsOf(text, 11))).toEqual([]);
  });

  it('has answers spread alike where each number starts an expression alike', () => {
    const questions = questionsOf(
      generateArithmeticSet({ operators: 6, mix: 'exact', count: 22_000, seed: 5 }),
    );
    const counts = new Array<number>(11).fill(0);
    for (const { answer } of questions) counts[answer] = (counts[answer] ?? 0) + 1;
    expect(Math.abs(surprise(counts, new Array<number>(11).fill(2000)))).toBeLessThan(4);
  });

  it('gives questions whose answers are those of their expressions', () => {
    const vocabulary = arithmeticVocabulary(5);
    for (const { prompt, answer, operators } of questionsOf(small)) {
      const text = formatArithmetic(prompt, vocabulary);
      expect(text.endsWith(' =')).toBe(true);
      expect(readExpression(text.slice(0, -2), vocabulary)).toMatchObject({ answer, operators });
    }
  });

  it('says when there are not that many instances', () => {
    expect(() =>
      generateArithmeticSet({ operators: 1, modulus: 2, count: 100, seed: 1, distinct: true }),
    ).toThrow(/found only \d+ distinct instances of 1 operators modulo 2; ask for fewer/);
  });
});

describe('shapes that do not fit', () => {
  it('are refused', () => {
    expect(() => streamArithmeticBatches({ operators: 6, batch: 0, seed: 1 })).toThrow('arithmetic batch 0');
    expect(() => streamArithmeticBatches({ operators: 6, batch: 4, together: 1.5, seed: 1 })).toThrow(
      'arithmetic together 1.5',
    );
    const empty = generateArithmeticSet({ operators: 1, count: 0, seed: 1 });
    expect(() => storedArithmeticBatches(empty, { batch: 1, seed: 1 })).toThrow(/empty set/);
    expect(() => generateArithmeticSet({ operators: 1, count: -1, seed: 1 })).toThrow('arithmetic count -1');
  });
});

describe('a file of instances', () => {
  const read = async (content: string, modulus = 11): Promise<unknown> => {
    const file = join(temporaryFolder(), 'test.txt');
    await writeFile(file, content);
    return await readArithmeticFile(file, arithmeticVocabulary(modulus));
  };

  it('is read as questions, whatever its line ends and empty lines', async () => {
    expect(await read('7 + 5 = 1\r\n\n ( 2 + 3 ) * 4 = 5 * 4 = 9 <eos>\n')).toEqual([
      { prompt: encodeArithmetic('7+5='), answer: 1, operators: 1 },
      { prompt: encodeArithmetic('(2+3)*4='), answer: 9, operators: 2 },
    ]);
  });

  it.each([
    [
      'a token outside the vocabulary',
      '7 + 5 = 1\n7 + 12 = 8',
      /test\.txt:2: "7 \+ 12 = 8", character 5: '12'/,
    ],
    ['no equals sign', '7 + 5 = 1\n\n7 + 5', /test\.txt:3: no '='/],
    ['another modulus', '7 + 5 = 12', /test\.txt:1: .*'12' is not a number from 0 to 10/],
    ['answers modulo another', '4 + 4 = 1', /:1: the answer is 1, but modulo 11 the expression is 8; was/],
    ['more than a model evaluates', `${'1 + '.repeat(41)}1 = 9`, /:1: 41 operators, more than 40; give/],
    [
      'a nest',
      `${'('.repeat(20_000)}7${')'.repeat(20_000)} = 7`,
      /:1: token 501: this '\(' is inside of 500/,
    ],
    ['no answer', '7 + 5 =', /:1: does not end with the answer/],
    ['no expression', '= 5', /:1: token 1: a number or '\(' is missing/],
    ['a division by zero', '5 / 0 = 5', /:1: token 2: the divisor is 0 modulo 11/],
    ['nothing', '\n\n', /test\.txt: no instances; write some with npm run -s bipe -- arithmetic generate/],
  ])('is refused by file and line where there is %s', async (_what, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content)).rejects.toThrow(DataError);
  });

  it('is refused where it is missing', async () => {
    await expect(readArithmeticFile('missing.txt', arithmeticVocabulary())).rejects.toThrow(
      'missing.txt: no such file',
    );
  });
});
