/** Relays pass messages from one transport to another, without a client or server: real processes, without code. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode } from '../../examples/demo/child.mjs';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { recordsIn, Scratch, story } from '../safety/audit-trails.js';
import { ROOT } from '../safety/child.js';

const scratch = new Scratch();
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let server: ReturnType<typeof startNode>;
let url: string;
const PRELOAD = ['--import', new URL('../../dist/esm/register.js', import.meta.url).href];

function environment(name: string, auditFile = scratch.path()): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    OTEL_SERVICE_NAME: name,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: auditFile,
  };
}

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const args = [...PRELOAD, `${ROOT}/test/fixtures/tmcp-server.mjs`, 'http'];
  server = startNode('the remote server', args, environment('remote'));
  url = (await server.firstLine()) as string;
});
afterAll(async () => {
  await server.stop();
  await receiver.close();
  scratch.remove();
});

/** Everything that a client of a relay sees. */
async function play(
  line: string,
  preload: readonly string[],
  env: Record<string, string>,
  _meta: Record<string, string>,
  late: readonly string[] = [],
) {
  const seen: unknown[] = [];
  const client = new Client({ name: 'host', version: '4' }, { capabilities: { sampling: {}, elicitation: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => {
    seen.push('asked');
    return { role: 'assistant', model: 'a-model', content: { type: 'text', text: 'an answer' } };
  });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { city: 'Lisbon' } }));
  const args = [...preload, `${ROOT}/test/fixtures/relay.mjs`, line, url, ...late];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'inherit' }));
  seen.push(client.getServerVersion(), (await client.listTools()).tools.length);
  for (const name of ['refuse', 'fail', 'ask']) {
    await client.callTool({ name, arguments: {}, _meta }).then(
      (result) => seen.push(result),
      (error: any) => seen.push([error.code, error.message]),
    );
  }
  await client.close();
  return seen;
}

const CALLER = 'b7ad6b7169203331';

describe.each(['v1', 'v2'])('a relay on the transports of SDK %s', (line) => {
  const file = scratch.path();
  const service = `relay ${line}`;
  const trace = line === 'v1' ? '1'.repeat(32) : '2'.repeat(32);
  const meta = { traceparent: `00-${trace}-${CALLER}-01` };
  let seen: unknown[];
  beforeAll(async () => {
    seen = await play(line, PRELOAD, environment(service, file), meta);
  });

  const spansOf = (name: string) => receiver.spans.filter((span) => span.traceId === trace && span.name === name);

  it('passes on what it passes on without mcp-trail', async () => {
    const { MCP_TRAIL_AUDIT: _, ...env } = environment(service);
    expect(seen).toHaveLength(6);
    expect(seen).toEqual(await play(line, [], env, {}));
  });

  it('is a server towards its host and a client towards the remote, in one trace', async () => {
    const name = 'tools/call refuse';
    await receiver.waitFor(() => spansOf(name).length === 3, { what: 'three spans of the call' });
    const by = (kind: string, of: string) =>
      spansOf(name).find((span) => span.kind === kind && span.resource['service.name'] === of);
    const relayed = by('SERVER', service);
    const forwarded = by('CLIENT', service);
    expect(relayed).toMatchObject({ parentSpanId: CALLER, status: { code: 'ERROR' } });
    expect(forwarded).toMatchObject({ parentSpanId: relayed?.spanId, status: { code: 'ERROR' } });
    expect(by('SERVER', 'remote')).toMatchObject({ parentSpanId: forwarded?.spanId });
    expect(relayed?.attributes).toMatchObject({ 'network.transport': 'pipe', 'mcp_trail.client.name': 'host' });
    expect(forwarded?.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'network.transport': 'tcp' });
  });

  it('has the requests of the remote server to the host in the trace too', async () => {
    const name = 'sampling/createMessage';
    await receiver.waitFor(() => spansOf(name).length === 3, { what: 'three spans of the question' });
    const asked = spansOf(name).find((span) => span.resource['service.name'] === 'remote');
    const relayed = spansOf(name).find((span) => span.kind === 'SERVER');
    const forwarded = spansOf(name).find((span) => span.kind === 'CLIENT' && span !== asked);
    expect(asked?.kind).toBe('CLIENT');
    expect(relayed?.parentSpanId).toBe(asked?.spanId);
    expect(forwarded?.parentSpanId).toBe(relayed?.spanId);
  });

  it('leaves a complete audit trail of both sides', () => {
    const told = story(recordsIn(file)).filter((text) => text.includes('tools/call'));
    const both = (text: string) => [text, text];
    expect(told).toEqual([
      ...both('request tools/call refuse'),
      ...both('response tools/call refuse tool_error'),
      ...both('request tools/call fail'),
      ...both('response tools/call fail error'),
      ...both('request tools/call ask'),
      ...both('response tools/call ask ok'),
    ]);
  });
});

describe.each(['v1', 'v2'])('a relay on the transports of SDK %s that connects at the first message', (line) => {
  const file = scratch.path();
  const service = `late relay ${line}`;
  beforeAll(async () => {
    await play(line, PRELOAD, environment(service, file), {}, ['late']);
  });

  it('has that message in one trace with the remote', async () => {
    const ofRelay = (kind: string) =>
      receiver.spans.filter(
        (span) => span.name === 'initialize' && span.kind === kind && span.resource['service.name'] === service,
      );
    await receiver.waitFor(() => ofRelay('SERVER').length > 0, { what: 'the span of the first message' });
    const [[relayed, ...twice], [forwarded]] = [ofRelay('SERVER'), ofRelay('CLIENT')];
    expect(twice).toEqual([]);
    expect(relayed?.attributes).toMatchObject({ 'network.transport': 'pipe', 'mcp_trail.client.name': 'host' });
    expect(forwarded).toMatchObject({ traceId: relayed?.traceId, parentSpanId: relayed?.spanId });
    const remote = receiver.spans.filter((span) => span.parentSpanId === forwarded?.spanId);
    expect(remote).toMatchObject([{ name: 'initialize', kind: 'SERVER', resource: { 'service.name': 'remote' } }]);
  });

  it('has that message in the audit trail of both sides', () => {
    const told = story(recordsIn(file)).filter((text) => text.includes('initialize'));
    expect(told).toEqual([
      ...['request initialize', 'request initialize'],
      ...['response initialize ok', 'response initialize ok'],
    ]);
  });
});
