/** Audit records as files have them, by what matters to a test. */

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const CORRELATION = 'req-8f7b2c9a';

export type Fields = Readonly<Record<string, unknown>>;

const START = Date.parse('2026-11-21T09:20:07.000Z');
let made = 0;

/** An RFC 3339 time, so many milliseconds after the start of all tests. */
export function at(ms: number): string {
  return new Date(START + ms).toISOString().replace('Z', '000000Z');
}

/** A record of any event. */
export function record(event: string, service: string, ms: number, fields: Fields = {}): Fields {
  made += 1;
  return {
    event_name: `mcp_audit.${event}`,
    time: at(ms),
    observed_time: at(ms),
    severity_number: 9,
    severity_text: 'INFO',
    trace_id: TRACE,
    'service.name': service,
    'audit.record.id': `record-${made}`,
    'audit.schema.version': '1.0.0',
    'audit.action': 'EXECUTE',
    'audit.outcome': 'unknown',
    'audit.actor.id': 'u-8472',
    'audit.actor.type': 'user',
    'mcp_audit.actor.source': 'hook',
    'mcp_audit.correlation.id': CORRELATION,
    ...fields,
  };
}

interface Call {
  readonly side: 'client' | 'server';
  readonly from: number;
  /** Nothing for a call without a response. */
  readonly to?: number;
  readonly tool?: string;
  readonly rpc?: number;
  /** In both records. */
  readonly fields?: Fields;
  readonly result?: Fields;
}

/** Request and response of one tool call on one side. */
export function call(
  service: string,
  { side, from, to, tool = 'search', rpc = 1, fields = {}, result = {} }: Call,
): Fields[] {
  made += 1;
  const both = {
    'mcp_audit.operation.id': `operation-${made}`,
    'mcp_audit.side': side,
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': tool,
    'audit.target.id': `tools/${tool}`,
    'jsonrpc.request.id': String(rpc),
    span_id: made.toString(16).padStart(16, '0'),
    ...fields,
  };
  const request = record('request', service, from, both);
  if (to === undefined) return [request];
  const ended = { 'audit.outcome': 'success', 'mcp_audit.status': 'ok', 'mcp_audit.duration_ms': to - from };
  return [request, record('response', service, to, { ...both, ...ended, ...result })];
}

/** An agent calls a gateway, and that a server: each connection counts its ids for itself, and here they are the same. */
export function throughGateway(): { agent: Fields[]; gateway: Fields[]; weather: Fields[] } {
  return {
    agent: call('agent', { side: 'client', from: 0, to: 100 }),
    gateway: [
      ...call('gateway', { side: 'server', from: 5, to: 95 }),
      ...call('gateway', { side: 'client', from: 10, to: 90 }),
    ],
    weather: call('weather', { side: 'server', from: 15, to: 85 }),
  };
}

export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** As the Collector's file exporter writes it: one document per line. */
export function otlpLine(records: readonly Fields[]): string {
  const logRecords = records.map((each) => ({ body: { stringValue: JSON.stringify(each) }, attributes: [] }));
  return `${JSON.stringify({ resourceLogs: [{ resource: {}, scopeLogs: [{ scope: { name: 'x' }, logRecords }] }] })}\n`;
}
