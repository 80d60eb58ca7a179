/** A backend for OTLP over HTTP: gzipped protobuf with its headers alone, and answers as the protocol has them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

const types = protobuf.loadSync(fileURLToPath(new URL('otlp.proto', import.meta.url)));
/** @type {Record<string, string>} */
const REQUESTS = {
  '/otlp/v1/logs': 'ExportLogsServiceRequest',
  '/otlp/v1/traces': 'ExportTraceServiceRequest',
  '/otlp/v1/metrics': 'ExportMetricsServiceRequest',
};
/** @param {string} path @param {Buffer} bytes */
function decoded(path, bytes) {
  const type = types.lookupType(REQUESTS[path] ?? '');
  const message = type.decode(bytes);
  // Fields of other numbers would be gone.
  const again = type.encode(message).finish().length;
  if (again !== bytes.length) throw new Error(`${path}: ${bytes.length - again} bytes in unknown fields`);
  return type.toObject(message, { longs: String, bytes: String });
}

/**
 * @param {object} options
 * @param {Record<string, string>} options.headers those without which a request is refused with 401
 * @param {number} [options.port] default: a free one
 */
export async function startOtlp({ headers, port = 0 }) {
  /** @type {any[]} */
  const logs = [];
  /** @type {any[]} */
  const spans = [];
  /** @type {any[]} */
  const metrics = [];
  /** What broke the rules. @type {string[]} */
  const wrong = [];
  /** When which status was sent, for logs. @type {{ at: number, status: number }[]} */
  const answers = [];
  const state = { status: 200, retryAfter: '', reject: 0 };

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '';
    /** @param {number} status @param {Record<string, string>} [more] @param {Uint8Array} [body] */
    const answer = (status, more, body) => {
      if (path.endsWith('/logs')) answers.push({ at: performance.now(), status });
      response.writeHead(status, { 'content-type': 'application/x-protobuf', ...more }).end(body);
    };
    try {
      if (request.method !== 'POST' || !REQUESTS[path]) throw new Error(`${request.method} ${path}`);
      const sent = request.headers;
      if (sent['content-type'] !== 'application/x-protobuf') throw new Error(`content-type ${sent['content-type']}`);
      if (sent['content-encoding'] !== 'gzip') throw new Error(`content-encoding ${sent['content-encoding']}`);
      if (Object.entries(headers).some(([name, value]) => sent[name] !== value)) return answer(401);
      const body = decoded(path, gunzipSync(Buffer.concat(chunks)));
      if (state.status !== 200 && path.endsWith('/logs'))
        return answer(state.status, state.retryAfter ? { 'retry-after': state.retryAfter } : {});
      for (const { scopeSpans = [] } of body['resourceSpans'] ?? [])
        spans.push(...scopeSpans.flatMap((/** @type {any} */ each) => each.spans));
      for (const { scopeMetrics = [] } of body['resourceMetrics'] ?? [])
        metrics.push(...scopeMetrics.flatMap((/** @type {any} */ each) => each.metrics));
      const records = (body['resourceLogs'] ?? []).flatMap((/** @type {any} */ { scopeLogs }) =>
        scopeLogs.flatMap((/** @type {any} */ each) => each.logRecords),
      );
      const rejected = Math.min(state.reject, records.length);
      logs.push(...records.slice(rejected));
      if (rejected === 0) return answer(200);
      const partial = types.lookupType('ExportLogsServiceResponse');
      answer(
        200,
        {},
        partial
          .encode({ partialSuccess: { rejectedLogRecords: rejected, errorMessage: 'too many attributes' } })
          .finish(),
      );
    } catch (error) {
      wrong.push(String(error));
      answer(400);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/otlp`,
    port: address.port,
    logs,
    spans,
    metrics,
    wrong,
    answers,
    state,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
