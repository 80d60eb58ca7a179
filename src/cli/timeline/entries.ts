/** Combines records into entries: request, response and permission of one operation are one entry. Pure. */
import type { AuditKey } from '../../semconv/audit-record.js';
import { numberOf, type ReadRecord, textOf } from '../read-records.js';
import { parseTime } from '../time.js';

/** One line of the timeline. Times are milliseconds since 1970. */
export interface Entry {
  readonly kind: 'operation' | 'event';
  readonly records: readonly ReadRecord[];
  /** A field of the entry, from the response, else the request, else another record. */
  readonly first: (key: AuditKey) => string | undefined;
  readonly service: string;
  readonly side: string | undefined;
  /** The method and its target, or the event and its details. */
  readonly title: string;
  readonly start: number | undefined;
  /** Undefined without a response. */
  readonly end: number | undefined;
  readonly durationMs: number | undefined;
  readonly status: string | undefined;
  readonly denied: boolean;
  /** Failed, but not denied. */
  readonly failed: boolean;
  /** An operation without a response: still open, or the response was lost. */
  readonly open: boolean;
}

/** Parts of an operation that are not entries by themselves, in the order of precedence of their fields. */
const PARTS = ['mcp_audit.response', 'mcp_audit.request', 'mcp_audit.authorization'] as const;
type Part = (typeof PARTS)[number];

/** The details of an event. */
const EVENT_FIELDS: Readonly<Record<string, readonly AuditKey[]>> = {
  'response.undelivered': ['error.type', 'mcp.method.name', 'audit.target.id'],
  authorization: ['mcp_audit.access.decision', 'mcp.method.name', 'audit.target.id'],
  authentication: ['mcp_audit.authentication.event', 'mcp_audit.authentication.method'],
  session: ['mcp_audit.session.state'],
  guardrail: ['mcp_audit.guardrail.verdict', 'mcp_audit.guardrail.subject', 'audit.target.id'],
  'config.changed': ['mcp_audit.config.change', 'audit.target.id'],
  'server.observed': ['mcp_audit.server.name', 'mcp_audit.server.version'],
  'tool.changed': ['mcp_audit.tool.change', 'gen_ai.tool.name', 'mcp_audit.tool.changed_members'],
  'inventory.changed': ['mcp_audit.inventory.change', 'mcp_audit.server.name'],
  gap: ['mcp_audit.gap.records', 'mcp_audit.gap.sink', 'mcp_audit.gap.causes'],
  retention: ['mcp_audit.retention.reason', 'mcp_audit.retention.files'],
  erasure: ['mcp_audit.erasure.pseudonyms'],
  unobserved: ['mcp_audit.unobserved.place', 'mcp_audit.unobserved.reason', 'mcp.method.name'],
};
const OTHER_EVENT: readonly AuditKey[] = ['mcp.method.name', 'audit.target.id'];

const TARGETS: readonly AuditKey[] = ['gen_ai.tool.name', 'gen_ai.prompt.name', 'mcp.resource.uri', 'audit.target.id'];

/** The entries in the order of their first records. */
export function entriesOf(records: readonly ReadRecord[]): Entry[] {
  const operations = new Map<string, Partial<Record<Part, ReadRecord>>>();
  const units: (Partial<Record<Part, ReadRecord>> | ReadRecord)[] = [];
  for (const record of records) {
    const part = partOf(record);
    const key = operationKey(record);
    if (part === undefined || key === undefined) {
      units.push(record);
      continue;
    }
    const known = operations.get(key);
    if (known === undefined) {
      const parts = { [part]: record };
      operations.set(key, parts);
      units.push(parts);
    } else if (known[part] === undefined) known[part] = record;
    else units.push(record);
  }
  const whole = new Set<object>(operations.values());
  return units.map((unit) => (whole.has(unit) ? operationEntry(unit) : eventEntry(unit as ReadRecord)));
}

/** Operation ids are unique; with the service, a forged id of another service has no effect. */
export function operationKey(record: ReadRecord): string | undefined {
  const id = textOf(record, 'mcp_audit.operation.id');
  return id === undefined ? undefined : JSON.stringify([id, textOf(record, 'service.name')]);
}

/** A refusal is its own entry: it has a reason, and often no request follows. */
function partOf(record: ReadRecord): Part | undefined {
  const part = PARTS.find((name) => name === record['event_name']);
  return part === 'mcp_audit.authorization' && isDenial(record) ? undefined : part;
}

function isDenial(record: ReadRecord): boolean {
  return textOf(record, 'mcp_audit.access.decision') === 'deny' || textOf(record, 'mcp_audit.status') === 'denied';
}

function operationEntry(parts: Partial<Record<Part, ReadRecord>>): Entry {
  const { 'mcp_audit.request': request, 'mcp_audit.response': response } = parts;
  const records = PARTS.map((part) => parts[part]).filter((record) => record !== undefined);
  // A permission without an operation is an event.
  if (request === undefined && response === undefined) return eventEntry(records[0] as ReadRecord);
  const first = (key: AuditKey) => firstOf(records, key);
  const end = response && timeOf(response);
  const measured = response && numberOf(response, 'mcp_audit.duration_ms');
  const start = (request && timeOf(request)) ?? (end === undefined ? undefined : end - (measured ?? 0));
  const between = request && start !== undefined && end !== undefined ? Math.max(0, end - start) : undefined;
  const denied = records.some(isDenial);
  const target = TARGETS.map(first).find((text) => text !== undefined);
  return {
    kind: 'operation',
    records,
    first,
    service: first('service.name') ?? '?',
    side: first('mcp_audit.side'),
    title: words([first('mcp.method.name') ?? first('audit.action'), target]),
    start,
    end,
    durationMs: measured ?? between,
    status: response && statusOf(response),
    denied,
    failed: !denied && response !== undefined && textOf(response, 'audit.outcome') === 'failure',
    open: response === undefined,
  };
}

function eventEntry(record: ReadRecord): Entry {
  const name = String(record['event_name']).replace('mcp_audit.', '');
  const fields = Object.hasOwn(EVENT_FIELDS, name) ? EVENT_FIELDS[name] : OTHER_EVENT;
  const denied = isDenial(record);
  const time = timeOf(record);
  return {
    kind: 'event',
    records: [record],
    first: (key) => textOf(record, key),
    service: textOf(record, 'service.name') ?? '?',
    side: textOf(record, 'mcp_audit.side'),
    title: words([name, ...(fields ?? []).map((key) => textOf(record, key))]),
    start: time,
    end: time,
    durationMs: undefined,
    status: textOf(record, 'mcp_audit.status') ?? (denied ? 'denied' : textOf(record, 'audit.outcome')),
    denied,
    failed: !denied && textOf(record, 'audit.outcome') === 'failure',
    open: false,
  };
}

function statusOf(record: ReadRecord): string | undefined {
  return textOf(record, 'mcp_audit.status') ?? textOf(record, 'audit.outcome');
}

function timeOf(record: ReadRecord): number | undefined {
  return parseTime(textOf(record, 'time')) ?? parseTime(textOf(record, 'observed_time'));
}

function firstOf(records: readonly ReadRecord[], key: AuditKey): string | undefined {
  for (const record of records) {
    const text = textOf(record, key);
    if (text !== undefined) return text;
  }
  return undefined;
}

function words(texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join(' ');
}
