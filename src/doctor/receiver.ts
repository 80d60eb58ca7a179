/** A receiver of OTLP over HTTP, as JSON, on this machine alone: what the command sends arrives here, and nowhere else. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asRecord } from '../protocol/jsonrpc.js';

export interface ReceivedSpan {
  readonly name: string;
  /** 2 is SERVER, 3 is CLIENT. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly milliseconds: number;
  /** The instrumentation scope. */
  readonly scope: string;
}

export interface Received {
  readonly spans: readonly ReceivedSpan[];
  /** Names. */
  readonly metrics: ReadonlySet<string>;
  /** Log records of audit events. */
  readonly records: number;
  /** Requests whose body is not JSON, by signal: an exporter that the code of the application has chosen. */
  readonly unread: readonly string[];
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_SPANS = 1000;
const MAX_METRICS = 1000;

export interface Receiver {
  /** Without a path. */
  readonly url: string;
  readonly received: Received;
  close(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const received = { spans: [] as ReceivedSpan[], metrics: new Set<string>(), records: 0, unread: [] as string[] };
  const server = createServer((request, response) => {
    const signal = /^\/v1\/(traces|metrics|logs)$/.exec(request.url ?? '')?.[1];
    bodyOf(request).then(
      (body) => {
        if (signal !== undefined && body !== undefined) take(signal, body);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.destroy(),
    );
  });

  function take(signal: string, body: string): void {
    let document: unknown;
    try {
      document = JSON.parse(body);
    } catch {
      if (!received.unread.includes(signal)) received.unread.push(signal);
      return;
    }
    if (signal === 'traces') received.spans.push(...spansIn(document).slice(0, MAX_SPANS - received.spans.length));
    else if (signal === 'logs') received.records += itemsIn(document, 'resourceLogs', 'scopeLogs', 'logRecords').length;
    else
      for (const [{ name }] of itemsIn(document, 'resourceMetrics', 'scopeMetrics', 'metrics'))
        if (received.metrics.size < MAX_METRICS) received.metrics.add(String(name));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Undefined where it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString();
}

type Members = Readonly<Record<string, unknown>>;

const listOf = (of: unknown, name: string): readonly Members[] => {
  const list: unknown = asRecord(of)?.[name];
  return Array.isArray(list) ? list.filter((each: unknown): each is Members => asRecord(each) !== undefined) : [];
};

/** The innermost items of a request, each with its scope. */
function itemsIn(
  document: unknown,
  resources: string,
  scopes: string,
  items: string,
): [item: Members, scope: string][] {
  return listOf(document, resources)
    .flatMap((resource) => listOf(resource, scopes))
    .flatMap((scope) => {
      const name = String(asRecord(scope['scope'])?.['name'] ?? '');
      return listOf(scope, items).map((item): [Members, string] => [item, name]);
    });
}

function spansIn(document: unknown): ReceivedSpan[] {
  return itemsIn(document, 'resourceSpans', 'scopeSpans', 'spans').map(([span, scope]) => ({
    name: String(span['name']),
    kind: Number(span['kind']),
    traceId: String(span['traceId']),
    spanId: String(span['spanId']),
    parentSpanId: typeof span['parentSpanId'] === 'string' ? span['parentSpanId'] : undefined,
    milliseconds: (Number(span['endTimeUnixNano']) - Number(span['startTimeUnixNano'])) / 1e6,
    scope,
  }));
}
