import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import {
  answered,
  blameless,
  endingOf,
  expectEndings,
  expectNothingOpen,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { ELICITATION, SAMPLING } from '../support/questions.js';
import { countTraces, idOf, parentIdOf } from '../support/spans.js';
import { pairWithTask as pairRunning, type RunningTask } from './task-pair.js';

const telemetry = scenarioTelemetry();
const TASK = { resultType: 'task' } as const;
const QUESTIONS = [ELICITATION, SAMPLING];

const pairWithTask = (work: (task: RunningTask) => Promise<unknown>) => pairRunning({ questions: QUESTIONS, work });

async function callAsTask(client: Client): Promise<string[]> {
  const types: string[] = [];
  const stream = client.experimental.tasks.callToolStream({ name: 'research', arguments: {} }, undefined, { task: {} });
  for await (const { type } of stream) types.push(type);
  return types;
}

describe('a tool call that runs as a task, on v1', () => {
  it('ends with the handle of the task on both sides, and the requests about the task are separate operations', async () => {
    const finish = deferred();
    const { client, close } = await pairWithTask(() => finish.promise);
    setTimeout(finish.resolve, 20);
    expect((await callAsTask(client)).at(-1)).toBe('result');
    await expectEndings(telemetry, 'tools/call research', { client: TASK, server: TASK });
    await expectEndings(telemetry, 'tasks/result', { client: UNSET, server: UNSET });
    for (const kind of ['client', 'server'] as const) {
      const polls = telemetry.all(kind, 'tasks/get');
      const statuses = polls.map((span) => span.attributes['mcp_trail.task.status']);
      expect(statuses.at(-1)).toBe('completed');
      expect(new Set(statuses.slice(0, -1))).toEqual(new Set(['working']));
      expect(polls.map(endingOf)).toEqual(polls.map(() => UNSET));
    }
    await close();
  });

  it.each(QUESTIONS)(
    'asks $method through the queue in one client and one server span, connected',
    async (question) => {
      const { method } = question;
      const { client, close } = await pairWithTask(async ({ ask, setStatus }) => {
        const asked = ask(question);
        await setStatus('input_required');
        await asked;
      });
      telemetry.reset();
      await telemetry.under('agent', () => callAsTask(client));
      await expectEndings(telemetry, method, { client: UNSET, server: UNSET });
      const [asked, handled] = [telemetry.span('client', method), telemetry.span('server', method)];
      expect(parentIdOf(asked)).toBe(idOf(telemetry.span('server', 'tools/call research')));
      expect(parentIdOf(handled)).toBe(idOf(asked));
      expect(handled.attributes['jsonrpc.request.id']).toBe(asked.attributes['jsonrpc.request.id']);
      await expectEndings(telemetry, 'tasks/result', { client: UNSET, server: UNSET });
      expect(countTraces(telemetry.spans)).toBe(1);
      await close();
    },
  );

  it('keeps several questions of one task apart', async () => {
    const { client, close } = await pairWithTask(async ({ ask, setStatus }) => {
      const asked = [...QUESTIONS, ...QUESTIONS].map(ask);
      await setStatus('input_required');
      await Promise.all(asked);
    });
    await callAsTask(client);
    await expectNothingOpen(telemetry);
    for (const { method } of QUESTIONS) {
      const asked = telemetry.all('client', method);
      const handled = telemetry.all('server', method);
      expect([asked.length, handled.length]).toEqual([2, 2]);
      expect(new Set(handled.map(parentIdOf))).toEqual(new Set(asked.map(idOf)));
    }
    await close();
  });

  it('has the failure of the task on the polling request', async () => {
    const { client, close } = await pairWithTask(async ({ setStatus }) => {
      await setStatus('failed');
      throw new Error('secret');
    });
    expect((await callAsTask(client)).at(-1)).toBe('error');
    await expectEndings(telemetry, 'tools/call research', { client: TASK, server: TASK });
    const last = telemetry.all('client', 'tasks/get').at(-1) as ReadableSpan;
    expect(last.attributes['mcp_trail.task.status']).toBe('failed');
    expect(endingOf(last)).toEqual(UNSET);
    await close();
  });

  it('ends its question as send_failed when the task is cancelled before the question was sent', async () => {
    const asking = deferred<string>();
    const { client, close } = await pairWithTask(async ({ taskId, ask }) => {
      const asked = ask(ELICITATION);
      asking.resolve(taskId);
      await asked;
    });
    void callAsTask(client);
    await client.experimental.tasks.cancelTask(await asking.promise);
    await expectEndings(telemetry, ELICITATION.method, { client: failed('send_failed') });
    await expectEndings(telemetry, 'tasks/cancel', { client: UNSET, server: UNSET });
    expect(telemetry.span('client', 'tasks/cancel').attributes['mcp_trail.task.status']).toBe('cancelled');
    await close();
  });

  it('ends its question as connection_closed when the connection closes before the question was sent', async () => {
    const asking = deferred();
    const { client, close } = await pairWithTask(async ({ ask }) => {
      const asked = ask(ELICITATION);
      asking.resolve();
      await asked;
    });
    void callAsTask(client);
    await asking.promise;
    await close();
    await expectEndings(telemetry, ELICITATION.method, { client: failed('connection_closed') });
  });

  it('is not an error of the server when the client asks about a missing task', async () => {
    const { client, close } = await pairWithTask(async () => {});
    await expect(client.experimental.tasks.getTask('nowhere')).rejects.toMatchObject({ code: -32602 });
    await expectEndings(telemetry, 'tasks/get', { client: answered(-32602), server: blameless(-32602) });
    await close();
  });
});
