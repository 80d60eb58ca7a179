/** Requests and notifications about a task are linked to the call that made it, in whatever trace they are. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentTransport } from '../../src/index.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen, scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpFlavour } from '../support/http.js';
import { ELICITATION } from '../support/questions.js';
import { idOf, linkedIdsOf } from '../support/spans.js';
import { pairWithTask } from './task-pair.js';

const telemetry = scenarioTelemetry();
const SIDES = ['client', 'server'] as const;
const MODERN = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as Flavour;
const ANYTHING = z.looseObject({});

const taskOf = (span: ReadableSpan) => span.attributes['mcp_trail.task.id'];

/** SDK v1: a tool that runs as a task and asks its user something meanwhile. */
const pairV1 = () =>
  pairWithTask({
    questions: [ELICITATION],
    work({ ask, setStatus }) {
      const asked = ask(ELICITATION);
      void setStatus('input_required');
      return asked;
    },
  });

describe('a tool call that runs as a task, on v1', () => {
  it('is linked from its polls and the request for its result, each on its own side', async () => {
    const { client, close } = await pairV1();
    const stream = client.experimental.tasks.callToolStream({ name: 'research', arguments: {} }, undefined, {
      task: {},
    });
    let taskId: string | undefined;
    for await (const message of stream) if (message.type === 'taskCreated') taskId = message.task.taskId;
    await expectNothingOpen(telemetry);
    expect(taskId).toBeDefined();
    for (const side of SIDES) {
      const call = telemetry.span(side, 'tools/call research');
      expect(taskOf(call)).toBe(taskId);
      const about = [...telemetry.all(side, 'tasks/get'), telemetry.span(side, 'tasks/result')];
      expect(about.length).toBeGreaterThanOrEqual(2);
      for (const span of about) {
        expect([span.name, linkedIdsOf(span)]).toEqual([span.name, [idOf(call)]]);
        expect(taskOf(span)).toBe(taskId);
      }
    }
    // A question meanwhile: sent by the receiver of the call, which is its parent already.
    const asked = telemetry.span('client', ELICITATION.method);
    const handled = telemetry.span('server', ELICITATION.method);
    expect([taskOf(asked), taskOf(handled)]).toEqual([taskId, taskId]);
    expect(linkedIdsOf(asked)).toEqual([]);
    expect(linkedIdsOf(handled)).toEqual([idOf(telemetry.span('client', 'tools/call research'))]);
    await close();
  });

  it('is linked from the request that cancels it', async () => {
    const { client, close } = await pairV1();
    const stream = client.experimental.tasks.callToolStream({ name: 'research', arguments: {} }, undefined, {
      task: {},
    });
    for await (const message of stream) {
      if (message.type !== 'taskCreated') continue;
      await client.experimental.tasks.cancelTask(message.task.taskId);
      break;
    }
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const call = telemetry.span(side, 'tools/call research');
      expect(linkedIdsOf(telemetry.span(side, 'tasks/cancel'))).toEqual([idOf(call)]);
    }
    await close();
  });
});

const task = (taskId: string) => ({ taskId, status: 'working', ttlMs: 1000, createdAt: '', lastUpdatedAt: '' });

/** Methods of the tasks extension, for servers of SDK v2. */
function answerAboutTasks(server: any, asResult: (task: object) => object = (each) => each): void {
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
    server.setRequestHandler(method, { params: ANYTHING }, ({ taskId }: { taskId: string }) => asResult(task(taskId)));
  }
}

describe('a tool call that becomes a task of the extension, on v2 2026-07-28', () => {
  const research = (taskId: string) => ({
    name: 'research',
    handler: () => ({ ...task(taskId), resultType: 'task', content: [] }),
  });

  it('is linked from all requests and notifications about the task', async () => {
    const pair = await MODERN.pair({
      tools: [research('task-7')],
      configure: ({ server }) => answerAboutTasks(server),
    });
    await pair.client.callTool({ name: 'research', arguments: {} }).catch(() => {});
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      await DIALECTS.v2.request(pair.client, method, { taskId: 'task-7' });
    }
    const params = { taskId: 'task-7', status: 'completed' };
    await pair.server.transport.send({ jsonrpc: '2.0', method: 'notifications/tasks', params });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const call = telemetry.span(side, 'tools/call research');
      expect(taskOf(call)).toBe('task-7');
      for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
        const span = telemetry.span(side, method);
        expect([method, linkedIdsOf(span), taskOf(span)]).toEqual([method, [idOf(call)], 'task-7']);
      }
    }
    // Sent by the receiver of the call to its sender.
    const [told, heard] = [
      telemetry.span('client', 'notifications/tasks'),
      telemetry.span('server', 'notifications/tasks'),
    ];
    expect(linkedIdsOf(told)).toEqual([idOf(telemetry.span('server', 'tools/call research'))]);
    expect(linkedIdsOf(heard)).toEqual([idOf(telemetry.span('client', 'tools/call research'))]);
    await pair.close();
  });

  it('is kept apart from a call to another server whose task has the same id', async () => {
    const pairs = [];
    for (const _ of ['one', 'other']) {
      const configure = ({ server }: any) => answerAboutTasks(server);
      pairs.push(await MODERN.pair({ tools: [research('task-1')], configure }));
    }
    telemetry.reset();
    for (const { client } of pairs) await client.callTool({ name: 'research', arguments: {} }).catch(() => {});
    for (const { client } of pairs) await DIALECTS.v2.request(client, 'tasks/get', { taskId: 'task-1' });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const calls = telemetry.all(side, 'tools/call research').map((span) => [idOf(span)]);
      expect(calls).toHaveLength(2);
      expect(telemetry.all(side, 'tasks/get').map(linkedIdsOf)).toEqual(calls);
    }
    for (const { close } of pairs) await close();
  });

  it('is known to a server that is made for each request, but not if two calls’ tasks have the same id', async () => {
    const modern = HTTP_FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as HttpFlavour;
    let next = 'task-8';
    const pair = await modern.pair({
      configure: (server) => {
        answerAboutTasks(server.server);
        server.registerTool('research', {}, () => ({ ...task(next), resultType: 'task', content: [] }));
      },
    });
    const call = () => pair.client.callTool({ name: 'research', arguments: {} }).catch(() => {});
    await call();
    await DIALECTS.v2.request(pair.client, 'tasks/get', { taskId: 'task-8' });
    const polled = await telemetry.ended('server', 'tasks/get');
    expect(linkedIdsOf(polled)).toEqual([idOf(telemetry.span('server', 'tools/call research'))]);
    next = 'task-9';
    await call();
    await call();
    telemetry.reset();
    await DIALECTS.v2.request(pair.client, 'tasks/get', { taskId: 'task-9' });
    expect(linkedIdsOf(await telemetry.ended('server', 'tasks/get'))).toEqual([]);
    await pair.close();
  });
});

describe('the calls that made tasks', () => {
  /** A server's transport, with handmade messages. */
  function transport() {
    const tap: any = { send: async () => {}, onmessage: () => {} };
    const handle = instrumentTransport(tap, {});
    let id = 0;
    const exchange = async (method: string, params: object, result: object) => {
      id += 1;
      tap.onmessage({ jsonrpc: '2.0', id, method, params });
      await tap.send({ jsonrpc: '2.0', id, result });
    };
    return { exchange, handle };
  }

  it('are bounded, and the oldest is evicted first', async () => {
    const { exchange, handle } = transport();
    for (let n = 0; n < 300; n++) await exchange('tools/call', { name: 't' }, { task: { taskId: `task ${n}` } });
    telemetry.reset();
    for (const n of [0, 299]) await exchange('tasks/get', { taskId: `task ${n}` }, {});
    await expectNothingOpen(telemetry);
    expect(telemetry.all('server', 'tasks/get').map((span) => linkedIdsOf(span).length)).toEqual([0, 1]);
    handle.disable();
  });

  it.each([undefined, null, 7, {}, 'x'.repeat(1_000_000), ''])(
    'are not known by an invalid id (%#)',
    async (taskId) => {
      const { exchange, handle } = transport();
      await exchange('tools/call', { name: 't' }, { task: { taskId } });
      await exchange('tasks/get', { taskId }, {});
      await expectNothingOpen(telemetry);
      const [poll] = telemetry.all('server', 'tasks/get') as [ReadableSpan];
      expect(String(taskOf(poll) ?? '').length).toBeLessThanOrEqual(256);
      if (taskId !== '') expect(linkedIdsOf(poll)).toEqual([]);
      handle.disable();
    },
  );

  it.each(['sampling/createMessage', 'elicitation/create'])('can be of the method %s', async (method) => {
    const { exchange, handle } = transport();
    await exchange(method, { task: { ttl: 1 } }, { task: { taskId: 'task-1' } });
    await exchange('tasks/result', { taskId: 'task-1' }, {});
    await expectNothingOpen(telemetry);
    const made = telemetry.span('server', method);
    expect(made.attributes['mcp_trail.result.type']).toBe('task');
    expect(linkedIdsOf(telemetry.span('server', 'tasks/result'))).toEqual([idOf(made)]);
    handle.disable();
  });
});
