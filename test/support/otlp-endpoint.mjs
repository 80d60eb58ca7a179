/**
 * OTLP endpoints on loopback, for every protocol of the exporters. Keeps the received spans and log records; accepts and
 * discards metrics.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { decodeLogs, decodeTraces } from '../../examples/support/otlp-json.mjs';

/** The decoded fields; all others are skipped. */
const { root } = protobuf.parse(
  `syntax = "proto3";
  message AnyValue {
    oneof value {
      string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; ArrayValue arrayValue = 5;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Scope { string name = 1; string version = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Span { bytes traceId = 1; bytes spanId = 2; string name = 5; int32 kind = 6; repeated KeyValue attributes = 9; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message Traces { repeated ResourceSpans resourceSpans = 1; }
  message LogRecord { AnyValue body = 5; repeated KeyValue attributes = 6; string eventName = 12; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord logRecords = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopeLogs = 2; }
  message Logs { repeated ResourceLogs resourceLogs = 1; }`,
);

/** @type {Record<string, { type: string, decode: (body: any) => any[] }>} */
const SIGNALS = {
  traces: { type: 'Traces', decode: decodeTraces },
  logs: { type: 'Logs', decode: decodeLogs },
};

const TYPES = { 'http/json': 'application/json', 'http/protobuf': 'application/x-protobuf', grpc: 'application/grpc' };

/** @param {string} path `/v1/logs`, or a gRPC method */
const signalOf = (path) =>
  /\/v1\/(traces|logs|metrics)$/.exec(path)?.[1] ?? /\.(trace|logs|metrics)\.v1\./.exec(path)?.[1];

/** @param {string} type @param {Buffer} message */
function fromProtobuf(type, message) {
  const found = root.lookupType(type);
  return found.toObject(found.decode(message), { longs: String, bytes: String, enums: Number });
}

/**
 * @param {'http/json' | 'http/protobuf' | 'grpc'} protocol
 * @param {object} [options]
 * @param {{ cert: string, key: string, ca?: string, requestCert?: boolean }} [options.tls]
 * @param {number} [options.delayMs] delay of responses after a request was received
 * @param {number} [options.status] rejects everything with this HTTP or gRPC status
 * @param {boolean} [options.loseFirst] drops the first request of each signal without a response
 * @param {string} [options.socketPath] listens on this socket instead of a port
 */
export async function startOtlpEndpoint(protocol, { tls, delayMs = 0, status, loseFirst = false, socketPath } = {}) {
  /** @type {{ spans: any[], logs: any[], requests: { path: string, headers: Record<string, any> }[] }} */
  const received = { spans: [], logs: [], requests: [] };
  /** @type {Set<() => void>} */
  const watchers = new Set();
  const grpc = protocol === 'grpc';
  /** @type {(request: any, response: any) => Promise<void>} */
  const listener = async (request, response) => {
    const raw = await buffer(request).catch(() => undefined);
    // A sender that ended while it sent has delivered nothing.
    if (raw === undefined) return;
    received.requests.push({ path: request.url, headers: request.headers });
    for (const look of watchers) look();
    const nth = received.requests.filter(({ path }) => path === request.url).length;
    if (loseFirst && nth === 1) return;
    if (status === undefined) take(request.url, request.headers, raw);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (grpc) answerGrpc(response, status ?? 0);
    else
      response.writeHead(status ?? 200, { 'content-type': TYPES[protocol] }).end(protocol === 'http/json' ? '{}' : '');
  };

  /** @param {string} path @param {Record<string, any>} headers @param {Buffer} raw */
  function take(path, headers, raw) {
    const framed = grpc ? raw.subarray(5) : raw;
    const zipped = grpc ? raw[0] === 1 : headers['content-encoding'] === 'gzip';
    const message = zipped ? gunzipSync(framed) : framed;
    const name = signalOf(path) === 'trace' ? 'traces' : /** @type {string} */ (signalOf(path));
    const signal = SIGNALS[name];
    if (signal !== undefined) {
      const body = protocol === 'http/json' ? JSON.parse(message.toString()) : fromProtobuf(signal.type, message);
      (name === 'traces' ? received.spans : received.logs).push(...signal.decode(body));
    }
    for (const look of watchers) look();
  }

  const server = serverOf(grpc, tls, listener);
  const sockets = new Set();
  server.on(tls && !grpc ? 'secureConnection' : 'connection', (socket) => sockets.add(socket));
  server.on('connection', (socket) => sockets.add(socket));
  if (socketPath === undefined) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const { port } = /** @type {any} */ (server.address());
  return {
    ...received,
    url:
      socketPath === undefined ? `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}` : `unix://${socketPath}`,
    /** Resolves once the predicate holds; has no timeout. @param {() => boolean} predicate */
    until: (predicate) =>
      new Promise((resolve) => {
        const look = () => {
          if (!predicate()) return;
          watchers.delete(look);
          resolve(undefined);
        };
        watchers.add(look);
        look();
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns {import('node:net').Server} */
function serverOf(grpc, tls, listener) {
  if (grpc) return tls ? createSecureServer(tls, listener) : createHttp2Server(listener);
  return tls ? createHttpsServer(tls, listener) : createServer(listener);
}

/** Trailers carry the status. The empty message means full success. */
function answerGrpc(response, status) {
  const head = { 'content-type': TYPES.grpc };
  if (status !== 0) return response.writeHead(200, { ...head, 'grpc-status': String(status) }).end();
  response.writeHead(200, head);
  response.addTrailers({ 'grpc-status': '0' });
  response.end(Buffer.alloc(5));
}
