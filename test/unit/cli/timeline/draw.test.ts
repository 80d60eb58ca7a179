import { describe, expect, it } from 'vitest';
import { widthOf } from '../../../../src/cli/text.js';
import type { Collected } from '../../../../src/cli/timeline/collect.js';
import { drawTimeline, type Look } from '../../../../src/cli/timeline/draw.js';
import { entriesOf } from '../../../../src/cli/timeline/entries.js';
import { rowsOf } from '../../../../src/cli/timeline/order.js';
import { summaryOf } from '../../../../src/cli/timeline/summary.js';
import { timelineJson } from '../../../../src/cli/timeline/to-json.js';
import { at, CORRELATION, call, type Fields, record, throughGateway } from '../records.js';

const LOOK: Look = { colour: false, columns: undefined, utc: false };

function timelineOf(records: readonly Fields[], more: Partial<Collected> = {}) {
  const collected = { records, duplicates: 0, conflicting: 0, leftOut: 0, forgotten: 0, ...more };
  const rows = rowsOf(entriesOf(records));
  return { rows, summary: summaryOf(rows), collected };
}

function draw(records: readonly Fields[], look: Partial<Look> = {}, more: Partial<Collected> = {}): string {
  const { rows, summary, collected } = timelineOf(records, more);
  return drawTimeline(CORRELATION, rows, summary, collected, { ...LOOK, ...look });
}

const DENIED = {
  'mcp_audit.status': 'denied',
  'audit.outcome': 'failure',
  'mcp_audit.access.decision': 'deny',
  'error.type': '-32001',
};

/** An agent, a gateway and a server; one call is refused, one gets no answer. */
function story(): Fields[] {
  const { agent, gateway, weather } = throughGateway();
  const refused = { 'mcp_audit.operation.id': 'refused', 'mcp_audit.sensitive': true };
  return [
    ...agent,
    ...gateway,
    ...weather.map((each) => ({
      ...each,
      'mcp_audit.data.sensitivity': 'confidential',
      'mcp_audit.redaction.count': 2,
      'audit.actor.id': 'gateway',
      'mcp_audit.actor.source': 'self_asserted',
    })),
    ...call('gateway', { side: 'server', from: 120, to: 122, tool: 'wipe', rpc: 2, fields: refused, result: DENIED }),
    record('authorization', 'gateway', 121, {
      'mcp_audit.operation.id': 'refused',
      'mcp_audit.access.decision': 'deny',
      'mcp_audit.access.reason': 'off_duty',
      'mcp_audit.policy.id': 'p7',
      'audit.target.id': 'tools/wipe',
    }),
    ...call('agent', { side: 'client', from: 130, tool: 'slow', rpc: 3 }),
    record('session', 'agent', 2140, { 'mcp_audit.session.state': 'ended', 'audit.actor.id': 'anonymous' }),
  ];
}

describe('a drawn timeline', () => {
  it('nests operations over all services, with decisions, sensitivity and what is missing', () => {
    expect(`\n${draw(story())}\n`).toBe(`
req-8f7b2c9a  2026-11-21T09:20:07.000Z  13 records  3 services: agent, gateway, weather

    time  service  side    what                              actor                    status        took  marks
  +0.0ms  agent    client  tools/call search                 u-8472                   ok           100ms
  +5.0ms  gateway  server  └─ tools/call search              u-8472                   ok            90ms
 +10.0ms  gateway  client     └─ tools/call search           u-8472                   ok            80ms
 +15.0ms  weather  server        └─ tools/call search        gateway (self-asserted)  ok            70ms  confidential redacted=2
+120.0ms  gateway  server  tools/call wipe                   u-8472                   denied         2ms  deny sensitive -32001
+121.0ms  gateway          └─ authorization deny tools/wipe  u-8472                   denied              deny off_duty policy=p7
+130.0ms  agent    client  tools/call slow                   u-8472                   no response
  +2.14s  agent            session ended                     anonymous                unknown

6 operations, 0 failed, 1 denied, 1 without response (still open, or lost)
`);
  });

  it('is the same whatever the order of the records', () => {
    const records = story();
    expect(draw([...records].reverse())).toBe(draw(records));
  });

  it('shows the time of day when asked', () => {
    expect(draw(story(), { utc: true })).toMatch(/^2026-11-21T09:20:07\.005Z {2}gateway {2}server/m);
  });

  it('says what is wrong with clocks, copies and causes', () => {
    const records = [
      ...call('agent', { side: 'client', from: 50, to: 100 }),
      ...call('weather', { side: 'server', from: 10, to: 40 }),
      ...call('agent', { side: 'client', from: 250, to: 300, rpc: 2 }),
      ...call('weather', { side: 'server', from: 205, to: 220, rpc: 2 }),
      ...call('weather', { side: 'server', from: 206, to: 230, rpc: 3 }).slice(1),
      ...call('weather', { side: 'client', from: 210, to: 211, rpc: 3, tool: 'x' }),
    ];
    const notes = draw(records, {}, { duplicates: 1, conflicting: 2, leftOut: 3, forgotten: 4 }).split('\n').slice(-6);
    expect(notes).toEqual([
      'clock skew: weather received 2 calls of agent up to 45ms before they were sent: their clocks disagree',
      '1 entry whose cause is not certain: drawn below the likeliest',
      '1 copy of records left out',
      '2 records with the id of another record and different content: at least one was altered',
      '3 further records not shown',
      'a long input: records that share only the operation id with a match far behind them may be missing',
    ]);
  });

  describe('where a process has lost records', () => {
    const gap = (service: string, since: number, until: number) =>
      record('gap', service, until + 1, {
        'mcp_audit.gap.sink': 'file',
        'mcp_audit.gap.records': 6,
        'mcp_audit.gap.since': at(since),
        'mcp_audit.gap.until': at(until),
        'mcp_audit.gap.causes': ['ENOSPC'],
      });
    const answered = call('agent', { side: 'client', from: 50, to: 100 });
    const open = call('agent', { side: 'client', from: 50 });
    const noted = (records: readonly Fields[], lost: Fields) =>
      /agent lost 6/.test(draw(records, {}, { gaps: [lost] }));

    it('says how many, when and why: what is missing may be among them', () => {
      const [note] = draw(answered, {}, { gaps: [gap('agent', 60, 70)] })
        .split('\n')
        .slice(-1);
      expect(note).toBe(
        `agent lost 6 records between ${at(60)} and ${at(70)} (file: ENOSPC): records missing here may be among them`,
      );
    });

    it('says so of the time in question alone, which goes on where a response is missing', () => {
      expect(noted(answered, gap('agent', 0, 40))).toBe(false);
      expect(noted(answered, gap('agent', 101, 200))).toBe(false);
      expect(noted(open, gap('agent', 101, 200))).toBe(true);
    });

    it('says so of the services in question alone', () => {
      expect(draw(answered, {}, { gaps: [gap('weather', 60, 70)] })).not.toContain('lost');
    });
  });

  it('draws records without times, services and names too', () => {
    const drawn = draw([{ event_name: 'mcp_audit.request' }, { event_name: 'mcp_audit.', time: 'soon' }]);
    expect(drawn).toContain('at an unknown time');
    expect(drawn).toMatch(/^ {3}\? {2}\? .* request/m);
  });

  it('draws ten thousand nested calls without recursion or endless indentation', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) => [
      ...call(`s${n}`, { side: 'client', from: 2 * n, to: 50_000, rpc: n }),
      ...call(`s${n + 1}`, { side: 'server', from: 2 * n + 1, to: 50_000, rpc: n }),
    ]).flat();
    const lines = draw(chain).split('\n');
    expect(lines.length).toBe(20_000 + 5);
    expect(Math.max(...lines.slice(2).map((line) => line.length))).toBeLessThan(200);
  });

  it('names a few of many services', () => {
    const many = Array.from({ length: 13 }, (_, n) => record('session', `s${n}`, n));
    expect(draw(many)).toContain('13 services: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, 3 more\n');
  });
});

describe('hostile values', () => {
  const evil = '\u001b]0;pwned\u0007\u001b[2J\nfake line\u202e\u009b';
  const records = story().map((each) =>
    Object.fromEntries(
      Object.entries(each).map(([key, value]) =>
        /^(time|observed_time|event_name|trace_id|span_id|mcp_audit\.(operation|correlation)\.id)$/.test(key)
          ? [key, value]
          : [key, `${evil}${value}`],
      ),
    ),
  );

  it('are shown, and neither colour nor move anything', () => {
    const drawn = draw(records);
    expect(drawn).toContain('\\u{1b}]0;pwned\\u{7}');
    expect(drawn.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(drawn).not.toMatch(/^fake line/m);
  });

  it('of a megabyte are cut', () => {
    const huge = story().map((each) => ({
      ...each,
      'audit.actor.id': 'x'.repeat(1_000_000),
      'service.name': '天'.repeat(1e6),
    }));
    expect(draw(huge).length).toBeLessThan(20_000);
  });
});

it('a drawn timeline names who confirmed a call, and who acted for the actor', () => {
  const fields = { 'mcp_audit.approver.id': 'grace', 'mcp_audit.delegation.actors': ['agent:b', 'agent:a'] };
  const drawn = draw(call('weather', { side: 'server', from: 0, to: 5, tool: 'wipe', rpc: 1, fields }));
  expect(drawn).toMatch(/approver=grace +delegate=agent:b, ?agent:a/);
});

describe('the width of a terminal', () => {
  it.each([200, 120, 100, 80])('of %i characters holds every line of the table', (columns) => {
    const long = story().map((each) => ({ ...each, 'audit.actor.id': `天気予報${'x'.repeat(60)}` }));
    const table = draw(long, { columns }).split('\n').slice(2, -2);
    expect(Math.max(...table.map(widthOf))).toBeLessThanOrEqual(columns);
    expect(table.join('\n')).toMatch(/denied +2ms/);
  });
});

describe('colour', () => {
  it('marks what was denied or got no answer, and changes nothing else', () => {
    const coloured = draw(story(), { colour: true });
    expect(coloured).toContain('\u001b[31mdenied     \u001b[0m');
    expect(coloured).toContain('\u001b[33mno response\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colour is written
    const stripped = coloured.replace(/\u001b\[\d+m/g, '');
    expect(stripped.split('\n').map((line) => line.trimEnd())).toEqual(draw(story()).split('\n'));
  });
});

describe('a timeline as JSON', () => {
  it('has the entries in drawn order, with places of parents and ids of records', () => {
    const { rows, summary, collected } = timelineOf(story());
    const json = timelineJson(CORRELATION, rows, summary, collected) as { entries: Record<string, unknown>[] };
    expect(json).toMatchObject({
      id: CORRELATION,
      first_time: '2026-11-21T09:20:07.000Z',
      records: 13,
      services: ['agent', 'gateway', 'weather'],
      operations: 6,
      failed: 0,
      denied: 1,
      without_response: 1,
    });
    expect(json.entries.map(({ parent }) => parent)).toEqual([null, 0, 1, 2, null, 4, null, null]);
    expect(json.entries[3]).toMatchObject({
      parent_by: 'message',
      parent_is_guess: false,
      offset_ms: 15,
      duration_ms: 70,
      service: 'weather',
      side: 'server',
      method: 'tools/call',
      actor: 'gateway',
      actor_source: 'self_asserted',
      sensitivity: 'confidential',
      status: 'ok',
    });
    expect(json.entries[3]?.['record_ids']).toHaveLength(2);
  });
});
