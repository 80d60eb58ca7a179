/** Servers on tmcp, observed without code: real processes, over each of its transports. */
import * as v2 from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode } from '../../examples/demo/child.mjs';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { recordsIn, Scratch, story } from '../safety/audit-trails.js';
import { ROOT } from '../safety/child.js';

type Kind = 'stdio' | 'http' | 'sse';
type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

const scratch = new Scratch();
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

const PRELOAD = ['--import', new URL('../../dist/esm/register.js', import.meta.url).href];

function environment(auditFile: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    OTEL_SERVICE_NAME: auditFile,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: auditFile,
  };
}

interface Server {
  readonly transport: any;
  stop(): Promise<void>;
}

async function start(kind: Kind, preload: readonly string[], env: Record<string, string>, sdk = 'v1'): Promise<Server> {
  const args = [...preload, `${ROOT}/test/fixtures/tmcp-server.mjs`, kind];
  if (kind === 'stdio') {
    const Transport = sdk === 'v1' ? StdioClientTransport : StdioV2;
    const transport = new Transport({ command: process.execPath, args, env, stderr: 'ignore' });
    return { transport, stop: async () => {} };
  }
  const child = startNode(`tmcp over ${kind}`, args, env);
  const url = new URL((await child.firstLine()) as string);
  const stop = async () => {
    const { code } = await child.stop();
    expect(child.output.stdout).toBe(`${url}\n`);
    expect(code).toBe(0);
  };
  if (sdk === 'v2') return { transport: new v2.StreamableHTTPClientTransport(url), stop };
  const transport = kind === 'sse' ? new SSEClientTransport(url) : new StreamableHTTPClientTransport(url);
  return { transport, stop };
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const withContext = { _meta: { traceparent: `00-${TRACE}-${CALLER}-01` } };

/** Everything that a client sees. */
async function play({ transport, stop }: Server): Promise<unknown[]> {
  const seen: unknown[] = [];
  const client = new Client({ name: 'asker', version: '4' }, { capabilities: { sampling: {}, elicitation: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params: { _meta, ...params } }) => {
    seen.push(['asked', params]);
    return { role: 'assistant', model: 'a-model', content: { type: 'text', text: 'an answer' } };
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params: { _meta, ...params } }) => {
    seen.push(['asked', params]);
    return { action: 'accept', content: { city: 'Lisbon' } };
  });
  client.fallbackNotificationHandler = async ({ method, params: { _meta, ...params } = {} }: any) => {
    seen.push([method, params]);
  };
  await client.connect(transport);
  seen.push(client.getServerVersion(), (await client.listTools()).tools);
  const call = (name: string, args: Record<string, unknown> = {}) =>
    client
      .callTool({ name, arguments: args, ...withContext }, undefined, {
        onprogress: (progress) => seen.push(['progress', progress]),
      })
      .then(
        (result) => seen.push([name, result]),
        (error: any) => seen.push([name, error.code, error.message]),
      );
  await call('echo', { value: 'once' });
  await call('refuse');
  await call('fail');
  await call('ask');
  await call('change');
  await client.getPrompt({ name: 'greet', ...withContext }).then((prompt) => seen.push(prompt));
  await client.getPrompt({ name: 'unheard' }).catch((error) => seen.push([error.code, error.message]));
  if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
  await client.close();
  await stop();
  return seen;
}

const OPERATIONS = [
  'request initialize',
  'session started ok',
  'response initialize ok',
  'request tools/list',
  'response tools/list ok',
  'request tools/call echo',
  'response tools/call echo ok',
  'request tools/call refuse',
  'response tools/call refuse tool_error',
  'request tools/call fail',
  'response tools/call fail error',
  'request tools/call ask',
  'request sampling/createMessage',
  'response sampling/createMessage ok',
  'request elicitation/create',
  'response elicitation/create ok',
  'response tools/call ask ok',
  'request tools/call change',
  'inventory.changed notifications/tools/list_changed',
  'response tools/call change ok',
  'request prompts/get',
  'response prompts/get ok',
  'request prompts/get',
  'response prompts/get error',
  'session ended ok',
];

describe.each(['stdio', 'http', 'sse'] as const)('a tmcp server over %s', (kind) => {
  const file = scratch.path();
  let seen: unknown[];
  beforeAll(async () => {
    seen = await play(await start(kind, PRELOAD, environment(file)));
  });

  // A batch may arrive twice if the process exits while it is under way.
  const spans = () => {
    const own = receiver.spans.filter(({ resource }) => resource['service.name'] === file);
    return [...new Map(own.map((span) => [span.spanId, span])).values()];
  };
  const spanOf = (name: string) => {
    const found = spans().filter((span) => span.name === name);
    expect(found, name).toHaveLength(1);
    return found[0] as (typeof found)[0];
  };

  it('answers and asks as it does without mcp-trail, and runs its tools once', async () => {
    const { MCP_TRAIL_AUDIT: _, ...env } = environment(file);
    expect(seen.length).toBeGreaterThan(12);
    expect(seen).toEqual(await play(await start(kind, [], env)));
  });

  it('has a span for each message, below the caller that the message names', async () => {
    await receiver.waitFor(() => spans().some(({ name }) => name === 'prompts/get unheard'), { what: 'the last span' });
    const echo = spanOf('tools/call echo');
    expect(echo).toMatchObject({ kind: 'SERVER', traceId: TRACE, parentSpanId: CALLER, status: { code: 'UNSET' } });
    expect(echo.attributes).toMatchObject({
      'mcp.protocol.version': '2025-06-18',
      'mcp_trail.client.name': 'asker',
      'network.transport': kind === 'stdio' ? 'pipe' : 'tcp',
      ...(kind !== 'stdio' && { 'mcp.session.id': expect.any(String), 'client.address': '127.0.0.1' }),
    });
    expect(spanOf('tools/call refuse').attributes['error.type']).toBe('tool_error');
    expect(spanOf('tools/call fail').attributes['error.type']).toBe('-32603');
    expect(spanOf('prompts/get unheard').attributes['rpc.response.status_code']).toBe('-32602');
  });

  it('runs the handler in the context of its span', () => {
    expect(spanOf('work on once')).toMatchObject({ traceId: TRACE, parentSpanId: spanOf('tools/call echo').spanId });
  });

  it('has what a tool sends to the client below the call of the tool', () => {
    const { spanId } = spanOf('tools/call ask');
    for (const name of [
      'sampling/createMessage',
      'elicitation/create',
      'notifications/message',
      'notifications/progress',
    ]) {
      expect(spanOf(name)).toMatchObject({ kind: 'CLIENT', traceId: TRACE, parentSpanId: spanId });
    }
    const change = spanOf('tools/call change');
    expect(spanOf('notifications/tools/list_changed').parentSpanId).toBe(change.spanId);
  });

  it('leaves a complete audit trail', () => {
    const told = story(recordsIn(file)).filter((line) => !/^(?:started|stopped|server\.observed)/.test(line));
    expect(told).toEqual(OPERATIONS);
  });
});

describe.each(['stdio', 'http'] as const)('a tmcp server over %s, on 2026-07-28', (kind) => {
  const file = scratch.path();

  it('has spans and records of each round, of the client that each message names', async () => {
    const { transport, stop } = await start(kind, PRELOAD, environment(file), 'v2');
    const options = { capabilities: { elicitation: {}, sampling: {} }, versionNegotiation: { mode: 'auto' as const } };
    const client = new v2.Client({ name: 'asker', version: '4' }, options);
    client.setRequestHandler('sampling/createMessage', () => {
      return { role: 'assistant', model: 'a-model', content: { type: 'text', text: 'an answer' } };
    });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { city: 'Lisbon' } }));
    await client.connect(transport);
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    const { content } = await client.callTool({ name: 'echo', arguments: { value: 'once' }, ...withContext });
    expect(content).toEqual([{ type: 'text', text: 'once 1' }]);
    await expect(client.callTool({ name: 'fail', arguments: {} })).rejects.toMatchObject({ code: -32603 });
    await client.close();
    await stop();

    const spans = () => receiver.spans.filter(({ resource }) => resource['service.name'] === file);
    await receiver.waitFor(() => spans().some(({ name }) => name === 'tools/call fail'), { what: 'the last span' });
    const echo = spans().find(({ name }) => name === 'tools/call echo');
    expect(echo).toMatchObject({ kind: 'SERVER', traceId: TRACE, parentSpanId: CALLER });
    expect(echo?.attributes).toMatchObject({ 'mcp.protocol.version': '2026-07-28', 'mcp_trail.client.name': 'asker' });
    const told = story(recordsIn(file)).filter((line) => !/^(?:started|stopped|server\.observed)/.test(line));
    expect(told).toEqual([
      'request server/discover',
      'response server/discover ok',
      'request tools/call echo',
      'response tools/call echo ok',
      'request tools/call fail',
      'response tools/call fail error',
    ]);
  });
});
