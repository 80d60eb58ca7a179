import { describe, expect, it } from 'vitest';
import { escapeText } from '../../../examples/support/attribute-text.mjs';
import type { Span } from '../../../examples/support/otlp-json.mjs';
import { waterfall } from '../../../examples/support/waterfall.mjs';

const EPOCH_MS = 1_700_000_000_000;

/** A span by what matters to a test; times in milliseconds from the start of the trace. */
function span(
  id: string,
  fields: Partial<Span> & { parent?: string; at?: number; ms?: number; in?: string } = {},
): Span {
  const { parent = '', at = 0, ms = 1, in: service = 'agent', ...rest } = fields;
  const nanos = (offset: number) => String(BigInt(EPOCH_MS) * 1_000_000n + BigInt(Math.round(offset * 1e6)));
  return {
    traceId: 'a'.repeat(32),
    spanId: id,
    parentSpanId: parent,
    name: id,
    kind: 'INTERNAL',
    startTimeUnixNano: nanos(at),
    endTimeUnixNano: nanos(at + ms),
    status: { code: 'UNSET', message: '' },
    attributes: {},
    links: [],
    events: [],
    resource: { 'service.name': service },
    scope: { name: 'test', version: '' },
    ...rest,
  };
}

const failed = { status: { code: 'ERROR', message: '' }, attributes: { 'error.type': 'tool_error' } } as const;

describe('the waterfall', () => {
  it('nests spans over processes, with times, bars, status and key attributes', () => {
    const spans = [
      span('server', {
        parent: 'client',
        in: 'weather',
        at: 30,
        ms: 50,
        kind: 'SERVER',
        name: 'tools/call add',
        status: { code: 'ERROR', message: '' },
        attributes: { 'error.type': 'tool_error', 'jsonrpc.request.id': '2' },
      }),
      span('root', { ms: 1500, name: 'plan' }),
      span('client', {
        parent: 'root',
        at: 0.25,
        ms: 999.9,
        kind: 'CLIENT',
        name: 'tools/call add',
        attributes: {
          'jsonrpc.request.id': '2',
          'network.transport': 'tcp',
          'network.protocol.name': 'http',
          'mcp.protocol.version': '2025-11-25',
        },
      }),
    ];
    expect(`\n${waterfall(spans)}`).toBe(`
trace aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  3 spans  1.50s
plan                  agent    internal   +0.0ms    1.50s  ████████████████
└─ tools/call add     agent    client     +0.3ms  999.9ms  ███████████       id=2 http 2025-11-25
   └─ tools/call add  weather  server    +30.0ms   50.0ms  █                 ERROR tool_error  id=2`);
  });

  it('is the same whatever order the spans arrive in', () => {
    const spans = [
      span('root', { ms: 9 }),
      span('a', { parent: 'root', at: 1 }),
      span('b', { parent: 'root', at: 1 }),
      span('c', { parent: 'a', at: 2 }),
      span('d', { parent: 'root', at: 0.5 }),
    ];
    const drawn = waterfall(spans);
    expect(waterfall([...spans].reverse())).toBe(drawn);
    expect(drawn.split('\n').map((line) => line.slice(0, 7).trimEnd())).toEqual([
      'trace a',
      'root',
      '├─ d',
      '├─ a',
      '│  └─ c',
      '└─ b',
    ]);
  });

  it('marks links with the number of the span they point to', () => {
    const link = (spanId: string) => ({ traceId: 'a'.repeat(32), spanId, attributes: {} });
    const spans = [span('one'), span('two', { at: 1, links: [link('one'), link('00f067aa0ba902b7')] })];
    expect(waterfall(spans)).toMatch(/^one \[1\] .*\ntwo .* {2}↪\[1\] ↪\[00f067aa0ba902b7\]$/m);
    expect(waterfall(spans, { normalise: true })).toMatch(/↪\[1\] ↪\[elsewhere\]$/);
  });

  it('shows a parent that was not received, once for all its children', () => {
    const drawn = waterfall([
      span('b', { parent: 'lost', at: 1 }),
      span('a', { parent: 'lost' }),
      span('root', { at: 2 }),
    ]);
    expect(drawn).toMatch(/^root .*\n\(parent lost not received\)\n├─ a .*\n└─ b /m);
  });

  it('draws spans that are their own ancestors, once', () => {
    const drawn = waterfall([
      span('root'),
      span('self', { parent: 'self' }),
      span('egg', { parent: 'hen', at: 1 }),
      span('hen', { parent: 'egg', at: 2 }),
    ]);
    expect(drawn.split('\n')).toHaveLength(5);
    expect(drawn).toMatch(/^self .*\(its own ancestor\)$/m);
    expect(drawn).toMatch(/^egg .*\(its own ancestor\)\n└─ hen /m);
  });

  it('draws both when one id was received twice', () => {
    const drawn = waterfall([
      span('same', { name: 'x' }),
      span('same', { name: 'y' }),
      span('child', { parent: 'same' }),
    ]);
    expect(drawn).toMatch(/^x .*\n└─ child .*\ny /m);
  });

  it('draws each trace on its own, the earliest first', () => {
    const drawn = waterfall([
      span('late', { traceId: 'c'.repeat(32), at: 5 }),
      span('early', { traceId: 'b'.repeat(32) }),
    ]);
    expect(drawn).toMatch(/^trace b{32} {2}1 span .*\nearly .*\n\ntrace c{32} {2}1 span .*\nlate /);
  });

  it('is empty for no spans', () => {
    expect(waterfall([])).toBe('');
  });

  it('survives odd times: an end before the start, none at all, no duration', () => {
    const drawn = waterfall([
      span('back', { ms: -5 }),
      span('never', { endTimeUnixNano: '0' }),
      span('instant', { ms: 0 }),
    ]);
    expect(drawn.match(/ 0\.0ms {2}▏$/gm)).toHaveLength(3);
  });

  it('draws ten thousand nested spans without recursion or endless indentation', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) =>
      span(`s${n}`, { parent: n === 0 ? '' : `s${n - 1}`, at: n / 1000 }),
    );
    const lines = waterfall(chain).split('\n');
    expect(lines).toHaveLength(10_001);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250);
  });
});

describe('hostile text', () => {
  it('is shown escaped, so that the terminal does not obey it', () => {
    const name = 'a\u001b[31mred\nline\u202Ertl\u0000\u009b1m\u2028';
    const drawn = waterfall([
      span('x', {
        name,
        in: 'evil\u0007',
        status: { code: 'ERROR', message: 'no\r"way"' },
        attributes: { 'error.type': '\u001b]0;title\u0007', 'jsonrpc.request.id': '1\n2' },
      }),
    ]);
    expect(drawn).toContain('a\\u{1b}[31mred\\u{a}line\\u{202e}rtl\\u{0}\\u{9b}1m\\u{2028}');
    expect(drawn).toContain('evil\\u{7}');
    expect(drawn).toContain('ERROR \\u{1b}]0;title\\u{7} "no\\r\\"way\\""');
    expect(drawn).toContain('id=1\\u{a}2');
    expect(drawn.split('\n')).toHaveLength(2);
    expect(drawn.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('is escaped among all attributes and in missing parents too', () => {
    const attributes = { 'k\u001b': '\u009b' };
    const drawn = waterfall([span('x', { parent: '\u001b[2J', attributes, traceId: '\u0007' })], { attributes: 'all' });
    expect(drawn.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(drawn).toContain('k\\u{1b}="\\u{9b}"');
  });

  it('is cut when it is long, at a whole character', () => {
    expect(waterfall([span('x', { name: '😀'.repeat(100) })])).toContain(`${'😀'.repeat(59)}… `);
  });

  it('leaves ordinary text of any language alone', () => {
    expect(escapeText('tools/call größe 天気')).toBe('tools/call größe 天気');
  });
});

describe('colour', () => {
  const spans = [span('ok'), span('bad', { at: 1, in: 'weather', ...failed })];

  it('is off unless asked for', () => {
    expect(waterfall(spans)).not.toContain('\u001b');
  });

  it('changes nothing but colour', () => {
    const coloured = waterfall(spans, { colour: true });
    expect(coloured).toContain('\u001b[31mERROR tool_error\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colour is written
    const stripped = coloured.replace(/\u001b\[\d+m/g, '');
    expect(stripped.split('\n').map((line) => line.trimEnd())).toEqual(waterfall(spans).split('\n'));
  });
});

describe('a normalised waterfall', () => {
  const spans = (salt: number, port: number) => {
    const traceId = String(salt).repeat(32);
    return [
      span(`${salt}1`, { traceId, name: 'tools/call add', kind: 'CLIENT', at: salt, ms: 7 * salt }),
      span(`${salt}2`, {
        traceId,
        name: 'tools/call add',
        kind: 'SERVER',
        in: 'weather',
        parent: `${salt}1`,
        at: salt + 1,
        links: [{ traceId, spanId: `${salt}1`, attributes: { role: 'round' } }],
        events: [{ name: 'said', timeUnixNano: '1', attributes: { n: 1 } }],
        attributes: {
          'jsonrpc.request.id': '2',
          'mcp.session.id': `session-${salt}`,
          'server.port': port,
          'client.port': port + salt,
          'url.full': `http://127.0.0.1:${port}/x`,
          count: 2,
        },
      }),
      span(`${salt}3`, { traceId, parent: `lost${salt}`, at: 50 }),
    ].map((each) => (each.name.endsWith('3') ? { ...each, name: 'orphan' } : each));
  };

  it('is the same for two runs', () => {
    const options = { normalise: true, attributes: 'all' } as const;
    const drawn = waterfall(spans(1, 4000), options);
    expect(waterfall(spans(2, 5000), options)).toBe(drawn);
    expect(`\n${drawn}`).toBe(`
trace 1  3 spans
tools/call add [1]  agent    client
└─ tools/call add   weather  server    ↪[1]
       client.port=<any>
       count=2
       jsonrpc.request.id="2"
       mcp.session.id=<session 1>
       server.port=<port 1>
       url.full="http://127.0.0.1:<port 1>/x"
       link 1: role="round"
       event said
         n=1
(parent not received)
└─ orphan           agent    internal`);
  });

  it('does not depend on the time of siblings, but on the order of their requests', () => {
    const call = (id: string, at: number) =>
      span(`span-${id}-${at}`, { name: 'tools/call', parent: 'root', at, attributes: { 'jsonrpc.request.id': id } });
    const drawn = (ids: string[]) =>
      waterfall([span('root'), ...ids.map((id, at) => call(id, at))], { normalise: true });
    expect(drawn(['10', '2', 'listen:1'])).toBe(drawn(['listen:1', '10', '2']));
    expect(drawn(['10', '2', 'listen:1']).match(/id=.*/g)).toEqual(['id=2', 'id=10', 'id=listen:1']);
  });

  it('tells one session or port from another', () => {
    const attributes = (session: string) => ({ 'mcp.session.id': session });
    const drawn = waterfall(
      [
        span('a', { attributes: attributes('x') }),
        span('b', { at: 1, attributes: attributes('y') }),
        span('c', { at: 2, attributes: attributes('x') }),
      ],
      { normalise: true, attributes: 'all' },
    );
    expect(drawn.match(/<session \d>/g)).toEqual(['<session 1>', '<session 2>', '<session 1>']);
  });
});
