/**
 * Attributes as text: a selection on the span's line, or all of them. Pure.
 *
 * @typedef {import('./otlp-json.mjs').Span} Span
 * @typedef {(label: string, value: unknown) => string} Numbering
 */

/** The selection, in order. @type {((attributes: Record<string, any>) => unknown)[]} */
const KEY_ATTRIBUTES = [
  (a) => a['jsonrpc.request.id'] && `id=${a['jsonrpc.request.id']}`,
  (a) => a['network.protocol.name'] ?? a['network.transport'],
  (a) => a['mcp.protocol.version'],
  (a) => a['http.response.status_code'] && `status=${a['http.response.status_code']}`,
  // If the call failed, the error type is the code.
  (a) => !a['error.type'] && statusCode(a) && `code=${statusCode(a)}`,
];

/** Attributes whose values differ from run to run, with the label for their numbers. @type {Record<string, string>} */
const NUMBERED = { 'mcp.session.id': 'session', 'server.port': 'port' };
/** Left out: the client's connection pool determines their values and even their number. */
const UNNUMBERED = new Set(['client.port']);
const LOOPBACK_PORT = /(127\.0\.0\.1|\[::1\]|localhost):(\d+)/g;

/**
 * Escapes control characters: names come from the peer and must not control the terminal.
 *
 * @param {unknown} raw
 */
export function escapeText(raw) {
  return String(raw ?? '').replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

/** @param {Record<string, any>} attributes */
function statusCode(attributes) {
  return attributes['rpc.status_code'] ?? attributes['rpc.response.status_code'];
}

/** @param {Span} span */
export function keyAttributes({ attributes }) {
  return escapeText(
    KEY_ATTRIBUTES.map((describe) => describe(attributes))
      .filter(Boolean)
      .join(' '),
  );
}

/**
 * @param {Span} span
 * @param {Numbering | undefined} order
 */
export function allAttributes({ attributes, links, events }, order) {
  /** @param {Record<string, unknown>} pairs @param {string} [prefix] */
  const lines = (pairs, prefix = '') =>
    Object.keys(pairs)
      .sort()
      .map((key) => escapeText(`${prefix}${key}=${valueText(key, pairs[key], order)}`));
  return [
    ...lines(attributes),
    ...links.flatMap((link, index) => lines(link.attributes, `link ${index + 1}: `)),
    ...events.flatMap((event) => [escapeText(`event ${event.name}`), ...lines(event.attributes, '  ')]),
  ];
}

/**
 * JSON, to distinguish "2" and 2.
 *
 * @param {string} key
 * @param {unknown} value
 * @param {Numbering | undefined} order
 */
function valueText(key, value, order) {
  const text = JSON.stringify(value) ?? 'undefined';
  if (!order) return text;
  if (UNNUMBERED.has(key)) return '<any>';
  if (Object.hasOwn(NUMBERED, key)) return order(NUMBERED[key], value);
  return text.replace(LOOPBACK_PORT, (_, host, port) => `${host}:${order('port', Number(port))}`);
}

/** Numbers the distinct values of each label by order of appearance. */
export function numbering() {
  /** @type {Map<string, unknown[]>} */
  const seen = new Map();
  return (/** @type {string} */ label, /** @type {unknown} */ value) => {
    const values = seen.get(label) ?? [];
    seen.set(label, values);
    if (!values.includes(value)) values.push(value);
    return `<${label} ${values.indexOf(value) + 1}>`;
  };
}
