import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Metric } from '../../examples/support/otlp-json.mjs';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { instrumentClient, instrumentTransport } from '../../src/index.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, type Flavour, type ToolDefinition, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { bytesOf, sizesWhile, withoutContext } from '../support/sizes.js';

const telemetry = scenarioTelemetry();
const measuring: McpInstrumentationConfig = { metricsSizes: true };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function auditFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sizes-'));
  folders.push(folder);
  return join(folder, 'audit.jsonl');
}

const ECHO: ToolDefinition = { name: 'echo', input: { say: z.string() }, handler: ({ say }) => text(say) };
const SAY = 'grüße 🎉 "quoted"\n'.repeat(100);

/** A pair, and every message that passes between the two. */
async function pairWithWire(flavour: Flavour, config: McpInstrumentationConfig) {
  const wire: any[] = [];
  const listening = (transport: any) => {
    const send = transport.send.bind(transport);
    transport.send = (message: any, options: unknown) => {
      wire.push(structuredClone(message));
      return send(message, options);
    };
    return transport;
  };
  const wrapTransports = (client: any, server: any): [any, any] => [listening(client), listening(server)];
  const pair = await flavour.pair({ config, tools: [ECHO], wrapTransports });
  const exchange = (method: string) => {
    const request = wire.find((message) => message.method === method);
    return { request, response: wire.find(({ id, result }) => id === request.id && result !== undefined) };
  };
  return { pair, exchange };
}

const callEcho = (client: any, say = SAY) => client.callTool({ name: 'echo', arguments: { say } });

describe.each(FLAVOURS)('sizes, on $name', (flavour) => {
  it('are those of the messages on the wire; a client leaves out the trace context that it adds', async () => {
    const { pair, exchange } = await pairWithWire(flavour, measuring);
    const sizes = await sizesWhile(telemetry, async () => {
      await pair.client.listTools();
      await callEcho(pair.client);
    });
    await pair.close();
    for (const method of ['tools/list', 'tools/call']) {
      const { request, response } = exchange(method);
      expect(request.params._meta.traceparent).toBeDefined();
      expect(sizes[`server ${method}`]).toEqual({ request: bytesOf(request), response: bytesOf(response) });
      const sent = bytesOf(withoutContext(request));
      expect(sizes[`client ${method}`]).toEqual({ request: sent, response: bytesOf(response) });
    }
  });

  it('are measured without an audit trail only if asked for', async () => {
    const { pair } = await pairWithWire(flavour, {});
    const sizes = await sizesWhile(telemetry, () => callEcho(pair.client));
    await pair.close();
    expect(sizes).toEqual({});
  });

  it('come with an audit trail, for what is audited', async () => {
    const file = auditFile();
    const { pair, exchange } = await pairWithWire(flavour, { audit: { delivery: 'file', file } });
    const sizes = await sizesWhile(telemetry, async () => {
      await callEcho(pair.client);
      if (flavour.protocolVersion !== '2026-07-28') await pair.client.ping();
    });
    await pair.close();
    expect(Object.keys(sizes).sort()).toEqual(['client tools/call', 'server tools/call']);
    const { request, response } = exchange('tools/call');
    expect(sizes['server tools/call']).toEqual({ request: bytesOf(request), response: bytesOf(response) });
    const records = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ended = records.find(
      (record) =>
        record.event_name === 'mcp_audit.response' &&
        record['mcp.method.name'] === 'tools/call' &&
        record['mcp_audit.side'] === 'server',
    );
    expect(ended['mcp_audit.request.size']).toBe(bytesOf(request.params));
    expect(ended['mcp_audit.response.size']).toBe(bytesOf(response.result));
  });

  it('can be left out where there is an audit trail', async () => {
    const audit = { delivery: 'file', file: auditFile() } as const;
    const { pair } = await pairWithWire(flavour, { metricsSizes: false, audit });
    const sizes = await sizesWhile(telemetry, () => callEcho(pair.client));
    await pair.close();
    expect(sizes).toEqual({});
  });

  it('of a call that is given up have its error.type', async () => {
    const { pair } = await pairWithWire(flavour, measuring);
    const { callTool } = DIALECTS[flavour.sdk];
    const giveUp = new AbortController();
    const arrived = deferred();
    pair.serverTransport.onmessage = () => arrived.resolve();
    const call = callTool(pair.client, 'echo', { signal: giveUp.signal });
    call.catch(() => {});
    await arrived.promise;
    giveUp.abort();
    await expect(call).rejects.toThrow();
    await telemetry.ended('client', 'tools/call echo');
    await pair.close();
    const found = (await telemetry.measurements()).filter(
      ({ metric, attributes }) => metric.endsWith('.size') && attributes['error.type'] === 'cancelled',
    );
    expect(found.map(({ metric, attributes }) => [metric, attributes['mcp_trail.side']])).toEqual([
      ['mcp_trail.request.size', 'client'],
    ]);
  });
});

describe.each(HTTP_FLAVOURS)('sizes over HTTP, on $name', (flavour) => {
  it('are those of the bodies', async () => {
    const requests: string[] = [];
    const answers: Promise<string>[] = [];
    const listening = async (url: URL, init: RequestInit) => {
      const response = await fetch(url, init);
      if (init.method !== 'POST') return response;
      requests.push(String(init.body));
      answers.push(response.clone().text());
      return response;
    };
    const inputSchema: any = flavour.sdk === 'v1' ? { say: z.string() } : z.object({ say: z.string() });
    const pair = await flavour.pair({
      config: measuring,
      configure: (server) => server.registerTool('echo', { inputSchema }, ({ say }: any) => text(say)),
      transportOptions: () => ({ fetch: listening }),
    });
    const sizes = await sizesWhile(telemetry, () => callEcho(pair.client));
    await pair.close();
    const request = requests.find((body) => JSON.parse(body).method === 'tools/call') as string;
    const { id } = JSON.parse(request);
    const lines = (await Promise.all(answers)).flatMap((body) => body.split('\n'));
    const messages = lines.map((line) => line.replace(/^data: /, '')).filter((line) => line.startsWith('{'));
    const response = messages.find((message) => JSON.parse(message).id === id && 'result' in JSON.parse(message));
    const [sent, received] = [Buffer.byteLength(request), Buffer.byteLength(response as string)];
    expect(sizes['server tools/call']).toEqual({ request: sent, response: received });
    expect(sizes['client tools/call']).toEqual({
      request: bytesOf(withoutContext(JSON.parse(request))),
      response: received,
    });
  });
});

const STDIO = [
  { name: 'v1', client: () => new ClientV1({ name: 'c', version: '1' }), Transport: StdioV1 },
  { name: 'v2', client: () => new ClientV2({ name: 'c', version: '1' }), Transport: StdioV2 },
] as const;

describe.each(STDIO)('sizes over stdio, on $name', ({ name, client: newClient, Transport }) => {
  it('are the same in the process of the client and in that of the server', async () => {
    const receiver = await startOtlpReceiver();
    const fixture = (path: string) => fileURLToPath(new URL(path, import.meta.url));
    const transport: any = new Transport({
      command: process.execPath,
      args: ['--import', fixture('../../dist/esm/register.js'), fixture(`../fixtures/golden-${name}-stdio.mjs`)],
      env: {
        PATH: process.env['PATH'] ?? '',
        OTEL_SERVICE_NAME: 'server',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        // So that several exports can be added up.
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_LOGS_EXPORTER: 'none',
        MCP_TRAIL_METRICS_SIZES: 'true',
      },
    });
    try {
      const client: any = newClient();
      instrumentClient(client, measuring);
      const sizes = await sizesWhile(telemetry, async () => {
        await client.connect(transport);
        await client.listTools();
        await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
        await client.close();
      });
      await receiver.waitFor(({ metrics }) => metrics.some(({ name }) => name === 'mcp_trail.response.size'), {
        what: 'the sizes of the server',
      });
      for (const method of ['initialize', 'tools/list', 'tools/call']) {
        const ofServer = (part: string) => sumOf(receiver.metrics, `mcp_trail.${part}.size`, method);
        expect(sizes[`client ${method}`]?.response, method).toBe(ofServer('response'));
        // The trace context is added to params._meta: `"_meta":{"traceparent":"…"}`.
        const added = ofServer('request') - (sizes[`client ${method}`]?.request ?? 0);
        expect(added, method).toBeGreaterThanOrEqual(
          bytesOf({ traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }),
        );
      }
    } finally {
      await receiver.close();
    }
  });
});

function sumOf(metrics: readonly Metric[], name: string, method: string): number {
  const points = metrics.filter((metric) => metric.name === name).flatMap(({ dataPoints }) => dataPoints);
  return points.reduce((sum, { attributes, sum: bytes }) => {
    return attributes['mcp.method.name'] === method ? sum + Number(bytes) : sum;
  }, 0);
}

describe('a walk through a message', () => {
  /** Answers requests by itself; `walks` counts how often their extra member is walked through. */
  function observed(config: McpInstrumentationConfig) {
    let walks = 0;
    const transport: any = { send: async () => {}, onmessage: () => {} };
    const handle = instrumentTransport(transport, config);
    const extra = () =>
      new Proxy(
        { a: 1 },
        {
          ownKeys(target) {
            walks += 1;
            return Reflect.ownKeys(target);
          },
        },
      );
    const call = async (method: string) => {
      transport.onmessage({ jsonrpc: '2.0', id: 1, method, params: { name: 'x', extra: extra() } });
      await transport.send({ jsonrpc: '2.0', id: 1, result: { extra: extra() } });
    };
    return { call, walks: () => walks, stop: () => handle.disable() };
  }

  it.each<[string, number, (file: string) => McpInstrumentationConfig]>([
    ['is not made without an option', 0, () => ({})],
    ['is made once if asked for', 2, () => measuring],
    ['is made once for an audit trail', 2, (file) => ({ audit: { delivery: 'file', file } })],
    ['is made once for both', 2, (file) => ({ ...measuring, audit: { delivery: 'file', file } })],
    ['is not made of what is ignored', 0, () => ({ ...measuring, ignoreMethods: ['tools/call'] })],
    ['is not made where another library measures', 0, () => ({ ...measuring, standBack: true })],
  ])('%s', async (_, times, config) => {
    const { call, walks, stop } = observed(config(auditFile()));
    await call('tools/call');
    expect(walks()).toBe(times);
    stop();
  });
});

describe('a hostile message', () => {
  const evil = () => {
    throw new Error('no');
  };
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const HOSTILE: Readonly<Record<string, () => unknown>> = {
    'a cycle': () => cycle,
    'a BigInt': () => 1n,
    'a getter': () => Object.defineProperty({}, 'x', { get: evil, enumerable: true }),
    'a toJSON': () => ({ toJSON: evil }),
    'a proxy that throws': () => new Proxy({}, { ownKeys: evil }),
    'a million values': () => new Array(1_000_000).fill(0),
    'a billion holes': () => new Array(1_000_000_000),
  };

  it.each(Object.keys(HOSTILE))('with %s passes as it is, is measured in time and has no size', async (name) => {
    const received: unknown[] = [];
    const transport: any = { send: async (message: unknown) => received.push(message) };
    transport.onmessage = (message: unknown) => received.push(message);
    const handle = instrumentTransport(transport, measuring);
    const extra = (HOSTILE[name] as () => unknown)();
    const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x', extra } };
    const response = { jsonrpc: '2.0', id: 1, result: { extra } };
    const sizes = await sizesWhile(telemetry, async () => {
      transport.onmessage(request);
      await transport.send(response);
    });
    handle.disable();
    expect(received.map((message, index) => message === [request, response][index])).toEqual([true, true]);
    expect(sizes).toEqual({});
    const measured = (await telemetry.measurements()).map(({ metric }) => metric);
    expect(measured).toContain('mcp.server.operation.duration');
  });

  it('of many megabytes of text is measured', async () => {
    const transport: any = { send: async () => {}, onmessage: () => {} };
    const handle = instrumentTransport(transport, measuring);
    const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x', text: 'ä'.repeat(8_000_000) } };
    const sizes = await sizesWhile(telemetry, async () => {
      transport.onmessage(request);
      await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    });
    handle.disable();
    expect(sizes['server tools/call']?.request).toBe(bytesOf(request));
  });
});
