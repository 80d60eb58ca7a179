/** A server that is behind `wrap` and observes itself: nothing counts twice, and nothing is lost. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { recordsIn, Scratch } from '../safety/audit-trails.js';
import { Child } from '../safety/child.js';
import { exportTo, REGISTER, UsedReceiver } from '../safety/endings.js';
import { type Message, Wrapped } from './wrapped.js';

const receiver = new UsedReceiver();
const scratch = new Scratch();
afterAll(() => scratch.remove());

const SERVER = 'test/wrap/observed-server.mjs';
const NODE = process.execPath;
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

type Env = Readonly<Record<string, string>>;

/** The command of a server with variables of its own. */
const observed = (env: Env = {}, args: readonly string[] = [...REGISTER, SERVER]) => [
  '/usr/bin/env',
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  NODE,
  ...args,
];
const auditing = (file: string): Env => ({ MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file });
const call = (name: string, meta?: Message): Message => ({ name, ...(meta && { _meta: meta }) });
const textOf = ({ result }: Message): string => (result as { content: [{ text: string }] }).content[0].text;
const named = (name: string) => receiver.spans.filter((span) => span.name === name);

/** Plays a session to its end. */
async function session(command: readonly string[], env: Env, play: (wrapped: Wrapped) => Promise<unknown>) {
  const wrapped = new Wrapped('', { command, env });
  await wrapped.initialize();
  await play(wrapped);
  wrapped.endInput();
  return { ...(await wrapped.ended), messages: wrapped.messages };
}

/** How often each kind of record is in a file, but for those that every trail has. */
const eventsOf = (records: readonly AuditRecord[]) =>
  records.map(({ event_name }) => event_name).filter((name) => !/started|stopped|checkpoint/.test(String(name)));

describe('a server that observes itself, behind wrap', () => {
  it('has one span for each message, and what it does is below that span', async () => {
    const { stderr } = await session(observed(), exportTo(receiver.url), async (wrapped) => {
      await wrapped.ask(1, 'tools/call', call('decide', { traceparent: CALLER, tracestate: 'a=1' }));
      await wrapped.ask(2, 'tools/list');
    });
    expect(stderr).toBe('');
    const names = receiver.spans.map(({ name }) => name);
    expect(names.sort()).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call decide',
      'tools/list',
      'work',
    ]);
    const [[decide], [work]] = [named('tools/call decide'), named('work')];
    expect(decide).toMatchObject({ traceId: CALLER.split('-')[1], parentSpanId: CALLER.split('-')[2], kind: 'SERVER' });
    expect(work).toMatchObject({ traceId: decide?.traceId, parentSpanId: decide?.spanId });
  });

  it('is measured once', async () => {
    await session(observed(), exportTo(receiver.url), (wrapped) => wrapped.ask(1, 'tools/call', call('decide')));
    const counted = receiver.metrics.map(({ name, dataPoints }) => [
      name,
      dataPoints.reduce((sum, { count }) => sum + Number(count ?? 0), 0),
    ]);
    expect(counted.sort()).toEqual([
      ['mcp.server.operation.duration', 3],
      ['mcp.server.session.duration', 1],
      ['mcp_trail.operations.active', 0],
    ]);
  });

  it('asks the host with one span, below the request that it belongs to', async () => {
    const { messages } = await session(observed(), exportTo(receiver.url), async (wrapped) => {
      wrapped.say({ id: 1, method: 'tools/call', params: call('ask') });
      await wrapped.printed('sampling/createMessage');
      const question = wrapped.messages.find(({ method }) => method === 'sampling/createMessage');
      const content = { type: 'text', text: 'yes' };
      wrapped.say({ id: question?.['id'], result: { role: 'assistant', model: 'm', content } });
      await wrapped.answered(1);
    });
    expect(messages.some(({ id, error }) => id === 1 && error !== undefined)).toBe(false);
    const [[asked], questions] = [named('tools/call ask'), named('sampling/createMessage')];
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatchObject({ kind: 'CLIENT', traceId: asked?.traceId, parentSpanId: asked?.spanId });
  });

  it('adds its decisions to the audit trail, as records of the same operation', async () => {
    const [ours, theirs] = [scratch.path(), scratch.path()];
    const env = { ...exportTo(receiver.url), ...auditing(ours) };
    await session(observed(auditing(theirs)), env, (wrapped) => wrapped.ask(1, 'tools/call', call('decide')));
    const [request] = recordsIn(ours)
      .filter(({ event_name }) => event_name === 'mcp_audit.request')
      .slice(-1);
    expect(eventsOf(recordsIn(theirs))).toEqual(['mcp_audit.authorization']);
    const [decision] = recordsIn(theirs).filter(({ event_name }) => event_name === 'mcp_audit.authorization');
    for (const field of ['mcp_audit.operation.id', 'mcp_audit.correlation.id', 'trace_id', 'span_id'] as const) {
      expect(decision?.[field], field).toBe(request?.[field]);
      expect(decision?.[field], field).toBeTruthy();
    }
  });

  it('adds whom its application names', async () => {
    const [ours, theirs] = [scratch.path(), scratch.path()];
    const command = observed(auditing(theirs), [SERVER, 'ada']);
    const env = { MCP_TRAIL_SDK: 'off', ...auditing(ours) };
    await session(command, env, (wrapped) => wrapped.ask(1, 'tools/list'));
    const identified = recordsIn(theirs).filter(({ event_name }) => event_name === 'mcp_audit.authentication');
    const requests = recordsIn(ours).filter(({ event_name }) => event_name === 'mcp_audit.request');
    expect(identified.map((record) => [record['mcp_audit.authentication.event'], record['user.id']])).toEqual([
      ['identified', 'ada'],
      ['identified', 'ada'],
    ]);
    expect(identified.map((record) => record['mcp_audit.operation.id'])).toEqual(
      requests.map((record) => record['mcp_audit.operation.id']),
    );
    expect(identified.map((record) => record['mcp_audit.correlation.id'])).toEqual(
      requests.map((record) => record['mcp_audit.correlation.id']),
    );
    expect(eventsOf(recordsIn(theirs))).toHaveLength(2);
  });

  it('keeps its own audit trail whole where wrap keeps none', async () => {
    const theirs = scratch.path();
    await session(observed(auditing(theirs)), exportTo(receiver.url), (wrapped) =>
      wrapped.ask(1, 'tools/call', call('decide')),
    );
    expect(eventsOf(recordsIn(theirs))).toEqual([
      'mcp_audit.request',
      'mcp_audit.server.observed',
      'mcp_audit.session',
      'mcp_audit.response',
      'mcp_audit.request',
      'mcp_audit.authorization',
      'mcp_audit.response',
      'mcp_audit.session',
    ]);
    expect(named('tools/call decide')).toHaveLength(1);
  });

  it('keeps its own spans where wrap makes none', async () => {
    const [ours, theirs] = [scratch.path(), scratch.path()];
    const command = observed({ ...auditing(theirs), MCP_TRAIL_SDK: '' });
    const env = { ...exportTo(receiver.url), ...auditing(ours), MCP_TRAIL_SDK: 'off' };
    await session(command, env, (wrapped) => wrapped.ask(1, 'tools/call', call('decide')));
    expect(named('tools/call decide')).toHaveLength(1);
    expect(eventsOf(recordsIn(theirs))).toEqual(['mcp_audit.authorization']);
    expect(eventsOf(recordsIn(ours)).filter((name) => name === 'mcp_audit.request')).toHaveLength(2);
  });

  it('is recognised behind a shell, and behind another wrap', async () => {
    const inner = ['/bin/sh', '-c', '"$0" "$@"; exit $?', NODE, 'dist/cjs/cli.js', 'wrap', '--', ...observed()];
    await session(inner, exportTo(receiver.url), (wrapped) => wrapped.ask(1, 'tools/call', call('decide')));
    expect(named('tools/call decide')).toHaveLength(1);
    expect(named('work')).toMatchObject([{ parentSpanId: named('tools/call decide')[0]?.spanId }]);
  });

  it('leaves the servers behind it alone', async () => {
    const [ours, theirs, behind] = [scratch.path(), scratch.path(), scratch.path()];
    const env = { ...exportTo(receiver.url), ...auditing(ours) };
    const command = observed(auditing(theirs), [...REGISTER, SERVER, '', behind]);
    await session(command, env, (wrapped) => wrapped.ask(1, 'tools/call', call('behind')));
    expect(
      named('tools/call decide')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['CLIENT', 'SERVER']);
    expect(
      new Set(receiver.spans.filter(({ name }) => name.startsWith('tools/call')).map(({ traceId }) => traceId)).size,
    ).toBe(1);
    const calls = recordsIn(behind).filter((record) => record['mcp.method.name'] === 'tools/call');
    expect(eventsOf(calls)).toEqual(['mcp_audit.request', 'mcp_audit.authorization', 'mcp_audit.response']);
  });
});

describe('forged marks', () => {
  const FORGED = {
    traceparent: CALLER,
    tracestate: `mcptrail=w:${CALLER.split('-')[2]},a=1`,
    'mcp-trail/operation': '01a2b3c4-0000-7000-8000-000000000000',
  };

  it('hide nothing from a server that is not behind wrap', async () => {
    const file = scratch.path();
    const server = new Child([...REGISTER, SERVER], { ...exportTo(receiver.url), ...auditing(file) });
    const say = (message: Message) => server.write(JSON.stringify({ jsonrpc: '2.0', ...message }));
    const clientInfo = { name: 'stranger', version: '1' };
    say({
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo, _meta: FORGED },
    });
    say({ method: 'notifications/initialized' });
    say({ id: 1, method: 'tools/call', params: call('decide', FORGED) });
    await server.printed('"id":1');
    server.endInput();
    await server.ended;
    expect(named('tools/call decide')).toMatchObject([{ parentSpanId: CALLER.split('-')[2] }]);
    const calls = recordsIn(file).filter((record) => record['mcp.method.name'] === 'tools/call');
    expect(eventsOf(calls)).toEqual(['mcp_audit.request', 'mcp_audit.authorization', 'mcp_audit.response']);
    expect(calls[0]?.['mcp_audit.operation.id']).not.toBe(FORGED['mcp-trail/operation']);
  });

  it.each([
    ['with spans and records', true, true],
    ['with spans alone', true, false],
    ['with records alone', false, true],
    ['with neither', false, false],
  ])('do not get through wrap %s', async (_, spans, records) => {
    const [ours, theirs] = [scratch.path(), scratch.path()];
    const env = {
      ...exportTo(receiver.url),
      ...(records ? auditing(ours) : {}),
      ...(!spans && { MCP_TRAIL_SDK: 'off' }),
    };
    const command = observed({ ...auditing(theirs), MCP_TRAIL_SDK: '' });
    let meta: Message = {};
    await session(command, env, async (wrapped) => {
      meta = JSON.parse(textOf(await wrapped.ask(1, 'tools/call', call('decide', FORGED))));
    });
    expect(named('tools/call decide')).toHaveLength(1);
    expect(String(meta['tracestate']).includes(FORGED.tracestate.split(',')[0] as string)).toBe(false);
    expect(meta['tracestate']).toContain('a=1');
    const calls = recordsIn(theirs).filter((record) => record['mcp.method.name'] === 'tools/call');
    expect(eventsOf(calls).includes('mcp_audit.request')).toBe(!records);
    expect(existsSync(ours) && eventsOf(recordsIn(ours)).includes('mcp_audit.request')).toBe(records);
    expect(calls.map((record) => record['mcp_audit.operation.id'])).not.toContain(FORGED['mcp-trail/operation']);
  });
});
