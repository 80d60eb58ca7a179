/** tmcp in this process, with options of the audit trail that hold messages back. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpServer } from 'tmcp';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patchServer } from '../../src/hook/implementations/tmcp.js';
import { createObservation } from '../../src/hook/observation.js';
import { resolveConfig } from '../../src/options/instrumentation.js';
import { endOf, Telemetry, until } from '../support/telemetry.js';

const telemetry = new Telemetry();
/** A durable place of the trail, which can break. */
const place = { isBroken: false, records: [] as any[] };
const sink = {
  name: 'own',
  durable: true,
  accept: (_record: unknown, line: string) => {
    if (place.isBroken) throw new Error('full');
    place.records.push(JSON.parse(line));
  },
};
let undo = () => {};

beforeEach(() => {
  telemetry.reset();
  Object.assign(place, { isBroken: false, records: [] });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  undo();
  vi.restoreAllMocks();
});
afterAll(() => telemetry.shutdown());

function observe(audit: object): void {
  const config = resolveConfig({ audit: { sinks: [sink], ...audit } } as never);
  const { pipeline, watch, stopAuditing } = createObservation({ config });
  const undos = [watch(), patchServer(McpServer.prototype, pipeline)];
  undo = () => {
    for (const each of undos) each();
    expect(pipeline.openOperations).toBe(0);
    pipeline.shutdown();
    stopAuditing();
  };
}

function newServer(tool: () => unknown): any {
  const server: any = new McpServer(
    { name: 'one', version: '1' },
    { adapter: undefined, capabilities: { tools: { listChanged: true } } },
  );
  server.tool({ name: 'run', description: 'runs' }, tool);
  return server;
}

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run' } };
const context = { sessionId: 'one', sessionInfo: { clientCapabilities: { sampling: {} } } };
const recorded = (event: string, method = 'tools/call') =>
  place.records.filter((record) => record.event_name === event && record['mcp.method.name'] === method);
const REFUSED = { code: -32603, data: { reason: 'audit_unavailable' } };

const WITHOUT_ID = {
  'without an id': { ...call, id: undefined },
  'with null as its id': { ...call, id: null },
  'with an object as its id': { ...call, id: {} },
};

describe.each(Object.entries(WITHOUT_ID))('a tool call %s, which tmcp handles and never answers', (_, message) => {
  it('is recorded and has a span, as any call', async () => {
    observe({});
    let runs = 0;
    const server = newServer(() => {
      runs += 1;
      return { content: [] };
    });
    expect(await server.receive(message, context)).toBeNull();
    expect(runs).toBe(1);
    expect(recorded('mcp_audit.request')).toMatchObject([{ 'gen_ai.tool.name': 'run' }]);
    expect(recorded('mcp_audit.response')).toHaveLength(1);
    const span = telemetry.span('server', 'tools/call run');
    // Its own id, as it has none.
    expect(span.attributes['jsonrpc.request.id']).toMatch(/^mcp-trail:[0-9a-f-]{36}$/);
  });

  it('is not handled with block while nothing can be recorded', async () => {
    observe({ onFailure: 'block' });
    let runs = 0;
    const server = newServer(() => {
      runs += 1;
      return { content: [] };
    });
    place.isBroken = true;
    expect(await server.receive(message, context)).toBeNull();
    expect(runs).toBe(0);
    expect(endOf(telemetry.span('server', 'tools/call run')).errorType).toBe('audit_unavailable');
  });
});

it('a message without an id that tmcp does not accept is answered as without mcp-trail, and nothing stays open', async () => {
  const message = { jsonrpc: '2.0', method: 'tools/call', params: 'run' };
  const plain = newServer(() => ({ content: [] }));
  const outcome = async (server: any) => {
    try {
      return await server.receive(message, context);
    } catch (error: any) {
      return error.message;
    }
  };
  const expected = await outcome(plain);
  observe({});
  expect(await outcome(newServer(() => ({ content: [] })))).toEqual(expected);
});

it('with block, a question of a tool that is refused rejects in the tool, whose call is answered', async () => {
  observe({ onFailure: 'block' });
  const asked: unknown[] = [];
  const refused: unknown[] = [];
  const server = newServer(async () => {
    place.isBroken = true;
    await server.message({ messages: [], maxTokens: 1 }).catch((error: unknown) => refused.push(error));
    place.isBroken = false;
    return { content: [] };
  });
  server.on('send', ({ request }: any) => asked.push(request));
  expect(await server.receive(call, context)).toMatchObject({ id: 1, result: { content: [] } });
  expect(asked).toEqual([]);
  expect(refused).toMatchObject([REFUSED]);
});

it('a list that has changed has one record with fileSync disk, too, however many transports get it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-tmcp-'));
  const file = join(folder, 'audit.jsonl');
  observe({ sinks: [], delivery: 'file', file, fileSync: 'disk' });
  const server = newServer(() => ({ content: [] }));
  const got: unknown[] = [];
  for (const name of ['one', 'two']) {
    server.on('broadcast', ({ request }: any) => got.push([name, request.method]));
  }
  await server.receive({ ...call, id: 2 }, context);
  server.changed('tools');
  await until(() => got.length === 2, 'both transports to get it');
  expect(got).toEqual(['one', 'two'].map((name) => [name, 'notifications/tools/list_changed']));
  const changes = readFileSync(file, 'utf8').match(/"mcp.method.name":"notifications\/tools\/list_changed"/g);
  expect(changes).toHaveLength(1);
  rmSync(folder, { recursive: true });
});
