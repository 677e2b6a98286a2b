import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { arithmeticSeparators } from '../../lib/data/arithmetic/vocabulary';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { saveCheckpoint } from '../../lib/model/files/checkpoint';
import { arithmeticModelSize, createDecoder } from '../../lib/model/config';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { encodingNamed } from '../../lib/positional/registry';
import { faultsOf } from '../data/arithmetic.reference';
import { bipe, temporaryFolder } from '../support/command';

describe('bipe arithmetic generate', () => {
  const lines = (...args: string[]): string[] => {
    const { exitCode, stdout } = bipe(['arithmetic', 'generate', ...args]);
    expect(exitCode).toBe(0);
    return stdout.trimEnd().split('\n');
  };

  it('prints an instance a line, each of them right', () => {
    const printed = lines('--operators', '4', '--count', '300', '--seed', '5');
    expect(printed.length).toBe(300);
    expect(printed.flatMap((line) => faultsOf(line, 11))).toEqual([]);
    expect(new Set(printed.map((line) => line.split(' = ').length - 1))).toEqual(new Set([1, 2, 3, 4]));
  });

  it('prints test instances of all operators, other ones than those of training', () => {
    const asked = ['--operators', '2', '--modulus', '3', '--count', '2000'];
    const expression = (line: string): string => line.split(' = ')[0] ?? '';
    const tested = lines(...asked, '--split', 'test').map(expression);
    const trained = new Set(lines(...asked, '--seed', '9').map(expression));
    expect(tested.filter((text) => trained.has(text))).toEqual([]);
  });

  it('prints JSON for machines', () => {
    const [line = ''] = lines('--operators', '1', '--count', '1', '--json');
    const { text, ids, operators, answer } = JSON.parse(line) as Record<string, unknown>;
    expect(operators).toBe(1);
    expect(String(text).split(' ').at(-1)).toBe(String(answer));
    expect((ids as number[]).at(-1)).toBe(2);
  });

  it.each([
    [['--operators', 'six'], /--operators: 'six' is not a whole number from 1; give e\.g\. --operators 6/],
    [['--count', '-1'], /--count: '-1' is not a whole number from 0/],
    [['--operators', '41'], /arithmetic operators 41: must be an integer from 1 to 40/],
    [['--modulus', '10'], /arithmetic modulus 10: must be a prime/],
    [['--split', 'dev'], /'dev' is invalid.*train, test/],
  ])('refuses in one line: %j', (args, says) => {
    const { exitCode, stdout, stderr } = bipe(['arithmetic', 'generate', ...args]);
    expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toMatch(says);
  });
});

describe('bipe arithmetic evaluate', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startEngine();
  });

  /** The folder of an untrained model. */
  async function checkpoint(vocabSize = 21): Promise<string> {
    const config = {
      ...arithmeticModelSize(16),
      vocabSize,
      encoding: encodingNamed('bipe_alibi'),
      separators: [arithmeticSeparators()],
    };
    const { parameters: specs } = createDecoder(config);
    const parameters = initialParameters(specs, config.initializerRange, Random.fromSeed(1));
    const folder = temporaryFolder();
    await saveCheckpoint(folder, config, parameters);
    disposeParameters(parameters);
    return folder;
  }

  function file(content: string): string {
    const path = join(temporaryFolder(), 'test.txt');
    writeFileSync(path, content);
    return path;
  }

  it('counts right answers, also by number of operators', async () => {
    const folder = await checkpoint();
    const questions = file(
      bipe(['arithmetic', 'generate', '--operators', '3', '--count', '40', '--mix', 'under']).stdout,
    );
    const args = ['arithmetic', 'evaluate', '--checkpoint', folder, '--file', questions, '--batch', '16'];
    const { exitCode, stdout } = bipe([...args, '--json']);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ questions: 40 });
    expect(result['accuracy']).toBeLessThan(0.5);
    expect(result['high']).toBeGreaterThan(Number(result['accuracy']));
    const groups = result['byOperators'] as { operators: number; questions: number }[];
    expect(groups.map(({ operators }) => operators)).toEqual([1, 2, 3]);
    expect(groups.reduce((sum, group) => sum + group.questions, 0)).toBe(40);
    expect(bipe(args).stdout).toMatch(
      /^operators +accuracy +95 % interval.*\n1 .*\n2 .*\n3 .*\nall .* 40\n$/,
    );
  });

  it('refuses files and models of another task in one line', async () => {
    const folder = await checkpoint();
    const evaluate = (model: string, questions: string): string => {
      const run = bipe(['arithmetic', 'evaluate', '--checkpoint', model, '--file', questions]);
      expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(run.stderr.trimEnd().split('\n').length).toBe(1);
      return run.stderr;
    };
    expect(evaluate(folder, file('7 + 5 = 1\n7 + 15 = 0\n'))).toMatch(/test\.txt:2: .*'15' is not a number/);
    expect(evaluate(folder, file('7 + 5\n'))).toMatch(/test\.txt:1: no '='/);
    expect(evaluate(folder, 'missing.txt')).toMatch(/missing\.txt: no such file/);
    expect(evaluate(await checkpoint(30), file('7 + 5 = 1\n'))).toMatch(/a vocabulary of 30 tokens is not/);
    expect(evaluate(temporaryFolder(), file('7 + 5 = 1\n'))).toMatch(/config\.json/);
  });
});

describe('--help of bipe arithmetic', () => {
  it.each(['generate', 'evaluate'])('has an example: %s', (command) => {
    expect(bipe(['arithmetic', command, '--help']).stdout).toMatch(
      /Example:\n {2}npm run -s bipe -- arithmetic /,
    );
  });
});
