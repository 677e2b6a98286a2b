// The page as HTML text: a frame that stays, and panels that are redrawn after each action. Both
// depend on the state alone, so the page is the same in a browser and in Node.js.

import { encodingStyles } from '../../lib/report/style';
import { escapeXml } from '../../lib/report/text';
import { playButton } from '../page/icons';
import { scorePanels } from './attention';
import { growthCharts, growthWords } from './growth';
import { endings, mostTokens } from './reading';
import { heads, type IdeaState, timesOf } from './state';
import { positionsTable, queryWords } from './table';

/** The title of the document. */
export const title = 'BiPE in motion: two positions for each token';

/** The frame: texts, fields, places of panels. */
export function bodyHtml({ text }: IdeaState): string {
  const choices = endings.map(
    (ending) => `<option value="${escapeXml(ending)}">${escapeXml(ending)}</option>`,
  );
  const headNames = Array.from(
    { length: heads },
    (_, head) => `<option value="${head}">${head + 1}</option>`,
  );
  return `<main>
<header><h1>Two positions for each token</h1>
<p class="lead">By itself, attention treats all earlier tokens alike, whatever their order. A positional encoding tells them apart, usually by one number for each token. <b>BiPE</b> (bilevel positional encoding) uses two: the place inside a segment, such as a sentence, and the index of that segment.</p></header>
<section aria-labelledby="h-text"><h2 id="h-text"><span class="step">1</span> Type a text, see its positions</h2>
<div class="fields"><div class="field text"><label for="text">Text</label><textarea id="text" rows="2" maxlength="600" autocomplete="off" spellcheck="false">${escapeXml(text)}</textarea></div>
<div class="field"><label for="ending">A segment ends at</label><select id="ending">${choices.join('')}</select></div></div>
<p id="left-out" class="note" aria-live="polite"></p>
<div id="positions" class="scroll" tabindex="0" role="group" aria-label="Table of positions"></div>
<div class="player"><span id="play-query"></span><p id="query-words" aria-live="polite"></p></div>
<p class="note">Words and marks are tokens here; the paper’s models use the smaller tokens of Llama 2. The library computes these positions with the same function.</p></section>
<section aria-labelledby="h-length"><h2 id="h-length"><span class="step">2</span> Make it longer than in training</h2>
<p>Suppose a model was trained on texts of this length, and now reads a longer one. Bands mark the values that it has seen; dashes are new to it.</p>
<div class="player"><span id="play-length"></span><input id="length" type="range" step="1" aria-label="Tokens of the longer text"><output id="times" for="length"></output></div>
<div id="growth" class="figures"></div>
<p id="growth-words" class="takeaway" aria-live="polite"></p>
<p class="note">BiPE extrapolates, too, but only in the number of segments: their length does not grow. What that is worth to trained models is measured, not drawn: see Figure 4 of the workbench.</p></section>
<section aria-labelledby="h-scores"><h2 id="h-scores"><span class="step">3</span> What attention gets to see</h2>
<p>Scores before the softmax, if all tokens are identical: any difference comes from position. Rows are queries, columns are keys. The text has the length chosen above.</p>
<div class="choice"><fieldset><legend>Encodings</legend>
<label><input type="radio" name="family" value="rope" checked> ${encodingStyles.rope.name} and ${encodingStyles.bipe_rope.name}</label>
<label><input type="radio" name="family" value="alibi"> ${encodingStyles.alibi.name} and ${encodingStyles.bipe_alibi.name}</label></fieldset>
<div class="field" id="head-field"><label for="head">Head of ${heads}</label><select id="head">${headNames.join('')}</select></div></div>
<div class="figures">${map('one')}${map('two')}
<figure><figcaption><b>Scores of the last token</b> <span>dashed: one level, solid: two</span></figcaption><div id="curves"></div><p>The band is the length of training.</p></figure></div>
<p class="note">With BiPE all pairs of two segments have the same score, and inside a segment there is one score: there the order comes from the place, which a learned table adds to the embedding. RoPE here: head width 64, base 10,000, all pairs of components alike. BiPE-ALiBi multiplies ALiBi’s slopes by 96, as the released code does.</p></section>
</main>`;
}

function map(which: 'one' | 'two'): string {
  return `<figure><figcaption id="map-${which}-title"></figcaption><div class="map"><canvas id="map-${which}" width="1" height="1" role="img" aria-labelledby="map-${which}-title" aria-describedby="map-${which}-words"></canvas><div id="map-${which}-edge"></div></div><p id="map-${which}-words"></p></figure>`;
}

/** The changing panels, by the id of their place. */
export function panels(state: IdeaState): Readonly<Record<string, string>> {
  const { leftOut, playing, longer } = state;
  return {
    'left-out':
      leftOut === 0 ? '' : `The first ${mostTokens} tokens are shown; ${leftOut} more are left out.`,
    positions: positionsTable(state),
    'play-query': playButton('play-query-button', playing === 'query'),
    'query-words': queryWords(state),
    'play-length': playButton('play-length-button', playing === 'length'),
    times: `${longer.tokens.length} tokens, ${timesOf(state).toFixed(1)} × training`,
    growth: growthCharts(state),
    'growth-words': growthWords(state),
    ...scorePanels(state),
  };
}
