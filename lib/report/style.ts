// The one visual style of all figures: colours by meaning, dashes and markers that carry the same
// meaning in black and white, fonts and sizes. A figure never picks a colour: it says what a line
// stands for.

import { ownEntry } from '../base/own';

/**
 * How one series is drawn, the same in every figure. Two series of one family differ in colour,
 * dash and marker.
 */
export interface SeriesStyle {
  /** Its name in legends. */
  readonly name: string;
  readonly color: string;
  /** plotly's dash: `solid`, or lengths of dashes and gaps in px. */
  readonly dash: string;
  /** plotly's marker symbol. */
  readonly symbol: string;
  /** plotly's pattern for bars and areas, so that they differ without colour. */
  readonly pattern: string;
}

/** Text, lines and grid: dark enough to print, light enough to stay behind the data. */
export const ink = {
  text: '#1C1C1C',
  muted: '#5A5A5A',
  axis: '#8A8A8A',
  grid: '#E6E6E6',
  paper: '#FFFFFF',
} as const;

/** Colours of what is good, bad or open in a text on a page: JupyterLab's, by its theme. */
export const toneColors = {
  good: 'var(--jp-success-color1, #2E7D32)',
  bad: 'var(--jp-error-color1, #C62828)',
  open: 'var(--jp-ui-font-color2, #5A5A5A)',
} as const;

/** What a value says to the reader. */
export type Tone = keyof typeof toneColors;

/** Sizes in px; a page-wide figure printed at 6.75 inches shows 14 px as 7.7 pt. */
export const fontSize = {
  title: 18,
  subtitle: 14,
  panel: 14,
  label: 14,
  tick: 12,
  legend: 14,
  footer: 10.5,
} as const;

/**
 * Fonts present on the usual systems, narrow ones first; all but the last share Helvetica's letter
 * widths.
 */
export const fontFamily = 'Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif';

/** Widths of a figure in px: two columns of a paper (or a slide, or a notebook), and one column. */
export const figureWidth = { page: 880, column: 440 } as const;

/** Widths in px between which a figure in a notebook fills its cell. */
export const screenWidth = { least: 640, most: 1200 } as const;

const style = (name: string, color: string, dash: string, symbol: string, pattern: string): SeriesStyle => ({
  name,
  color,
  dash,
  symbol,
  pattern,
});

/**
 * The positional encodings. Blue is RoPE between segments, red to amber ALiBi; the bilevel form is
 * the dark, solid line with filled markers, its one-level form lighter, dashed, with open markers.
 * Any two are at least 0.09 apart in OKLab for normal, protan, deutan and tritan vision, and all
 * have a contrast of 3:1 with white.
 */
export const encodingStyles = {
  bipe_rope: style('BiPE-RoPE', '#173A7D', 'solid', 'circle', ''),
  rope: style('RoPE', '#2C96EE', '9px,4px', 'circle-open', '/'),
  bipe_alibi: style('BiPE-ALiBi', '#B01E0A', 'solid', 'square', ''),
  alibi: style('ALiBi', '#C48A0A', '5px,3px', 'square-open', '\\'),
  sinusoidal: style('Sinusoidal', '#55846A', '2px,3px', 'triangle-up', '.'),
  learned: style('Learned APE', '#1C1C1C', '14px,3px,3px,3px,3px,3px', 'triangle-down', 'x'),
  xpos: style('xPos', '#A834A8', '9px,3px,3px,3px', 'diamond', '-'),
  t5: style('T5 bias', '#8A14F0', '16px,5px', 'cross', '|'),
  randomized_rope: style('Randomized RoPE', '#F24FB4', '16px,4px,3px,4px', 'diamond-open', '/'),
  none: style('NoPE', '#56565C', '2px,6px', 'x', '+'),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

/**
 * Encodings that no figure of the paper's has. More colours than the ten above cannot be told
 * apart, so these share their hues; marker and dash are their own.
 */
export const furtherEncodingStyles = {
  kerple: style('KERPLE', '#4A2E00', '5px,3px,2px,3px', 'hexagon-open', '/'),
  fire: style('FIRE', '#C02A5A', '2px,2px', 'pentagon', '\\'),
  randomized_alibi: style(
    'ALiBi at random positions',
    '#8A9A00',
    '16px,4px,3px,4px',
    'star-square-open',
    'x',
  ),
  randomized_sinusoidal: style(
    'Randomized sinusoidal',
    '#1F6F9E',
    '9px,3px,2px,3px,2px,3px',
    'hourglass',
    '-',
  ),
  cope: style('CoPE', '#3300BB', '12px,3px', 'triangle-left', '|'),
  gated_alibi: style('ALiBi over gated segments', '#000044', '6px,2px,1px,2px', 'star-triangle-up', '\\'),
  hope: style('HoPE (hyperbolic)', '#DD44FF', '3px,2px,9px,2px', 'triangle-right', '.'),
  nope_window: style('NoPE, window', '#665500', '4px,4px', 'bowtie', '+'),
  partial_rope: style('Partial RoPE', '#1199AA', '12px,3px,2px,3px', 'circle-x', ''),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

const OWN_GREYS = ['#1C1C1C', '#6A6A6A', '#3F3F3F', '#8A8A8A'] as const;
const OWN_DASHES = ['2px,3px', '6px,2px', '12px,2px,2px,2px', '4px,6px'] as const;
const OWN_SYMBOLS = ['star', 'star-open', 'hexagram', 'hexagram-open'] as const;
const OWN_PATTERNS = ['.', 'x', '+', ''] as const;

/**
 * How an encoding of the registry is drawn, by its name there. Those of the reader's own are broken
 * grey lines with stars.
 *
 * @param among the names of all encodings of the figure: the reader's own are told apart by their
 *   order
 */
export function encodingStyle(name: string, among: readonly string[] = [name]): SeriesStyle {
  const styles: Readonly<Record<string, SeriesStyle>> = { ...encodingStyles, ...furtherEncodingStyles };
  const place = among.filter((other) => !hasEncodingStyle(other)).indexOf(name);
  const cycle = (list: readonly string[]): string => list[Math.max(0, place) % list.length] ?? '';
  return (
    ownEntry(styles, name) ??
    style(name, cycle(OWN_GREYS), cycle(OWN_DASHES), cycle(OWN_SYMBOLS), cycle(OWN_PATTERNS))
  );
}

/**
 * True for an encoding that has a style of its own; the others are the reader's.
 */
export function hasEncodingStyle(name: string): boolean {
  return Object.hasOwn(encodingStyles, name) || Object.hasOwn(furtherEncodingStyles, name);
}

/** The kinds of text. */
export const modalityStyles = {
  books: style('Books', '#00599C', 'solid', 'circle', ''),
  papers: style('Papers', '#D55E00', '9px,4px', 'square', '/'),
  code: style('Code', '#009E73', '2px,3px', 'diamond', 'x'),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

/** Where segments end: the caption's separators and the released code's. */
export const separatorStyles = {
  paper: style('Full stop and newline', '#3B3B8F', 'solid', 'circle', ''),
  released: style('Newline (released code)', '#B8651B', '9px,4px', 'square-open', '/'),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

/**
 * How RoPE is scaled to reach beyond its training length; `trained` is the model before anything is
 * done to it. No encoding with RoPE has these colours, since a panel of RoPE and one of BiPE-RoPE
 * have all of them.
 */
export const scalingStyles = {
  trained: style('As trained', '#1C1C1C', '2px,3px', 'circle-open', '.'),
  none: style('Finetuned, not scaled', '#808080', '9px,4px', 'x', '+'),
  yarn: style('YaRN', '#005C1F', 'solid', 'triangle-up', ''),
  linear: style('Linear interpolation', '#B8651B', '5px,3px', 'triangle-down-open', '/'),
  dynamic: style('Dynamic NTK', '#8C2F7F', '9px,3px,3px,3px', 'hexagon', 'x'),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

/**
 * The two levels of a bilevel automaton, and what the compiled network holds of each. Dark enough
 * for white text.
 */
export const levelStyles = {
  sub: style('Sub-level', '#A85A12', '9px,4px', 'square-open', '/'),
  segment: style('Segment level', '#173A7D', 'solid', 'circle', ''),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

/** The constructions of Theorem 3.2; bilevel positions have the colour of bilevel encodings. */
export const constructionStyles = {
  bipe: style('Bilevel positions', '#173A7D', 'solid', 'circle', ''),
  compact: style('Absolute positions, compact', '#009E73', '9px,4px', 'triangle-up', '/'),
  ape: style('Absolute positions, flattened', '#1C1C1C', '14px,3px,3px,3px,3px,3px', 'triangle-down', 'x'),
  carried: style('Absolute positions, set carried', '#D06A00', '5px,3px', 'square-open', '.'),
  spread: style('Absolute positions, columns spread', '#A834A8', '2px,3px', 'diamond-open', '-'),
} as const satisfies Readonly<Record<string, SeriesStyle>>;

const RAMP = ['#D0A92B', '#6BA547', '#1F8F7D', '#2B6C93', '#43488A', '#440F54'] as const;
/** The ramp of lines and markers, for which the maps' first colours are too near to paper. */
const LINE_RAMP = ['#B8860B', '#3C9466', '#1F7F86', '#2A6298', '#43408A', '#440F54'] as const;
const DASHES = ['solid', '9px,4px', '2px,3px', '9px,3px,3px,3px', '16px,5px', '16px,4px,3px,4px'] as const;
const SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'x'] as const;
const PATTERNS = ['', '/', 'x', '.', '-', '|'] as const;

/**
 * Styles for an ordered quantity (sequence lengths, model sizes): light to dark as it grows.
 *
 * @param names the values in order, as a legend calls them
 */
export function orderedStyles(names: readonly string[]): SeriesStyle[] {
  return names.map((name, index) => {
    const place = names.length === 1 ? 1 : index / (names.length - 1);
    const cycle = (list: readonly string[]): string => list[index % list.length] ?? '';
    return style(name, rampColor(place), cycle(DASHES), cycle(SYMBOLS), cycle(PATTERNS));
  });
}

/**
 * The colour at `place` (0, light, to 1, dark) of the ramp of ordered lines: lightness falls, so it
 * prints in grey.
 */
export function rampColor(place: number): string {
  return colorBetween(LINE_RAMP, place);
}

/** The colour at `place` (0 to 1) of colours at even distances. */
function colorBetween(colors: readonly string[], place: number): string {
  const position = Math.min(1, Math.max(0, place)) * (colors.length - 1);
  const below = Math.min(Math.floor(position), colors.length - 2);
  return mix(colors[below] ?? ink.paper, colors[below + 1] ?? ink.paper, position - below);
}

function mix(from: string, to: string, share: number): string {
  const ends = channels(to);
  const mixed = channels(from).map((value, index) =>
    Math.round(value + share * ((ends[index] ?? 0) - value)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`.toUpperCase();
}

/** plotly's colour scale: places from 0 to 1 with their colours. */
export type ColorScale = readonly (readonly [place: number, color: string])[];

/** The colour at `place` (0 to 1) of a colour scale, as plotly mixes it. */
export function scaleColor(scale: ColorScale, place: number): string {
  const within = Math.min(1, Math.max(0, place));
  const next = Math.max(
    1,
    scale.findIndex(([end]) => end >= within),
  );
  const [[start, from], [end, to]] = [scale[next - 1] ?? [0, ink.paper], scale[next] ?? [1, ink.paper]];
  return mix(from, to, (within - start) / (end - start));
}

/**
 * Black or white, whichever stands out from `color` more, on paper and in a dark theme together.
 */
export function inkOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.3 ? '#000000' : '#FFFFFF';
}

const HEAT = ['#FFFFFF', ...RAMP];

/** plotly's colour scale of the ordered ramp, for heat maps: light is small. */
export const heatScale = scaleOf(HEAT);

/** The colour at `place` (0 to 1) of the heat scale, for its legend. */
export function heatColor(place: number): string {
  return colorBetween(HEAT, place);
}

const TINTED = ['#F4F1E4', ...RAMP];

/** The same for maps with cells that have no value, which are white: the smallest value is not. */
export const tintedHeatScale = scaleOf(TINTED);

/** The colour at `place` (0 to 1) of the tinted scale, for its legend. */
export function tintedHeatColor(place: number): string {
  return colorBetween(TINTED, place);
}

function scaleOf(colors: readonly string[]): ColorScale {
  return colors.map((color, index) => [index / (colors.length - 1), color]);
}

/** A colour with an opacity of 0 to 1, for bands and areas. */
export function translucent(color: string, opacity: number): string {
  return `rgba(${channels(color).join(', ')}, ${opacity})`;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
}

const axisTemplate = {
  showline: true,
  linecolor: ink.axis,
  linewidth: 1,
  gridcolor: ink.grid,
  gridwidth: 1,
  zeroline: false,
  ticks: 'outside',
  ticklen: 4,
  tickcolor: ink.axis,
  tickfont: { size: fontSize.tick },
  title: { font: { size: fontSize.label }, standoff: 8 },
  automargin: true,
} as const;

/** The plotly template every figure carries. */
export const template = {
  layout: {
    font: { family: fontFamily, size: fontSize.label, color: ink.text },
    paper_bgcolor: ink.paper,
    plot_bgcolor: ink.paper,
    colorway: Object.values(encodingStyles).map((entry) => entry.color),
    xaxis: axisTemplate,
    yaxis: axisTemplate,
    bargap: 0.15,
    hoverlabel: { font: { family: fontFamily, size: fontSize.tick } },
    hovermode: 'closest',
    legend: { font: { size: fontSize.legend }, itemwidth: 40, tracegroupgap: 4 },
    annotationdefaults: { font: { size: fontSize.tick, color: ink.text }, showarrow: false },
  },
} as const;
