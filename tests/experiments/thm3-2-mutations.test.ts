// The item fails if a construction is wrong: each mutation is fed to the compiler, and the
// comparisons with the set simulator, or what the item says of layers, must show it. Certificates
// compile again, with the same mistake, and do not.

import { afterEach, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { Random } from '../../lib/engine/random/random';
import { drawTheorem32 } from '../../lib/experiments/items/thm3-2/draw';
import { sizeResult } from '../../lib/experiments/items/thm3-2/sizes';
import { waysResults } from '../../lib/experiments/items/thm3-2/ways';
import type * as Certificates from '../../lib/theory/compile/certificate';
import type * as Flattening from '../../lib/theory/automata/flatten';
import type * as Addressing from '../../lib/theory/compile/addressing';
import type * as BlockAddressing from '../../lib/theory/compile/block-addressing';
import type * as Blocks from '../../lib/theory/compile/blocks';
import type * as Joining from '../../lib/theory/compile/join';
import type * as SetBlocks from '../../lib/theory/compile/set-blocks';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

/** Replacements of functions, by name. */
const broken = vi.hoisted(() => ({ by: new Map<string, unknown>() }));

/** The module with its functions replaced, as long as they are broken. */
const replaced = vi.hoisted(
  () =>
    <T extends object>(real: T): T =>
      Object.fromEntries(
        Object.entries(real).map(([name, value]: [string, unknown]) => [
          name,
          typeof value !== 'function'
            ? value
            : (...given: unknown[]): unknown => {
                const mutate = broken.by.get(name) as ((...all: unknown[]) => unknown) | undefined;
                return mutate === undefined
                  ? (value as (...all: unknown[]) => unknown)(...given)
                  : mutate(value, ...given);
              },
        ]),
      ) as T,
);

vi.mock('../../lib/theory/compile/addressing', async (original) =>
  replaced(await original<typeof Addressing>()),
);
vi.mock('../../lib/theory/compile/block-addressing', async (original) =>
  replaced(await original<typeof BlockAddressing>()),
);
vi.mock('../../lib/theory/compile/blocks', async (original) => replaced(await original<typeof Blocks>()));
vi.mock('../../lib/theory/compile/join', async (original) => replaced(await original<typeof Joining>()));
vi.mock('../../lib/theory/compile/set-blocks', async (original) =>
  replaced(await original<typeof SetBlocks>()),
);
vi.mock('../../lib/theory/automata/flatten', async (original) =>
  replaced(await original<typeof Flattening>()),
);

vi.mock('../../lib/theory/compile/certificate', async (original) =>
  replaced(await original<typeof Certificates>()),
);

afterEach(() => {
  broken.by.clear();
});

const ways = { subStates: 2, segmentStates: 2, lengths: [28], words: 2 };
const settings = {
  sizes: [2, 3],
  automata: 1,
  words: 2,
  segments: 6,
  maxSegmentLength: 4,
  flat: { states: 9, automata: 1, words: 2 },
  compact: { automata: 1, words: 2 },
  short: { states: 2, length: 4 },
  ways,
  seed: 1,
};

/** The claims about read-outs, layers and the definition that do not hold. */
async function failedChecks(): Promise<string[]> {
  const random = Random.fromSeed(1);
  const sizes = [
    await sizeResult({ subStates: 2, segmentStates: 2 }, settings, random.fork('2')),
    await sizeResult({ subStates: 2, segmentStates: 3 }, settings, random.fork('3')),
  ];
  const result = { sizes, ways: await waysResults(ways, random.fork('ways'), silentReporter) };
  return drawTheorem32(result)
    .findings.filter(({ holds, check }) => holds !== true && check === true)
    .map(({ claim }) => claim)
    .filter((claim) => /read-out|layer matters|Definition|short words/.test(claim));
}

it('holds unchanged', async () => {
  expect(await failedChecks()).toEqual([]);
});

type Mutation = (real: (...given: never[]) => unknown, ...given: never[]) => unknown;
const mutation = <F extends (...given: never[]) => unknown>(
  of: (real: F, ...given: Parameters<F>) => unknown,
): Mutation => of as unknown as Mutation;

const nothing = { name: 'nothing', products: [], addUnits: (): void => undefined };

it.each<[string, string, Mutation, RegExp]>([
  [
    'heads that look one place too far',
    'copyHead',
    mutation<typeof Addressing.copyHead>((real, { source, ...copied }, options) =>
      real({ ...copied, source: { ...source, back: source.back + 1 } }, options),
    ),
    /Bilevel positions: the read-out/,
  ],
  [
    'frequencies of places that are doubled',
    'placeFrequenciesOf',
    mutation<typeof Addressing.placeFrequenciesOf>((real, ...given) => real(...given).map((one) => 2 * one)),
    /read-out/,
  ],
  [
    'frequencies of segments that are halved',
    'segmentFrequenciesOf',
    mutation<typeof Addressing.segmentFrequenciesOf>((real, network) => real(network).map((one) => one / 2)),
    /Bilevel positions: the read-out/,
  ],
  [
    'products that are not rounded',
    'multiplyBlocks',
    mutation<typeof Blocks.multiplyBlocks>((real, ...given) => real(...given).slice(0, 1)),
    /short words|read-out/,
  ],
  [
    'products in the wrong order',
    'addWays',
    mutation<typeof Blocks.addWays>((real, mlp, { left, right, to }, row, column) => {
      real(mlp, { left: right, right: left, to }, row, column);
    }),
    /read-out/,
  ],
  [
    'separators that move nothing',
    'transitionBlock',
    mutation<typeof Blocks.transitionBlock>(() => nothing),
    /Bilevel positions: the read-out/,
  ],
  [
    'joins that do not choose',
    'joinBlocks',
    mutation<typeof Joining.joinBlocks>((real, ...given) =>
      real(...given).filter(({ name }) => name !== 'choice'),
    ),
    /Absolute positions, compact: the read-out/,
  ],
  [
    'joins without the products in their middle',
    'joinBlocks',
    mutation<typeof Joining.joinBlocks>((real, ...given) =>
      real(...given).filter(({ name }) => name !== 'products'),
    ),
    /Absolute positions, compact: the read-out/,
  ],
  [
    'sets that are carried against the transitions',
    'carryBlock',
    mutation<typeof SetBlocks.carryBlock>((real, step, layout) =>
      real(
        {
          ...step,
          relations: step.relations.map(({ rows, columns, entries }) => ({
            rows,
            columns,
            entries: entries.map(
              (_, at) => entries[(at % columns) * columns + Math.floor(at / columns)] ?? 0,
            ),
          })),
        },
        layout,
      ),
    ),
    /One automaton in 5 ways: every read-out/,
  ],
  [
    'columns that are not united',
    'uniteBlock',
    mutation<typeof SetBlocks.uniteBlock>(() => nothing),
    /One automaton in 5 ways: every read-out/,
  ],
  [
    'reading heads that look one block too far',
    'blockHead',
    mutation<typeof BlockAddressing.blockHead>((real, { source, ...copied }, options) =>
      real({ ...copied, source: { ...source, back: source.back + 1 } }, options),
    ),
    /One automaton in 5 ways: every read-out/,
  ],
  [
    'a flattening whose separators do not restart the sub-level',
    'flatten',
    mutation<typeof Flattening.flatten>((real, automaton) =>
      real({ ...automaton, subStart: automaton.subStates[1] ?? '' }),
    ),
    /Definition/,
  ],
])('fails with %s', async (_name, what, mutate, claim) => {
  broken.by.set(what, mutate);
  expect((await failedChecks()).join('\n')).toMatch(claim);
});

it('a kind of network is certified if the first and all later ones are', async () => {
  const several = { ...settings, automata: 3, compact: { automata: 3, words: 1 } };
  const certified = async (failing: number): Promise<boolean[]> => {
    let calls = 0;
    broken.by.set(
      'certifyNetwork',
      mutation<typeof Certificates.certifyNetwork>((real, network) => {
        calls += 1;
        return { ...real(network), holds: calls !== failing };
      }),
    );
    const size = { subStates: 2, segmentStates: 2 };
    const { bipe, compact } = await sizeResult(size, several, Random.fromSeed(1));
    return [bipe.certified === true, compact.certified === true];
  };
  expect(await certified(0)).toEqual([true, true]);
  // The networks of an automaton are certified one after the other.
  expect(await certified(1)).toEqual([false, true]);
  expect(await certified(2)).toEqual([true, false]);
});
