// GET requests for downloads: through the proxy of the environment, with redirects followed
// explicitly (few, never in a circle, never from https to http), and failures classified by whether
// another attempt may help.

import { type IncomingHttpHeaders } from 'node:http';
import { type Readable } from 'node:stream';
import { messageOf, systemCode, UsageError } from '../../base/errors';
import { cellInterrupt } from '../../base/interrupt';

/** Options of a client. */
export interface HttpOptions {
  /** Environment with `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`; default the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly connectTimeoutMs?: number;
  /** Longest wait for a response's first byte, and between two pieces of its body. */
  readonly idleTimeoutMs?: number;
  readonly maxRedirects?: number;
}

/** A response with an unread body. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * Headers of the redirects that led here, in order: some servers describe the file there and send
   * it elsewhere.
   */
  readonly redirects: readonly IncomingHttpHeaders[];
  readonly body: Readable;
}

/** A client with its connections; `close` releases them. */
export interface HttpClient {
  /** @throws HttpFailure */
  get(url: string, headers: Readonly<Record<string, string>>): Promise<HttpResponse>;
  close(): Promise<void>;
}

/**
 * Reason for a failed request: `unreachable`, no server answers; `transient`, the same request may
 * succeed later; `refused`, the server's answer is final.
 */
export class HttpFailure extends Error {
  constructor(
    readonly kind: 'unreachable' | 'transient' | 'refused',
    message: string,
    /** The wait that the server requested. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = 'HttpFailure';
  }
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Opens a client. The underlying library is loaded only here: the command line's `--help` must not
 * wait for it.
 */
export async function openHttpClient(options: HttpOptions = {}): Promise<HttpClient> {
  const { environment = process.env, connectTimeoutMs = 15_000, idleTimeoutMs = 60_000 } = options;
  const { maxRedirects = 5 } = options;
  const { EnvHttpProxyAgent, request } = await import('undici');
  const proxyFor = (scheme: string): string =>
    environment[`${scheme}_proxy`] ?? environment[`${scheme.toUpperCase()}_PROXY`] ?? '';
  const exceptions = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  for (const scheme of ['http', 'https']) checkProxy(scheme, proxyFor(scheme));
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxyFor('http'),
    httpsProxy: proxyFor('https'),
    noProxy:
      exceptions === '*' ? '*' : [exceptions, ...loopbackHosts].filter((host) => host !== '').join(','),
    connect: { timeout: connectTimeoutMs },
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
  });

  const get: HttpClient['get'] = async (start, headers) => {
    const visited = [start];
    const redirects: IncomingHttpHeaders[] = [];
    const stop = cellInterrupt();
    for (let url = start; ;) {
      let response;
      stop?.throwIfAborted();
      try {
        response = await withDeadline(
          request(url, {
            dispatcher,
            signal: stop,
            headers: { 'user-agent': 'bipe-workbench', 'accept-encoding': 'identity', ...headers },
          }),
          connectTimeoutMs + idleTimeoutMs,
          url,
        );
      } catch (error) {
        throw error instanceof HttpFailure ? error : connectionFailure(url, error);
      }
      const { statusCode: status, body } = response;
      body.on('error', () => undefined); // a body that is given up may still fail; nobody is left to hear it
      if (status < 300 || status === 304 || status >= 400)
        return { status, headers: response.headers, redirects, body };
      body.destroy(); // unread: it may come one byte a second, or never end
      redirects.push(response.headers);
      url = redirectTarget(url, response.headers['location'], visited, maxRedirects);
      visited.push(url);
    }
  };
  return { get, close: () => dispatcher.destroy() };
}

/** The failure for a status that is not a success, in one line; it says whether to try again. */
export function statusFailure(url: string, response: HttpResponse): HttpFailure {
  const { status } = response;
  const host = hostOf(url);
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new HttpFailure(
      'transient',
      `${host} answered ${status}`,
      retryAfter(response.headers['retry-after']),
    );
  if (status === 404 || status === 410)
    return new HttpFailure('refused', `${host} has no ${new URL(url).pathname} (${status})`);
  if (status === 401 || status === 403)
    return new HttpFailure(
      'refused',
      `${host} does not give ${new URL(url).pathname} to everyone (${status})`,
    );
  return new HttpFailure('refused', `${host} answered ${status}`);
}

/** Classifies an error of a connection, at its start or in the middle of a body. */
export function connectionFailure(url: string, error: unknown): HttpFailure {
  const host = hostOf(url);
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = systemCode(cause) ?? systemCode(error) ?? firstCode(cause);
  const message = messageOf(error);
  if (message.startsWith('Proxy response'))
    return new HttpFailure('unreachable', `the proxy does not let ${host} through (${message})`);
  if (code === undefined)
    return new HttpFailure('transient', `the connection to ${host} failed (${message})`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new HttpFailure('unreachable', `${host} is not a known host here (${code})`);
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(code))
    return new HttpFailure('unreachable', `no server answers at ${host} (${code})`);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return new HttpFailure(
      'refused',
      `the certificate of ${host} is not trusted here (${code}); if a proxy reads the traffic, point NODE_EXTRA_CA_CERTS at its certificate`,
    );
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new HttpFailure('transient', `${host} fell silent (${code})`);
  return new HttpFailure('transient', `the connection to ${host} was cut (${code})`);
}

/**
 * The address of another server that an environment variable names, if it does.
 *
 * @param form an example, for the message
 * @throws UsageError if it is no address
 */
export function mirrorAddress(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  form: string,
): string | undefined {
  const mirror = environment[variable];
  if (mirror === undefined || mirror === '') return undefined;
  if (/^https?:/.test(mirror) && URL.canParse(mirror)) return mirror;
  throw new UsageError(`${variable}: '${mirror}' is not an http or https address; write it as ${form}`);
}

/** Host and port of a valid URL. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

/**
 * Gives up a request without an answer. The library's own limits do not cover a proxy that hangs
 * up: the library would reconnect forever, until the client is closed.
 */
async function withDeadline<T>(response: Promise<T>, milliseconds: number, url: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new HttpFailure('unreachable', `nothing came from ${hostOf(url)} in ${milliseconds / 1000} s`));
    }, milliseconds);
  });
  response.catch(() => undefined); // once it is given up, its end is nobody's business
  try {
    return await Promise.race([response, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function redirectTarget(
  from: string,
  location: string | string[] | undefined,
  visited: readonly string[],
  most: number,
): string {
  const host = hostOf(from);
  if (typeof location !== 'string' || !URL.canParse(location, from))
    throw new HttpFailure('refused', `${host} redirects to nowhere`);
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && (target.protocol !== 'http:' || from.startsWith('https:')))
    throw new HttpFailure(
      'refused',
      `${host} redirects from https to ${target.protocol}//, which is not followed`,
    );
  if (visited.includes(target.href))
    throw new HttpFailure('refused', `${host} redirects in a circle (${target.pathname})`);
  if (visited.length > most) throw new HttpFailure('refused', `${host} redirects more than ${most} times`);
  return target.href;
}

function checkProxy(scheme: string, proxy: string): void {
  if (proxy !== '' && !(/^(https?|socks5?):\/\//.test(proxy) && URL.canParse(proxy)))
    throw new UsageError(
      `${scheme.toUpperCase()}_PROXY: '${proxy}' is not an address; write it as http://host:port`,
    );
}

/** Milliseconds of a Retry-After header, in seconds or as a date, at most a minute. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), 60_000);
}

/** The code of the first of several errors, e.g. after all of a host's addresses failed. */
function firstCode(error: unknown): string | undefined {
  return error instanceof AggregateError ? systemCode(error.errors[0]) : undefined;
}
