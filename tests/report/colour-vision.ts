// How far apart two colours look, for people with and without colour vision deficiencies: OKLab
// distance after the simulation of Machado et al. (2009) at full severity; and WCAG contrast with
// white.

const SIMULATION = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

export const visions = Object.keys(SIMULATION) as (keyof typeof SIMULATION)[];

function multiply(
  matrix: readonly number[],
  [x, y, z]: readonly [number, number, number],
): [number, number, number] {
  const row = (start: number): number =>
    (matrix[start] ?? 0) * x + (matrix[start + 1] ?? 0) * y + (matrix[start + 2] ?? 0) * z;
  return [row(0), row(3), row(6)];
}

function linear(color: string): [number, number, number] {
  const channel = (start: number): number => {
    const value = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function okLab(color: string, vision: keyof typeof SIMULATION): [number, number, number] {
  const [red, green, blue] = multiply(SIMULATION[vision], linear(color));
  const clipped: [number, number, number] = [Math.max(0, red), Math.max(0, green), Math.max(0, blue)];
  const cones = multiply(
    [
      0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619,
      0.2817188376, 0.6299787005,
    ],
    clipped,
  );
  return multiply(
    [
      0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371,
      0.7827717662, -0.808675766,
    ],
    [Math.cbrt(cones[0]), Math.cbrt(cones[1]), Math.cbrt(cones[2])],
  );
}

/** Perceived lightness, 0 to 1. */
export function lightness(color: string): number {
  return okLab(color, 'normal')[0];
}

/** OKLab distance of two colours as seen with `vision`. */
export function distance(a: string, b: string, vision: keyof typeof SIMULATION): number {
  const [first, second] = [okLab(a, vision), okLab(b, vision)];
  return Math.hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

/** WCAG contrast ratio of two colours. */
export function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [red, green, blue] = linear(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 1, dark = 1] = [luminance(a), luminance(b)].sort((first, second) => second - first);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * What CSS's `invert(share) hue-rotate(180deg)` makes of a colour (Filter Effects Module, which
 * computes in sRGB).
 */
export function inverted(color: string, share: number): string {
  const HALF_TURN = [-0.574, 1.43, 0.144, 0.426, 0.43, 0.144, 0.426, 1.43, -0.856];
  const channel = (start: number): number => Number.parseInt(color.slice(start, start + 2), 16) / 255;
  const flipped = (start: number): number => channel(start) * (1 - 2 * share) + share;
  const turned = multiply(HALF_TURN, [flipped(1), flipped(3), flipped(5)]);
  const bytes = turned.map((value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return `#${bytes.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
