// The gallery's pages as HTML text: the index, and a page for each result.

import { verdictOf } from '../../lib/experiments/run/findings';
import { unchanged } from '../../lib/experiments/settings/preset-names';
import { provenanceLine } from '../../lib/report/provenance-line';
import { toHtml, type Table } from '../../lib/report/tables';
import { escapeXml, stripMarkup } from '../../lib/report/text';
import { jsonInHtml } from '../page/document';
import { pageStyle } from './look';
import { type Showing } from './showings';
import { answerHtml, sourceWords, verdictCounts, verdictHtml } from './words';

/** What a page must say of itself, so that it may be replaced. */
export const generator = 'bipe-workbench: gallery';

/** Files beside the pages. */
export const siteFiles = {
  plotly: 'plotly.min.js',
  script: 'gallery.js',
  idea: 'idea.html',
  automaton: 'automaton-playground.html',
} as const;

/** Results of one item, the one to show first. */
export type Results = readonly [Showing, ...Showing[]];

function page(title: string, body: string, scripts = ''): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="${generator}"><title>${escapeXml(title)}</title><style>${pageStyle}</style></head>
<body>
${body}
<footer><p>Made by the BiPE workbench, which reproduces <cite>Two Stones Hit One Bird: Bilevel Positional Encoding for Better Length Extrapolation</cite> (He et al., ICML 2024, arXiv 2401.16421). The paper’s authors are not involved.</p></footer>
${scripts}</body>
</html>
`;
}

/** The sections of the index, each with the items whose names begin so. */
const sections: readonly (readonly [title: string, isIn: (id: string) => boolean])[] = [
  ['Figures', (id) => id.startsWith('fig') || id.startsWith('attention')],
  ['Tables', (id) => id.startsWith('table')],
  ['Theory', () => true],
];

/** The index: what each item asks, and its answer. */
export function indexPage(all: readonly Results[]): string {
  const listed = new Set<Results>();
  const lists = sections.map(([title, isIn]) => {
    const entries = all.filter((results) => !listed.has(results) && isIn(results[0].experiment.id));
    for (const results of entries) listed.add(results);
    return entries.length === 0
      ? ''
      : `<section aria-labelledby="h-${title}"><h2 id="h-${title}">${title}</h2><ul class="cards">${entries.map(card).join('\n')}</ul></section>`;
  });
  return page(
    'BiPE workbench: gallery',
    `<main><header><h1>Bilevel positional encoding</h1>
<p class="lead">BiPE gives each token two positions: its place inside a segment, such as a sentence, and the index of that segment. Each page below asks one question about it, and answers with figures to explore, tables, and a verdict on each of the paper’s claims.</p></header>
<section aria-labelledby="h-try"><h2 id="h-try">To try</h2><ul class="cards pages">
<li><h3><a href="${siteFiles.idea}">The idea in motion</a></h3><p>Type a sentence, see both positions of each token, and make the text longer than in training.</p></li>
<li><h3><a href="${siteFiles.automaton}">An automaton as a Transformer</a></h3><p>Edit a bilevel automaton and watch the Transformer that represents it, layer by layer.</p></li>
</ul></section>
${lists.join('\n')}</main>`,
  );
}

function card([first, ...others]: Results): string {
  const { experiment, name, findings } = first;
  const more = others.map(
    (other) => ` · <a href="${other.name}.html">${escapeXml(sourceWords(other).toLowerCase())}</a>`,
  );
  return `<li>${pictureOf(first, 'thumb')}<h3><a href="${name}.html">${escapeXml(experiment.title)}</a></h3>
<p>${escapeXml(experiment.question)}</p><p class="answer">${answerHtml(first)}</p>
<p class="counts">${findings.length === 0 ? '' : `${verdictCounts(findings)} · `}${escapeXml(sourceWords(first))}${more.join('')}</p></li>`;
}

/** The first figure as a picture; nothing where there is none. */
function pictureOf({ picture, name }: Showing, kind: 'thumb' | 'still'): string {
  if (picture === undefined) return '';
  // Beside its title a small picture says nothing new to those who cannot see it.
  const alt = kind === 'thumb' ? '' : descriptionOf(picture);
  const head = /<svg[^>]*>/.exec(picture)?.[0] ?? '';
  const [width, height] = ['width', 'height'].map(
    (side) => new RegExp(` ${side}="(\\d+)`).exec(head)?.[1] ?? '',
  );
  return `<img class="${kind}" src="pictures/${name}.svg" width="${width}" height="${height}" alt="${alt}"${kind === 'thumb' ? ' loading="lazy"' : ''}>`;
}

/** The description that an SVG carries, as it is written there. */
function descriptionOf(svg: string): string {
  return (/<desc[^>]*>([^<]*)<\/desc>/.exec(svg)?.[1] ?? '').replaceAll('"', '&quot;');
}

/** The page of a result, between the pages before and after it. */
export function itemPage(results: Results, showing: Showing, before?: Showing, after?: Showing): string {
  const { experiment, findings, tables, provenance, figures, preset } = showing;
  const link = (to: Showing | undefined, rel: 'prev' | 'next', sign: string): string =>
    to === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${to.name}.html">${rel === 'prev' ? `${sign} ` : ''}${escapeXml(shortTitle(to))}${rel === 'next' ? ` ${sign}` : ''}</a>`;
  const others = results.filter((other) => other !== showing);
  const also = others.map((other) => `<a href="${other.name}.html">${escapeXml(sourceWords(other))}</a>`);
  const named = preset === 'quick' ? '' : ` --preset ${unchanged(preset)}`;
  const shown = figures.map(({ id, data, screen }) => ({ id, data, layout: screen }));
  const scripts =
    figures.length === 0
      ? ''
      : `<script type="application/json" id="source">${jsonInHtml(shown)}</script>
<script src="${siteFiles.plotly}"></script>
<script src="${siteFiles.script}"></script>
`;
  return page(
    `${experiment.title} · BiPE workbench`,
    `<nav aria-label="Pages">${link(before, 'prev', '←')}<a href="index.html">All results</a>${link(after, 'next', '→')}</nav>
<main><header><h1>${escapeXml(experiment.title)}</h1><p class="lead">${escapeXml(experiment.question)}</p></header>
<p class="answer takeaway">${answerHtml(showing)}</p>
<p class="counts">${findings.length === 0 ? '' : `${verdictCounts(findings)} · `}<b>${escapeXml(sourceWords(showing))}</b>${also.length === 0 ? '' : ` · Also: ${also.join(', ')}`}</p>
${figuresHtml(showing)}
${findingsHtml(showing)}
${tables.map((table, index) => tableHtml(table, index === 0)).join('\n')}
<section aria-labelledby="h-source"><h2 id="h-source">Where this comes from</h2>
${findings.length === 0 ? '' : `<p><b>The paper:</b> ${escapeXml(experiment.claim)}</p>`}
<p>${escapeXml(provenance.scale)}</p>
<p class="provenance">${escapeXml(provenanceLine(provenance))}</p>
<p>The same on your machine: <code>npm run reproduce -- ${escapeXml(experiment.id)}${escapeXml(named)}</code>. To change its settings: <code>npm start</code>, then <code>${escapeXml(experiment.notebook)}</code>.</p></section></main>`,
    scripts,
  );
}

function shortTitle({ experiment: { title } }: Showing): string {
  return title.split(':')[0] ?? title;
}

function figuresHtml(showing: Showing): string {
  const { figures, picture } = showing;
  if (figures.length === 0)
    return picture === undefined
      ? ''
      : `<figure><div class="plot">${pictureOf(showing, 'still')}</div><figcaption>A still picture: this result was published without its figure as data.</figcaption></figure>`;
  return figures
    .map(({ id, title, caption, alt }, index) => {
      const still = index === 0 ? pictureOf(showing, 'still') : '';
      const fallback =
        still === '' ? `<p class="still">${escapeXml(stripMarkup(title))}: drawn by a script.</p>` : still;
      return `<figure><div class="plot" id="plot-${id}" role="group" aria-label="${escapeXml(stripMarkup(alt))}" tabindex="0">${fallback}</div><figcaption>${escapeXml(stripMarkup(caption))}</figcaption></figure>`;
    })
    .join('\n');
}

function findingsHtml({ findings }: Showing): string {
  if (findings.length === 0) return '';
  const rows = findings.map(
    (finding) =>
      `<tr><td>${escapeXml(finding.claim)}</td><td>${verdictHtml(verdictOf(finding))}</td><td>${escapeXml(finding.measured)}</td></tr>`,
  );
  return `<section aria-labelledby="h-findings"><h2 id="h-findings">What holds in this run</h2><div class="wide" tabindex="0" role="group" aria-label="Table of verdicts"><table class="findings"><thead><tr><th scope="col">Claim</th><th scope="col">Verdict</th><th scope="col">Measured</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div></section>`;
}

function tableHtml(table: Table, isOpen: boolean): string {
  const rows = `${table.rows.length} ${table.rows.length === 1 ? 'row' : 'rows'}`;
  return `<details${isOpen ? ' open' : ''}><summary>${escapeXml(table.title)} <span>${rows}</span></summary><div class="wide" tabindex="0" role="group" aria-label="${escapeXml(table.title)}">${toHtml(table)}</div></details>`;
}
