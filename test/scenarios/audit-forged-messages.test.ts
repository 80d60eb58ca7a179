/** Messages that a peer makes to keep its calls out of the trail, or to have them recorded as something else. */
import { describe, expect, it } from 'vitest';
import { instrumentTransport } from '../../src/index.js';
import { auditScenarios } from '../support/audit-endings.js';

const { audit } = auditScenarios();

/** A server's transport, audited; `ask` delivers a request and answers it. */
function server(): { readonly deliver: (message: object) => void; readonly ask: (request: object) => void } {
  const transport = { send: async (_message: object) => {}, onmessage: (_message: object) => {} };
  instrumentTransport(transport, { audit: true });
  const deliver = (message: object) => transport.onmessage({ jsonrpc: '2.0', ...message });
  let id = 0;
  const ask = (request: object) => {
    id += 1;
    deliver({ id, ...request });
    void transport.send({ jsonrpc: '2.0', id, result: {} });
  };
  return { deliver, ask };
}

const recorded = (method: string) =>
  audit.records.filter((each) => each['mcp.method.name'] === method && each['jsonrpc.request.id'] !== undefined);

describe('a request', () => {
  it.each(['resources/read', 'tools/list', 'tasks/cancel', 'acme/anything', 'initialize'])(
    'named %s is recorded although a notification of that name came before it',
    async (method) => {
      const params = { uri: 'docs://a', taskId: 't', protocolVersion: '2025-11-25' };
      server().ask({ method, params });
      const usual = recorded(method).length;
      expect(usual).toBeGreaterThan(0);
      const { deliver, ask } = server();
      deliver({ method, params });
      ask({ method, params });
      expect(recorded(method)).toHaveLength(usual * 2);
    },
  );

  it.each(['B', { toString: 1 }, { toString: () => 'B' }])(
    'about a task is recorded with the task of its params, whatever its member `task` is: %o',
    (task) => {
      server().ask({ method: 'tasks/cancel', params: { taskId: 'A' }, task });
      const records = recorded('tasks/cancel');
      expect(records.length).toBeGreaterThan(0);
      for (const each of records) {
        expect(each).toMatchObject({ 'audit.target.id': 'tasks/A', 'mcp_audit.task.id': 'A' });
      }
    },
  );
});
