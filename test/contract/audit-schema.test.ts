/** The exported JSON Schema accepts valid audit records and rejects everything else. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  AUDIT_EVENTS,
  type AuditEventName,
  type AuditRecord,
  REQUIRED_AUDIT_FIELDS,
} from '../../src/semconv/audit-record.js';
import { FIELDS, type Field } from './audit-registry/fields.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the JSON Schema of an audit record', () => {
  const schema = createRequire(`${ROOT}package.json`)('mcp-trail/audit-record.schema.json');
  // Strict mode throws on mistakes that a validator might ignore: unknown keywords, a pattern on a number.
  const options = { strict: true, strictRequired: false, allowMatchingProperties: true, allErrors: true };
  const validate = new Ajv2020(options).compile(schema);

  const minimal = {
    time: '2026-11-21T09:20:07.123000000Z',
    observed_time: '2026-11-21T09:20:07.123000000Z',
    event_name: 'mcp_audit.started',
    severity_number: 9,
    severity_text: 'INFO',
    'audit.record.id': '019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d57',
    'audit.schema.version': '1.0.0',
    'mcp_audit.chain.id': '019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b',
    'audit.sequence.number': 1,
    'audit.prev.hash': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'audit.action': 'UPDATE',
    'audit.outcome': 'success',
    'audit.actor.id': 'weather',
    'audit.actor.type': 'system',
    'mcp_audit.actor.source': 'none',
    'mcp_audit.correlation.id': '019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d58',
  } satisfies AuditRecord;

  /** A record with every field. */
  const full = Object.fromEntries(
    FIELDS.map(({ key, type, values, examples }) => {
      const value = examples?.[0] ?? values?.[0] ?? (type === 'boolean' ? true : 0);
      return [key, value];
    }),
  );

  /** The schema's errors about a record, as path and keyword. */
  function complaints(record: Record<string, unknown>): string[] {
    validate(record);
    return (validate.errors ?? []).map(({ instancePath, keyword, params }) =>
      `${instancePath || params['missingProperty'] || params['additionalProperty'] || ''} ${keyword}`.trim(),
    );
  }

  it('accepts a record with only the required fields', () => {
    expect(complaints(minimal)).toEqual([]);
  });

  it.each(AUDIT_EVENTS)('accepts a record of %s with every field', (event) => {
    expect(complaints({ ...full, event_name: event })).toEqual([]);
  });

  it.each(REQUIRED_AUDIT_FIELDS)('rejects a record without %s', (key) => {
    const { [key]: _, ...rest } = minimal as Record<string, unknown>;
    expect(complaints(rest)).toEqual([`${key} required`]);
  });

  it.each([
    ['mcp_audit.request', ['mcp_audit.operation.id', 'mcp_audit.side']],
    ['mcp_audit.response', ['mcp_audit.side', 'mcp_audit.status', 'mcp_audit.duration_ms']],
    ['mcp_audit.authorization', ['mcp_audit.access.decision']],
    ['mcp_audit.authentication', ['mcp_audit.authentication.event']],
    ['mcp_audit.session', ['mcp_audit.session.state']],
    ['mcp_audit.guardrail', ['mcp_audit.guardrail.verdict']],
    ['mcp_audit.config.changed', ['mcp_audit.config.change']],
    ['mcp_audit.server.observed', ['mcp_audit.server.id']],
    ['mcp_audit.tool.changed', ['mcp_audit.server.id', 'mcp_audit.tool.change']],
    ['mcp_audit.inventory.changed', ['mcp_audit.server.id', 'mcp_audit.inventory.change']],
    ['mcp_audit.checkpoint', ['mcp_audit.checkpoint.size', 'mcp_audit.checkpoint.note']],
    [
      'mcp_audit.key.rotated',
      ['mcp_audit.checkpoint.size', 'mcp_audit.checkpoint.note', 'mcp_audit.key.id', 'mcp_audit.key.next_id'],
    ],
    [
      'mcp_audit.verified',
      ['result', 'records', 'chains', 'missing', 'altered'].map((key) => `mcp_audit.verified.${key}`),
    ],
  ] satisfies [AuditEventName, string[]][])('rejects a record of %s without its subject', (event, keys) => {
    const missing = complaints({ ...minimal, event_name: event }).filter((each) => each.endsWith('required'));
    expect(missing.sort()).toEqual(keys.map((key) => `${key} required`).sort());
  });

  it('rejects an unknown field', () => {
    expect(complaints({ ...minimal, 'mcp_audit.password': 'x' })).toEqual(['mcp_audit.password additionalProperties']);
    expect(complaints({ ...minimal, 'http.request.header.cookie': ['x'] })).toHaveLength(1);
  });

  it('accepts any response header, as a list', () => {
    expect(complaints({ ...minimal, 'http.response.header.x-cache': ['hit'] })).toEqual([]);
    expect(complaints({ ...minimal, 'http.response.header.x-cache': 'hit' })).toEqual([
      '/http.response.header.x-cache type',
    ]);
  });

  const WRONG: Readonly<Record<Field['type'], readonly unknown[]>> = {
    string: [1, true, null, ['text'], {}],
    int: ['1', 1.5, -1, 2 ** 53, true, null],
    boolean: ['true', 1, null],
    'string[]': ['text', [1], [null], [], null],
  };

  it.each(FIELDS)('rejects a value in $key that is not a $type', ({ key, type }) => {
    const accepted = WRONG[type].filter((value) => complaints({ ...full, [key]: value }).length === 0);
    expect(accepted).toEqual([]);
  });

  it.each(FIELDS.filter(({ values }) => values !== undefined))(
    'rejects a value outside the closed set of $key',
    ({ key }) => {
      expect(complaints({ ...full, [key]: 'something else' })).toContain(`/${key} enum`);
    },
  );

  it.each(FIELDS.filter(({ pattern }) => pattern !== undefined))('rejects a malformed $key', ({ key }) => {
    expect(complaints({ ...full, [key]: `${full[key]} ` })).toEqual([`/${key} pattern`]);
  });

  it('rejects a name and a URI beyond the redactor limits', () => {
    expect(complaints({ ...full, 'gen_ai.tool.name': 'x'.repeat(256), 'url.path': 'x'.repeat(1024) })).toEqual([]);
    expect(complaints({ ...full, 'gen_ai.tool.name': 'x'.repeat(257) })).toEqual(['/gen_ai.tool.name maxLength']);
    expect(complaints({ ...full, 'url.path': 'x'.repeat(1025) })).toEqual(['/url.path maxLength']);
    expect(complaints({ ...full, 'user.roles': ['x'.repeat(257)] })).toEqual(['/user.roles/0 maxLength']);
  });
});
