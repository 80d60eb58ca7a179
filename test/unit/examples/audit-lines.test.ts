import { describe, expect, it } from 'vitest';
import { auditLines } from '../../../examples/support/audit-lines.mjs';

/** A record by what matters to a test. */
function record(event: string, ms: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_name: `mcp_audit.${event}`,
    time: new Date(1_700_000_000_000 + ms).toISOString().replace('Z', '000000Z'),
    'service.name': 'travel',
    'mcp_audit.side': 'server',
    'audit.actor.id': 'ada',
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'plan_trip',
    'jsonrpc.request.id': '2',
    ...fields,
  };
}

const RECORDS = [
  record('request', 0),
  record('authorization', 1, { 'mcp_audit.access.decision': 'allow' }),
  record('response', 146, {
    'mcp_audit.access.decision': 'allow',
    'mcp_audit.status': 'ok',
    'mcp_audit.duration_ms': 146,
    'mcp_audit.redaction.count': 2,
    'mcp_audit.redaction.rules': ['email', 'key_name'],
  }),
  record('authorization', 1500, {
    'gen_ai.tool.name': 'book_trip',
    'jsonrpc.request.id': '10',
    'mcp_audit.access.decision': 'deny',
    'mcp_audit.status': 'denied',
  }),
  record('session', 1600, {
    'service.name': 'agent',
    'mcp_audit.side': 'client',
    'mcp.method.name': undefined,
    'gen_ai.tool.name': undefined,
    'jsonrpc.request.id': undefined,
    'mcp_audit.session.state': 'ended',
    'audit.actor.id': 'anonymous',
    'mcp_audit.access.decision': 'not_evaluated',
  }),
];

describe('audit records as lines', () => {
  it('tell who did what, when, on which side, allowed or not, with what result and what was removed', () => {
    expect(`\n${auditLines(RECORDS)}`).toBe(`
  time  service  side    event          method and target     actor      decision  status   took  removed
  +0ms  travel   server  request        tools/call plan_trip  ada
  +1ms  travel   server  authorization  tools/call plan_trip  ada        allow
+146ms  travel   server  response       tools/call plan_trip  ada        allow     ok      146ms  2 (email, key_name)
+1.50s  travel   server  authorization  tools/call book_trip  ada        deny      denied
+1.60s  agent    client  session        ended                 anonymous`);
  });

  it('are the same whatever order the records arrive in', () => {
    expect(auditLines([...RECORDS].reverse())).toBe(auditLines(RECORDS));
  });

  it('are empty without records', () => {
    expect(auditLines([])).toBe('');
  });

  it('have a question mark for an invalid time, and come last', () => {
    const lines = auditLines([record('request', 0, { time: 'soon' }), record('response', 0)]).split('\n');
    expect(lines.slice(1).map((line) => line.trim().split(/\s+/, 4))).toEqual([
      ['+0ms', 'travel', 'server', 'response'],
      ['?', 'travel', 'server', 'request'],
    ]);
    expect(auditLines([record('request', 0, { time: undefined })]).split('\n')[1]).toMatch(/^ *\? /);
  });

  it('show hostile text instead of obeying it, and cut what is long', () => {
    const evil = '\u001b[2Jx\ny\u202e\u009b';
    const drawn = auditLines([
      record('request\u001b', 0, { 'service.name': evil, 'audit.actor.id': evil, 'gen_ai.tool.name': 'x'.repeat(1e6) }),
    ]);
    expect(drawn).toContain('\\u{1b}[2Jx\\u{a}y\\u{202e}\\u{9b}');
    expect(drawn.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(drawn.length).toBeLessThan(600);
  });

  it('are coloured when asked: failures and refusals', () => {
    const coloured = auditLines(RECORDS, { colour: true }).split('\n');
    expect(coloured.map((line) => line.startsWith('\u001b[31m'))).toEqual([false, false, false, false, true, false]);
    expect(auditLines(RECORDS)).not.toContain('\u001b');
  });
});

describe('normalised lines', () => {
  it('have no times and do not depend on them', () => {
    const later = RECORDS.map((each, n) => ({ ...each, time: new Date(1_800_000_000_000 - n).toISOString() }));
    const slower = later.map((each) =>
      'mcp_audit.duration_ms' in each ? { ...each, 'mcp_audit.duration_ms': 9 } : each,
    );
    const drawn = auditLines(RECORDS, { normalise: true });
    expect(auditLines(slower, { normalise: true })).toBe(drawn);
    expect(`\n${drawn}`).toBe(`
service  side    event          method and target     actor      decision  status  removed
agent    client  session        ended                 anonymous
travel   server  request        tools/call plan_trip  ada
travel   server  authorization  tools/call plan_trip  ada        allow
travel   server  response       tools/call plan_trip  ada        allow     ok      2 (email, key_name)
travel   server  authorization  tools/call book_trip  ada        deny      denied`);
  });
});
