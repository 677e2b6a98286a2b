// `bipe theory`, as a user runs it: from a file of an automaton and one of words to reachable
// states.

import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/engine/random/random';
import type { Automaton, BiNfa, Nfa, Word } from '../../lib/theory/automata/automaton';
import { formatAutomaton } from '../../lib/theory/automata/file';
import { randomBiNfa, randomNfa, randomWord } from '../../lib/theory/automata/random';
import { randomSegments } from '../support/automata';
import { simulate } from '../../lib/theory/automata/simulate';
import { bipe, temporaryFolder } from '../support/command';

const random = Random.fromSeed(7);
const bi = randomBiNfa(random, { subStates: 3, segmentStates: 2, symbols: 3, separators: 2, density: 0.4 });
const nfa = randomNfa(random, { states: 4, symbols: 3, density: 0.3 });

/** Log lines: an error opens an incident, which a line that begins with ok closes. */
const log: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['calm', 'incident'],
  segmentStart: 'calm',
  accept: ['calm'],
  subStates: ['start', 'fine', 'failed'],
  subStart: 'start',
  symbols: ['ok', 'error', 'text'],
  separators: ['\n'],
  subTransitions: [
    ['start', 'ok', 'fine'],
    ['start', 'error', 'failed'],
    ['fine', 'text', 'fine'],
    ['failed', 'text', 'failed'],
  ],
  segmentTransitions: [
    ['calm', 'fine', '\n', 'calm'],
    ['calm', 'failed', '\n', 'incident'],
    ['incident', 'fine', '\n', 'calm'],
    ['incident', 'failed', '\n', 'incident'],
  ],
};

function files(automaton: Automaton | string, words: readonly Word[] | string = []) {
  const folder = temporaryFolder();
  const paths = {
    folder,
    automaton: join(folder, 'a.json'),
    words: join(folder, 'w.jsonl'),
    out: join(folder, 'model'),
  };
  writeFileSync(paths.automaton, typeof automaton === 'string' ? automaton : formatAutomaton(automaton));
  const lines = typeof words === 'string' ? words : words.map((word) => `${JSON.stringify(word)}\n`).join('');
  writeFileSync(paths.words, lines);
  return paths;
}

const short = ['--max-segment', '4', '--max-segments', '5'];

function compile(paths: ReturnType<typeof files>, encoding: string, ...rest: readonly string[]) {
  return bipe([
    'theory',
    'compile',
    '--automaton',
    paths.automaton,
    '--encoding',
    encoding,
    ...short,
    ...rest,
    '--out',
    paths.out,
  ]);
}

function run({ out, words }: ReturnType<typeof files>) {
  return bipe(['theory', 'run', '--model', out, '--words', words]);
}

describe('bipe theory', () => {
  const segments = Array.from({ length: 30 }, (_, index) =>
    randomSegments(random, bi, { segments: index % 6, maxSegmentLength: 4 }),
  );
  const words = Array.from({ length: 30 }, (_, index) => randomWord(random, nfa.symbols, index % 25));

  it.each<[string, Automaton, readonly Word[], string, readonly string[]]>([
    ['bilevel', bi, segments, 'bipe', []],
    ['bilevel, with ReLU', bi, segments, 'bipe', ['--activation', 'relu']],
    ['bilevel, flattened', bi, segments, 'ape', []],
    ['bilevel, compact', bi, segments, 'compact', ['--max-length', '25']],
    ['flat', nfa, words, 'ape', ['--max-length', '24']],
  ])(
    'prints a line a word: the sorted states that are reachable after each prefix (%s)',
    (_, automaton, all, encoding, options) => {
      const paths = files(automaton, [[], ...all]);
      expect(compile(paths, encoding, ...options)).toMatchObject({ exitCode: 0, stderr: '' });
      const { exitCode, stdout } = run(paths);
      expect(exitCode).toBe(0);
      const printed = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
      expect(printed).toEqual([[], ...all].map((word) => simulate(automaton, word)));
    },
  );

  it('prints pairs of states by name', () => {
    const paths = files(log, [['error', 'text', '\n', 'ok', '\n']]);
    expect(compile(paths, 'bipe').exitCode).toBe(0);
    expect(run(paths).stdout).toBe(
      '[["calm,start"],["calm,failed"],["calm,failed"],["incident,start"],["incident,fine"],["calm,start"]]\n',
    );
  });

  it('says what the network is, and what is certain of it', () => {
    const paths = files(log);
    const { stdout } = compile(paths, 'bipe');
    for (const line of [
      /^automaton +bi-nfa; read out: 2 segment states, 3 sub-states$/m,
      /^words +up to 5 segments of 4 symbols$/m,
      /^depth +6 layers$/m,
      /^width +\d+: one 1, start 1, separators 1, place 6, sub relation 9, segment relation 4, copied 9$/m,
      /^hidden width +144$/m,
      /^weights +[\d,]+ that are not 0; largest [\d.e+]+, root of the sum of squares [\d.e+]+$/m,
      /^attention +the token to copy scores at least [\d.]+ above any other$/m,
      /^room +attention in float32 would be exact enough for [\d,]+ tokens; words have at most 26$/m,
      /^layer +gap +elsewhere +error at most +found +copies$/m,
      /^6 .* segment relation at the end of 4 segments before$/m,
      /^written to .*model: network\.json [\d.]+ kB, model\.safetensors [\d.]+ kB, certificate\.json [\d.]+ kB$/m,
    ])
      expect(stdout).toMatch(line);
    expect(readdirSync(paths.out).sort()).toEqual(['certificate.json', 'model.safetensors', 'network.json']);
    const certificate = JSON.parse(compile(paths, 'bipe', '--json').stdout) as Record<string, unknown>;
    expect(certificate).toMatchObject({ depth: 6, hidden: 144, mostTokens: 26, holds: true });
    expect(JSON.parse(readFileSync(join(paths.out, 'certificate.json'), 'utf8'))).toMatchObject({
      certificate,
    });
  });

  it('compiles sets of states, carried and spread, for either kind of automaton', () => {
    for (const encoding of ['carried', 'spread']) {
      const paths = files(log, [['ok', '\n', 'error']]);
      expect(compile(paths, encoding, '--max-length', '9').exitCode).toBe(0);
      expect(run(paths).stdout).toBe('[["calm,start"],["calm,fine"],["calm,start"],["calm,failed"]]\n');
    }
  });

  it('takes the words of so many segments where absolute positions are given no length', () => {
    expect(compile(files(log), 'ape').stdout).toMatch(/^words +up to 25 symbols$/m);
  });

  const changed = (changes: Partial<BiNfa>): string => JSON.stringify({ ...log, ...changes });

  it.each<[string, string | Nfa, readonly string[], RegExp]>([
    [
      'a state named twice',
      changed({ subStates: ['start', 'fine', 'start', 'failed'] }),
      ['bipe'],
      /a\.json: subStates\[2\]: sub-state "start" is named twice; rename or remove one/,
    ],
    [
      'a transition to a state that does not exist',
      changed({ subTransitions: [['start', 'ok', 'fin']] }),
      ['bipe'],
      /a\.json: subTransitions\[0\]: sub-state "fin" is not in subStates; did you mean "fine"\?/,
    ],
    [
      'a transition with a symbol outside the alphabet',
      changed({ subTransitions: [['start', 'eror', 'fine']] }),
      ['ape'],
      /a\.json: subTransitions\[0\]: symbol "eror" is not in symbols; did you mean "error"\?/,
    ],
    [
      'a separator that is also a symbol',
      changed({ separators: ['\n', 'ok'] }),
      ['bipe'],
      /a\.json: separators\[1\]: "ok" is also a symbol; rename one of them/,
    ],
    ['a file that is no JSON', '{"type": ', ['bipe'], /a\.json: not JSON/],
    [
      'bilevel positions for an NFA',
      nfa,
      ['bipe'],
      /--encoding bipe: .*a\.json is an NFA, which has no separators; compile it with --encoding ape, carried or spread/,
    ],
    [
      'the compact construction for an NFA',
      nfa,
      ['compact'],
      /--encoding compact: .*a\.json is an NFA, which has no separators; compile it with --encoding ape, carried or spread/,
    ],
    [
      'a length of a word for bilevel positions',
      changed({}),
      ['bipe', '--max-length', '9'],
      /--max-length: is for absolute positions; give --max-segment and --max-segments/,
    ],
    [
      'a length that is none',
      changed({}),
      ['ape', '--max-length', '0'],
      /--max-length: '0' is not a whole number from 1/,
    ],
    [
      'a number of segments that is none',
      changed({}),
      ['bipe', '--max-segments', 'many'],
      /--max-segments: 'many' is not a whole number from 1/,
    ],
    [
      'a length beyond all bounds',
      changed({}),
      ['ape', '--max-length', '99999999'],
      /99999999; it must be a whole number from 1 to 16,384/,
    ],
    [
      'an encoding that does not exist',
      changed({}),
      ['rope'],
      /'rope' is invalid.*ape, compact, carried, spread, bipe/,
    ],
  ])('refuses in one line, and writes nothing: %s', (_, automaton, [encoding = '', ...options], says) => {
    const paths = files(automaton);
    const { exitCode, stdout, stderr } = compile(paths, encoding, ...options);
    expect(stderr).toMatch(says);
    expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    });
    expect(existsSync(paths.out)).toBe(false);
  });

  it('refuses more than this machine has in one line with its numbers, and writes nothing', () => {
    const states = Array.from({ length: 30_000 }, (_, index) => `s${index}`);
    const paths = files({ ...nfa, states, start: 's0', accept: [], transitions: [] });
    const { exitCode, stdout, stderr } = compile(paths, 'ape');
    expect(stderr).toMatch(
      /^this network is too large for this machine: 5 layers of width 1,800,\d{3},\d{3}, [^\n]* are free; use fewer states[^\n]*\n$/,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(existsSync(paths.out)).toBe(false);
  });

  it('says before it compiles that it cannot write there', () => {
    const paths = files(log);
    const elsewhere = { ...paths, out: join(paths.automaton, 'model') };
    const { exitCode, stdout, stderr } = compile(elsewhere, 'ape', '--max-length', '600');
    expect(stderr).toMatch(/a\.json\/model: a file stands where a folder should be; choose another name\n$/);
    expect(stderr).not.toContain('certificate');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  it('removes what a killed one left half written', () => {
    const paths = files(log);
    mkdirSync(paths.out);
    writeFileSync(join(paths.out, 'model.safetensors.77-1.partial'), 'half');
    expect(compile(paths, 'bipe').exitCode).toBe(0);
    expect(readdirSync(paths.out).sort()).toEqual(['certificate.json', 'model.safetensors', 'network.json']);
  });

  it('says how large a network will be, and how far it is, where that takes more than a moment', () => {
    const states = Array.from({ length: 64 }, (_, index) => `s${index}`);
    const large = files({ ...nfa, states, start: 's0', accept: [], transitions: [] });
    const { stderr } = compile(large, 'ape', '--max-length', '9');
    expect(stderr).toMatch(
      /^compiling [^\n]*a\.json: 4 layers of width [\d,]+, [^\n]* of memory\n +certificate /,
    );
  });

  it('refuses words that the network was not compiled for in one line with their place, and prints none', () => {
    const paths = files(log);
    expect(compile(paths, 'bipe').exitCode).toBe(0);
    const refuse = (content: string): string => {
      writeFileSync(paths.words, content);
      const { exitCode, stdout, stderr } = run(paths);
      expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
        exitCode: 2,
        stdout: '',
        lines: 1,
      });
      return stderr;
    };
    expect(refuse('["ok"]\n["ok", "txt"]\n')).toMatch(
      /w\.jsonl:2: symbol 2, "txt", is not in the alphabet; did you mean "text"\?/,
    );
    expect(refuse(`["ok"]\n${JSON.stringify(Array(5).fill('ok'))}\n`)).toMatch(
      /w\.jsonl:2: 5 symbols in a segment, and the network was compiled for 4; compile it with --max-segment 5/,
    );
    expect(refuse(`${JSON.stringify(Array(6).fill('\n'))}\n`)).toMatch(
      /w\.jsonl:1: 6 segments, and the network was compiled for 5; compile it with --max-segments 6/,
    );
    expect(refuse('ok ok\n')).toMatch(/w\.jsonl:1: not JSON/);
  });

  it('refuses to write and to run a network that is not certified, unless told to', () => {
    const more = Array.from({ length: 12 }, (_, index) => `unused ${index}`);
    const paths = files({ ...log, subStates: [...log.subStates, ...more] }, [['ok']]);
    const compiled = compile(paths, 'bipe', '--max-segments', '16384');
    const why =
      /the network is certified for words of [\d,]+ tokens, not of 81,921; compile it for shorter words, or with --activation relu/;
    expect(compiled.exitCode).toBe(1);
    expect(compiled.stderr).toMatch(why);
    expect(compiled.stderr).toMatch(
      /a\.json: not written: .*; or write it all the same with --uncertified\n$/,
    );
    expect(compiled.stdout).toMatch(/^layer +gap/m);
    expect(existsSync(paths.out)).toBe(false);
    const written = compile(paths, 'bipe', '--max-segments', '16384', '--uncertified');
    expect(written.exitCode).toBe(0);
    expect(written.stdout).toMatch(/^not certified: the network is certified for words of/m);
    const refused = run(paths);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/model: not run: the network is certified/);
    expect(refused.stderr).toMatch(why);
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
    const told = bipe(['theory', 'run', '--model', paths.out, '--words', paths.words, '--uncertified']);
    expect(told).toMatchObject({ exitCode: 0, stdout: '[["calm,start"],["calm,fine"]]\n' });
  });

  it('names the states where they are too many for float32, whatever the length', () => {
    const states = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const paths = files({ ...nfa, states, start: 's0', accept: [], transitions: [['s0', 'a', 's1']] });
    const { exitCode, stderr } = compile(paths, 'ape', '--max-length', '2');
    expect(stderr).toMatch(
      /a\.json: not written: relations between 100 states are too large for float32: counts may be off by 0\.\d+, whatever the length of words; compile an automaton of fewer states, or with --activation relu; or write it all the same with --uncertified\n$/,
    );
    expect(exitCode).toBe(1);
  });

  it('refuses a model that is damaged or none', () => {
    const paths = files(log, [['ok']]);
    expect(run(paths)).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run(paths).stderr).toMatch(
      /network\.json: no such file; give a folder that npm run -s bipe -- theory compile wrote/,
    );
    compile(paths, 'bipe');
    truncateSync(join(paths.out, 'model.safetensors'), 1000);
    expect(run(paths)).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run(paths).stderr).toMatch(
      /model\.safetensors: not the file that certificate\.json is about; [^\n]*\n$/,
    );
  });

  it.each(['compile', 'run'])('has an example in the help of %s', (command) => {
    expect(bipe(['theory', command, '--help']).stdout).toMatch(/Example:\n {2}npm run -s bipe -- theory /);
  });
});
