import { describe, expect, it } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { CUT_ORDER, MAX_RECORD_BYTES, write } from '../../../src/audit/record-text.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';

const RECORD: AuditRecord = {
  time: '2026-11-21T09:20:07.123000000Z',
  observed_time: '2026-11-21T09:20:07.124000000Z',
  event_name: 'mcp_audit.response',
  severity_number: 9,
  severity_text: 'INFO',
  'audit.record.id': '019a0000-0000-7000-8000-000000000000',
  'audit.schema.version': '1.0.0',
  'mcp_audit.chain.id': '019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b',
  'audit.sequence.number': 1,
  'audit.prev.hash': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'audit.action': 'EXECUTE',
  'audit.outcome': 'success',
  'audit.actor.id': 'u-1',
  'audit.actor.type': 'user',
  'mcp_audit.actor.source': 'hook',
  'mcp_audit.correlation.id': 'req-12345678',
};

const long = 'é'.repeat(20_000);

describe('a record that is too large', () => {
  it('is unchanged at the limit', () => {
    const room = MAX_RECORD_BYTES - Buffer.byteLength(new RecordFields().add({ ...RECORD, 'user.name': '' }).toText());
    const text = write(new RecordFields().add({ ...RECORD, 'user.name': 'x'.repeat(room) }));
    expect(Buffer.byteLength(text)).toBe(MAX_RECORD_BYTES);
    expect(JSON.parse(text)['mcp_audit.truncated']).toBeUndefined();
  });

  it('loses argument values first, and names them', () => {
    const fields = new RecordFields().add({ ...RECORD, 'gen_ai.tool.call.arguments': long, 'user.roles': ['admin'] });
    const record = JSON.parse(write(fields));
    expect(record['gen_ai.tool.call.arguments']).toBeUndefined();
    expect(record['mcp_audit.truncated']).toEqual(['gen_ai.tool.call.arguments']);
    expect(record['user.roles']).toEqual(['admin']);
    // As attributes it is unchanged.
    expect(Object.fromEntries(fields.entries())).toEqual(record);
  });

  it('loses as little as possible, in the documented order', () => {
    const roles = Array.from({ length: 64 }, (_, index) => `${index}`.padEnd(300, 'x'));
    const keys = roles.map((role) => `key ${role}`);
    const text = write(
      new RecordFields().add({ ...RECORD, 'mcp_audit.tool.argument.keys': keys, 'user.roles': roles }),
    );
    expect(JSON.parse(text)['mcp_audit.truncated']).toEqual(['mcp_audit.tool.argument.keys']);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
  });

  it('keeps the names of earlier cuts', () => {
    const fields = new RecordFields().add({ ...RECORD, 'mcp_audit.truncated': ['mcp_audit.tool.argument.keys'] });
    fields.set('gen_ai.tool.call.arguments', long);
    expect(JSON.parse(write(fields))['mcp_audit.truncated']).toEqual([
      'gen_ai.tool.call.arguments',
      'mcp_audit.tool.argument.keys',
    ]);
  });

  it('loses configured headers last', () => {
    const fields = new RecordFields().add(RECORD);
    fields.setOpen('http.response.header.x-long', [long]);
    expect(JSON.parse(write(fields))).toEqual({
      ...RECORD,
      'mcp_audit.truncated': ['http.response.header.x-long'],
    });
  });

  it('never loses actor, action, time and outcome', () => {
    const bulky = Object.fromEntries(CUT_ORDER.map((key) => [key, long]));
    const text = write(new RecordFields().add({ ...RECORD, ...bulky }));
    expect(JSON.parse(text)).toMatchObject(RECORD);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
  });
});
