/** Asserts how an audited operation ended, by its records: exactly one pair per side. */
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { AuditLog } from './audit.js';
import { expectNothingOpen } from './endings.js';
import { Telemetry } from './telemetry.js';

type Status = NonNullable<AuditRecord['mcp_audit.status']>;

/** How an operation ended in one side's audit trail. */
export interface AuditEnding {
  readonly status: Status;
  readonly outcome: 'success' | 'failure';
  readonly severity: 'INFO' | 'WARN' | 'ERROR';
  readonly errorType?: string;
  readonly statusCode?: string;
}

const ROWS: Readonly<Record<Status, Pick<AuditEnding, 'outcome' | 'severity'>>> = {
  ok: { outcome: 'success', severity: 'INFO' },
  input_required: { outcome: 'success', severity: 'INFO' },
  cancelled: { outcome: 'failure', severity: 'INFO' },
  tool_error: { outcome: 'failure', severity: 'WARN' },
  rate_limited: { outcome: 'failure', severity: 'WARN' },
  denied: { outcome: 'failure', severity: 'WARN' },
  unauthenticated: { outcome: 'failure', severity: 'WARN' },
  aborted: { outcome: 'failure', severity: 'WARN' },
  error: { outcome: 'failure', severity: 'ERROR' },
  timeout: { outcome: 'failure', severity: 'ERROR' },
};

/** An ending with this status and the corresponding outcome and severity. */
export function ending(status: Status, errorType?: string, statusCode?: string): AuditEnding {
  return {
    status,
    ...ROWS[status],
    ...(errorType !== undefined && { errorType }),
    ...(statusCode !== undefined && { statusCode }),
  };
}

export const OK: AuditEnding = ending('ok');

/** Telemetry and audit log for a file of scenarios. After each scenario, checks that nothing is open and nothing failed. */
export function auditScenarios(): { readonly telemetry: Telemetry; readonly audit: AuditLog } {
  const telemetry = new Telemetry();
  const audit = new AuditLog();
  beforeEach(() => {
    telemetry.reset();
    audit.reset();
  });
  afterEach(() => expectNothingOpen(telemetry));
  afterAll(async () => {
    await telemetry.shutdown();
    await audit.shutdown();
  });
  return { telemetry, audit };
}

/** The records of one operation on one side: its pair, or the existing part of it. */
export interface Pair {
  readonly request: AuditRecord;
  readonly response: AuditRecord;
}

/** The pairs of a method on a side, in the order of requests. Fails if a record has no counterpart. */
export function pairsOf(audit: AuditLog, side: 'client' | 'server', method: string): Pair[] {
  const about = (each: AuditRecord) => each['mcp.method.name'] === method;
  const requests = audit.of('mcp_audit.request', side).filter(about);
  const responses = audit.of('mcp_audit.response', side).filter(about);
  const ids = (records: AuditRecord[]) => records.map((each) => each['mcp_audit.operation.id']).sort();
  expect(ids(responses), `operations of ${side} responses to ${method}`).toEqual(ids(requests));
  expect(new Set(ids(requests)).size, `one pair per operation of ${side} ${method}`).toBe(requests.length);
  return requests.map((request) => ({
    request,
    response: responses.find(
      (each) => each['mcp_audit.operation.id'] === request['mcp_audit.operation.id'],
    ) as AuditRecord,
  }));
}

/** The ending in a response record. */
export function auditEndingOf(response: AuditRecord): AuditEnding {
  return {
    status: response['mcp_audit.status'],
    outcome: response['audit.outcome'],
    severity: response.severity_text,
    ...(response['error.type'] !== undefined && { errorType: response['error.type'] }),
    ...(response['rpc.response.status_code'] !== undefined && { statusCode: response['rpc.response.status_code'] }),
  } as AuditEnding;
}

/** Asserts that each side has one pair with this ending, or none. */
export async function expectAudited(
  { telemetry, audit }: { readonly telemetry: Telemetry; readonly audit: AuditLog },
  method: string,
  expected: { readonly client?: AuditEnding; readonly server?: AuditEnding },
): Promise<void> {
  await expectNothingOpen(telemetry);
  for (const side of ['client', 'server'] as const) {
    const pairs = pairsOf(audit, side, method);
    expect(
      pairs.map(({ response }) => auditEndingOf(response)),
      `${side} endings of ${method}`,
    ).toEqual(expected[side] === undefined ? [] : [expected[side]]);
    for (const { request, response } of pairs) {
      expect(request).toMatchObject({ 'audit.outcome': 'unknown', severity_text: 'INFO' });
      expect(request['mcp_audit.status'], 'status of a request').toBeUndefined();
      expect(response['audit.record.id'] > request['audit.record.id'], 'in order').toBe(true);
      expect(response['mcp_audit.correlation.id']).toBe(request['mcp_audit.correlation.id']);
    }
  }
}
