/** Runs everything that can set an attribute on a span or a metric, with all options on. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { inputRequired } from '@modelcontextprotocol/server';
import { metrics, SpanKind } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { z } from 'zod';
import { instrumentClient, instrumentServer, instrumentTransport } from '../../src/index.js';
import { METHODS, type MethodRow } from '../../src/protocol/methods.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { DIALECTS } from '../support/dialects.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { Telemetry, until } from '../support/telemetry.js';
import type { Place } from './semconv-model.js';

const EVERYTHING: McpInstrumentationConfig = {
  captureArguments: true,
  captureResults: true,
  capturePromptVariables: true,
  captureErrorMessages: true,
  resourceUriInSpanName: true,
  reuseExecuteToolSpan: true,
  rpcStatusCodeAttribute: 'both',
  metricsSizes: true,
};

/** One span or one measurement series. */
export interface Emitted {
  readonly place: Place;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Run {
  /** Spans of hand-written messages. */
  readonly byHand: readonly ReadableSpan[];
  readonly spans: readonly ReadableSpan[];
  readonly instruments: readonly MetricData[];
  /** Spans and series. */
  readonly emitted: readonly Emitted[];
}

export async function runEverything(): Promise<Run> {
  const telemetry = new Telemetry();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  metrics.disable();
  metrics.setGlobalMeterProvider(meterProvider);
  try {
    await everyMethodByHand();
    await until(() => telemetry.open.length === 0, 'responses to the hand-written messages');
    const byHand = [...telemetry.spans];
    for (const flavour of FLAVOURS) await everyContent(flavour);
    await inputRounds();
    await overHttp();
    await tooMany();
    await lostRecords();
    await until(() => telemetry.open.length === 0, 'all spans to end');
    await reader.forceFlush();
    const spans = telemetry.spans.filter(({ instrumentationScope }) => instrumentationScope.name === 'mcp-trail');
    const instruments = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return { byHand, spans, instruments, emitted: [...spans.map(emittedSpan), ...instruments.flatMap(emittedSeries)] };
  } finally {
    await meterProvider.shutdown();
    await telemetry.shutdown();
  }
}

function emittedSpan({ kind, attributes }: ReadableSpan): Emitted {
  return { place: kind === SpanKind.CLIENT ? 'client span' : 'server span', attributes };
}

function emittedSeries({ descriptor, dataPoints }: MetricData): Emitted[] {
  return dataPoints.map(({ attributes }) => ({ place: descriptor.name as Place, attributes }));
}

/** Result of a hand-written request; its id starts with this word. */
export const ANSWERS = {
  answered: undefined,
  failed: -32010,
  // Caused by the caller, by the conventions.
  refused: -32602,
} as const;

/** Every method, in every direction and with every response, over bare transports without an SDK. */
async function everyMethodByHand(): Promise<void> {
  const [client, server] = InMemoryTransport.createLinkedPair();
  const handles = [client, server].map((transport) => instrumentTransport(transport, EVERYTHING));
  for (const transport of [client, server]) {
    transport.onmessage = (message: any) => {
      if (message.id !== undefined && message.method !== undefined) void transport.send(answerTo(message));
    };
    await transport.start();
  }
  for (const [method, row] of METHODS) {
    const senders = { client: [client], server: [server], either: [client, server] }[row.from];
    for (const sender of senders) {
      for (const message of messagesOf(method, row)) await sender.send(message as never);
    }
  }
  for (const handle of handles) handle.disable();
}

function messagesOf(method: string, row: MethodRow): object[] {
  const uri = row.resource && { uri: 'file:///notes.txt' };
  const clientInfo = row.result === 'session' && { clientInfo: { name: 'handmade', version: '1' } };
  const task = row.task === 'names' && { taskId: 'task-1' };
  const params = { ...target(row), ...uri, ...reference(row), ...clientInfo, ...task };
  if (row.kind === 'notification') return [{ jsonrpc: '2.0', method, params }];
  return Object.keys(ANSWERS).map((answer) => ({ jsonrpc: '2.0', id: `${answer} ${randomUUID()}`, method, params }));
}

function target(row: MethodRow): object {
  return (row.target?.path ?? []).reduceRight<any>((inner, key) => ({ [key]: inner }), row.target && 'something') ?? {};
}

function reference(row: MethodRow): object {
  return row.refersTo === undefined ? {} : { [row.refersTo]: 'nothing that is open' };
}

function answerTo({ id, method }: { readonly id: string; readonly method: string }) {
  const code = ANSWERS[id.split(' ', 1)[0] as keyof typeof ANSWERS];
  if (code !== undefined) return { jsonrpc: '2.0', id, error: { code, message: 'no' } } as never;
  const session = { protocolVersion: '2025-11-25', serverInfo: { name: 'handmade', version: '1' } };
  const result = METHODS.get(method)?.result === 'session' ? session : { status: 'working' };
  return { jsonrpc: '2.0', id, result } as never;
}

/** Contents, errors and a cancellation, with a real client and server. */
async function everyContent(flavour: Flavour): Promise<void> {
  const dialect = DIALECTS[flavour.sdk];
  let started = false;
  const pair = await flavour.pair({
    config: EVERYTHING,
    tools: [
      { name: 'echo', input: { text: z.string() }, handler: ({ text: value }) => text(value) },
      { name: 'sad', handler: () => ({ ...text('no'), isError: true }) },
      {
        name: 'endless',
        handler: () => {
          started = true;
          return new Promise(() => {});
        },
      },
    ],
    configure: (server) => {
      const argsSchema = { language: z.string() };
      const prompt = { argsSchema: flavour.sdk === 'v1' ? argsSchema : z.object(argsSchema) };
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'hello' } }];
      server.registerPrompt('greet', prompt, () => ({ messages }));
      const contents = [{ uri: 'file:///notes.txt', text: 'a note' }];
      server.registerResource('notes', 'file:///notes.txt', {}, () => ({ contents }));
    },
  });
  const { client } = pair;
  await client.listTools();
  await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
  await client.callTool({ name: 'sad', arguments: {} });
  await client.getPrompt({ name: 'greet', arguments: { language: 'en' } });
  await client.readResource({ uri: 'file:///notes.txt' });
  await client.getPrompt({ name: 'nobody' }).catch(() => {});
  const abort = new AbortController();
  const cancelled = dialect.callTool(client, 'endless', { signal: abort.signal }).catch(() => {});
  await until(() => started, 'the endless tool to start');
  abort.abort();
  await cancelled;
  // A session that ends with an error, while a call waits for its response.
  const abandoned = client.callTool({ name: 'endless', arguments: {} }).catch(() => {});
  await pair.close();
  await abandoned;
}

/** A call with two rounds, on the protocol version that has rounds. */
async function inputRounds(): Promise<void> {
  const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as Flavour;
  const question = inputRequired.elicit({
    message: 'sure?',
    requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } },
  });
  const pair = await modern.pair({
    config: EVERYTHING,
    clientOptions: { capabilities: { elicitation: { form: {} } } },
    configureClient: (client) => {
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { sure: true } }));
    },
    tools: [
      {
        name: 'asks',
        handler: (_args, { raw }) =>
          raw.mcpReq.inputResponses === undefined
            ? inputRequired({ inputRequests: { sure: question }, requestState: 'first round' })
            : text('done'),
      },
    ],
  });
  await pair.client.callTool({ name: 'asks', arguments: {} });
  await pair.close();
}

/** A stateful session over HTTP: addresses, network attributes and a session id. */
async function overHttp(): Promise<void> {
  const server = new McpServer({ name: 'test-server', version: '1.0.0' });
  server.registerTool('echo', {}, () => text('hi'));
  instrumentServer(server, EVERYTHING);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  await server.connect(transport);
  const http = createServer((request, response) => void transport.handleRequest(request, response));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = http.address() as AddressInfo;
  const client = new Client({ name: 'test-client', version: '1.0.0' });
  instrumentClient(client, EVERYTHING);
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  await client.callTool({ name: 'echo', arguments: {} });
  await client.close();
  await server.close();
  http.close();
  http.closeAllConnections();
  await once(http, 'close');
}

/** More open operations than the limit. */
/** An audit trail on a full disk. */
async function lostRecords(): Promise<void> {
  const [client, server] = InMemoryTransport.createLinkedPair();
  const handle = instrumentTransport(client, { audit: { delivery: ['file'], file: '/dev/full' } });
  await Promise.all([client.start(), server.start()]);
  await client.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  handle.disable();
}

async function tooMany(): Promise<void> {
  const [client, server] = InMemoryTransport.createLinkedPair();
  const handle = instrumentTransport(client, { maxPendingOperations: 1 });
  await Promise.all([client.start(), server.start()]);
  for (const id of [1, 2]) await client.send({ jsonrpc: '2.0', id, method: 'ping' });
  handle.disable();
}
