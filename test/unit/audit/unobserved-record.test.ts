import { expect, it } from 'vitest';
import type { Finished, Sink } from '../../../src/audit/lost-records.js';
import type { AuditSettings } from '../../../src/audit/settings.js';
import { Trail } from '../../../src/audit/trail.js';
import { recordUnobserved, type Unobserved } from '../../../src/audit/unobserved-record.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import { Redactor } from '../../../src/redact/redactor.js';

function recorded(given: Partial<Unobserved>) {
  const finished: Finished[] = [];
  const sink: Sink = { name: 'file', accept: (each) => finished.push(each) > 0 };
  const trail = new Trail({ key: 'test', sinks: [sink], now: Date.now, newId: createUuidV7(), resource: () => ({}) });
  const settings = { redactor: new Redactor(), showId: (id: string) => id } as unknown as AuditSettings;
  const whole: Unobserved = {
    place: 'stdin',
    reason: 'unknown_implementation',
    method: 'initialize',
    version: '2025-06-18',
    file: undefined,
    ...given,
  };
  recordUnobserved(whole, { trail, target: undefined, settings });
  return finished.map(({ text }) => JSON.parse(text));
}

it('is a warning about auditing itself, after the start of the trail', () => {
  const [started, record, ...others] = recorded({});
  expect(others).toEqual([]);
  expect(started).toMatchObject({ event_name: 'mcp_audit.started' });
  expect(record).toMatchObject({
    event_name: 'mcp_audit.unobserved',
    severity_text: 'WARN',
    'audit.outcome': 'failure',
    'audit.actor.id': 'mcp-trail',
    'mcp_audit.unobserved.place': 'stdin',
    'mcp_audit.unobserved.reason': 'unknown_implementation',
    'mcp.method.name': 'initialize',
    'mcp.protocol.version': '2025-06-18',
  });
  expect(record).not.toHaveProperty('mcp_audit.unobserved.file');
});

it.each([
  ['stdin', 'server', 'pipe'],
  ['http.server', 'server', 'tcp'],
  ['http.client', 'client', 'tcp'],
  ['child', 'client', 'pipe'],
] as const)('%s is the side of the %s, over a %s', (place, side, transport) => {
  const [, record] = recorded({ place });
  expect(record).toMatchObject({ 'mcp_audit.side': side, 'network.transport': transport });
});

it('names methods of the protocol only', () => {
  const [, record] = recorded({ method: 'acme/secret-name' });
  expect(record['mcp.method.name']).toBe('_OTHER');
});

it('hides a secret in the name of a file', () => {
  const token = ['ghp', '0123456789abcdefghijABCDEFGHIJ012345'].join('_');
  const [, record] = recorded({ reason: 'bundle', file: `${token}.mjs` });
  expect(record['mcp_audit.unobserved.file']).toMatch(/REDACTED/);
  expect(JSON.stringify(record)).not.toContain(token);
});
