// SHA-256 (FIPS 180-4) of short texts, in plain JavaScript. Seeded random numbers need it
// synchronously, in a browser too, where `node:crypto` is missing and the browser's own is
// asynchronous. `files.ts` hashes files.

/** The hash of a text's UTF-8 bytes, as 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  const bytes = new TextEncoder().encode(text);
  // The message, a bit 1, zeros, and its length in bits as 64 bits, in whole blocks of 64 bytes.
  // The upper half of the length is 0: a text has fewer than 2 ** 29 bytes.
  const padded = new Uint8Array(64 * Math.ceil((bytes.length + 9) / 64));
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, 8 * bytes.length);
  const hash = roots(8, 2);
  for (let offset = 0; offset < padded.length; offset += 64) addBlock(hash, view, offset);
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}

const constants = roots(64, 3);

/** The first 32 bits after the point of the square or cube roots of the first primes, [count]. */
function roots(count: number, degree: 2 | 3): Uint32Array {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  const root = degree === 2 ? Math.sqrt : Math.cbrt;
  return Uint32Array.from(primes, (prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}

function addBlock(hash: Uint32Array, view: DataView, offset: number): void {
  const schedule = new Uint32Array(64);
  const at = (index: number): number => schedule[index] ?? 0;
  for (let step = 0; step < 64; step++) {
    if (step < 16) {
      schedule[step] = view.getUint32(offset + 4 * step);
      continue;
    }
    const [early, late] = [at(step - 15), at(step - 2)];
    const first = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const second = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    schedule[step] = at(step - 16) + first + at(step - 7) + second;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let step = 0; step < 64; step++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const one =
      (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + (constants[step] ?? 0) + at(step)) | 0;
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority;
    [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    hash[index] = (hash[index] ?? 0) + value;
  });
}

/** Rotates the 32 bits of a word to the right. */
function turn(word: number, places: number): number {
  return (word >>> places) | (word << (32 - places));
}
