import { existsSync, readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { recomputed } from '../../lib/engine/gradients';
import { capture, type CapturedStep, type StepFunction } from '../../lib/engine/graph/capture';
import { nativeBackend } from '../../lib/engine/native/binding';
import { lateConstant } from '../../lib/engine/native/order';
import type { Program } from '../../lib/engine/graph/program';
import { type NamedTensors, specsOf } from '../../lib/engine/graph/specs';
import { traceProgram } from '../../lib/engine/graph/trace';
import { memoryReport } from '../../lib/engine/memory';
import { thisMachine } from '../../lib/engine/backends/native';
import { Random } from '../../lib/engine/random/random';
import { normalTensor } from '../../lib/engine/random/tensors';
import { useNativeEngine } from '../support/engine';
import {
  everyOperation,
  type Instruction,
  interpret,
  programs,
  randomRounding,
  relativeError,
  type Rounding,
  shareOfRounding,
} from './graph-programs';

const tolerance = 1e-6;

function normal(seed: number, shape: number[]): tf.Tensor {
  return normalTensor(Random.fromSeed(seed), shape);
}

/** The same step as a graph and operation by operation. */
function bothWays<S extends NamedTensors, I extends NamedTensors, O extends NamedTensors>(
  step: StepFunction<S, I, O>,
  state: S & NamedTensors,
): { graph: CapturedStep<S, I, O>; eager: CapturedStep<S, I, O> } {
  const graph = capture(step, { state });
  const eager = capture(step, { state, eager: true });
  onTestFinished(() => {
    graph.dispose();
    eager.dispose();
  });
  expect([graph.captured, eager.captured]).toEqual([true, false]);
  return { graph, eager };
}

function expectEqual(actual: NamedTensors, expected: NamedTensors, within = tolerance): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  const errors = Object.entries(expected).map(
    ([key, tensor]) => [key, actual[key] ? relativeError(actual[key], tensor) : Infinity] as const,
  );
  expect(errors.filter(([, error]) => !(error <= within))).toEqual([]);
}

describe.skipIf(!existsSync(thisMachine().bindingFile))('a captured step', () => {
  useNativeEngine();

  /** All values of a program, its loss and the loss's gradients. */
  const withGradients =
    (program: readonly Instruction[], rounding?: Rounding) =>
    (_: NamedTensors, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
      const loss = (...first: tf.Tensor[]): tf.Scalar =>
        tf.addN(interpret(program, first, rounding).map((value) => value.tanh().mean())).asScalar();
      const { value, grads } = tf.valueAndGrads(loss)([x, y]);
      const values = interpret(program, [x, y], rounding);
      return {
        outputs: Object.fromEntries([value, ...grads, ...values].map((tensor, index) => [index, tensor])),
      };
    };

  it.each(everyOperation)('computes %s and its gradient as operations one by one do', (...instruction) => {
    const { graph, eager } = bothWays(withGradients([instruction]), {});
    const inputs = { x: normal(1, [3, 2, 4]), y: normal(2, [4]) };
    expectEqual(graph.run(inputs), eager.run(inputs));
  });

  it('computes random programs and their gradients as operations one by one do', () => {
    fc.assert(
      fc.property(programs(12), fc.nat(), (program, seed) => {
        tf.tidy(() => {
          const graph = capture(withGradients(program));
          // The second inputs reach the same graph.
          for (const shift of [0, 1]) {
            const inputs = { x: normal(seed + shift, [3, 2, 4]), y: normal(seed + shift + 1, [4]) };
            const expected: NamedTensors = withGradients(program)({}, inputs).outputs;
            const others = [1, 2, 3].map((sample): NamedTensors => {
              const rounding = randomRounding(Random.fromSeed(sample));
              return withGradients(program, rounding)({}, inputs).outputs;
            });
            const actual: NamedTensors = graph.run(inputs);
            for (const [key, tensor] of Object.entries(expected)) {
              const samples = others.map((other) => present(other[key], key));
              expect(
                shareOfRounding(present(actual[key], key), tensor, samples),
                `value ${key}`,
              ).toBeLessThan(1);
            }
          }
          graph.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  it('follows 100 steps of an optimizer whose moments are its state', () => {
    const adam = (
      { weight, bias, m, v, steps }: Record<'weight' | 'bias' | 'm' | 'v' | 'steps', tf.Tensor>,
      { x, y, rate }: { x: tf.Tensor; y: tf.Tensor; rate: tf.Tensor },
    ) => {
      const { value, grads } = tf.valueAndGrads((w: tf.Tensor, b: tf.Tensor) =>
        tf.losses.softmaxCrossEntropy(y, tf.tanh(tf.matMul(x, w)).add(b)).asScalar(),
      )([weight, bias]);
      const [gradient = weight, biasGradient = bias] = grads;
      const count = steps.add(tf.scalar(1, 'int32'));
      const m1 = m.mul(0.9).add(gradient.mul(0.1));
      const v1 = v.mul(0.99).add(gradient.square().mul(0.01));
      const corrected = m1.div(tf.sub(1, tf.pow(0.9, count.toFloat())));
      const scale = v1
        .div(tf.sub(1, tf.pow(0.99, count.toFloat())))
        .sqrt()
        .add(1e-8);
      return {
        outputs: { loss: value, norm: gradient.norm() },
        state: {
          weight: weight.sub(corrected.div(scale).mul(rate)),
          bias: bias.sub(biasGradient.mul(rate)),
          m: m1,
          v: v1,
          steps: count,
        },
      };
    };
    const initial = {
      weight: normal(1, [12, 5]),
      bias: tf.zeros([5]),
      m: tf.zeros([12, 5]),
      v: tf.zeros([12, 5]),
    };
    const steps: tf.Tensor = tf.scalar(0, 'int32');
    const { graph, eager } = bothWays(adam, { ...initial, steps });
    // The same steps, but the state is rounded by chance after each.
    const others = [1, 2, 3].map((seed) => {
      const run = capture(adam, { state: { ...initial, steps }, eager: true });
      const rounding = randomRounding(Random.fromSeed(seed));
      const keys = Object.keys(initial) as (keyof typeof initial)[];
      const round = (): void => {
        const state = run.readState(keys);
        for (const key of keys) run.writeState({ [key]: rounding(state[key]) });
      };
      return { run, round };
    });
    const expectWithin = (a: NamedTensors, b: NamedTensors, samples: readonly NamedTensors[]): void => {
      for (const [key, tensor] of Object.entries(b)) {
        const own = samples.map((sample) => present(sample[key], key));
        expect(shareOfRounding(present(a[key], key), tensor, own), key).toBeLessThan(1);
      }
    };
    for (let step = 0; step < 100; step += 1) {
      const x = normal(100 + step, [32, 12]);
      const y = tf.oneHot(x.slice([0, 0], [32, 5]).argMax(1), 5);
      const inputs = { x, y, rate: tf.scalar(0.02 / (1 + step / 50)) };
      expectWithin(
        graph.run(inputs),
        eager.run(inputs),
        others.map(({ run }) => run.run(inputs)),
      );
      for (const { round } of others) round();
    }
    expectWithin(
      graph.readState(),
      eager.readState(),
      others.map(({ run }) => run.readState()),
    );
    expect(graph.readState().steps.dataSync()[0]).toBe(100);
  });

  it('computes a transformer block and its gradients as operations one by one do', () => {
    const [batch, time, heads, size] = [3, 10, 4, 8];
    const width = heads * size;
    const names = ['query', 'key', 'value', 'out', 'up', 'gate', 'down'] as const;
    const parameters = Object.fromEntries(
      names.map((name, index) => [
        name,
        normal(
          index,
          name === 'down'
            ? [2 * width, width]
            : [width, name === 'up' || name === 'gate' ? 2 * width : width],
        ).mul(0.1),
      ]),
    );
    const split = (x: tf.Tensor): tf.Tensor => x.reshape([batch, time, heads, size]).transpose([0, 2, 1, 3]);
    const times = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
      tf.matMul(x.reshape([-1, x.shape.at(-1) ?? 1]), weight).reshape([...x.shape.slice(0, -1), -1]);
    const normed = (x: tf.Tensor): tf.Tensor => x.mul(x.square().mean(-1, true).add(1e-5).rsqrt());
    const block = (p: NamedTensors, x: tf.Tensor): tf.Tensor => {
      const at = (name: string): tf.Tensor => p[name] ?? x;
      const mask = tf.linalg
        .bandPart(tf.ones([time, time]), -1, 0)
        .sub(1)
        .mul(1e9);
      const h = normed(x);
      const query = split(times(h, at('query'))).mul(size ** -0.5);
      const scores = tf.matMul(query, split(times(h, at('key'))), false, true).add(mask);
      const mixed = tf.matMul(tf.softmax(scores), split(times(h, at('value')))).transpose([0, 2, 1, 3]);
      const y = x.add(times(mixed.reshape([batch, time, width]), at('out')));
      const gate = times(normed(y), at('gate'));
      return y.add(times(gate.mul(gate.sigmoid()).mul(times(normed(y), at('up'))), at('down')));
    };
    const step = (state: NamedTensors, { x }: { x: tf.Tensor }) => {
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
        block(Object.fromEntries(names.map((name, index) => [name, values[index] ?? x])), x)
          .square()
          .mean()
          .asScalar(),
      )(names.map((name) => state[name] ?? x));
      const state1 = names.map(
        (name, index) => [name, tf.sub(state[name] ?? x, tf.mul(grads[index] ?? x, 0.5))] as const,
      );
      return { outputs: { loss: value, y: block(state, x) }, state: Object.fromEntries(state1) };
    };
    const { graph, eager } = bothWays(step, parameters);
    for (let round = 0; round < 5; round += 1) {
      const inputs = { x: normal(50 + round, [batch, time, width]) };
      expectEqual(graph.run(inputs), eager.run(inputs));
    }
    expectEqual(graph.readState(), eager.readState());
  });

  const running = ({ total }: { total: tf.Tensor }, { x }: { x: tf.Tensor }) => {
    const next = total.add(x.sum());
    return { outputs: { total: next }, state: { total: next } };
  };

  it('shares its state between inputs of several shapes', () => {
    const { graph, eager } = bothWays(running, { total: tf.scalar(0) });
    const totals = [3, 5, 3, 7, 5, 3].map((length) => {
      const inputs = { x: tf.ones([length]) };
      expectEqual(graph.run(inputs), eager.run(inputs));
      return graph.readState().total.dataSync()[0];
    });
    expect(totals).toEqual([3, 8, 11, 18, 23, 26]);
  });

  it('gives its state out and takes it back, before and after the first run', () => {
    const { graph } = bothWays(running, { total: tf.scalar(1) });
    expect(graph.readState().total.dataSync()[0]).toBe(1);
    graph.writeState({ total: tf.scalar(10) });
    const first = graph.run({ x: tf.ones([2]) }).total;
    graph.writeState({ total: tf.scalar(100) });
    const second = graph.run({ x: tf.ones([2]) }).total;
    expect([first.dataSync()[0], second.dataSync()[0]]).toEqual([12, 102]);
  });

  it('keeps what it gave out when the state moves on, and the initial values of its caller', () => {
    const total = tf.scalar(0);
    const { graph } = bothWays(running, { total });
    graph.run({ x: tf.ones([2]) });
    const before = graph.readState();
    graph.run({ x: tf.ones([2]) });
    expect([total, before.total, graph.readState().total].map((tensor) => tensor.dataSync()[0])).toEqual([
      0, 2, 4,
    ]);
  });

  it('exchanges two tensors of its state', () => {
    const { graph, eager } = bothWays(
      ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => ({ outputs: { a }, state: { a: b, b: a } }),
      { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 4]) },
    );
    for (let round = 0; round < 3; round += 1) {
      expectEqual(graph.run({}), eager.run({}));
      expectEqual(graph.readState(), eager.readState());
    }
  });

  it('leaves state tensors that the function does not return as they are', () => {
    const { graph, eager } = bothWays(
      ({ table, count }: { table: tf.Tensor; count: tf.Tensor }) => ({
        outputs: { sum: table.sum() },
        state: { count: count.add(1) },
      }),
      { table: tf.ones([4]), count: tf.scalar(0) },
    );
    for (let round = 0; round < 2; round += 1) expectEqual(graph.run({}), eager.run({}));
    expectEqual(graph.readState(), eager.readState());
  });

  it('gives inputs, state and constants as outputs', () => {
    const outside = tf.range(0, 100);
    const { graph, eager } = bothWays(
      ({ s }: { s: tf.Tensor }, { x }: { x: tf.Tensor }) => ({
        outputs: {
          s,
          x,
          again: x,
          one: tf.scalar(1),
          table: tf.ones([50, 2]),
          outside,
          flag: tf.zeros([70], 'bool'),
        },
      }),
      { s: tf.scalar(5, 'int32') },
    );
    const inputs = { x: tf.tensor1d([true, false], 'bool') };
    expectEqual(graph.run(inputs), eager.run(inputs));
  });

  it('computes large constants in the graph instead of storing them', () => {
    const { graph, eager } = bothWays((_: NamedTensors, { x }: { x: tf.Tensor }) => {
      const positions = tf.range(0, 1024).expandDims(1);
      return { outputs: { y: positions.mul(tf.range(0, 512).expandDims(0)).mul(1e-6).sin().mul(x).sum() } };
    }, {});
    const inputs = { x: tf.scalar(2) };
    expectEqual(graph.run(inputs), eager.run(inputs));
  });

  it('has constants late where it is asked to, whatever they wait for', () => {
    const constants = () => ({
      floats: tf.tensor2d([[1.5, -2, Infinity]]),
      integers: tf.tensor1d([7, -8], 'int32'),
      truths: tf.tensor1d([1, 0], 'bool'),
    });
    const { graph } = bothWays((_: NamedTensors, { x }: { x: tf.Tensor }) => {
      const { floats, integers, truths } = constants();
      const [a, b, c] = [floats, integers, truths].map((one) => lateConstant(x.mul(2), one)) as [
        typeof floats,
        typeof integers,
        typeof truths,
      ];
      return { outputs: { floats: a, integers: b, truths: c } };
    }, {});
    const expected = constants();
    for (const x of [tf.scalar(NaN), tf.tensor2d([[Infinity, 1]]), tf.tensor1d([-3])]) {
      const late = graph.run({ x });
      for (const key of ['floats', 'integers', 'truths'] as const) {
        expect([late[key].dtype, late[key].shape]).toEqual([expected[key].dtype, expected[key].shape]);
        expect(Array.from(late[key].dataSync())).toEqual(Array.from(expected[key].dataSync()));
      }
    }
  });

  it('does not compute beforehand what it computes of a late constant', () => {
    const { nodes } = traced(
      (_, { x }: { x: tf.Tensor }) => {
        return { outputs: { y: lateConstant(x.mul(2), tf.range(0, 8)).mul(3) } };
      },
      { x: tf.scalar(1) },
    );
    // TensorFlow replaces an identity of a constant by the constant; a sum with what comes of the
    // input it does not.
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const feeds = (value: string): string[] => {
      const inputs = (byName.get(value.split(':', 1)[0] ?? '')?.inputs ?? []).filter(
        (one) => !one.startsWith('^'),
      );
      return [value, ...inputs.flatMap(feeds)];
    };
    const product = present(nodes.filter(({ op }) => op === 'Mul').at(-1), 'product');
    expect(feeds(`${product.name}:0`).some((value) => value.includes('input'))).toBe(true);
  });

  it('multiplies matrices in bfloat16 where it is asked to, and computes all else in float32', () => {
    const step = (_: NamedTensors, { x, y }: Record<'x' | 'y', tf.Tensor>) => ({
      outputs: { product: tf.matMul(x, y), sum: x.add(1e-4) },
    });
    const exact = capture(step, { eager: true });
    const rounded = capture(step, { products: 'bfloat16' });
    const inputs = { x: normal(1, [40, 60]), y: normal(2, [60, 30]) };
    const [a, b] = [exact.run(inputs), rounded.run(inputs)];
    const error = relativeError(b.product, a.product);
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(1e-2);
    expect(relativeError(b.sum, a.sum)).toBeLessThan(tolerance);
    rounded.dispose();
  });

  const traced = <I extends NamedTensors>(
    step: StepFunction<NamedTensors, I, NamedTensors>,
    inputs: I,
  ): Program => {
    const run = (state: NamedTensors, traced: NamedTensors): { outputs: NamedTensors } =>
      step(state, traced as I);
    const backend = present(nativeBackend(), 'native backend');
    const products = 'float32';
    return traceProgram(backend, {
      name: 'step',
      prefix: '',
      state: {},
      inputs: specsOf(inputs),
      products,
      run,
    });
  };

  it('gives scores a kind of product that is never fused with scale and mask, which takes hundreds of times as long', () => {
    const inputs = { matrix: tf.ones([8, 3]), q: tf.ones([2, 4, 8, 3]), shared: tf.ones([1, 1, 8, 3]) };
    const kinds = (from: keyof typeof inputs, key: keyof typeof inputs): string[] =>
      traced(
        (_, { [from]: a, [key]: b }: typeof inputs) => ({ outputs: { y: tf.matMul(a, b, false, true) } }),
        inputs,
      ).nodes.map(({ op }) => op);
    expect(kinds('q', 'q')).toEqual(['BatchMatMul']);
    expect(kinds('matrix', 'matrix')).toEqual(['MatMul']);
    // Where one factor is broadcast there is only this kind.
    expect(kinds('q', 'shared')).toEqual(['BatchMatMulV2']);
  });

  it('computes again what a backward pass shall not remember', () => {
    const block = (x: tf.Tensor): tf.Tensor => x.exp().add(1).log().square();
    const step =
      (once: boolean) =>
      (_: NamedTensors, { x }: { x: tf.Tensor }) => {
        const body = (input: tf.Tensor): tf.Tensor => (once ? block(input) : recomputed(block, [input]));
        const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => body(body(input)).sum())(x);
        return { outputs: { value, grad } };
      };
    const inputs = { x: normal(1, [5, 3]).mul(0.3) };
    const { graph, eager } = bothWays(step(false), {});
    expectEqual(graph.run(inputs), eager.run(inputs));
    expectEqual(graph.run(inputs), capture(step(true), { eager: true }).run(inputs));
    const count = (once: boolean): number =>
      traced(step(once), inputs).nodes.filter(({ op }) => op === 'Exp').length;
    const { nodes } = traced(step(false), inputs);
    expect(count(false)).toBe(count(true) + 2);
    // It begins when its gradient is there, not when its input is.
    const late = nodes.filter(({ op, inputs: from }) => op === 'Identity' && from[1]?.startsWith('^'));
    expect(late.length).toBe(2);
  });

  it('leaves no tensor and no graph behind', () => {
    const backend = nativeBackend();
    if (!backend) throw new Error('the native backend runs in this file');
    const graphs = (): number =>
      (backend.binding as unknown as { getNumOfSavedModels(): number }).getNumOfSavedModels();
    const nativeTensors = (): number =>
      (backend.binding as unknown as { getNumOfTensors(): number }).getNumOfTensors();
    const measure = (): number[] => [memoryReport().numTensors, nativeTensors(), graphs()];
    const inputs = [3, 5].map((length) => ({ x: tf.ones([length]).add(0) }));
    const total = tf.scalar(0).add(0);
    const before = measure();
    const step = capture(running, { state: { total } });
    for (const one of inputs) step.run(one).total.dispose();
    const prepared = measure();
    for (const one of [...inputs, ...inputs]) step.run(one).total.dispose();
    tf.dispose(step.readState());
    step.writeState({ total });
    expect(measure()).toEqual(prepared);
    expect(prepared[2]).toBe((before[2] ?? 0) + 1);
    step.dispose();
    expect(measure()).toEqual(before);
  });

  it('leaves no file behind', () => {
    bothWays(running, { total: tf.scalar(0) }).graph.run({ x: tf.ones([2]) });
    expect(
      readdirSync(projectPath('.cache', 'graphs')).filter((name) => name.includes(String(process.pid))),
    ).toEqual([]);
  });

  describe('refuses', () => {
    const refused: readonly [
      string,
      StepFunction<{ s: tf.Tensor }, { x: tf.Tensor }, NamedTensors>,
      RegExp,
    ][] = [
      [
        'a function that reads a value',
        (_, { x }) => ({ outputs: { y: tf.scalar(x.dataSync()[0] ?? 0) } }),
        /^my step: it reads the value of a tensor in JavaScript .* use operations on tensors alone/,
      ],
      [
        'an operation that reads a value',
        (_, { x }) => ({ outputs: { y: tf.gather([1, 2, 3], x.toInt()) } }),
        /^my step: the operation GatherV2 of TensorFlow.js reads .* use tf.gatherND/,
      ],
      [
        'an operation whose result has as many elements as the values say',
        (_, { x }) => ({ outputs: { y: tf.unique(x).values } }),
        /^my step: Unique\w* gives a tensor whose shape depends on values/,
      ],
      [
        'random numbers, which would be the same at every call',
        (_, { x }) => ({ outputs: { y: x.mul(tf.randomNormal([2])) } }),
        /^my step: two calls did different work \(a float32 \[2\] constant had other values\)/,
      ],
      [
        'a state of another shape',
        ({ s }) => ({ outputs: {}, state: { s: tf.stack([s, s]) } }),
        /^my step: state s is float32 \[\] and cannot become float32 \[2\]/,
      ],
      [
        'a state that was not there before',
        ({ s }) => ({ outputs: {}, state: { s, r: s } as { s: tf.Tensor } }),
        /^unknown state of my step: "r"/,
      ],
      [
        'an async function',
        (async () => Promise.resolve({ outputs: {} })) as unknown as () => { outputs: NamedTensors },
        /^my step: a captured function must return .* at once/,
      ],
      ['words', () => ({ outputs: { y: tf.tensor1d(['word']) } }), /^my step: it uses a string tensor/],
    ];

    it.each(refused)('%s', (_, step, message) => {
      const options = { state: { s: tf.scalar(0) }, name: 'my step' };
      expect(() => capture(step, options).run({ x: tf.tensor1d([1, 2]) })).toThrow(message);
      // The backend is as it was.
      expect(tf.ones([2]).add(1).dataSync()).toEqual(new Float32Array([2, 2]));
    });

    it('a variable that is not in its state, read or assigned', () => {
      const variable = tf.variable(tf.scalar(3), true, 'frozen');
      onTestFinished(() => {
        variable.dispose();
      });
      expect(() => capture(() => ({ outputs: { y: variable.mul(2) } })).run({})).toThrow(
        /it uses the variable frozen/,
      );
      const assigning = (): { outputs: NamedTensors } => {
        variable.assign(tf.scalar(4));
        return { outputs: {} };
      };
      expect(() => capture(assigning).run({})).toThrow(/it assigns the variable frozen/);
      expect(variable.dataSync()[0]).toBe(3);
    });

    it('inputs of ever new shapes', () => {
      const step = capture(running, { state: { total: tf.scalar(0) } });
      onTestFinished(() => {
        step.dispose();
      });
      const run = (): void => {
        for (let length = 1; length < 100; length += 1) step.run({ x: tf.ones([length]) });
      };
      expect(run).toThrow(/inputs came in 32 different shapes, now with x: float32 \[33\].* pad them/);
    });

    it('what is no tensor, or no more, as a graph and operation by operation', () => {
      const gone = tf.ones([2]);
      gone.dispose();
      for (const [value, says] of [
        [3, 'is not a tensor'],
        [undefined, 'is not a tensor'],
        [gone, 'was disposed'],
      ] as const) {
        const wrong = value as tf.Tensor;
        for (const eager of [false, true]) {
          const options = { name: 'my step', eager };
          const step = capture(running, { ...options, state: { total: tf.scalar(0) } });
          onTestFinished(() => {
            step.dispose();
          });
          const uses: [string, () => unknown][] = [
            ['input x', () => step.run({ x: wrong })],
            ['state total', () => capture(running, { ...options, state: { total: wrong } })],
            [
              'state total',
              () => {
                step.writeState({ total: wrong });
              },
            ],
            ['output y', () => capture(() => ({ outputs: { y: wrong } }), options).run({})],
          ];
          for (const [what, use] of uses) expect(use).toThrow(`my step: ${what} ${says}`);
        }
      }
    });

    it('to run inside another', () => {
      for (const eager of [false, true]) {
        const inner = capture(running, { state: { total: tf.scalar(0) }, name: 'inner', eager });
        onTestFinished(() => {
          inner.dispose();
        });
        const outer = capture((_: NamedTensors, inputs: { x: tf.Tensor }) => ({
          outputs: inner.run(inputs),
        }));
        expect(() => outer.run({ x: tf.ones([2]) })).toThrow(
          /^inner: runs inside a function that is being captured/,
        );
      }
    });

    it('to be used after its end, as a graph and operation by operation', () => {
      const x = tf.ones([2]);
      for (const eager of [false, true]) {
        const options = { state: { total: tf.scalar(0) }, name: 'my step', eager };
        const [unused, used] = [capture(running, options), capture(running, options)];
        used.run({ x });
        for (const step of [unused, used]) {
          step.dispose();
          step.dispose();
          const uses = [
            () => step.run({ x }),
            () => step.readState(),
            () => {
              step.writeState({});
            },
          ];
          for (const use of uses)
            expect(use).toThrow(/^my step: used after it was disposed; .* capture it again$/);
        }
      }
    });

    it('to read or write a state that is not there, or in another shape', () => {
      const { graph, eager } = bothWays(running, { total: tf.scalar(0) });
      for (const step of [graph, eager]) {
        expect(() => step.readState(['totl' as 'total'])).toThrow(
          /unknown state .*"totl"; did you mean total/,
        );
        expect(() => {
          step.writeState({ total: tf.ones([2]) });
        }).toThrow(/state total is float32 \[\] and cannot become float32 \[2\]/);
      }
    });
  });
});
