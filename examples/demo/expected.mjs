/**
 * The expected telemetry of the demo. Pure.
 *
 * @typedef {import('../support/otlp-json.mjs').Span} Span
 * @typedef {import('../support/otlp-json.mjs').Metric} Metric
 * @typedef {import('../support/otlp-json.mjs').LogRecord} LogRecord
 * @typedef {{ spans: Span[], metrics: Metric[], logs: LogRecord[] }} Collected
 */
import { auditProblems, auditRecords, missingAudit } from './expected-audit.mjs';

/** Spans as `service KIND name`, indented below their parents, with the `error.type` of failing ones. */
const OUTLINE = `
agent INTERNAL plan a weekend
  agent CLIENT tools/list
    travel SERVER tools/list
  agent CLIENT tools/call plan_trip
    travel SERVER tools/call plan_trip
      travel CLIENT initialize
        booking SERVER initialize
      travel CLIENT notifications/initialized
        booking SERVER notifications/initialized
      travel CLIENT tools/call find_rooms
        booking SERVER tools/call find_rooms
          booking CLIENT GET
  agent CLIENT tools/call check_visa !tool_error
    travel SERVER tools/call check_visa !tool_error
  agent CLIENT tools/call book_trip !tool_error
    travel SERVER tools/call book_trip !tool_error
      travel CLIENT tools/call reserve_room !-32603
        booking SERVER tools/call reserve_room !-32603
`;

/** Spans that depend on the protocol between the agent and the travel server. @type {Record<string, string>} */
const BY_PROTOCOL = {
  // The server asks the client during the call.
  '2025-11-25': `
agent INTERNAL plan a weekend
  agent CLIENT initialize
    travel SERVER initialize
  agent CLIENT notifications/initialized
    travel SERVER notifications/initialized
  agent CLIENT tools/call plan_trip
    travel SERVER tools/call plan_trip
      travel CLIENT sampling/createMessage
        agent SERVER sampling/createMessage
`,
  // The first call returns the question; the second one carries the answer and links to the first.
  '2026-07-28': `
agent INTERNAL plan a weekend
  agent CLIENT server/discover
    travel SERVER server/discover
  agent CLIENT tools/call plan_trip
    agent SERVER sampling/createMessage
`,
};

export const PROTOCOLS = Object.keys(BY_PROTOCOL);

/**
 * Every expected span as a path of descriptions from the root, with its `error.type`.
 *
 * @param {string} protocol one of `PROTOCOLS`
 * @returns {Map<string, string | undefined>}
 */
export function expectedPaths(protocol) {
  return new Map([...parseOutline(OUTLINE), ...parseOutline(BY_PROTOCOL[protocol])]);
}

export const METRICS = [
  'agent mcp.client.operation.duration',
  'travel mcp.server.operation.duration',
  'travel mcp.client.operation.duration',
  'booking mcp.server.operation.duration',
  'agent mcp_trail.response.size',
  'travel mcp_trail.request.size',
  'booking mcp_trail.operations.active',
];

/**
 * Missing telemetry, one line each.
 *
 * @param {Collected} collected
 * @param {string} protocol
 */
export function missing({ spans, metrics, logs }, protocol) {
  return [
    ...missingTelemetry({ spans, metrics }, protocol),
    ...missingAudit(auditRecords(logs), expectedPaths(protocol)),
  ];
}

/**
 * @param {{ spans: Span[], metrics: Metric[] }} collected
 * @param {string} protocol
 */
function missingTelemetry({ spans, metrics }, protocol) {
  const received = pathsOf(spans);
  const expected = expectedPaths(protocol);
  const names = new Set(metrics.map(({ name, resource }) => `${resource['service.name']} ${name}`));
  return [
    ...[...expected.keys()].filter((path) => !received.has(path)).map((path) => `span missing: ${path}`),
    ...METRICS.filter((name) => !names.has(name)).map((name) => `metric missing: ${name}`),
  ];
}

/**
 * Problems with the received telemetry, one line each.
 *
 * @param {Collected} collected
 * @param {string} protocol
 */
export function problems({ spans, metrics, logs }, protocol) {
  const expected = expectedPaths(protocol);
  const ids = new Set(spans.map((span) => span.spanId));
  const traces = new Set(spans.map((span) => span.traceId));
  const services = [...new Set(spans.map(serviceOf))].sort().join(', ');
  const roots = spans.filter((span) => span.parentSpanId === '').map(describe);
  const found = missingTelemetry({ spans, metrics }, protocol);

  if (traces.size !== 1) found.push(`${traces.size} traces instead of 1`);
  if (services !== 'agent, booking, travel') found.push(`services: ${services || 'none'}`);
  if (roots.join() !== 'agent INTERNAL plan a weekend') found.push(`roots: ${roots.join(', ') || 'none'}`);
  if (ids.size !== spans.length) found.push(`${spans.length - ids.size} spans received twice`);
  const rounds = spans.filter((span) => describe(span) === 'agent CLIENT tools/call plan_trip');
  const linked = rounds.filter(({ links }) => links.some(({ spanId }) => ids.has(spanId))).length;
  if (linked < rounds.length - 1)
    found.push(`${linked} of ${rounds.length} calls of plan_trip linked to the one before`);
  for (const span of spans) {
    if (span.parentSpanId && !ids.has(span.parentSpanId)) found.push(`parent missing: of ${describe(span)}`);
  }
  for (const [path, matches] of pathsOf(spans)) {
    const errorType = expected.get(path);
    const status = errorType ? 'ERROR' : 'UNSET';
    for (const span of matches) {
      if (span.status.code === status && span.attributes['error.type'] === errorType) continue;
      found.push(`${path}: ${span.status.code} ${span.attributes['error.type']}, not ${status} ${errorType}`);
    }
  }
  return [...found, ...auditProblems(auditRecords(logs), expected, spans[0]?.traceId)];
}

/**
 * Spans by their path of descriptions from the root.
 *
 * @param {Span[]} spans
 * @returns {Map<string, Span[]>}
 */
function pathsOf(spans) {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const paths = new Map();
  for (const span of spans) {
    const descriptions = [];
    for (let at = span, steps = 0; at && steps < spans.length; at = byId.get(at.parentSpanId), steps += 1) {
      descriptions.unshift(describe(at));
    }
    const path = descriptions.join(' > ');
    paths.set(path, [...(paths.get(path) ?? []), span]);
  }
  return paths;
}

/**
 * @param {string} outline
 * @returns {Map<string, string | undefined>} error type by path
 */
function parseOutline(outline) {
  const paths = new Map();
  /** @type {string[]} */
  const ancestors = [];
  for (const line of outline.split('\n').filter(Boolean)) {
    const [, indent, description, errorType] = /^( *)(.*?)(?: !(.*))?$/.exec(line);
    ancestors.splice(indent.length / 2, Infinity, description);
    paths.set(ancestors.join(' > '), errorType);
  }
  return paths;
}

/** @param {Span} span */
function describe(span) {
  return `${serviceOf(span)} ${span.kind} ${span.name}`;
}

/** @param {Span} span */
function serviceOf(span) {
  return span.resource['service.name'];
}
