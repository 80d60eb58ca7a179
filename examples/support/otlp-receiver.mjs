/**
 * A small OTLP/HTTP receiver for examples and tests: JSON, loopback, and bounded memory.
 *
 * @typedef {import('./otlp-json.mjs').Span} Span
 * @typedef {import('./otlp-json.mjs').Metric} Metric
 * @typedef {import('./otlp-json.mjs').LogRecord} LogRecord
 * @typedef {{ spans: Span[], metrics: Metric[], logs: LogRecord[] }} Collected
 */
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { createForwarder } from './otlp-forwarder.mjs';
import { decodeLogs, decodeMetrics, decodeTraces } from './otlp-json.mjs';

/** @type {Record<string, { store: keyof Collected, rejected: string, decode: (body: any) => any[] }>} */
const SIGNALS = {
  '/v1/traces': { store: 'spans', rejected: 'rejectedSpans', decode: decodeTraces },
  '/v1/metrics': { store: 'metrics', rejected: 'rejectedDataPoints', decode: decodeMetrics },
  '/v1/logs': { store: 'logs', rejected: 'rejectedLogRecords', decode: decodeLogs },
};

/** An error response. */
class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {object} [options]
 * @param {string} [options.forwardTo] base URL to forward every accepted body to, unchanged
 * @param {Record<string, string>} [options.forwardHeaders] default: from `OTEL_EXPORTER_OTLP_HEADERS`
 * @param {number} [options.maxRecords] per signal; later records are reported as rejected
 * @param {number} [options.maxBodyBytes] per request, before and after decompression
 */
export async function startOtlpReceiver(options = {}) {
  const { forwardTo, forwardHeaders, maxRecords = 100_000, maxBodyBytes = 16 * 1024 * 1024 } = options;
  /** @type {Collected} */
  const collected = { spans: [], metrics: [], logs: [] };
  /** @type {Set<{ check: () => void, fail: (error: Error) => void }>} */
  const waiters = new Set();
  const forwarder = forwardTo ? createForwarder(forwardTo, forwardHeaders) : undefined;

  const server = createServer((request, response) => {
    receive(request).then(
      (answer) => reply(response, 200, answer),
      (error) => reply(response, error.status ?? 400, { message: error.message }),
    );
  });

  /** @param {import('node:http').IncomingMessage} request */
  async function receive(request) {
    const path = new URL(request.url ?? '/', 'http://receiver').pathname;
    const signal = Object.hasOwn(SIGNALS, path) ? SIGNALS[path] : undefined;
    if (!signal) throw new Refusal(404, `no such path; known: ${Object.keys(SIGNALS).join(', ')}`);
    if (request.method !== 'POST') throw new Refusal(405, 'use POST');
    const headers = bodyHeaders(request);
    const raw = await readBody(request, maxBodyBytes);
    const records = signal.decode(parse(await plain(raw, headers['content-encoding'], maxBodyBytes)));

    const store = /** @type {any[]} */ (collected[signal.store]);
    const accepted = records.slice(0, maxRecords - store.length);
    for (const record of accepted) store.push(record);
    forwarder?.send(path, raw, headers);
    for (const waiter of waiters) waiter.check();
    const rejected = records.length - accepted.length;
    return rejected === 0 ? {} : { partialSuccess: { [signal.rejected]: rejected, errorMessage: 'receiver is full' } };
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    ...collected,
    /** Base URL, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
    url: `http://127.0.0.1:${port}`,

    /**
     * Resolves with the first truthy value of `predicate`, called now and after each accepted request.
     *
     * @template T
     * @param {(collected: Collected) => T} predicate
     * @param {{ timeoutMs?: number, what?: string }} [options]
     * @returns {Promise<T>}
     */
    waitFor(predicate, { timeoutMs = 30_000, what = 'the expected telemetry' } = {}) {
      return new Promise((resolve, reject) => {
        const waiter = {
          check() {
            try {
              const found = predicate(collected);
              if (found) settle(() => resolve(found));
            } catch (error) {
              settle(() => reject(error));
            }
          },
          /** @param {Error} error */
          fail: (error) => settle(() => reject(error)),
        };
        const timer = setTimeout(() => {
          waiter.fail(new Error(`no ${what} within ${timeoutMs} ms; ${inventory(collected)}`));
        }, timeoutMs);
        /** @param {() => void} finish */
        const settle = (finish) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          finish();
        };
        waiters.add(waiter);
        waiter.check();
      });
    },

    /** Stops listening and waits for forwarded requests. Returns their counts, or `undefined` without forwarding. */
    async close() {
      for (const waiter of waiters) waiter.fail(new Error(`receiver closed; ${inventory(collected)}`));
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      return forwarder?.close();
    },
  };
}

/**
 * Checks the content type, so that users of a protobuf exporter learn what to change.
 *
 * @param {import('node:http').IncomingMessage} request
 */
function bodyHeaders(request) {
  const type = request.headers['content-type'] ?? '';
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refusal(
      415,
      `this receiver reads OTLP as JSON, not ${type || 'an untyped body'}; set OTEL_EXPORTER_OTLP_PROTOCOL=http/json`,
    );
  }
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new Refusal(415, `unknown content encoding ${encoding}; use gzip or none`);
  }
  return encoding === 'gzip' ? { 'content-type': type, 'content-encoding': encoding } : { 'content-type': type };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {number} maxBytes
 */
async function readBody(request, maxBytes) {
  const chunks = [];
  let size = 0;
  // Keep the request open after an error, or the response could not be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maxBytes) throw new Refusal(413, `body larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * @param {Buffer} raw
 * @param {string | undefined} encoding
 * @param {number} maxBytes
 */
async function plain(raw, encoding, maxBytes) {
  if (encoding !== 'gzip') return raw;
  try {
    return await promisify(gunzip)(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw new Refusal(413, `body larger than ${maxBytes} bytes unpacked`);
    throw new Refusal(400, `not gzip: ${error.message}`);
  }
}

/** @param {Buffer} body */
function parse(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new Refusal(400, `not JSON: ${error.message}`);
  }
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {object} answer
 */
function reply(response, status, answer) {
  // After an error, part of the body may be unread, so the connection cannot be reused.
  if (status !== 200) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}

/** Summary of received telemetry, for error messages. @param {Collected} collected */
function inventory({ spans, metrics, logs }) {
  const services = spans.map((span) => `${span.resource['service.name']}: ${span.name}`);
  const shown = services.slice(0, 50).join(', ');
  return `received ${spans.length} spans (${shown}), ${metrics.length} metrics, ${logs.length} log records`;
}
