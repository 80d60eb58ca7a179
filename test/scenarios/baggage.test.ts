/** Baggage is propagated where the configuration and hooks allow it. */
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { context, diag, propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { instrumentClient } from '../../src/index.js';
import type { McpInstrumentationConfig, McpPeerInfo } from '../../src/types.js';
import { scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';

scenarioTelemetry();

const withUser = <T>(body: () => T): T =>
  context.with(propagation.setBaggage(context.active(), propagation.createBaggage({ user: { value: '7' } })), body);

const metaOf = (raw: any) => raw._meta ?? raw.mcpReq?._meta ?? {};

describe.each(HTTP_FLAVOURS)('over HTTP, on $name', (flavour) => {
  async function metaOfCall(config: McpInstrumentationConfig) {
    const seen: any[] = [];
    const pair = await flavour.pair({
      configure: (server) =>
        server.registerTool('look', {}, (raw: any) => {
          seen.push(metaOf(raw));
          return text('hi');
        }),
      config,
    });
    await withUser(() => pair.client.callTool({ name: 'look', arguments: {} }));
    await pair.close();
    return seen[0];
  }

  it.each([
    ['goes to every server by default', {}, 'user=7'],
    ['goes to a host on the list', { baggageTo: ['127.0.0.1'] }, 'user=7'],
    ['stays away from a host that is not on the list', { baggageTo: ['api.example.com'] }, undefined],
    ['stays away from a server that claims a name on the list', { baggageTo: ['http-server'] }, undefined],
    ['stays at home with an empty list', { baggageTo: [] }, undefined],
  ])('baggage %s, and trace context is propagated', async (_what, config, baggage) => {
    const meta = await metaOfCall(config);
    expect(meta.baggage).toBe(baggage);
    expect(meta.traceparent).toMatch(/^00-/);
  });

  it('a hook that returns false keeps trace context and baggage from a host', async () => {
    const asked: [string, McpPeerInfo][] = [];
    const propagateContext = (method: string, peer: McpPeerInfo) => {
      asked.push([method, peer]);
      return peer.host !== '127.0.0.1';
    };
    const meta = await metaOfCall({ propagateContext });
    expect(meta).not.toHaveProperty('traceparent');
    expect(meta).not.toHaveProperty('baggage');
    const call = asked.find(([method]) => method === 'tools/call');
    expect(call?.[1]).toMatchObject({ role: 'server', transport: 'http', host: '127.0.0.1', name: 'http-server' });
  });
});

const SERVER = fileURLToPath(new URL('../fixtures/context-server.mjs', import.meta.url));

describe.each(['v1', 'v2'] as const)('over stdio, on %s', (sdk) => {
  const Client: any = { v1: ClientV1, v2: ClientV2 }[sdk];
  const Transport: any = { v1: StdioV1, v2: StdioV2 }[sdk];

  /** The baggage that a server started by the client saw, and the arguments of the hook. */
  async function seenBy(config: McpInstrumentationConfig) {
    const peers: McpPeerInfo[] = [];
    const client = new Client({ name: 'c', version: '1' });
    instrumentClient(client, { ...config, requestHook: (_span, { peer }) => void peers.push(peer) });
    // The server has an SDK for its propagators, and exports nothing.
    const env = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
    const register = new URL('../../dist/esm/register.js', import.meta.url).href;
    const args = ['--import', register, SERVER, sdk];
    await client.connect(new Transport({ command: process.execPath, args, env, stderr: 'ignore' }));
    const { content } = await withUser(() => client.callTool({ name: 'where', arguments: {} }));
    await client.close();
    return { baggage: JSON.parse(content[0].text), peer: peers.at(-1), args };
  }

  it.each([
    ['goes to every server by default', {}, { user: '7' }],
    ['goes to a command on the list', { baggageTo: [process.execPath] }, { user: '7' }],
    ['stays away from a command that is not on the list', { baggageTo: ['npx'] }, {}],
    ['stays away from a server that claims a name on the list', { baggageTo: ['context-server'] }, {}],
  ])('baggage %s', async (_what, config, baggage) => {
    const seen = await seenBy(config);
    expect(seen.baggage).toEqual(baggage);
    expect(seen.peer).toEqual({
      role: 'server',
      transport: 'stdio',
      command: process.execPath,
      args: seen.args,
      name: 'context-server',
      version: '1.0.0',
    });
  });
});

describe.each(FLAVOURS)('in memory, on $name', (flavour) => {
  async function metaOfCall(config: McpInstrumentationConfig, meta: object) {
    const seen: any[] = [];
    const look = {
      name: 'look',
      handler: (_args: unknown, { raw }: any) => (seen.push(metaOf(raw)) ? text('hi') : text('')),
    };
    const pair = await flavour.pair({ config, tools: [look] });
    await withUser(() => pair.client.callTool({ name: 'look', arguments: {}, _meta: meta }));
    await pair.close();
    return seen[0];
  }

  it('baggage that the application wrote into a message stays', async () => {
    expect((await metaOfCall({ baggageTo: [] }, { baggage: 'mine=1' })).baggage).toBe('mine=1');
  });

  it('baggage that a gateway forwards does not reach a server that is not on the list', async () => {
    const seen: any[] = [];
    const look = {
      name: 'look',
      handler: (_args: unknown, { raw }: any) => (seen.push(metaOf(raw)) ? text('hi') : text('')),
    };
    const upstream = await flavour.pair({ config: { baggageTo: ['npx'] }, tools: [look] });
    const pass = (_args: unknown, { raw }: any) => {
      const { baggage, traceparent } = metaOf(raw);
      return upstream.client.callTool({ name: 'look', arguments: {}, _meta: { baggage, traceparent, own: 1 } });
    };
    const gateway = await flavour.pair({ tools: [{ name: 'pass', handler: pass }] });
    await withUser(() => gateway.client.callTool({ name: 'pass', arguments: {} }));
    expect(seen[0]).toMatchObject({ own: 1 });
    expect(seen[0].traceparent).toMatch(/^00-/);
    expect(seen[0]).not.toHaveProperty('baggage');
    await gateway.close();
    await upstream.close();
  });

  it('a hook that throws counts as true', async () => {
    const propagateContext = () => {
      throw new Error('secret');
    };
    // Reported once through diag, which other tests expect to be silent.
    diag.disable();
    expect((await metaOfCall({ propagateContext }, {})).traceparent).toMatch(/^00-/);
  });
});
