/**
 * The expected audit records of the demo, derived from its expected spans. Pure.
 *
 * @typedef {import('../support/otlp-json.mjs').LogRecord} LogRecord
 * @typedef {import('../support/audit-lines.mjs').AuditRecord} AuditRecord
 */

/** Record statuses by `error.type` of the span. @type {Record<string, string>} */
const STATUSES = { tool_error: 'tool_error', '-32603': 'error' };

/** Parses audit records from the JSON bodies of log records. @param {LogRecord[]} logs @returns {AuditRecord[]} */
export function auditRecords(logs) {
  return logs.filter(({ eventName }) => eventName.startsWith('mcp_audit.')).map(recordOf);
}

/** An unreadable record is empty, and reported as missing. @param {LogRecord} log @returns {AuditRecord} */
function recordOf({ body }) {
  try {
    return JSON.parse(String(body));
  } catch {
    return {};
  }
}

/**
 * Operations as `service side method tool`, with their expected status.
 *
 * @param {Map<string, string | undefined>} paths of the expected spans, with their `error.type`
 * @returns {Map<string, string>}
 */
function expectedOperations(paths) {
  const operations = new Map();
  for (const [path, errorType] of paths) {
    const [, service, kind, name] =
      /^(\w+) (CLIENT|SERVER) (\w+\/\w+.*|initialize)$/.exec(path.split(' > ').at(-1)) ?? [];
    // Notifications are not audited.
    if (service === undefined || name.startsWith('notifications/')) continue;
    operations.set(`${service} ${kind.toLowerCase()} ${name}`, STATUSES[errorType] ?? 'ok');
  }
  return operations;
}

/**
 * Missing records, one line each.
 *
 * @param {AuditRecord[]} records
 * @param {Map<string, string | undefined>} paths
 */
export function missingAudit(records, paths) {
  const found = new Set(records.map((record) => `${eventOf(record)} ${operationOf(record)}`));
  const expected = expectedOperations(paths);
  const sessions = [...expected.keys()].filter((operation) => operation.endsWith(' initialize'));
  const services = new Set([...expected.keys()].map((operation) => operation.split(' ', 1)[0]));
  const wanted = [
    ...[...services].flatMap((service) => [`started ${service}`, `stopped ${service}`]),
    ...[...expected.keys()].flatMap((operation) => [`request ${operation}`, `response ${operation}`]),
    ...sessions
      .map((operation) => operation.replace(/ initialize$/, ''))
      .flatMap((side) => [`session ${side} started`, `session ${side} ended`]),
  ];
  return wanted.filter((record) => !found.has(record)).map((record) => `audit record missing: ${record}`);
}

/**
 * Problems with the records, one line each.
 *
 * @param {AuditRecord[]} records
 * @param {Map<string, string | undefined>} paths
 * @param {string | undefined} traceId of the spans
 */
export function auditProblems(records, paths, traceId) {
  const found = missingAudit(records, paths);
  const ids = new Set(records.map((record) => record['audit.record.id']));
  if (ids.size !== records.length) found.push(`${records.length - ids.size} audit records received twice`);

  const operations = groupBy(records.filter(isOfOperation), (record) => String(record['mcp_audit.operation.id']));
  for (const pair of operations.values()) {
    const events = pair.map(eventOf).sort().join(', ');
    if (events !== 'request, response') found.push(`audit records of ${operationOf(pair[0])}: ${events}`);
  }
  for (const [operation, status] of expectedOperations(paths)) {
    const ended = records.filter((record) => eventOf(record) === 'response' && operationOf(record) === operation);
    const statuses = ended.map((record) => record['mcp_audit.status']);
    // A question to the model ends the first round.
    if (ended.length > 0 && statuses.filter((each) => each !== 'input_required').join() !== status) {
      found.push(`audit record of ${operation}: ${statuses.join(', ')}, not ${status}`);
    }
  }
  for (const [id, ofId] of groupBy(records.filter(isOfOperation), (record) => record['mcp_audit.correlation.id'])) {
    if (id !== traceId) found.push(`${ofId.length} audit records have the correlation id ${id}, not ${traceId}`);
  }
  return found;
}

/** @param {AuditRecord} record */
function isOfOperation(record) {
  return ['request', 'response'].includes(eventOf(record));
}

/** @param {AuditRecord} record */
function eventOf(record) {
  return String(record.event_name).replace('mcp_audit.', '');
}

/** @param {AuditRecord} record */
function operationOf(record) {
  const keys = ['service.name', 'mcp_audit.side', 'mcp_audit.session.state', 'mcp.method.name', 'gen_ai.tool.name'];
  return keys
    .map((key) => record[key])
    .filter((part) => part !== undefined)
    .join(' ');
}

/**
 * @template T, K
 * @param {T[]} items
 * @param {(item: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
