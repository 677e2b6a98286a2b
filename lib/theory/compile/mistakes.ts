// Finds where a network's weights differ from its automaton's program: the embedding, the blocks
// that heads copy, feed-forward blocks, and the read-out. Feed-forward blocks and the read-out are
// tried on relations, not proved. `certificate.ts` bounds the errors of a network without mistakes.

import { Random } from '../../engine/random/random';
import type { Automaton } from '../automata/automaton';
import { blockNamed, blockSize } from '../network/layout';
import type { Mlp } from '../network/mlp';
import { type Layer, type Network, startId } from '../network/network';
import { readoutWeights } from '../network/readout';
import { entryError } from './count-error';
import { bilevelProgram, flatProgram, type Instruction, type RelationProgram } from './program';
import { fillRelation, roundingTrial, streamOf, transitionTrial } from './trials';
import { placesOf } from './weights';

/**
 * Lists the parts of a network that differ from its automaton, a line each. Products are left to
 * the certificate.
 */
export function mistakesOf(network: Network): string[] {
  const program = programOf(network);
  if (program === undefined) return ['bounds: they do not fit this kind of automaton'];
  return [
    ...embeddingMistakes(network, program),
    ...layerMistakes(network, program),
    ...readoutMistakes(network, program),
  ];
}

/** The program that a network was compiled from. */
function programOf({
  automaton,
  bounds,
}: {
  automaton: Automaton;
  bounds: Network['bounds'];
}): RelationProgram | undefined {
  if (bounds.encoding === 'ape')
    return automaton.type === 'nfa' ? flatProgram(automaton, bounds.maxLength) : undefined;
  return automaton.type === 'bi-nfa' ? bilevelProgram(automaton, bounds) : undefined;
}

/**
 * Compares the embedding: each token's kind and relations, and no place. The start's place is left
 * to the scores.
 */
function embeddingMistakes(
  { layout, embedding, places }: Network,
  { automaton, bounds, registers }: RelationProgram,
): string[] {
  const separators = automaton.type === 'nfa' ? 0 : automaton.separators.length;
  const tokens = 1 + automaton.symbols.length + separators;
  if (embedding.rows !== tokens) return [`embedding: ${embedding.rows} tokens instead of ${tokens}`];
  const place = blockNamed(layout, 'place');
  const isPlace = (column: number): boolean =>
    column >= place.start && column < place.start + blockSize(place);
  const mistakes: string[] = [];
  for (let token = 0; token < tokens; token++) {
    const wanted = new Float64Array(layout.width);
    wanted[blockNamed(layout, 'one').start] = 1;
    if (token === startId) wanted[blockNamed(layout, 'start').start] = 1;
    if (token >= tokens - separators)
      wanted[blockNamed(layout, 'separators').start + token - (tokens - separators)] = 1;
    for (const { name, initial } of registers) {
      const { start } = blockNamed(layout, name);
      initial[token]?.entries.forEach((entry, index) => (wanted[start + index] = entry));
    }
    const row = embedding.values.subarray(token * layout.width, (token + 1) * layout.width);
    if (!row.every((value, column) => value === wanted[column] || (token === startId && isPlace(column))))
      mistakes.push(`embedding: token ${token} does not hold its kind and relations`);
  }
  if (
    places.rows !== placesOf({ bounds }) ||
    !places.values.every((value, index) => value === 0 || isPlace(index % places.columns))
  )
    mistakes.push('places: the table does not cover all places, or writes beyond the block of places');
  return mistakes;
}

function layerMistakes(network: Network, program: RelationProgram): string[] {
  const steps = stepsOf(program.instructions);
  const { layers } = network;
  if (layers.length !== steps.length) return [`layers: ${layers.length} instead of ${steps.length}`];
  // Layers share blocks, so each is tried once.
  const tried = new Map<Mlp, Map<string, number>>();
  const errorOf = (mlp: Mlp, task: string, find: () => number): number => {
    const known = tried.get(mlp) ?? new Map<string, number>();
    tried.set(mlp, known);
    const error = known.get(task) ?? find();
    known.set(task, error);
    return error;
  };
  const allowed = entryError(network);
  return steps.flatMap(({ multiply, transition }, index) => {
    const layer = layers[index];
    if (layer === undefined) return [];
    const where = `layer ${index + 1}`;
    const names = ['product', 'rounding', ...(transition ? ['transition'] : [])];
    const blocks = layer.feedForward;
    if (!isHeadOf(layer, multiply, network)) return [`${where}: its head does not copy ${multiply.register}`];
    if (blocks.map(({ name }) => name).join() !== names.join())
      return [`${where}: its feed-forward blocks are not ${names.join(', ')}`];
    const register = blockNamed(network.layout, multiply.register);
    return blocks.flatMap(({ name, mlp }) => {
      if (mlp.activation !== network.activation) return [`${where}: ${name} is of ${mlp.activation}`];
      const find = (): number => {
        if (name === 'rounding') return roundingTrial(network, register, mlp);
        return transition && name === 'transition'
          ? transitionTrial(network, transition, program.registers, mlp)
          : 0;
      };
      const error = errorOf(mlp, `${name} ${register.name}`, find);
      return error <= allowed ? [] : [`${where}: ${name} is off by ${error.toPrecision(2)}`];
    });
  });
}

interface Step {
  readonly multiply: Extract<Instruction, { op: 'multiply' }>;
  readonly transition: Extract<Instruction, { op: 'transition' }> | undefined;
}

/** The steps of each layer. */
function stepsOf(instructions: readonly Instruction[]): Step[] {
  return instructions.flatMap((instruction, index) => {
    if (instruction.op !== 'multiply') return [];
    const next = instructions[index + 1];
    return [{ multiply: instruction, transition: next?.op === 'transition' ? next : undefined }];
  });
}

function isHeadOf({ head }: Layer, { register, source }: Step['multiply'], { layout }: Network): boolean {
  const block = blockNamed(layout, register);
  return (
    head.register === register &&
    head.source.among === source.among &&
    head.source.back === source.back &&
    head.value.from === block.start &&
    head.value.to === blockNamed(layout, 'copied').start &&
    head.value.size === blockSize(block)
  );
}

/**
 * Tries the read-out on full, empty and random relations. Sums must be 1/4 or more from the
 * threshold.
 */
function readoutMistakes(network: Network, { automaton, registers, reads }: RelationProgram): string[] {
  const { layout, readout, embedding } = network;
  const parts = reads.map(({ register }) => registers.find(({ name }) => name === register)?.states ?? []);
  if (JSON.stringify(readout.map(({ states }) => states)) !== JSON.stringify(parts))
    return ["readout: its states are not the automaton's"];
  const random = Random.fromSeed(1);
  const weights = readoutWeights(network);
  const isSeparator = (token: number): boolean => token > automaton.symbols.length;
  for (let attempt = 0; attempt < 10; attempt++)
    for (let token = 0; token < embedding.rows; token++) {
      const stream = streamOf(network, token);
      const density = attempt < 2 ? attempt : 0.5;
      for (const { name } of registers) fillRelation(stream, blockNamed(layout, name), { random, density });
      const wanted = reads.flatMap(({ register, row, anewAtSeparators }) => {
        const { start, columns } = blockNamed(layout, register);
        return columns.map((_, column) =>
          anewAtSeparators && isSeparator(token)
            ? column === row
            : stream[start + row * columns.length + column] === 1,
        );
      });
      const isRight = wanted.every((isReached, column) => {
        const sum = stream.reduce(
          (total, value, coordinate) =>
            total + value * (weights.values[coordinate * weights.columns + column] ?? 0),
          0,
        );
        return isReached ? sum >= 3 / 4 : sum <= 1 / 4;
      });
      if (!isRight) return ['readout: it names states that are not reached, or misses some that are'];
    }
  return [];
}
