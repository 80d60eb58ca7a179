/** What a wrapped server shows: spans, metrics and records of one that is observed in its own process. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { recordsIn, Scratch } from '../safety/audit-trails.js';
import { exportTo, UsedReceiver } from '../safety/endings.js';
import { type Message, Wrapped, type WrappedOptions } from './wrapped.js';

const receiver = new UsedReceiver();
const scratch = new Scratch();
afterAll(() => scratch.remove());

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OF_CALLER = { traceId: CALLER.split('-')[1], parentSpanId: CALLER.split('-')[2] };

/** Plays a session to its end. Returns its spans, by name. */
async function session(
  play: (wrapped: Wrapped) => Promise<unknown>,
  { env = {}, ...options }: WrappedOptions = {},
  ways = '',
) {
  const wrapped = new Wrapped(ways, { env: { ...exportTo(receiver.url), ...env }, ...options });
  await wrapped.initialize();
  await play(wrapped);
  wrapped.endInput();
  const ended = await wrapped.ended;
  return { ...ended, messages: wrapped.messages, spans: receiver.spans };
}

const call = (name: string, given: Message = {}, meta?: Message): Message => ({
  name,
  arguments: given,
  ...(meta && { _meta: meta }),
});

/** What the server gets of a span. */
const traced = (span: { readonly traceId: string; readonly spanId: string } | undefined) => ({
  traceparent: `00-${span?.traceId}-${span?.spanId}-01`,
  tracestate: `mcptrail=w:${span?.spanId}`,
});

const textOf = ({ result }: Message): string => (result as { content: [{ text: string }] }).content[0].text;

describe('spans of a wrapped server', () => {
  it('one for each request and notification, named and ended as in its own process', async () => {
    const { spans } = await session(async (wrapped) => {
      await wrapped.ask(1, 'tools/list');
      await wrapped.ask(2, 'tools/call', call('echo'));
      await wrapped.ask(3, 'tools/call', call('fail'));
      await wrapped.ask(4, 'tools/call', call('missing'));
    });
    const shown = spans.map(({ name, kind, status, attributes }) => [
      name,
      kind,
      status.code,
      attributes['error.type'],
    ]);
    expect(shown.sort()).toEqual([
      ['initialize', 'SERVER', 'UNSET', undefined],
      ['notifications/initialized', 'SERVER', 'UNSET', undefined],
      ['tools/call echo', 'SERVER', 'UNSET', undefined],
      ['tools/call fail', 'SERVER', 'ERROR', 'tool_error'],
      ['tools/call missing', 'SERVER', 'UNSET', undefined],
      ['tools/list', 'SERVER', 'UNSET', undefined],
    ]);
    const [echo] = spans.filter(({ name }) => name === 'tools/call echo');
    expect(echo?.attributes).toMatchObject({
      'mcp.protocol.version': '2025-11-25',
      'mcp_trail.client.name': 'agent',
      'network.transport': 'pipe',
      'jsonrpc.request.id': '2',
    });
  });

  it('are the children of the caller, and the parents of what the server does', async () => {
    let seen = '';
    const { spans } = await session(async (wrapped) => {
      seen = textOf(await wrapped.ask(1, 'tools/call', call('echo', {}, { traceparent: CALLER, progressToken: 5 })));
    });
    const [echo] = spans.filter(({ name }) => name === 'tools/call echo');
    expect(echo).toMatchObject(OF_CALLER);
    expect(JSON.parse(seen)).toEqual({ ...traced(echo), progressToken: 5 });
  });

  it('a question of the server is under the only request that is open', async () => {
    const { spans, messages } = await session(async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('ask') });
      await wrapped.printed('sampling/createMessage');
      wrapped.say({ id: 'q1', result: { role: 'assistant' } });
      await wrapped.answered(1);
    });
    const [asked] = spans.filter(({ name }) => name === 'tools/call ask');
    const [question] = spans.filter(({ name }) => name === 'sampling/createMessage');
    expect(question).toMatchObject({ kind: 'CLIENT', traceId: asked?.traceId, parentSpanId: asked?.spanId, links: [] });
    const sent = messages.find(({ method }) => method === 'sampling/createMessage') as { params: { _meta: Message } };
    expect(sent.params._meta).toEqual({ traceparent: `00-${question?.traceId}-${question?.spanId}-01` });
  });

  it('a question is under the request whose context it carries, among several', async () => {
    const { spans } = await session(async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('wait') });
      wrapped.say({ id: 2, method: 'tools/call', params: call('ask', { traced: true }) });
      await wrapped.printed('sampling/createMessage');
      wrapped.say({ id: 'q1', result: {} });
      await wrapped.answered(2);
    });
    const [asked] = spans.filter(({ name }) => name === 'tools/call ask');
    const [question] = spans.filter(({ name }) => name === 'sampling/createMessage');
    expect(question).toMatchObject({ traceId: asked?.traceId, parentSpanId: asked?.spanId, links: [] });
  });

  it('a question in the course of a task is under the call that made the task', async () => {
    const { spans } = await session(async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('wait') });
      wrapped.say({ id: 2, method: 'tools/call', params: { ...call('task'), task: {} } });
      await wrapped.printed('sampling/createMessage');
      wrapped.say({ id: 'q1', result: {} });
    });
    const [made] = spans.filter(({ name }) => name === 'tools/call task');
    const [question] = spans.filter(({ name }) => name === 'sampling/createMessage');
    expect(question).toMatchObject({ traceId: made?.traceId, parentSpanId: made?.spanId, links: [] });
  });

  it('a question that may belong to several requests is a root, with links to them', async () => {
    const { spans } = await session(async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('wait') });
      wrapped.say({ id: 2, method: 'tools/call', params: call('ask') });
      await wrapped.printed('sampling/createMessage');
      wrapped.say({ id: 'q1', result: {} });
      await wrapped.answered(2);
    });
    const open = spans.filter(({ name }) => ['tools/call wait', 'tools/call ask'].includes(name));
    const [question] = spans.filter(({ name }) => name === 'sampling/createMessage');
    expect(question?.parentSpanId).toBe('');
    expect(question?.links.map(({ spanId }) => spanId).sort()).toEqual(open.map(({ spanId }) => spanId).sort());
  });

  it('one for each message of a batch, each with its own context', async () => {
    const file = `${scratch.folder}/batch`;
    const wrapped = new Wrapped('', { command: ['/bin/sh', '-c', 'cat > "$0"', file], env: exportTo(receiver.url) });
    wrapped.write('[ {"id":1,"method":"ping"}, 7 ,{"method":"notifications/initialized"} ]', '[{"id":1},,]');
    wrapped.endInput();
    await wrapped.ended;
    const [ping, initialized] = ['ping', 'notifications/initialized'].map((method) => {
      const span = receiver.spans.find(({ name }) => name === method);
      return `"params":{"_meta":${JSON.stringify(traced(span))}}`;
    });
    expect(readFileSync(file, 'utf8')).toBe(
      `[ {"id":1,"method":"ping",${ping}}, 7 ,{"method":"notifications/initialized",${initialized}} ]\n[{"id":1},,]\n`,
    );
  });

  it('a request that the server never answers ends with it', async () => {
    const { spans } = await session(async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('wait') });
      await wrapped.ask(2, 'tools/list');
    });
    const [waited] = spans.filter(({ name }) => name === 'tools/call wait');
    expect(waited?.attributes['error.type']).toBe('connection_closed');
  });

  // Of the time that a host gives, the kill leaves little: a busy machine may need more.
  it('arrive from a server that is killed', { retry: 2 }, async () => {
    const { spans, signal } = await session(
      async (wrapped) => wrapped.ask(1, 'tools/call', call('echo')),
      {},
      'stubborn',
    );
    expect(signal).toBe('SIGKILL');
    expect(spans.map(({ name }) => name)).toContain('tools/call echo');
  });

  it('metrics have the durations of its operations and of its session, and the operations in flight', async () => {
    await session((wrapped) => wrapped.ask(1, 'tools/call', call('echo')));
    expect(receiver.metrics.map(({ name }) => name).sort()).toEqual([
      'mcp.server.operation.duration',
      'mcp.server.session.duration',
      'mcp_trail.operations.active',
    ]);
  });
});

describe('what a wrapped server is called', () => {
  const names = async (options: WrappedOptions) => {
    const { spans } = await session((wrapped) => wrapped.ask(1, 'tools/list'), options);
    return [...new Set(spans.map(({ resource }) => resource['service.name']))];
  };

  it('what it calls itself', async () => {
    expect(await names({ env: { SERVER_NAME: 'weather' } })).toEqual(['weather']);
  });

  it('the name in the environment', async () => {
    expect(await names({ env: { OTEL_SERVICE_NAME: 'stated', SERVER_NAME: 'weather' } })).toEqual(['stated']);
  });

  it('the name in the option', async () => {
    const options = ['--service-name', 'chosen'];
    expect(await names({ env: { OTEL_SERVICE_NAME: 'stated' }, options })).toEqual(['chosen']);
  });

  it('its command, if it does not say its name', async () => {
    const wrapped = new Wrapped('', { env: { ...exportTo(receiver.url), OTEL_BSP_SCHEDULE_DELAY: '10' } });
    await wrapped.ask(1, 'tools/list');
    await receiver.waitFor(({ spans }) => spans.length > 0);
    const [span] = receiver.spans;
    expect(span?.resource['service.name']).toBe('node');
    wrapped.endInput();
    await wrapped.ended;
  });
});

describe('the audit trail of a wrapped server', () => {
  const auditing = (file: string, env: Readonly<Record<string, string>> = {}) => ({
    env: { MCP_TRAIL_SDK: 'off', MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file, ...env },
  });

  it('needs no SDK, and has the outcome before the host has the answer', async () => {
    const file = scratch.path();
    const { stderr } = await session(async (wrapped) => {
      await wrapped.ask(1, 'tools/call', call('echo'));
      const outcomes = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"mcp_audit.response"'));
      expect(outcomes.some((line) => line.includes('"tools/call"'))).toBe(true);
    }, auditing(file));
    expect(stderr).not.toContain('not exported');
    const records = recordsIn(file);
    expect(records.map((record) => [record.event_name, record['mcp.method.name']])).toEqual([
      ['mcp_audit.started', undefined],
      ['mcp_audit.request', 'initialize'],
      ['mcp_audit.server.observed', undefined],
      ['mcp_audit.session', undefined],
      ['mcp_audit.response', 'initialize'],
      ['mcp_audit.request', 'tools/call'],
      ['mcp_audit.response', 'tools/call'],
      ['mcp_audit.session', undefined],
      ['mcp_audit.stopped', undefined],
    ]);
    expect(records.at(-1)?.['service.name']).toBe('plain');
    expect(records[0]?.['service.name']).toBe('node');
  });

  it.each([
    [
      'the environment',
      { MCP_TRAIL_USER: 'ada', MCP_TRAIL_USER_ROLES: 'admin, dev', MCP_TRAIL_TEAM: 'core' },
      [],
      'ada',
    ],
    ['the operating system, by option', {}, ['--os-user'], userInfo().username],
    ['the environment before the operating system', { MCP_TRAIL_USER: 'ada' }, ['--os-user'], 'ada'],
    ['the client, as it claims', {}, [], 'agent'],
  ] as const)('names the actor: %s', async (_, env, options, actor) => {
    const file = scratch.path();
    await session((wrapped) => wrapped.ask(1, 'tools/call', call('echo')), { ...auditing(file, env), options });
    const [record] = recordsIn(file).filter((each) => each['mcp.method.name'] === 'tools/call');
    expect(record?.['audit.actor.id']).toBe(actor);
    if ('MCP_TRAIL_TEAM' in env) {
      expect(record).toMatchObject({ 'user.id': 'ada', 'user.roles': ['admin', 'dev'], 'mcp_audit.team.id': 'core' });
    }
  });

  it('has a record for each message that is too long to be observed, which passes', async () => {
    const file = scratch.path();
    const { stderr, messages, spans } = await session(
      async (wrapped) => {
        await wrapped.ask(1, 'tools/call', call('big', { bytes: 3_000_000 }));
        await wrapped.ask(2, 'tools/call', call('echo', { text: 'x'.repeat(3_000_000) }));
        await wrapped.ask(3, 'tools/list');
      },
      { env: { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file }, options: ['--max-line', '1'] },
    );
    expect(textOf(messages.find(({ id }) => id === 1) as Message).length).toBe(3_000_000);
    expect(stderr).toContain(
      'mcp-trail: an answer to tools/call was not observed: its line is too long to be read (--max-line is 1 MiB)\n',
    );
    expect(stderr).toContain(
      'mcp-trail: a message tools/call was not observed: its line is too long to be read (--max-line is 1 MiB)\n',
    );
    const unobserved = recordsIn(file).filter((record) => record.event_name === 'mcp_audit.unobserved');
    expect(
      unobserved.map((record) => [
        record['mcp_audit.unobserved.place'],
        record['mcp_audit.unobserved.reason'],
        record['mcp.method.name'],
        record['mcp_audit.side'],
      ]),
    ).toEqual([
      ['stdout', 'too_long', 'tools/call', 'server'],
      ['stdin', 'too_long', 'tools/call', 'server'],
    ]);
    // The request that was answered is over.
    const [big] = spans.filter(({ name }) => name === 'tools/call big');
    expect(big?.status.code).toBe('UNSET');
    expect(spans.map(({ name }) => name)).toContain('tools/list');
  });
});

describe('a wrapped server without observation', () => {
  it('where OpenTelemetry is switched off, works and says nothing', async () => {
    const { stderr } = await session((wrapped) => wrapped.ask(1, 'tools/list'), { env: { OTEL_SDK_DISABLED: 'true' } });
    expect(stderr).toMatch(/^started \d+\n$/);
  });

  it('gets the environment as it is', async () => {
    const env = { NODE_OPTIONS: '--no-warnings', MCP_TRAIL_USER: 'ada', ...exportTo(receiver.url) };
    const wrapped = new Wrapped('', { env, options: ['--service-name', 'chosen'] });
    const { result } = await wrapped.ask(1, 'environment');
    wrapped.endInput();
    await wrapped.ended;
    const { PATH } = process.env;
    const { _, ...seen } = (result as { environment: Message }).environment;
    expect(seen).toEqual({ PATH, ...env });
  });
});
