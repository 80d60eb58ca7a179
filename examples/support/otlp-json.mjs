/**
 * Decodes OTLP/JSON request bodies into flat records: attributes become plain objects, enumerations become words, and each
 * record has its resource and scope. Pure; throws on a body that is not OTLP.
 *
 * @typedef {Record<string, unknown>} Attributes
 * @typedef {{ resource: Attributes, scope: { name: string, version: string } }} Origin
 * @typedef {{ traceId: string, spanId: string, attributes: Attributes }} SpanLink
 * @typedef {{ name: string, timeUnixNano: string, attributes: Attributes }} SpanEvent
 * @typedef {Origin & {
 *   traceId: string, spanId: string, parentSpanId: string, name: string,
 *   kind: 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER',
 *   startTimeUnixNano: string, endTimeUnixNano: string,
 *   status: { code: 'UNSET' | 'OK' | 'ERROR', message: string },
 *   attributes: Attributes, links: SpanLink[], events: SpanEvent[],
 * }} Span
 * @typedef {Record<string, unknown> & { attributes: Attributes }} DataPoint the point as sent, attributes flattened
 * @typedef {Origin & { name: string, unit: string, description: string, type: string, dataPoints: DataPoint[] }} Metric
 * @typedef {Origin & {
 *   timeUnixNano: string, observedTimeUnixNano: string, severityNumber: number, severityText: string,
 *   eventName: string, body: unknown, attributes: Attributes, traceId: string, spanId: string,
 * }} LogRecord
 */

const SPAN_KINDS = /** @type {const} */ (['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);
const STATUS_CODES = /** @type {const} */ (['UNSET', 'OK', 'ERROR']);
const METRIC_TYPES = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/** @param {any} body @returns {Span[]} */
export function decodeTraces(body) {
  return records(body, 'resourceSpans', 'scopeSpans', 'spans').map(({ item, origin }) => ({
    traceId: hex(item.traceId),
    spanId: hex(item.spanId),
    parentSpanId: hex(item.parentSpanId),
    name: text(item.name),
    kind: SPAN_KINDS[item.kind] ?? 'UNSPECIFIED',
    startTimeUnixNano: nanos(item.startTimeUnixNano),
    endTimeUnixNano: nanos(item.endTimeUnixNano),
    status: { code: STATUS_CODES[item.status?.code] ?? 'UNSET', message: text(item.status?.message) },
    attributes: attributes(item.attributes),
    links: list(item.links).map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: attributes(link.attributes),
    })),
    events: list(item.events).map((event) => ({
      name: text(event.name),
      timeUnixNano: nanos(event.timeUnixNano),
      attributes: attributes(event.attributes),
    })),
    ...origin,
  }));
}

/** @param {any} body @returns {Metric[]} */
export function decodeMetrics(body) {
  return records(body, 'resourceMetrics', 'scopeMetrics', 'metrics').map(({ item, origin }) => {
    const type = METRIC_TYPES.find((name) => item[name]) ?? 'unknown';
    return {
      name: text(item.name),
      unit: text(item.unit),
      description: text(item.description),
      type,
      dataPoints: list(item[type]?.dataPoints).map((point) => ({
        ...point,
        attributes: attributes(point.attributes),
      })),
      ...origin,
    };
  });
}

/** @param {any} body @returns {LogRecord[]} */
export function decodeLogs(body) {
  return records(body, 'resourceLogs', 'scopeLogs', 'logRecords').map(({ item, origin }) => ({
    timeUnixNano: nanos(item.timeUnixNano),
    observedTimeUnixNano: nanos(item.observedTimeUnixNano),
    severityNumber: Number(item.severityNumber ?? 0),
    severityText: text(item.severityText),
    eventName: text(item.eventName),
    body: value(item.body),
    attributes: attributes(item.attributes),
    traceId: hex(item.traceId),
    spanId: hex(item.spanId),
    ...origin,
  }));
}

/**
 * All three signals have the same three levels: resource, scope, record.
 *
 * @param {any} body
 * @param {string} resourceKey
 * @param {string} scopeKey
 * @param {string} recordKey
 * @returns {{ item: any, origin: Origin }[]}
 */
function records(body, resourceKey, scopeKey, recordKey) {
  if (!Array.isArray(body?.[resourceKey])) throw new TypeError(`expected an object with an array "${resourceKey}"`);
  return body[resourceKey].flatMap((ofResource) => {
    const resource = attributes(ofResource.resource?.attributes);
    return list(ofResource[scopeKey]).flatMap((ofScope) => {
      const scope = { name: text(ofScope.scope?.name), version: text(ofScope.scope?.version) };
      return list(ofScope[recordKey]).map((item) => ({ item, origin: { resource, scope } }));
    });
  });
}

/** @param {any} pairs @returns {Attributes} */
function attributes(pairs) {
  return Object.fromEntries(list(pairs).map((pair) => [text(pair.key), value(pair.value)]));
}

/** @type {Record<string, (raw: any) => unknown>} */
const VALUES = {
  stringValue: text,
  boolValue: Boolean,
  intValue: integer,
  doubleValue: Number,
  bytesValue: text,
  arrayValue: (raw) => list(raw.values).map(value),
  kvlistValue: (raw) => attributes(raw.values),
};

/** @param {any} any @returns {unknown} */
function value(any) {
  for (const [key, decode] of Object.entries(VALUES)) {
    if (any?.[key] !== undefined) return decode(any[key]);
  }
  return undefined;
}

/** 64-bit integers are strings in JSON; unsafe integers stay strings. @param {any} raw */
function integer(raw) {
  const number = Number(raw);
  return Number.isSafeInteger(number) ? number : text(raw);
}

/** @param {any} raw @returns {any[]} */
function list(raw) {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) throw new TypeError(`expected an array, got ${typeof raw}`);
  return raw;
}

/** @param {any} raw */
function text(raw) {
  return raw === undefined || raw === null ? '' : String(raw);
}

/** @param {any} raw */
function nanos(raw) {
  return /^\d{1,20}$/.test(text(raw)) ? text(raw) : '0';
}

/** Missing and all-zero ids mean no id. @param {any} raw */
function hex(raw) {
  const id = text(raw).toLowerCase();
  return /^0*$/.test(id) ? '' : id;
}
