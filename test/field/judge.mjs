/** What a run has to leave behind: a span for each request, in the host's trace, and both audit records of each. */

const SERVER = 2;
const CLIENT = 3;
/** Requests without audit records: see docs/audit.md. */
const UNAUDITED = new Set(['ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);

/**
 * A request that crossed the wire, with the id of the span that its `_meta` names.
 * @typedef {{ method: string, id: unknown, side: 'client' | 'server', span: string | undefined, sent?: boolean }} Crossed
 */

/**
 * @param {Crossed[]} requests those that the process received (`server`) and sent (`client`)
 * @param {any[]} spans its spans
 * @param {any[]} records its audit records
 * @param {string} [trace] the host's trace
 */
export function judge(requests, spans, records, trace) {
  /** @type {string[]} */
  const faults = [];
  /** @type {string[]} */
  const unseen = [];
  let seen = 0;
  let joined = 0;
  for (const { method, side, span } of requests) {
    const found =
      side === 'server'
        ? spans.filter((each) => each.kind === SERVER && each.parentSpanId === span)
        : spans.filter((each) => each.kind === CLIENT && each.spanId === span);
    const own = found.filter(
      (each) => each.attributes['mcp.method.name'] === method && each.scope.name === 'mcp-trail',
    );
    if (own.length > 0) seen += 1;
    else unseen.push(method);
    if (own.some((each) => trace === undefined || side === 'client' || each.traceId === trace)) joined += 1;
    if (new Set(own.map(({ spanId }) => spanId)).size > 1) faults.push(`${method} has ${own.length} spans`);
  }
  const expected = requests.filter(({ method }) => !UNAUDITED.has(method));
  const counts = expected.flatMap((request) =>
    ['request', 'response'].map((event) => recorded(request, event, records)),
  );
  const missing = counts.filter((count) => count === 0);
  const repeated = counts.filter((count) => count > 1);
  if (unseen.length > 0)
    faults.push(
      `${unseen.length} of ${requests.length} spans missing: ${[...new Set(unseen)].join(', ')}${which(requests, spans)}`,
    );
  if (joined < seen) faults.push(`${seen - joined} spans in another trace`);
  if (missing.length > 0) faults.push(`${missing.length} of ${expected.length * 2} audit records missing`);
  if (repeated.length > 0) faults.push(`${repeated.length} audit records more than once`);
  return {
    spans: `${seen}/${requests.length}`,
    oneTrace: joined === requests.length,
    audit: `${expected.length * 2 - missing.length}/${expected.length * 2}`,
    faults,
  };
}

/** Spans of the same scope that are not where they were expected. @param {Crossed[]} requests @param {any[]} spans */
function which(requests, spans) {
  const known = new Set(requests.map(({ span }) => span));
  const strays = spans.filter(
    ({ scope, spanId, parentSpanId }) => scope.name === 'mcp-trail' && !known.has(spanId) && !known.has(parentSpanId),
  );
  return strays.length > 0 ? ` (${strays.length} elsewhere, as ${strays[0].name})` : '';
}

/** How often a record was written. @param {Crossed} request @param {string} event @param {any[]} records */
function recorded({ method, id, side }, event, records) {
  return records.filter(
    (record) =>
      record.event_name === `mcp_audit.${event}` &&
      record['mcp.method.name'] === method &&
      record['jsonrpc.request.id'] === String(id) &&
      record['mcp_audit.side'] === side,
  ).length;
}

/** @param {string | undefined} traceparent */
export const spanOf = (traceparent) => traceparent?.split('-')[2];
