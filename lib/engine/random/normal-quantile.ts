// The quantile function of the standard normal distribution by Wichura's algorithm AS 241 (PPND16,
// Applied Statistics 37, 1988): rational functions, relative accuracy 1e-16. Its logarithm is
// computed with arithmetic alone, so that the bits are the same wherever IEEE 754 doubles are.

/** The value that a standard normal variable stays below with probability `p`, 0 < p < 1. */
export function standardNormalQuantile(p: number): number {
  const centre = p - 0.5;
  if (Math.abs(centre) <= 0.425) {
    const r = 0.180625 - centre * centre;
    return (centre * polynomial(centralNumerator, r)) / polynomial(centralDenominator, r);
  }
  const r = Math.sqrt(-naturalLogarithm(centre < 0 ? p : 1 - p));
  const tail =
    r <= 5
      ? polynomial(nearNumerator, r - 1.6) / polynomial(nearDenominator, r - 1.6)
      : polynomial(farNumerator, r - 5) / polynomial(farDenominator, r - 5);
  return centre < 0 ? -tail : tail;
}

/**
 * log(x) for a positive normal x, to 2e-16: x = m 2^e with m near 1, and log m = 2 artanh((m - 1) /
 * (m + 1)).
 */
export function naturalLogarithm(x: number): number {
  view.setFloat64(0, x);
  const high = view.getInt32(0);
  let exponent = (high >>> 20) - 1023;
  view.setInt32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * ln2 + 2 * s * polynomial(artanhSeries, s * s);
}

const view = new DataView(new ArrayBuffer(8));
const ln2 = 0.6931471805599453;

/** 1/21, ..., 1/3, 1: |s| is at most 0.1716, so the terms left out are below 1e-18. */
const artanhSeries = Array.from({ length: 11 }, (_, k) => 1 / (21 - 2 * k));

/** Coefficients of AS 241, rounded to doubles, the highest power first. */
const centralNumerator = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const centralDenominator = [
  5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const nearNumerator = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const nearDenominator = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const farNumerator = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
  0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const farDenominator = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
  0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
];

/** Horner's scheme, from the highest power. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
