import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BiNfa } from '../../../lib/theory/automata/automaton';
import { automatonPage, showAutomatonPage } from '../../../apps/automaton-page/document';
import { pageExamples } from '../../../apps/automaton-page/examples';

const hook = Symbol.for('bipe.display');
const own: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['s'],
  segmentStart: 's',
  accept: ['s'],
  subStates: ['</script><b>'],
  subStart: '</script><b>',
  symbols: ['a'],
  separators: [';'],
  subTransitions: [['</script><b>', 'a', '</script><b>']],
  segmentTransitions: [],
};

describe('the page as a document', () => {
  it('takes fields in any order', async () => {
    const { separators, ...others } = own;
    const reordered = { separators, ...others };
    await expect(automatonPage({ automaton: reordered, word: [] })).resolves.toContain('<!doctype html>');
  });

  it('needs nothing but itself, and stays below 1 MiB', async () => {
    const page = await automatonPage();
    expect(page.length).toBeLessThan(2 ** 20);
    expect(page).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//);
    expect(page).not.toMatch(/@import|require\(|\bimport\(/);
  });

  it('is drawn before any script runs', async () => {
    const page = await automatonPage({ example: 'Parity of parities' });
    const body = page.slice(0, page.indexOf('<script'));
    expect(body).toContain('the network’s set equals the simulator’s');
    for (const state of ['EVEN', 'ODD', 'even', 'odd']) expect(body).toContain(`>${state}</text>`);
  });

  it('lets no name end a script or be markup', async () => {
    const page = await automatonPage({ automaton: own, word: ['a', ';'] });
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).not.toContain('<b></');
    const json = /<script type="application\/json" id="source">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual({
      automaton: own,
      word: ['a', ';'],
      bounds: { maxSegmentLength: 3, maxSegments: 8 },
    });
  });

  it('reaches for nothing and runs its own script alone', async () => {
    const page = await automatonPage({ automaton: own, word: ['a', ';'] });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const script = /<script>(.*)<\/script>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${hash}'`,
      "style-src 'unsafe-inline'",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it.each([
    [
      'an example that there is not',
      { example: 'x' },
      /^example: no "x"; there are "Alarm in a log", "Parity of parities"/,
    ],
    [
      'a word beyond the bounds',
      { automaton: own, word: ['a', 'a'], maxSegmentLength: 1 },
      'word: a segment of 2 symbols, and 1 are allowed for; raise the bound or shorten the word',
    ],
    [
      'an automaton that is not sound',
      { automaton: { ...own, accept: ['t'] }, word: [] },
      'automaton: accept[0]: segment state "t" is not in segmentStates; known: "s"',
    ],
    [
      'names with blanks',
      { automaton: { ...own, segmentStates: ['s', 's t'] }, word: [] },
      'automaton: "s t" has a blank, which separates names on the page; rename it',
    ],
    [
      'a symbol that is a blank',
      { automaton: { ...own, symbols: ['a', '\n'] }, word: [] },
      'automaton: "\\n" has a blank, which separates names on the page; rename it',
    ],
  ])('refuses %s in one line', async (_, options, message) => {
    await expect(automatonPage(options)).rejects.toThrow(message);
  });

  it('is shown in a frame of its own in a notebook, and nowhere else', async () => {
    const bundles: Record<string, string>[] = [];
    await showAutomatonPage();
    expect(bundles).toEqual([]);
    Object.assign(globalThis, { [hook]: (bundle: Record<string, string>) => bundles.push(bundle) });
    try {
      await showAutomatonPage({ example: pageExamples[1]?.name ?? '' }, 700);
    } finally {
      Reflect.deleteProperty(globalThis, hook);
    }
    const [bundle] = bundles;
    expect(bundle?.['text/html']).toMatch(
      /<iframe [^>]*srcdoc="&lt;!doctype html&gt;[^"]*" sandbox="allow-scripts"/,
    );
    expect(bundle?.['text/html']).toContain('height:700px');
  });
});
