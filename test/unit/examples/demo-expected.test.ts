import { describe, expect, it } from 'vitest';
import { expectedPaths, METRICS, missing, PROTOCOLS, problems } from '../../../examples/demo/expected.mjs';
import type { LogRecord, Metric, Span } from '../../../examples/support/otlp-json.mjs';

type Collected = { spans: Span[]; metrics: Metric[]; logs: LogRecord[] };
const NOTHING = { spans: [], metrics: [], logs: [] };

/** Telemetry that is just what the demo should produce. */
function complete(protocol: string): Collected {
  const paths = [...expectedPaths(protocol)];
  const spans = paths.map(([path, errorType]) => {
    const steps = path.split(' > ');
    const [, service, kind, name] = /^(\w+) (\w+) (.*)$/.exec(steps.at(-1) ?? '') ?? [];
    return {
      traceId: 'trace',
      spanId: path,
      parentSpanId: steps.slice(0, -1).join(' > '),
      name,
      kind,
      status: { code: errorType ? 'ERROR' : 'UNSET', message: '' },
      attributes: errorType ? { 'error.type': errorType } : {},
      links: [],
      resource: { 'service.name': service },
    } as unknown as Span;
  });
  const metrics = METRICS.map((each) => {
    const [service, name] = each.split(' ');
    return { name, resource: { 'service.name': service } } as unknown as Metric;
  });
  return { spans, metrics, logs: auditOf(paths) };
}

/** The pair of each audited operation, the two ends of each session, and the beginning and end of each trail. */
function auditOf(paths: readonly [string, string | undefined][]): LogRecord[] {
  const lives = ['agent', 'travel', 'booking'].flatMap((service) =>
    ['started', 'stopped'].map((event) => auditRecord(event, service)),
  );
  const operations = paths.flatMap(([path, errorType]) => {
    const span = path.split(' > ').at(-1) ?? '';
    const [, service = '', kind = '', method = '', tool] = /^(\w+) (\w+) (\S+)(?: (\S+))?$/.exec(span) ?? [];
    if (kind === 'INTERNAL' || method === 'GET' || method.startsWith('notifications/')) return [];
    const side = { 'mcp_audit.side': kind.toLowerCase() };
    const operation = { ...side, 'mcp.method.name': method, 'mcp_audit.operation.id': path };
    const named = tool === undefined ? operation : { ...operation, 'gen_ai.tool.name': tool };
    const status = errorType === '-32603' ? 'error' : (errorType ?? 'ok');
    return [
      auditRecord('request', service, named),
      auditRecord('response', service, { ...named, 'mcp_audit.status': status }),
      ...(method === 'initialize' ? ['started', 'ended'] : []).map((state) =>
        auditRecord('session', service, { ...side, 'mcp_audit.session.state': state }),
      ),
    ];
  });
  return [...lives, ...operations];
}

let records = 0;

function auditRecord(event: string, service: string, fields: Record<string, unknown> = {}): LogRecord {
  records += 1;
  const body = {
    event_name: `mcp_audit.${event}`,
    'audit.record.id': `record ${records}`,
    'service.name': service,
    'mcp_audit.correlation.id': 'trace',
    ...fields,
  };
  return { eventName: body.event_name, body: JSON.stringify(body) } as unknown as LogRecord;
}

/** Changes the one record of an event about an operation. */
function spoilAudit({ logs }: Collected, event: string, operation: string, fields: Record<string, unknown>): void {
  const [service, side, method, tool] = operation.split(' ');
  const log = logs.find(({ body }) => {
    const record = JSON.parse(String(body));
    return (
      record.event_name === `mcp_audit.${event}` &&
      record['service.name'] === service &&
      record['mcp_audit.side'] === side &&
      (record['mcp.method.name'] ?? record['mcp_audit.session.state']) === method &&
      record['gen_ai.tool.name'] === tool
    );
  });
  if (log === undefined) throw new Error(`no ${event} of ${operation}`);
  log.body = JSON.stringify({ ...JSON.parse(String(log.body)), ...fields });
}

function find(spans: Span[], pattern: RegExp): Span {
  const span = spans.find(({ spanId }) => pattern.test(spanId));
  if (!span) throw new Error(`no span ${pattern}`);
  return span;
}

describe.each(PROTOCOLS)('what the demo expects under %s', (protocol) => {
  it('is content with exactly that', () => {
    expect(problems(complete(protocol), protocol)).toEqual([]);
    expect(missing(complete(protocol), protocol)).toEqual([]);
  });

  it('is missing when nothing has arrived', () => {
    const found = problems(NOTHING, protocol);
    expect(found).toEqual(expect.arrayContaining(missing(NOTHING, protocol)));
    for (const service of ['agent', 'travel', 'booking']) {
      expect(found).toEqual(expect.arrayContaining([`audit record missing: started ${service}`]));
    }
    expect(found).toEqual(expect.arrayContaining(['0 traces instead of 1', 'services: none', 'roots: none']));
  });

  const faults: [string, (collected: Collected) => void, RegExp][] = [
    ['a span is missing', ({ spans }) => spans.splice(spans.indexOf(find(spans, /GET$/)), 1), /^span missing: .*GET$/],
    ['a metric is missing', ({ metrics }) => metrics.pop(), /^metric missing: booking mcp_trail\.operations\.active$/],
    [
      'there is a second trace',
      ({ spans }) => Object.assign(find(spans, /GET$/), { traceId: 'x' }),
      /^2 traces instead/,
    ],
    [
      'a service goes by another name',
      ({ spans }) => Object.assign(find(spans, /GET$/), { resource: { 'service.name': 'x' } }),
      /^services: agent, booking, travel, x$/,
    ],
    [
      'a parent did not arrive',
      ({ spans }) => Object.assign(find(spans, /GET$/), { parentSpanId: 'x' }),
      /^parent missing: of booking CLIENT GET$/,
    ],
    [
      'there is a second root',
      ({ spans }) => Object.assign(find(spans, /GET$/), { parentSpanId: '' }),
      /^roots: .*booking CLIENT GET$/,
    ],
    ['a span arrived twice', ({ spans }) => spans.push(find(spans, /GET$/)), /^1 spans received twice$/],
    [
      'a second round is not linked to the first',
      ({ spans }) => spans.push({ ...find(spans, /agent CLIENT tools.call plan_trip$/), spanId: 'x' }),
      /^0 of 2 calls of plan_trip linked/,
    ],
    [
      'a failure is not marked',
      ({ spans }) => Object.assign(find(spans, /reserve_room$/), { status: { code: 'UNSET', message: '' } }),
      /reserve_room: UNSET -32603, not ERROR -32603$/,
    ],
    [
      'a failure is of another type',
      ({ spans }) => Object.assign(find(spans, /reserve_room$/), { attributes: { 'error.type': '_OTHER' } }),
      /reserve_room: ERROR _OTHER, not ERROR -32603$/,
    ],
    [
      'a success is marked as failed',
      ({ spans }) => Object.assign(find(spans, /GET$/), { status: { code: 'ERROR', message: '' } }),
      /GET: ERROR undefined, not UNSET undefined$/,
    ],
    [
      'an operation has no record before it',
      (collected) => spoilAudit(collected, 'request', 'booking server tools/call find_rooms', { event_name: 'x' }),
      /^audit record missing: request booking server tools\/call find_rooms$/,
    ],
    [
      'an operation has no record after it',
      (collected) => spoilAudit(collected, 'response', 'agent client tools/call book_trip', { event_name: 'x' }),
      /^audit records of agent client tools\/call book_trip: request$/,
    ],
    [
      'the records of one side are missing',
      ({ logs }) => logs.splice(0, Infinity, ...logs.filter(({ body }) => !/travel.*"client"/.test(String(body)))),
      /^audit record missing: response travel client tools\/call reserve_room$/,
    ],
    [
      'the two records of an operation are not joined',
      (collected) =>
        spoilAudit(collected, 'response', 'travel server tools/call check_visa', { 'mcp_audit.operation.id': 'x' }),
      /^audit records of travel server tools\/call check_visa: response$/,
    ],
    [
      'an operation ends in another way in its record',
      (collected) =>
        spoilAudit(collected, 'response', 'booking server tools/call reserve_room', { 'mcp_audit.status': 'ok' }),
      /^audit record of booking server tools\/call reserve_room: ok, not error$/,
    ],
    [
      'a record has a correlation id of its own',
      (collected) =>
        spoilAudit(collected, 'request', 'booking server tools/call find_rooms', { 'mcp_audit.correlation.id': 'x' }),
      /^1 audit records have the correlation id x, not trace$/,
    ],
    [
      'a session has no end',
      (collected) => spoilAudit(collected, 'session', 'booking server ended', { 'mcp_audit.session.state': 'started' }),
      /^audit record missing: session booking server ended$/,
    ],
    ['a trail has no end', ({ logs }) => logs.splice(1, 1), /^audit record missing: stopped agent$/],
    ['a record arrived twice', ({ logs }) => logs.push(...logs.slice(0, 1)), /^1 audit records received twice$/],
    [
      'a record cannot be read',
      ({ logs }) => Object.assign(logs[0] as LogRecord, { body: '{' }),
      /^audit record missing: started agent$/,
    ],
  ];

  it.each(faults)('notices when %s', (_, spoil, problem) => {
    const collected = complete(protocol);
    spoil(collected);
    expect(problems(collected, protocol).filter((line) => problem.test(line))).not.toEqual([]);
  });

  it('survives spans that are their own ancestors', () => {
    const collected = complete(protocol);
    Object.assign(find(collected.spans, /plan_trip$/), { parentSpanId: find(collected.spans, /GET$/).spanId });
    expect(problems(collected, protocol)).not.toEqual([]);
  });
});
