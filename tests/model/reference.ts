// The decoder once more, in float64 and in plain loops, one sequence at a time: as slow and as
// plain as the equations. Encodings are left out but for a table that is added to the embeddings.

import { present } from '../../lib/base/present';
import type { ModelConfig } from '../../lib/model/config';
import type { SmallModel } from './small';

type Row = readonly number[];
type Norm = (x: Row, name: string) => Row;

/**
 * The scores of the token after each of `ids`.
 *
 * @param places  of `log_scale`: positions, or segment indices
 * @param added   what the encoding adds to each embedding, [time][hiddenSize]
 * @returns [time][vocabSize]
 */
export function referenceLogits(
  { config, parameters }: SmallModel,
  ids: Row,
  { places, added }: { readonly places: Row; readonly added?: readonly Row[] },
): number[][] {
  const tensors = new Map(
    [...parameters].map(([name, tensor]) => [
      name,
      { width: tensor.shape.at(-1) ?? 1, values: [...tensor.dataSync()] },
    ]),
  );
  const vector = (name: string): Row => present(tensors.get(name), name).values;
  const row = (name: string, index: number): Row => {
    const { width, values } = present(tensors.get(name), name);
    return values.slice(index * width, (index + 1) * width);
  };
  const linear = (x: Row, name: string): Row => {
    const bias = tensors.get(`${name}.bias`)?.values;
    const out = vector(`${name}.weight`).length / x.length;
    return sequence(
      out,
      (unit) => dot(row(`${name}.weight`, unit), x) + (bias === undefined ? 0 : at(bias, unit)),
    );
  };
  const { norm, feedForward } = {
    llama: { norm: rmsNorm(config, vector), feedForward: swigluOf(linear) },
    gpt2: { norm: layerNorm(config, vector), feedForward: geluOf(linear) },
  }[config.style];

  let hidden = ids.map((id, time) => sum(row('model.embed_tokens.weight', id), added?.[time]));
  for (let layer = 0; layer < config.numLayers; layer += 1) {
    const name = `model.layers.${layer}`;
    const asked = hidden.map((x) => norm(x, `${name}.input_layernorm`));
    const [queries, keys, values] = ['q', 'k', 'v'].map((part) =>
      asked.map((x) => linear(x, `${name}.self_attn.${part}_proj`)),
    ) as [Row[], Row[], Row[]];
    const taken = attention(config, { queries, keys, values }, places);
    hidden = hidden.map((x, time) => {
      const between = sum(x, linear(present(taken[time], 'token'), `${name}.self_attn.o_proj`));
      return sum(between, feedForward(norm(between, `${name}.post_attention_layernorm`), `${name}.mlp`));
    });
  }
  const head = config.tieEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return hidden.map((x) => {
    const last = norm(x, 'model.norm');
    return sequence(config.vocabSize, (id) => dot(row(head, id), last));
  });
}

/**
 * softmax(q . k / sqrt(headDim)) of own and earlier tokens; q times log(place + 1) /
 * log(trainLength) with `logScale`.
 */
function attention(
  { hiddenSize, numHeads, logScale, trainLength }: ModelConfig,
  { queries, keys, values }: Readonly<Record<'queries' | 'keys' | 'values', readonly Row[]>>,
  places: Row,
): Row[] {
  const headDim = hiddenSize / numHeads;
  return queries.map((query, time) =>
    sequence(numHeads, (head) => {
      const part = (x: Row): Row => x.slice(head * headDim, (head + 1) * headDim);
      const growth = logScale ? Math.log(at(places, time) + 1) / Math.log(trainLength) : 1;
      const weights = keys
        .slice(0, time + 1)
        .map((key) => Math.exp((growth * dot(part(query), part(key))) / Math.sqrt(headDim)));
      const total = weights.reduce((a, b) => a + b);
      return sequence(headDim, (unit) =>
        weights.reduce(
          (a, weight, key) => a + (weight / total) * at(part(present(values[key], 'key')), unit),
          0,
        ),
      );
    }).flat(),
  );
}

function rmsNorm({ normEps }: ModelConfig, vector: (name: string) => Row): Norm {
  return (x, name) => {
    const deviation = Math.sqrt(dot(x, x) / x.length + normEps);
    return x.map((value, unit) => (value / deviation) * at(vector(`${name}.weight`), unit));
  };
}

function layerNorm(config: ModelConfig, vector: (name: string) => Row): Norm {
  const scaled = rmsNorm(config, vector);
  return (x, name) => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    return sum(
      scaled(
        x.map((value) => value - mean),
        name,
      ),
      vector(`${name}.bias`),
    );
  };
}

type Linear = (x: Row, name: string) => Row;

function swigluOf(linear: Linear): Norm {
  return (x, name) => {
    const up = linear(x, `${name}.up_proj`);
    const opened = linear(x, `${name}.gate_proj`).map(
      (gate, unit) => (gate / (1 + Math.exp(-gate))) * at(up, unit),
    );
    return linear(opened, `${name}.down_proj`);
  };
}

function geluOf(linear: Linear): Norm {
  const gelu = (x: number): number =>
    (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  return (x, name) => linear(linear(x, `${name}.up_proj`).map(gelu), `${name}.down_proj`);
}

function sequence<T>(length: number, value: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => value(index));
}

function at(row: Row, index: number): number {
  return present(row[index], 'number');
}

function dot(a: Row, b: Row): number {
  return a.reduce((total, value, index) => total + value * at(b, index), 0);
}

function sum(a: Row, b: Row | undefined): Row {
  return b === undefined ? a : a.map((value, index) => value + at(b, index));
}
