/**
 * The fields that published checklists require of an MCP audit log, in real runs: a client process and a server process, over
 * stdio and over HTTPS with tokens and client certificates, with each record as received over OTLP.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_FIELDS, type AuditField, type AuditKey } from '../../src/semconv/audit-record.js';
import { CHECKLISTS } from './checklists/checklists.js';
import type { ExpectedFields, Fields } from './checklists/expectation.js';
import { clientEntry, INVENTORY } from './checklists/inventory.js';
import { CONTENT, type Exported, find, type Run, run, SETTINGS } from './checklists/run.js';
import { ANSWER, ATTEMPT } from './checklists/selectors.js';

const BODY_ONLY = new Set(
  (Object.entries(AUDIT_FIELDS) as [string, AuditField][]).filter(([, { bodyOnly }]) => bodyOnly).map(([key]) => key),
);

describe.each(SETTINGS)('over $transport, SDK $sdk, traces $sampler', (setting) => {
  let result: Run;
  beforeAll(async () => {
    result = await run(setting);
  });

  describe.each(CHECKLISTS)('$name', ({ rows }) => {
    it.each(rows)('$field', ({ selector, [setting.transport]: expected }) => {
      expectRecord(result, selector, typeof expected === 'function' ? expected(setting) : expected);
    });
  });

  describe('MCP Manager: Higher-Level Logs/Server Inventory', () => {
    it.each(INVENTORY)('$field', ({ entry, is, record }) => {
      const { servers } = result.inventories.server;
      expect(servers).toHaveLength(1);
      expect(entry(servers[0] as never)).toEqual(is);
      if (record !== undefined) expectRecord(result, record.selector, { has: record.has });
    });

    it('the client has its own entry, with the location of the server', () => {
      expect(clientEntry(result)).toMatchObject({
        sides: ['client'],
        name: 'customers',
        version: '3.1.4',
        endpoint: setting.transport === 'stdio' ? expect.stringMatching(/^hmac-sha256:/) : expect.any(String),
        lists: { tools: { count: 8 }, prompts: { count: 1 }, resources: { count: 2 } },
        usage: { errors: { count: expect.any(Number) }, lastUsed: { actor: 'claude-code' } },
      });
    });
  });

  it('each log record agrees with its body', () => {
    for (const { log, record } of result.exported) {
      expect(log).toMatchObject({
        timeUnixNano: nanoseconds(record.time),
        observedTimeUnixNano: nanoseconds(record.observed_time),
        eventName: record.event_name,
        severityNumber: record.severity_number,
        severityText: record.severity_text,
        traceId: record.trace_id ?? '',
        spanId: record.span_id ?? '',
        scope: { name: 'mcp-trail' },
      });
      expect(BigInt(nanoseconds(record.observed_time))).toBeGreaterThanOrEqual(BigInt(nanoseconds(record.time)));
    }
  });

  it('each log record repeats its body in attributes, except fields that it carries elsewhere', () => {
    for (const { log, record } of result.exported) {
      const repeated = Object.entries(record).filter(([key]) => !BODY_ONLY.has(key));
      const expected = { ...Object.fromEntries(repeated), 'log.record.uid': record['audit.record.id'] };
      expect(log.attributes).toEqual(expected);
      for (const key of ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name']) {
        expect(log.resource[key]).toBe(record[key as AuditKey]);
      }
    }
  });

  it('the file has the same records, byte for byte', () => {
    const sent = result.exported.filter(({ log }) => log.resource['service.name'] === 'customers-server');
    expect([...result.lines].sort()).toEqual(sent.map(({ log }) => String(log.body)).sort());
  });

  it('each record arrives once', () => {
    const ids = result.exported.map(({ record }) => record['audit.record.id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('every request record has its response record', () => {
    const idsOf = (event: string) =>
      result.exported
        .filter(({ record }) => record.event_name === event)
        .map(({ record }) => record['mcp_audit.operation.id']);
    expect(idsOf('mcp_audit.request').sort()).toEqual(idsOf('mcp_audit.response').sort());
    expect(find(result, ATTEMPT).record['mcp_audit.operation.id']).toBe(
      find(result, ANSWER).record['mcp_audit.operation.id'],
    );
  });

  it('both sides share one trace, with spans if it is sampled', () => {
    const [asked, answered] = [find(result, { ...ANSWER, side: 'client' }), find(result, ANSWER)];
    expect(asked.record.trace_id).toBe(answered.record.trace_id);
    const spanIds = result.spans.map(({ spanId }) => spanId);
    if (setting.sampler === 'always_off') expect(spanIds).toEqual([]);
    else expect(spanIds).toEqual(expect.arrayContaining([asked.record.span_id, answered.record.span_id]));
  });

  it('no value, text, token or session id leaves the processes', () => {
    const everything = JSON.stringify([result.exported, result.spans, result.lines]);
    expect(everything).not.toContain(CONTENT);
    expect(everything).not.toContain(result.token);
    // Annotations appear only in the record of their change.
    const others = result.exported.filter(({ record }) => record['mcp_audit.inventory.change'] !== 'annotated');
    expect(JSON.stringify([others, result.spans])).not.toMatch(/@example\.com|no owner/);
    // Session ids are UUIDs of version 4.
    expect(everything).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  });
});

function expectRecord(result: Run, selector: Parameters<typeof find>[1], { has = {}, lacks }: ExpectedFields): void {
  const refused = lacks !== undefined && selector.where?.['http.response.status_code'] !== undefined;
  if (refused) {
    expect(() => find(result, selector), 'refused by HTTP').toThrow('no record');
    return;
  }
  const exported = find(result, selector);
  for (const key of lacks?.keys ?? []) expect(exported.record, lacks?.because).not.toHaveProperty([key]);
  expectFields(exported, typeof has === 'function' ? has(result) : has);
}

/** Checks the body and, if the field belongs there, the attributes. */
function expectFields({ record, log }: Exported, fields: Fields): void {
  for (const [key, wanted] of Object.entries(fields)) {
    const expected = wanted instanceof RegExp ? expect.stringMatching(wanted) : wanted;
    expect(record, key).toHaveProperty([key], expected);
    if (!BODY_ONLY.has(key)) expect(log.attributes, key).toHaveProperty([key], expected);
  }
}

/** A timestamp in nanoseconds. */
function nanoseconds(time: string): string {
  const [, seconds, fraction] = /^(.*)\.(\d{9})Z$/.exec(time) ?? [];
  return `${BigInt(Date.parse(`${seconds}Z`)) / 1000n}${fraction}`;
}
