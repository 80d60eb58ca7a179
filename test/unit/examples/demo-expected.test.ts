import { describe, expect, it } from 'vitest';
import { expectedPaths, METRICS, missing, PROTOCOLS, problems } from '../../../examples/demo/expected.mjs';
import type { Metric, Span } from '../../../examples/support/otlp-json.mjs';

type Collected = { spans: Span[]; metrics: Metric[] };

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
  return { spans, metrics };
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
    const found = problems({ spans: [], metrics: [] }, protocol);
    expect(found).toEqual(expect.arrayContaining(missing({ spans: [], metrics: [] }, protocol)));
    expect(found).toEqual(expect.arrayContaining(['0 traces instead of 1', 'services are none', 'roots are: none']));
  });

  const faults: [string, (collected: Collected) => void, RegExp][] = [
    ['a span is missing', ({ spans }) => spans.splice(spans.indexOf(find(spans, /GET$/)), 1), /^span missing: .*GET$/],
    ['a metric is missing', ({ metrics }) => metrics.pop(), /^metric missing: booking mcp.server.operation.duration$/],
    [
      'there is a second trace',
      ({ spans }) => Object.assign(find(spans, /GET$/), { traceId: 'x' }),
      /^2 traces instead/,
    ],
    [
      'a service goes by another name',
      ({ spans }) => Object.assign(find(spans, /GET$/), { resource: { 'service.name': 'x' } }),
      /^services are agent, booking, travel, x$/,
    ],
    [
      'a parent did not arrive',
      ({ spans }) => Object.assign(find(spans, /GET$/), { parentSpanId: 'x' }),
      /^parent missing: of booking CLIENT GET$/,
    ],
    [
      'there is a second root',
      ({ spans }) => Object.assign(find(spans, /GET$/), { parentSpanId: '' }),
      /^roots are: .*booking CLIENT GET$/,
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
