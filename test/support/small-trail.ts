/** A small trail of two servers, the same in every run: what the documentation asks questions about. */
import { createHash } from 'node:crypto';

type Fields = Readonly<Record<string, unknown>>;

interface Call {
  readonly time: string;
  readonly service: string;
  readonly actor: string;
  readonly tool: string;
  readonly took: number;
  /** Fields of the response. */
  readonly result?: Fields;
  /** The process was killed before it answered. */
  readonly unanswered?: true;
}

const DENIED = {
  'audit.outcome': 'failure',
  'mcp_audit.status': 'denied',
  'mcp_audit.access.decision': 'deny',
  'mcp_audit.policy.id': 'sights',
};
const FAILED = { 'audit.outcome': 'failure', 'mcp_audit.status': 'tool_error', 'error.type': 'tool_error' };

const CALLS: readonly Call[] = [
  { time: '2026-11-12T08:00:11.250', service: 'sights', actor: 'alice', tool: 'find_sights', took: 41 },
  { time: '2026-11-26T09:14:02.118', service: 'sights', actor: 'alice', tool: 'find_sights', took: 38 },
  { time: '2026-11-26T09:14:40.902', service: 'weather', actor: 'bob', tool: 'forecast', took: 212 },
  {
    time: '2026-11-26T09:15:07.466',
    service: 'sights',
    actor: 'alice',
    tool: 'delete_sight',
    took: 6,
    result: { ...DENIED, 'security_rule.name': 'no-landmarks' },
  },
  {
    time: '2026-11-28T16:40:31.007',
    service: 'sights',
    actor: 'carol',
    tool: 'export_all',
    took: 3,
    result: { ...DENIED, 'security_rule.name': 'office-hours' },
  },
  { time: '2026-11-29T07:30:00.541', service: 'weather', actor: 'carol', tool: 'forecast', took: 1430, result: FAILED },
  { time: '2026-11-30T06:59:12.300', service: 'sights', actor: 'alice', tool: 'export_all', took: 0, unanswered: true },
];

/** The trail: lines of the files of a folder, by their names. */
export function smallTrail(): Readonly<Record<string, readonly string[]>> {
  const files: Record<string, string[]> = { 'sights.jsonl': [], 'weather.jsonl': [] };
  CALLS.forEach((call, index) => {
    files[`${call.service}.jsonl`]?.push(...recordsOf(call, index).map((record) => JSON.stringify(record)));
  });
  return files;
}

function recordsOf({ time, service, actor, tool, took, result, unanswered }: Call, index: number): Fields[] {
  const id = (part: number) => `019aa5b2-7c31-7e0f-9d4e-${String(10 * index + part).padStart(12, '0')}`;
  const both = {
    'service.name': service,
    'audit.action': 'EXECUTE',
    'audit.schema.version': '1.3.0',
    'audit.actor.id': actor,
    'audit.actor.type': 'user',
    'audit.target.id': `tools/${tool}`,
    'audit.target.type': 'mcp.tool',
    'gen_ai.tool.name': tool,
    'mcp.method.name': 'tools/call',
    'mcp_audit.actor.source': 'oauth',
    'mcp_audit.correlation.id': `req-${index}`,
    'mcp_audit.operation.id': id(1),
    'mcp_audit.server.id': createHash('md5').update(service).digest('hex'),
    'mcp_audit.server.name': service,
    'mcp_audit.side': 'server',
  };
  const at = (ms: number) => new Date(Date.parse(`${time}Z`) + ms).toISOString().replace('Z', '000000Z');
  const request = {
    ...both,
    event_name: 'mcp_audit.request',
    time: at(0),
    observed_time: at(0),
    'audit.record.id': id(2),
    'audit.outcome': 'unknown',
  };
  if (unanswered) return [request];
  const response = {
    ...both,
    event_name: 'mcp_audit.response',
    time: at(took),
    observed_time: at(took),
    'audit.record.id': id(3),
    'audit.outcome': 'success',
    'mcp_audit.status': 'ok',
    'mcp_audit.duration_ms': took,
    ...result,
  };
  return [request, response];
}
