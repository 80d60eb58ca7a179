/** Maps audit records to the Common Event Format. */
import type { AuditKey, AuditRecord } from '../semconv/audit-record.js';
import { epochMilliseconds, lookUp, severity } from './convert.js';
import { type Fields, type FieldValue, fieldsOf, textOf } from './fields.js';
import { PRODUCT } from './options.js';

/** Options of {@link toCef}. */
export interface CefOptions {
  /**
   * Bytes of the whole text, in UTF-8. Keys that do not fit are left out whole, the last of the table first.
   * @defaultValue 3800: with a syslog header it stays below the 4,096 bytes that QRadar reads by default. Values that are not whole
   * numbers of 1024 or more are ignored
   */
  readonly maxBytes?: number;
}

export const CEF_MAX_BYTES = 3800;
const MIN_BYTES = 1024;

/** How a value is written. Each is repeated in the statements of `collector-config/backends/syslog-cef.yaml`. */
export const CEF_FORMS = {
  text: { says: '', of: someText },
  integer: {
    says: 'if it is a whole number',
    of: (value) => (Number.isSafeInteger(value) ? String(value) : undefined),
  },
  port: { says: '', of: (value) => (Number.isInteger(value) && isPort(Number(value)) ? String(value) : undefined) },
  time: {
    says: 'milliseconds since 1970',
    of: (value) => {
      const time = epochMilliseconds(value);
      return time !== undefined && time > 0 ? String(time) : undefined;
    },
  },
  ipv4: { says: 'if it is an IPv4 address', of: (value) => matching(value, IPV4) },
  ipv6: { says: 'if it is an IPv6 address', of: (value) => matching(value, IPV6) },
  host: {
    says: 'if it is not an IP address',
    of: (value) => {
      const text = someText(value);
      return text === undefined || IPV4.test(text) || IPV6.test(text) ? undefined : text;
    },
  },
  list: {
    says: 'as JSON',
    of: (value) => (Array.isArray(value) ? listAsJson(value) : undefined),
  },
} as const satisfies Readonly<
  Record<string, { readonly says: string; readonly of: (value: FieldValue | undefined) => string | undefined }>
>;

/** More than the value's bytes. */
const MAX_LIST = 1024;
const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
  '\\b': '\\u0008',
  '\\f': '\\u000c',
};

const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const GROUP = '[0-9a-fA-F]{1,4}';
const SHORTENED = [1, 2, 3, 4, 5, 6].map((before) => `(?:${GROUP}:){${before}}(?::${GROUP}){1,${7 - before}}`);
/** In the syntax that JavaScript and the Collector share. */
export const IPV4 = new RegExp(`^${BYTE}(?:[.]${BYTE}){3}$`);
export const IPV6 = new RegExp(
  `^(?:(?:${GROUP}:){7}${GROUP}|(?:${GROUP}:){1,7}:|:(?::${GROUP}){1,7}|::|${SHORTENED.join('|')})$`,
);

/** The place of a field. Rows apply from top to bottom, and the first to fill a key keeps it. */
export interface CefRow {
  readonly from: AuditKey;
  /** The key of the extension. */
  readonly to: string;
  /** @defaultValue text */
  readonly as?: keyof typeof CEF_FORMS;
  /** The side of the protocol that made the record. @defaultValue either */
  readonly side?: 'server';
}

/** Bytes of a value at most: the lengths of the dictionary, for keys with texts. */
export const CEF_LENGTHS = {
  act: 63,
  cat: 1023,
  cs1: 1023,
  cs2: 255,
  cs3: 32,
  cs4: 255,
  cs5: 255,
  cs6: 255,
  destinationServiceName: 1023,
  deviceExternalId: 255,
  deviceProcessName: 1023,
  dhost: 1023,
  externalId: 40,
  flexString1: 1023,
  flexString2: 1023,
  msg: 1023,
  outcome: 63,
  proto: 31,
  reason: 1023,
  request: 1023,
  requestClientApplication: 1023,
  requestMethod: 1023,
  sourceServiceName: 1023,
  spriv: 1023,
  suid: 1023,
  suser: 1023,
} as const satisfies Readonly<Record<string, number>>;

/** What custom keys mean. */
export const CEF_LABELS = {
  c6a2: 'Source IPv6 Address',
  c6a3: 'Destination IPv6 Address',
  cn1: 'Sequence Number',
  cn2: 'Duration in ms',
  cn3: 'Unknown Arguments',
  cs1: 'Tool',
  cs2: 'Correlation ID',
  cs3: 'Trace ID',
  cs4: 'Session ID',
  cs5: 'Chain ID',
  cs6: 'Policy ID',
  flexString1: 'Target',
  flexString2: 'Data Sensitivity',
} as const satisfies Readonly<Record<string, string>>;

/** The table of fields for CEF, the most important first. A test compares `README.md` of this folder with it. */
export const CEF_ROWS: readonly CefRow[] = [
  { from: 'time', to: 'rt', as: 'time' },
  { from: 'audit.record.id', to: 'externalId' },
  { from: 'audit.sequence.number', to: 'cn1', as: 'integer' },
  { from: 'mcp_audit.chain.id', to: 'cs5' },
  { from: 'mcp_audit.correlation.id', to: 'cs2' },
  { from: 'audit.actor.id', to: 'suid' },
  { from: 'user.name', to: 'suser' },
  { from: 'user.id', to: 'suser' },
  { from: 'mcp_audit.access.decision', to: 'act' },
  { from: 'mcp_audit.guardrail.verdict', to: 'act' },
  { from: 'audit.action', to: 'act' },
  { from: 'audit.action', to: 'cat' },
  { from: 'audit.outcome', to: 'outcome' },
  { from: 'mcp_audit.access.reason', to: 'reason' },
  { from: 'error.type', to: 'reason' },
  { from: 'mcp_audit.status', to: 'reason' },
  { from: 'gen_ai.tool.name', to: 'cs1' },
  { from: 'audit.target.id', to: 'flexString1' },
  { from: 'mcp_audit.data.sensitivity', to: 'flexString2' },
  { from: 'mcp_audit.tool.argument.unknown_count', to: 'cn3', as: 'integer' },
  { from: 'mcp_audit.policy.id', to: 'cs6' },
  { from: 'client.address', to: 'src', as: 'ipv4' },
  { from: 'network.peer.address', to: 'src', as: 'ipv4' },
  { from: 'client.address', to: 'c6a2', as: 'ipv6' },
  { from: 'network.peer.address', to: 'c6a2', as: 'ipv6' },
  { from: 'client.port', to: 'spt', as: 'port' },
  { from: 'server.address', to: 'dst', as: 'ipv4' },
  { from: 'server.address', to: 'c6a3', as: 'ipv6' },
  { from: 'server.address', to: 'dhost', as: 'host' },
  { from: 'server.port', to: 'dpt', as: 'port' },
  { from: 'mcp_audit.server.name', to: 'destinationServiceName' },
  { from: 'service.name', to: 'destinationServiceName', side: 'server' },
  { from: 'client.service.name', to: 'sourceServiceName' },
  { from: 'mcp_audit.client.name', to: 'sourceServiceName' },
  { from: 'mcp_audit.oauth.client_id', to: 'sourceServiceName' },
  { from: 'service.name', to: 'deviceProcessName' },
  { from: 'service.instance.id', to: 'deviceExternalId' },
  { from: 'trace_id', to: 'cs3' },
  { from: 'mcp.session.id', to: 'cs4' },
  { from: 'mcp_audit.duration_ms', to: 'cn2', as: 'integer' },
  { from: 'user.roles', to: 'spriv', as: 'list' },
  { from: 'process.parent_pid', to: 'spid', as: 'integer' },
  { from: 'network.transport', to: 'proto' },
  { from: 'http.request.method', to: 'requestMethod' },
  { from: 'mcp.resource.uri', to: 'request' },
  { from: 'url.path', to: 'request' },
  { from: 'user_agent.original', to: 'requestClientApplication' },
  { from: 'mcp_audit.message', to: 'msg' },
];

/** The fields of the header after vendor and product: the first that is there, with its bytes at most. */
export const CEF_HEADER = [
  { place: 'Device Version', from: ['audit.schema.version'], max: 31 },
  { place: 'Device Event Class ID', from: ['event_name'], max: 128 },
  { place: 'Name', from: ['mcp.method.name', 'event_name'], max: 128 },
] as const satisfies readonly { place: string; from: readonly AuditKey[]; max: number }[];
/** A header has all its fields. */
export const CEF_NOTHING = 'unknown';

/** 0 to 10: low to 3, medium to 6, high to 8. */
export const CEF_SEVERITY = { INFO: 3, WARN: 6, ERROR: 8, FATAL: 10 } as const;
const severityOf = severity(CEF_SEVERITY);

/** Control characters and line separators, which become spaces; in extensions, line ends are escaped instead. */
export const CEF_CONTROLS = { header: /[\p{Cc}\p{Zl}\p{Zp}]/gu, extension: /[^\P{Cc}\n\r]|[\p{Zl}\p{Zp}]/gu } as const;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/**
 * Maps a record to one line of the Common Event Format, version 0: `CEF:0|mcp-trail|mcp-trail|…`. Fields without a key are left out:
 * it is for alerts and searches, and proves nothing. The backend `syslog-cef` of the Collector configuration makes the same text.
 *
 * @returns a text of at most {@link CefOptions.maxBytes} bytes in UTF-8, without line ends. The same record gives the same text.
 * Never throws: what is malformed is left out, and a header without a field says `unknown`.
 * @see https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors/
 */
export function toCef(record: AuditRecord, { maxBytes }: CefOptions = {}): string {
  const limit = Number.isSafeInteger(maxBytes) && Number(maxBytes) >= MIN_BYTES ? Number(maxBytes) : CEF_MAX_BYTES;
  const fields = fieldsOf(record);
  const header = CEF_HEADER.map(({ from, max }) => inHeader(from.map((key) => textOf(fields, key)).find(Boolean), max));
  const severityNumber = severityOf.of(fields.get('severity_number') ?? 0) ?? 0;
  let text = ['CEF:0', PRODUCT, PRODUCT, ...header, severityNumber, 'app=MCP'].join('|');
  let bytes = Buffer.byteLength(text);
  for (const [key, value] of values(fields)) {
    const label = lookUp<string>(CEF_LABELS, key);
    const part = ` ${key}=${inExtension(value)}${label === undefined ? '' : ` ${key}Label=${label}`}`;
    const more = Buffer.byteLength(part);
    if (bytes + more > limit) continue;
    text += part;
    bytes += more;
  }
  return text;
}

/** The keys with a value, in the order of their first rows. */
function* values(fields: Fields): Generator<readonly [key: string, value: string]> {
  const found = new Map<string, string | undefined>(CEF_ROWS.map(({ to }) => [to, undefined]));
  for (const { from, to, as = 'text', side } of CEF_ROWS) {
    if (found.get(to) !== undefined || (side === 'server' && fields.get('mcp_audit.side') === 'client')) continue;
    found.set(to, CEF_FORMS[as].of(fields.get(from)));
  }
  for (const [key, value] of found) {
    const plain =
      value === undefined ? '' : clean(value, CEF_CONTROLS.extension, lookUp<number>(CEF_LENGTHS, key) ?? value.length);
    if (plain !== '') yield [key, plain];
  }
}

function inHeader(value: string | undefined, max: number): string {
  return (clean(value ?? '', CEF_CONTROLS.header, max) || CEF_NOTHING).replace(/[\\|]/g, '\\$&');
}

function inExtension(value: string): string {
  return value.replace(/[\\=\n\r]/g, (character) => ESCAPES[character] ?? `\\${character}`);
}

/** Without control characters and spaces at its ends, and cut between two characters. */
function clean(value: string, controls: RegExp, max: number): string {
  // A character has at least as many bytes as this text has units for it.
  const bytes = Buffer.from(value.slice(0, max + 1).replace(controls, ' '));
  let end = Math.min(bytes.length, max);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end).replace(/^ +| +$/g, '');
}

function someText(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isPort(value: number): boolean {
  return value >= 0 && value <= 65_535;
}

function matching(value: FieldValue | undefined, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}

/** As the Collector writes a list: JSON that is safe in HTML. */
function listAsJson(list: readonly string[]): string {
  const whole = list.map((element) => Buffer.from(element.slice(0, MAX_LIST)).toString());
  return JSON.stringify(whole).replace(/\\.|[<>&\u2028\u2029]/g, (found) => JSON_ESCAPES[found] ?? found);
}
