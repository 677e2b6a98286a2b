import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { connectionFailure, hostOf, statusFailure } from '../../lib/data/io/http';

const url = 'http://texts.example:8080/a/b.txt?c=d';

function failureOf(status: number, headers: Record<string, string> = {}) {
  const { kind, message, retryAfterMs } = statusFailure(url, {
    status,
    headers,
    redirects: [],
    body: Readable.from([]),
  });
  return { kind, message, retryAfterMs };
}

describe('an answer that is no success', () => {
  it.each([408, 425, 429, 500, 503, 599])('of status %d may be another one later', (status) => {
    expect(failureOf(status)).toEqual({
      kind: 'transient',
      message: `texts.example:8080 answered ${status}`,
    });
  });

  it.each([
    [404, 'texts.example:8080 has no /a/b.txt (404)'],
    [410, 'texts.example:8080 has no /a/b.txt (410)'],
    [401, 'texts.example:8080 does not give /a/b.txt to everyone (401)'],
    [403, 'texts.example:8080 does not give /a/b.txt to everyone (403)'],
    [400, 'texts.example:8080 answered 400'],
    [418, 'texts.example:8080 answered 418'],
    [304, 'texts.example:8080 answered 304'],
  ])('of status %d is final', (status, message) => {
    expect(failureOf(status)).toEqual({ kind: 'refused', message });
  });

  it('says how long to wait, in seconds or as a date, at most a minute', () => {
    vi.useFakeTimers({ now: Date.UTC(2024, 1, 3, 4, 5, 0) });
    try {
      const waits = [
        '0',
        '7',
        '3600',
        'Sat, 03 Feb 2024 04:05:20 GMT',
        'Sat, 03 Feb 2024 04:04:00 GMT',
        'soon',
      ];
      expect(waits.map((header) => failureOf(503, { 'retry-after': header }).retryAfterMs)).toEqual([
        0,
        7000,
        60_000,
        20_000,
        0,
        undefined,
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a connection that fails', () => {
  const coded = (code: string, message = 'no'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['ENOTFOUND', 'unreachable', 'texts.example:8080 is not a known host here (ENOTFOUND)'],
    ['EAI_AGAIN', 'unreachable', 'texts.example:8080 is not a known host here (EAI_AGAIN)'],
    ['ECONNREFUSED', 'unreachable', 'no server answers at texts.example:8080 (ECONNREFUSED)'],
    ['EHOSTUNREACH', 'unreachable', 'no server answers at texts.example:8080 (EHOSTUNREACH)'],
    ['ENETUNREACH', 'unreachable', 'no server answers at texts.example:8080 (ENETUNREACH)'],
    [
      'UND_ERR_CONNECT_TIMEOUT',
      'unreachable',
      'no server answers at texts.example:8080 (UND_ERR_CONNECT_TIMEOUT)',
    ],
    ['UND_ERR_BODY_TIMEOUT', 'transient', 'texts.example:8080 fell silent (UND_ERR_BODY_TIMEOUT)'],
    ['ETIMEDOUT', 'transient', 'texts.example:8080 fell silent (ETIMEDOUT)'],
    ['ECONNRESET', 'transient', 'the connection to texts.example:8080 was cut (ECONNRESET)'],
  ])('with %s says whether another try may help', (code, kind, message) => {
    for (const error of [coded(code), new Error('fetch failed', { cause: coded(code) })])
      expect(connectionFailure(url, error)).toMatchObject({ kind, message });
    const several = new Error('all failed', { cause: new AggregateError([coded(code), coded('EOTHER')]) });
    expect(connectionFailure(url, several)).toMatchObject({ kind, message });
  });

  it.each(['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    'for its certificate, %s, is not tried again',
    (code) => {
      expect(connectionFailure(url, coded(code))).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(
          `^the certificate of texts\\.example:8080 is not trusted here \\(${code}\\); .*NODE_EXTRA_CA_CERTS`,
        ) as string,
      });
    },
  );

  it('at the proxy, or without a code, says what it knows', () => {
    expect(connectionFailure(url, new Error('Proxy response (403) !== 200'))).toMatchObject({
      kind: 'unreachable',
      message: 'the proxy does not let texts.example:8080 through (Proxy response (403) !== 200)',
    });
    expect(connectionFailure(url, 'gone')).toMatchObject({
      kind: 'transient',
      message: 'the connection to texts.example:8080 failed (gone)',
    });
  });

  it('is told by host and port', () => {
    expect([hostOf(url), hostOf('https://a.b/c')]).toEqual(['texts.example:8080', 'a.b']);
  });
});
