// The page as HTML text: a frame that stays, and panels that are redrawn after each action. Both
// depend on the state alone, so the page is the same in a browser and in Node.js, where it is made
// and tested.

import { escapeXml } from '../../lib/report/text';
import { iconButton, playButton } from '../page/icons';
import {
  fieldHtml,
  segmentCard,
  segmentDiagram,
  segmentSwitches,
  subCard,
  subDiagram,
  subSwitches,
} from './editor';
import { factsHtml } from './facts';
import { agreement, isAccepting, reachedAt, type Scene, startSign, tokenName } from './scene';
import { scoreLabels, scoreLegend, scoreSvg } from './score';
import type { PageState } from './state';
import { streamHtml } from './stream';

/** The frame: introduction, the places of panels, the fields, the buttons. */
export function bodyHtml(state: PageState): string {
  const { draft, examples } = state;
  const options = examples.map(
    (example, index) => `<option value="${index}">${escapeXml(example.name)}</option>`,
  );
  return `<div class="opening">
<h1>An automaton and the Transformer that represents it</h1>
<p class="introduction">The automaton reads a word on two levels: the sub-level reads the symbols of a segment, and at a separator the segment level moves. The Transformer below finds the same states by attention: its first layers join tokens of a segment, the later ones join segments. Press <b>Play</b>: after each token, the states read from the network are compared with those that a simulator reaches.</p>
<div class="row inputs">
<div class="field example"><label for="example">Example</label><select id="example"><option value="">your own</option>${options.join('')}</select></div>
${fieldHtml('word', draft)}${fieldHtml('maxSegmentLength', draft)}${fieldHtml('maxSegments', draft)}
</div>
<p id="about" class="note"></p>
</div>
<header>
<div class="player" role="group" aria-label="Player">
${iconButton('segment-back', 'one segment back (Page Up)', 'M7 5v14M18 5l-8 7 8 7z')}
${iconButton('token-back', 'one token back (left arrow)', 'M17 5l-10 7 10 7z')}
<span id="play-place"></span>
${iconButton('token-on', 'one token on (right arrow)', 'M7 5l10 7-10 7z')}
${iconButton('segment-on', 'one segment on (Page Down)', 'M17 5v14M6 5l8 7-8 7z')}
<input id="place" type="range" min="0" step="1" aria-label="Token">
<label class="speed"><span>Speed</span> <select id="speed"><option value="1600">slow</option><option value="800" selected>medium</option><option value="350">fast</option></select></label>
</div>
<div class="line"><p id="status" aria-live="polite"></p><p class="keys">← → token, Page ↑ ↓ segment, space plays</p></div>
</header>
<main>
<section aria-labelledby="h-attention" class="attention"><h2 id="h-attention">Copies by layer, and the read-out</h2>
<p id="verdict"></p><div class="score-frame"><div id="score-labels"></div><div id="score" class="scroll" tabindex="0" role="group" aria-label="Copies by layer"></div></div><p class="note">${scoreLegend}</p></section>
<section aria-labelledby="h-automaton" class="automaton"><h2 id="h-automaton">The automaton</h2>
<p class="note">Filled states are reached; the current token takes the thick arrows. Change anything: the Transformer is recompiled at once.</p>
<div class="cards">${subCard(draft)}${segmentCard(draft)}</div></section>
<section aria-labelledby="h-stream" class="residual"><h2 id="h-stream">The residual stream of the current token</h2>
<p class="note">The residual stream is the vector of each token that all layers read and add to. A relation has a 1 where its row’s state leads to its column’s. Attention puts the relation of an earlier token into <b>copied</b>. The feed-forward blocks multiply it by the token’s own, which counts ways, and round each count to 0 or 1. The framed row is the start’s, which is read out.</p>
<p id="changed"></p><div id="stream"></div></section>
<section aria-labelledby="h-facts" class="certificate"><h2 id="h-facts">The certificate, from the weights</h2><div id="facts"></div></section>
</main>`;
}

/** The changing panels, by the id of their place. */
export function panels(state: PageState): Readonly<Record<string, string>> {
  const { scene, before, token, isPlaying, examples, example } = state;
  return {
    'play-place': playButton('play', isPlaying),
    about: example === undefined ? 'Your own automaton or word.' : escapeXml(examples[example]?.about ?? ''),
    status: statusHtml(scene, token),
    'sub-diagram': subDiagram(scene, token),
    'segment-diagram': segmentDiagram(scene, token),
    'sub-switches': subSwitches(scene, token),
    'segment-switches': segmentSwitches(scene, token),
    verdict: verdictHtml(scene),
    'score-labels': scoreLabels(scene),
    score: scoreSvg(scene, token),
    stream: streamHtml(scene, token, before),
    changed: before === undefined ? '' : changedText(scene, before),
    facts: factsHtml(scene),
  };
}

/** The current token and the states reached after it. */
function statusHtml(scene: Scene, token: number): string {
  const { automaton, simulated, trace, isSeparator, segments } = scene;
  const { segment, sub } = reachedAt(scene, simulated, token);
  const setOf = (names: readonly string[], reached: readonly boolean[]): string =>
    `{${escapeXml(names.filter((_, index) => reached[index]).join(', '))}}`;
  const place =
    token === 0
      ? `Before the word, at ${startSign}`
      : `Token ${token} of ${trace.tokens - 1}, <code>${escapeXml(tokenName(scene, token))}</code>, ${isSeparator[token] === true ? 'which ends' : 'in'} segment ${(segments[token] ?? 0) + 1}`;
  const sets = segment.includes(true)
    ? `<b>${setOf(automaton.segmentStates, segment)} × ${setOf(automaton.subStates, sub)}</b>`
    : '<b>no state</b>';
  return `${place}: reached ${sets}${isAccepting(scene, token) ? ', accepting' : ''}.`;
}

/** Names the tokens after which the last edit changed the reached states. */
function changedText(scene: Scene, before: Scene): string {
  const states = scene.simulated.length / scene.trace.tokens;
  const others = Array.from({ length: scene.trace.tokens }, (_, token) => token).filter((token) =>
    scene.simulated
      .subarray(token * states, (token + 1) * states)
      .some((value, state) => value !== before.simulated[token * states + state]),
  );
  const reached =
    others.length === 0
      ? 'the reached sets of this word are the same'
      : `the reached set differs after ${others.length === 1 ? 'token' : 'tokens'} ${others.join(', ')}`;
  return `Outlined: entries that the last edit changed; ${reached}.`;
}

function verdictHtml(scene: Scene): string {
  const agree = agreement(scene);
  const wrong = agree.flatMap((isRight, token) => (isRight ? [] : [token]));
  const caveat = scene.certificate.holds ? '' : ' The certificate does not hold for every word.';
  const where = agree.length === 1 ? 'Before the word' : `After each of the ${agree.length} prefixes`;
  return wrong.length === 0
    ? `<span class="right">✓ ${where} the network’s set equals the simulator’s.</span>${caveat}`
    : `<span class="wrong">✗ The network’s set differs from the simulator’s after token ${wrong.join(', ')}.</span>${caveat}`;
}
