import { describe, expect, it } from 'vitest';
import { auditEndingOf, auditScenarios, ending, expectAudited, OK, pairsOf } from '../support/audit-endings.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS } from '../support/flavours.js';
import { pairWithTask as pairRunning } from './task-pair.js';

const scenario = auditScenarios();
const { telemetry, audit } = scenario;
const config = { audit: true } as const;
const SIDES = ['client', 'server'] as const;
const MODERN = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as (typeof FLAVOURS)[number];

/** A tool that runs as a task until the test ends it, and how to start it. */
async function pairWithTask() {
  const finish: Deferred<'completed' | 'failed'> = deferred();
  const { client, close } = await pairRunning({ config, work: () => finish.promise });
  const start = async () => {
    const params = { name: 'research', arguments: {} };
    const stream = client.experimental.tasks.callToolStream(params, undefined, { task: {} });
    for await (const message of stream) if (message.type === 'taskCreated') return message.task.taskId;
    throw new Error('no task');
  };
  return { client, start, finish: finish.resolve, close };
}

describe('the audit trail of a tool call that runs as a task, on v1', () => {
  it('is ok when the task is accepted, with the type of the result and the id of the task', async () => {
    const { start, close } = await pairWithTask();
    const taskId = await start();
    await expectAudited(scenario, 'tools/call', { client: OK, server: OK });
    for (const side of SIDES) {
      const [call] = pairsOf(audit, side, 'tools/call');
      expect(call?.response).toMatchObject({ 'mcp_trail.result.type': 'task', 'mcp_audit.task.id': taskId });
    }
    await close();
  });

  it('has no record of polls until the task is over, and then one on each side', async () => {
    const { client, start, finish, close } = await pairWithTask();
    const taskId = await start();
    await client.experimental.tasks.getTask(taskId);
    await expectNothingOpen(telemetry);
    const polls = () => audit.records.filter((each) => each['mcp.method.name'] === 'tasks/get');
    expect(polls()).toEqual([]);
    finish('completed');
    for (let status = 'working'; status === 'working'; )
      status = (await client.experimental.tasks.getTask(taskId)).status;
    await expectNothingOpen(telemetry);
    expect(
      polls()
        .map((each) => `${each['mcp_audit.side']} ${each.event_name}`)
        .sort(),
    ).toEqual(['client mcp_audit.response', 'server mcp_audit.response']);
    for (const poll of polls()) {
      expect(auditEndingOf(poll)).toEqual(OK);
      expect(poll).toMatchObject({
        'audit.target.type': 'mcp.task',
        'audit.target.id': `tasks/${taskId}`,
        'mcp_audit.task.id': taskId,
        'mcp_trail.task.status': 'completed',
        'audit.action': 'READ',
      });
    }
    await close();
  });

  it('is error when the task has failed', async () => {
    const { client, start, finish, close } = await pairWithTask();
    const taskId = await start();
    finish('failed');
    for (let status = 'working'; status === 'working'; )
      status = (await client.experimental.tasks.getTask(taskId)).status;
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const response = audit.one('mcp_audit.response', side, 'tasks/get');
      expect(auditEndingOf(response)).toEqual(ending('error'));
      expect(response['mcp_trail.task.status']).toBe('failed');
    }
    await close();
  });

  it('is cancelled when the task was cancelled, with a pair for the request to cancel', async () => {
    const { client, start, close } = await pairWithTask();
    const taskId = await start();
    await client.experimental.tasks.cancelTask(taskId);
    await expectAudited(scenario, 'tasks/cancel', { client: ending('cancelled'), server: ending('cancelled') });
    expect(pairsOf(audit, 'server', 'tasks/cancel')[0]?.request).toMatchObject({
      'audit.action': 'UPDATE',
      'audit.target.id': `tasks/${taskId}`,
    });
    await close();
  });

  it('has one record on each side of a request about a missing task', async () => {
    const { client, close } = await pairWithTask();
    await expect(client.experimental.tasks.getTask('nowhere')).rejects.toMatchObject({ code: -32602 });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const response = audit.one('mcp_audit.response', side, 'tasks/get');
      expect(auditEndingOf(response)).toEqual(ending('error', '-32602', '-32602'));
    }
    await close();
  });
});

describe.each(FLAVOURS)('the audit trail of a notification about a task, on $name', (flavour) => {
  const method = flavour.protocolVersion === '2026-07-28' ? 'notifications/tasks' : 'notifications/tasks/status';
  const send = (pair: any, status: string) =>
    pair.server.transport.send({ jsonrpc: '2.0', method, params: { taskId: 'task-1', status } });
  const about = () => audit.records.filter((each) => each['mcp.method.name'] === method);

  it.each(['completed', 'failed', 'cancelled'])('has one record on each side when it is %s', async (status) => {
    const pair = await flavour.pair({ config });
    await send(pair, status);
    await expectNothingOpen(telemetry);
    const expected = { completed: OK, failed: ending('error'), cancelled: ending('cancelled') }[status];
    for (const side of SIDES) {
      const records = about().filter((each) => each['mcp_audit.side'] === side);
      expect(records.map(auditEndingOf), side).toEqual([expected]);
      expect(records[0]).toMatchObject({
        event_name: 'mcp_audit.response',
        'audit.actor.id': 'test-server',
        'mcp_audit.task.id': 'task-1',
        'mcp_trail.task.status': status,
      });
    }
    await pair.close();
  });

  it.each(['working', 'input_required', 'no such status'])('has none when it is %s', async (status) => {
    const pair = await flavour.pair({ config });
    await send(pair, status);
    await expectNothingOpen(telemetry);
    expect(about()).toEqual([]);
    await pair.close();
  });
});

describe('the audit trail of a call that becomes a task of the extension, on v2 2026-07-28', () => {
  it('is ok when the task is accepted, with the type of the result and the id of the task', async () => {
    const task = { taskId: 'task-7', status: 'working', ttlMs: 1000, createdAt: '', lastUpdatedAt: '' };
    const pair = await MODERN.pair({
      config,
      tools: [{ name: 'research', handler: () => ({ ...task, resultType: 'task', content: [] }) }],
    });
    await pair.client.callTool({ name: 'research', arguments: {} }).catch(() => {});
    await expectNothingOpen(telemetry);
    const response = audit.one('mcp_audit.response', 'server', 'tools/call');
    expect(auditEndingOf(response)).toEqual(OK);
    expect(response).toMatchObject({ 'mcp_trail.result.type': 'task', 'mcp_audit.task.id': 'task-7' });
    await pair.close();
  });
});
