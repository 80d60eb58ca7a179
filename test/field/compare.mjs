/** Whether two runs had the same results, apart from what varies by itself. */

/** What mcp-trail adds to `params._meta` of messages that leave. Both are left out when nothing else is in them. */
const CONTEXT = new Set(['traceparent', 'tracestate', 'baggage', 'x-correlation-id']);

/** @param {unknown} value @returns {any} */
function withoutContext(value) {
  if (Array.isArray(value)) return value.map(withoutContext);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, each]) => {
    const kept = key === '_meta' ? withoutKeys(each) : withoutContext(each);
    return (key === '_meta' || key === 'params') && isEmpty(kept) ? [] : [[key, kept]];
  });
  return Object.fromEntries(entries);
}

/** @param {unknown} meta */
const withoutKeys = (meta) => Object.fromEntries(Object.entries(Object(meta)).filter(([name]) => !CONTEXT.has(name)));

/** @param {unknown} value */
const isEmpty = (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** @param {{ heard?: unknown[], sent?: unknown[] }} results @param {readonly (readonly [RegExp, string])[]} varies */
export function plain({ heard = [], sent = [], ...results }, varies) {
  const text = (/** @type {unknown} */ value) => {
    const full = JSON.stringify(withoutContext(value), undefined, 1) ?? 'nothing';
    return varies.reduce((rest, [pattern]) => rest.replaceAll(pattern, '…'), full);
  };
  // What a process sends by itself has no order among the answers, and how often it repeats that is a matter of time.
  const spontaneous = [...heard, ...sent.map((message) => ({ ...Object(message), id: undefined }))];
  return [text(results), ...[...new Set(spontaneous.map(text))].sort()].join('\n');
}

/** The first place where two texts differ, or `undefined`. @param {string} a @param {string} b */
export function difference(a, b) {
  if (a === b) return undefined;
  let at = 0;
  while (a[at] === b[at]) at += 1;
  const from = Math.max(0, at - 60);
  const part = (/** @type {string} */ text) => JSON.stringify(text.slice(from, at + 60));
  return `${part(a)} without, ${part(b)} with`;
}
