/** tmcp in this process: sessions of one server, several transports, and what breaks. */
import { type Context, McpServer } from 'tmcp';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pipeline } from '../../src/emit/pipeline.js';
import { patchHttp, patchServer } from '../../src/hook/implementations/tmcp.js';
import { resolveConfig } from '../../src/options/instrumentation.js';
import { deferred } from '../support/deferred.js';
import { idOf, parentIdOf } from '../support/spans.js';
import { Telemetry, until } from '../support/telemetry.js';

const telemetry = new Telemetry();
let pipeline: Pipeline;
let undo: () => void;
beforeEach(() => {
  telemetry.reset();
  pipeline = new Pipeline({ config: resolveConfig() });
  undo = patchServer(McpServer.prototype, pipeline);
});
afterEach(() => {
  undo();
  pipeline.shutdown();
});
afterAll(() => telemetry.shutdown());

function newServer(tool: () => unknown = () => ({ content: [] })): any {
  const server: any = new McpServer(
    { name: 'one', version: '1' },
    { adapter: undefined, capabilities: { tools: {}, logging: {} } },
  );
  server.tool({ name: 'run', description: 'runs' }, tool);
  return server;
}

const call = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'run' } });
const initialize = (name: string) => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name, version: '1' } },
});
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const inSession = (sessionId: string, more: Partial<Context> = {}) => ({ sessionId, sessionInfo: {}, ...more });

describe('sessions of one tmcp server', () => {
  it('keep requests with the same id apart, and the requests that their tools send', async () => {
    const server = newServer(async () => {
      await server.message({ messages: [], maxTokens: 1 });
      return { content: [] };
    });
    const asked: any[] = [];
    server.on('send', ({ request }: any) => asked.push({ request, session: server.ctx.sessionId }));
    const capable = (id: string) => inSession(id, { sessionInfo: { clientCapabilities: { sampling: {} } } });
    const calls = ['left', 'right'].map((id) => server.receive(call(7), capable(id)));
    await until(() => asked.length === 2, 'both tools to ask');
    expect(asked.map(({ session }) => session)).toEqual(['left', 'right']);
    for (const { request, session } of asked.reverse()) {
      const result = { role: 'assistant', model: 'm', content: { type: 'text', text: '' } };
      await server.receive({ jsonrpc: '2.0', id: request.id, result }, capable(session));
    }
    await Promise.all(calls);
    for (const session of ['left', 'right']) {
      const of = (name: string) =>
        telemetry.spans.filter((span) => span.name === name && span.attributes['mcp.session.id'] === session);
      const [run, ...others] = of('tools/call run');
      expect(others).toEqual([]);
      expect(of('sampling/createMessage').map(parentIdOf)).toEqual([idOf(run)]);
    }
    expect(telemetry.open).toEqual([]);
    expect(pipeline.openOperations).toBe(0);
  });

  it('are bounded in number, and a forgotten one still gets the end of its call', async () => {
    const { promise, resolve: finish } = deferred<unknown>();
    const server = newServer(() => promise);
    const slow = server.receive(call(1), inSession('first'));
    await until(() => telemetry.open.length === 1, 'the call to begin');
    for (let each = 0; each < 1100; each++) await server.receive(ping, inSession(`session ${each}`));
    finish({ content: [] });
    await slow;
    expect(telemetry.span('server', 'tools/call run').attributes).not.toHaveProperty('error.type');
    expect(telemetry.open).toEqual([]);
  });

  const endedSessions = async () => {
    const measured = await telemetry.measurements();
    return measured.filter(({ metric }) => metric === 'mcp.server.session.duration').map(({ count }) => count);
  };
  const clientOfCall = async (server: any) => {
    await server.receive(call(1), inSession('honest'));
    return telemetry.span('server', 'tools/call run').attributes['mcp_trail.client.name'];
  };
  const made = Array.from({ length: 1001 }, (_, each) => inSession(`made up ${each}`));

  it('are remembered once a client has initialized, whatever ids others make up', async () => {
    await telemetry.startMeasuring();
    const server = newServer();
    await server.receive(initialize('honest client'), inSession('honest'));
    for (const context of made) await server.receive(ping, context);
    expect(await clientOfCall(server)).toBe('honest client');
    expect(await endedSessions()).toEqual([]);
  });

  it('are remembered although others make up ids while a client initializes', async () => {
    const server = newServer();
    const answer = server.receive(initialize('honest client'), inSession('honest'));
    const others = made.map((context) => server.receive(ping, context));
    await Promise.all([answer, ...others]);
    expect(await clientOfCall(server)).toBe('honest client');
  });

  it('are remembered by the last use, and end when they are no longer', async () => {
    await telemetry.startMeasuring();
    const server = newServer();
    await server.receive(initialize('honest client'), inSession('honest'));
    for (const context of made.slice(0, 999)) await server.receive(initialize('other'), context);
    await server.receive(ping, inSession('honest'));
    for (const context of made.slice(999)) await server.receive(initialize('other'), context);
    expect(await clientOfCall(server)).toBe('honest client');
    expect(await endedSessions()).toEqual([2]);
  });
});

function announcingServer(): any {
  return new McpServer(
    { name: 'one', version: '1' },
    { adapter: undefined, capabilities: { tools: { listChanged: true } } },
  );
}

describe('a message that a tmcp server sends', () => {
  it('is observed on transports from before a restart of the instrumentation, not in between', async () => {
    const server = announcingServer();
    server.on('broadcast', () => {});
    const announce = async () => {
      await server.receive(initialize('a client'), inSession('one'));
      server.changed('tools');
      return telemetry.all('client', 'notifications/tools/list_changed').length;
    };
    expect(await announce()).toBe(1);
    undo();
    pipeline.shutdown();
    expect(await announce()).toBe(1);
    pipeline = new Pipeline({ config: resolveConfig() });
    undo = patchServer(McpServer.prototype, pipeline);
    expect(await announce()).toBe(2);
  });

  it('has one span, and reaches every transport with the same trace context', async () => {
    const server = newServer(() => {
      server.log('info', 'a message');
      return { content: [] };
    });
    const seen: any[] = [];
    for (let transport = 0; transport < 2; transport++) server.on('send', ({ request }: any) => seen.push(request));
    await server.receive(call(1), inSession('one'));
    const sent = telemetry.span('client', 'notifications/message');
    expect(seen).toHaveLength(2);
    for (const { params } of seen) expect(params._meta.traceparent).toContain(idOf(sent));
  });

  it('reaches no transport any more once the transport has unsubscribed', async () => {
    const server = newServer();
    const seen = vi.fn();
    const unsubscribe = server.on('broadcast', seen);
    unsubscribe();
    server.changed('tools');
    expect(seen).not.toHaveBeenCalled();
  });

  it('is left alone before anybody has connected', () => {
    const server = announcingServer();
    const seen = vi.fn();
    server.on('broadcast', seen);
    server.changed('tools');
    expect(seen).toHaveBeenCalledExactlyOnceWith({
      request: { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} },
    });
    expect(telemetry.spans).toEqual([]);
  });
});

/** Its `receive` always rejects. */
function failingServer() {
  const error = Object.assign(new Error('no'), { code: -32000 });
  const server = {
    error,
    async receive(_message: unknown, _context: unknown) {
      throw error;
    },
    on() {},
  };
  patchServer(server, pipeline);
  return server;
}

/** A transport whose `respond` settles so. */
function transportWith(respond: () => Promise<unknown>): { respond(request: Request): Promise<unknown> } {
  const transport = { respond };
  patchHttp('http')(transport, pipeline);
  return transport;
}

/** What Node.js reports as unhandled, with no listener but ours. */
async function unhandledAfter(run: () => unknown): Promise<unknown[]> {
  const others = process.listeners('unhandledRejection');
  const seen: unknown[] = [];
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (error) => seen.push(error));
  try {
    run();
    // Node.js reports them after the microtasks of the same turn.
    await new Promise(setImmediate);
    return seen;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const each of others) process.on('unhandledRejection', each);
  }
}

describe('a promise that tmcp returns', () => {
  const deleting = () =>
    new Request('http://localhost/mcp', { method: 'DELETE', headers: { 'mcp-session-id': 'one' } });
  const failure = new Error('no store');
  const rejecting = {
    receive: () => {
      const server = failingServer();
      return { error: server.error, start: () => server.receive(call(1), inSession('one')) };
    },
    respond: () => {
      const transport = transportWith(() => Promise.reject(failure));
      return { error: failure, start: () => transport.respond(deleting()) };
    },
  };

  describe.each(['receive', 'respond'] as const)('from %s', (method) => {
    it('is unhandled, once, if it rejects and the application drops it', async () => {
      const { error, start } = rejecting[method]();
      expect(await unhandledAfter(start)).toEqual([error]);
    });

    it('raises nothing if it rejects and the application handles it', async () => {
      const { error, start } = rejecting[method]();
      const handle = vi.fn();
      expect(await unhandledAfter(() => start().catch(handle))).toEqual([]);
      expect(handle).toHaveBeenCalledExactlyOnceWith(error);
    });
  });

  it('has the response itself', async () => {
    const response = new Response();
    expect(await transportWith(async () => response).respond(deleting())).toBe(response);
  });

  it('is not read if it is not a promise, but something that acts when it is read', () => {
    const then = vi.fn();
    const lazy = { then } as any;
    expect(transportWith(() => lazy).respond(deleting())).toBe(lazy);
    expect(then).not.toHaveBeenCalled();
  });
});

describe('receive of a tmcp server', () => {
  it.each([7, undefined, {}, { sessionId: 7, auth: 'x', signal: 'y', subscriptionOrigin: {} }])(
    'answers if its context is %j',
    async (context) => {
      const { result } = await newServer().receive(call(1), context);
      expect(result).toEqual({ content: [] });
      expect(telemetry.all('server', 'tools/call run')).toHaveLength(1);
    },
  );

  it('throws what it throws without mcp-trail', () => {
    const server = newServer();
    const thrown = () => {
      try {
        server.receive({ jsonrpc: '2.0', nonsense: true }, inSession('one'));
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const observed = thrown();
    undo();
    expect(observed).toBeInstanceOf(Error);
    expect(observed).toEqual(thrown());
  });

  it('has ended its span when its caller sees that it rejects', async () => {
    const failing = failingServer();
    await expect(failing.receive(call(1), inSession('one'))).rejects.toBe(failing.error);
    expect(telemetry.span('server', 'tools/call run').attributes['error.type']).toBe('-32000');
  });

  it('is the original again after the patch is undone', async () => {
    const patched = McpServer.prototype.receive;
    undo();
    expect(McpServer.prototype.receive).not.toBe(patched);
    await newServer().receive(call(1), inSession('one'));
    expect(telemetry.spans).toEqual([]);
  });

  it('is observed once although two instrumentations have patched it', async () => {
    const second = new Pipeline({ config: resolveConfig() });
    const undoSecond = patchServer(McpServer.prototype, second);
    await newServer().receive(call(1), inSession('one'));
    expect(telemetry.spans).toHaveLength(1);
    undoSecond();
    second.shutdown();
  });
});
