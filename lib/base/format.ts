// Numbers and texts in readable form: bytes, durations, counts, beginnings of long texts.

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1536` as `1.5 kB`: decimal units, three significant digits at most. */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let size = Math.abs(bytes);
  let unit = 0;
  // 999.5 rounds to 1000 of this unit, which reads better as 1 of the next.
  while (size >= 999.5 && unit < byteUnits.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${sign}${threeDigits(size)} ${byteUnits[unit] ?? 'B'}`;
}

/** Whole megabytes for progress displays, rounded up: a total of 0 would mean unknown. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}

/**
 * `75.3` seconds as `1 min 15 s`; below a minute with three significant digits (`12.3 s`, `45 ms`).
 */
export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? '-' : '';
  const length = Math.abs(seconds);
  if (length === 0) return '0 s';
  if (length < 0.9995) return `${sign}${threeDigits(length * 1000)} ms`;
  if (length < 59.95) return `${sign}${threeDigits(length)} s`;
  const whole = Math.round(length);
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(length / 60);
  return `${sign}${formatCount(Math.floor(minutes / 60))} h ${pad(minutes % 60)} min`;
}

/** `1234567` as `1,234,567`; a fraction is rounded away. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `0.786` as `78.6 %`, or with another number of decimals. */
export function formatPercent(share: number, decimals = 1): string {
  return `${(100 * share).toFixed(decimals)} %`;
}

/** A number with the interval around it. Unknown ends are NaN, or both equal the number. */
export interface Range {
  readonly centre: number;
  readonly low: number;
  readonly high: number;
}

/** `40.0 (36.3 to 44.0)`, or the number alone where no range around it is known. */
export function formatRange({ centre, low, high }: Range, format: (value: number) => string): string {
  return low < high ? `${format(centre)} (${format(low)} to ${format(high)})` : format(centre);
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Most UTF-16 units of a character that is shown; one with very many accents is longer. */
const longestCharacter = 32;

/**
 * The first characters of a text, as a reader counts them, with an ellipsis if the rest is left
 * out. No character is cut.
 */
export function shorten(text: string, most: number, ellipsis = '…'): string {
  let count = 0;
  for (const { segment, index } of characters.segment(text)) {
    if (count === most || segment.length > longestCharacter) return text.slice(0, index).trimEnd() + ellipsis;
    count += 1;
  }
  return text;
}

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
