import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headersFor, type HeldPart, partOf, type ResponsePart } from '../../lib/data/io/response-part';

const url = 'http://texts.example/a.txt';

function judged(
  status: number,
  headers: Record<string, string>,
  held: HeldPart,
  isChecked = true,
): ResponsePart | 'complete' | 'mismatch' {
  return partOf(url, { status, headers, redirects: [], body: Readable.from([]) }, held, isChecked);
}

const nothing: HeldPart = { size: 0, version: undefined };
const version = { etag: '"v1"', modified: null, bytes: 100 };

describe('a request for what is missing', () => {
  it('asks for the rest, of the version that is here where that is known', () => {
    expect(headersFor(nothing)).toEqual({});
    expect(headersFor({ size: 7, version: undefined })).toEqual({ range: 'bytes=7-' });
    expect(headersFor({ size: 7, version })).toEqual({ range: 'bytes=7-', 'if-range': '"v1"' });
    expect(headersFor({ size: 7, version: { ...version, etag: null } })).toEqual({ range: 'bytes=7-' });
  });
});

describe('the part that a response brings', () => {
  it('begins where what is here ends, and ends behind its last byte, whatever the range', () => {
    const ranges = fc
      .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 49 }), fc.nat(9))
      .map(([size, more, rest]) => ({ size, last: size + more, bytes: size + more + 1 + rest }));
    fc.assert(
      fc.property(ranges, ({ size, last, bytes }) => {
        const headers = { etag: '"v1"', 'content-range': `bytes ${size}-${last}/${bytes}` };
        const held = { size, version: { ...version, bytes } };
        expect(judged(206, headers, held)).toEqual({
          offset: size,
          end: last + 1,
          version: { etag: '"v1"', modified: null, bytes },
        });
        for (const wrong of [
          `bytes ${size - 1}-${last}/${bytes}`,
          `bytes ${size + 1}-${last}/${bytes}`,
          `bytes ${size}-${size - 1}/${bytes}`,
          `bytes ${size}-${bytes}/${bytes}`,
          `bytes ${size}-${last}/${bytes + 1}`,
          `bytes ${size}-${last}/*`,
        ])
          expect(judged(206, { ...headers, 'content-range': wrong }, held), wrong).toBe('mismatch');
      }),
    );
  });

  it.each([
    ['the whole file', { 'content-length': '100', etag: 'W/"weak"' }, { offset: 0, end: 100 }],
    ['a file of unknown length', { 'transfer-encoding': 'chunked' }, { offset: 0, end: null }],
  ])('is %s', (_, headers, part) => {
    expect(judged(200, headers as Record<string, string>, nothing)).toMatchObject({
      ...part,
      version: { etag: null, modified: null, bytes: part.end },
    });
  });

  it('is nothing where all is here, and only then', () => {
    const all = { size: 100, version };
    expect(judged(416, { 'content-range': 'bytes */100' }, all)).toBe('complete');
    expect(judged(416, { 'content-range': 'bytes */100', etag: '"v2"' }, all, false)).toBe('mismatch');
    expect(judged(416, { 'content-range': 'bytes */101' }, all)).toBe('mismatch');
    expect(judged(416, {}, all)).toBe('mismatch');
  });

  it('is refused where it is a part that nobody asked for, coded, or without an end that could be known', () => {
    const refusal =
      (status: number, headers: Record<string, string>, isChecked = true) =>
      () =>
        judged(status, headers, nothing, isChecked);
    expect(refusal(206, { 'content-range': 'bytes 0-9/100' })).toThrow('answered with a part');
    expect(refusal(200, { 'content-encoding': 'gzip' })).toThrow('sends the file gzip-coded, not as it is');
    expect(refusal(200, {}, false)).toThrow('does not say how long the file is');
    expect(refusal(503, {})).toThrow('answered 503');
  });
});
