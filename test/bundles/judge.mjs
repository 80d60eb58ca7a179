/** Whether a run with us shows all that happened, and changed nothing. */
import assert from 'node:assert/strict';

const SERVER = 2;
const CLIENT = 3;
const service = ({ resource }) => resource['service.name'];
const methodOf = ({ attributes }) => attributes['mcp.method.name'];
const isRequest = (span) => !methodOf(span).startsWith('notifications/');

/** The same answers, the same end and nothing said. */
export function checkUnchanged(without, withUs) {
  assert.equal(without.stderr, '', 'stderr without us');
  assert.deepEqual(withUs.answers, without.answers, 'the answers differ');
  assert.deepEqual(withUs.ends, without.ends, 'the ends differ');
}

/** Lines that say that MCP is not observed, and no others. */
const NOT_OBSERVED =
  /^(?:mcp-trail: MCP (?:sent by this process|that arrives) .*\bis not observed: .*\bthe MCP SDK is inside a bundle\b.*\n)+$/;

export function checkSeen(row, { asked, spans, logs, errors, stderr }) {
  const isSaid = row.isSaid || (row.listens && row.hidden.length > 0);
  if (isSaid) assert.match(stderr, NOT_OBSERVED);
  else assert.equal(stderr, '', 'stderr with us');
  assert.deepEqual(errors, [], 'exports that could not be read');
  const operations = spans.filter(({ scope }) => scope.name === 'mcp-trail');
  if (asked) checkAsked(row, asked, operations);
  else checkJoined(row, operations);
  checkAsking(operations);
  checkRecords(logs, operations, row.threads ?? 1);
}

/** Over stdio there is no such function. */
const isHidden = ({ role, hidden }, method) => role !== 'stdio' && hidden.includes(method);

/** Each request that was sent to a server has one span, in the trace and below the span that it named. */
function checkAsked(row, asked, spans) {
  for (const { method, trace, parent } of asked) {
    const found = spans.filter(({ parentSpanId, kind }) => parentSpanId === parent && kind === SERVER);
    assert.deepEqual(found.map(methodOf), isHidden(row, method) ? [] : [method], `server spans of ${method}`);
    if (found.length === 0) continue;
    assert.equal(found[0].traceId, trace, `the trace of ${method}`);
  }
}

const CALLS = ['tools/list', 'tools/call', 'tools/call'];

/** What the client has sent, in each role. */
const sentBy = ({ role, mcp }) => {
  const modern = role === 'client-http' && mcp.startsWith('v2');
  if (modern) return ['server/discover', ...CALLS, 'tools/nonsense', 'subscriptions/listen'];
  return ['initialize', ...CALLS, 'tools/call', 'tools/nonsense'];
};

/** Every request of the client has a span on each side, the server's below the client's. */
function checkJoined(row, spans) {
  const requests = spans.filter((span) => span.kind === CLIENT && service(span) === 'client' && isRequest(span));
  assert.deepEqual(requests.map(methodOf).sort(), sentBy(row).sort(), 'client spans');
  for (const span of requests) if (!isHidden(row, methodOf(span))) checkAnsweredBy(span, 'server', spans);
}

/** A request that a server sends while it handles a call is below the call. */
function checkAsking(spans) {
  for (const span of spans.filter((each) => each.kind === CLIENT && service(each) === 'server')) {
    const above = spans.filter(({ spanId }) => spanId === span.parentSpanId);
    assert.deepEqual(above.map(methodOf), ['tools/call'], `above ${methodOf(span)}`);
    if (spans.some((each) => service(each) === 'client')) checkAnsweredBy(span, 'client', spans);
  }
}

function checkAnsweredBy(span, other, spans) {
  const below = spans.filter((each) => each.parentSpanId === span.spanId && each.kind === SERVER && isRequest(each));
  assert.deepEqual(below.map(methodOf), [methodOf(span)], `spans of the ${other} below ${methodOf(span)}`);
  assert.equal(below[0].traceId, span.traceId, `the trace of ${methodOf(span)}`);
}

const STEPS = ['mcp_audit.request', 'mcp_audit.response'];

/** Each operation has a record before and after it, and each thread with us one when it starts and stops. */
function checkRecords(logs, spans, threads) {
  const records = logs.filter(({ scope }) => scope.name === 'mcp-trail');
  for (const name of new Set(spans.map(service))) {
    const events = records.filter((record) => service(record) === name).map(({ eventName }) => eventName);
    for (const event of ['mcp_audit.started', 'mcp_audit.stopped']) {
      assert.equal(events.filter((each) => each === event).length, threads, `records ${event} of the ${name}`);
    }
  }
  for (const span of spans.filter(isRequest)) {
    const own = records.filter(
      (record) => record.traceId === span.traceId && record.spanId === span.spanId && STEPS.includes(record.eventName),
    );
    const events = own.map(({ eventName }) => eventName.replace('mcp_audit.', '')).sort();
    assert.deepEqual(events, ['request', 'response'], `records of ${service(span)} ${methodOf(span)}`);
  }
}

/** For failures. */
export const listed = ({ spans, stderr }) =>
  [
    ...spans.map((span) => `  ${service(span)} kind ${span.kind} ${span.name} ${span.spanId} in ${span.parentSpanId}`),
    stderr,
  ].join('\n');

export function checkUnseen({ spans, stderr }) {
  assert.deepEqual(
    spans.map(({ name }) => name),
    [],
    'spans of a bundle in which no SDK can be found',
  );
  assert.match(stderr, NOT_OBSERVED);
}
