/** The statements of the Collector that make the text of `toCef`, from the same tables. */
import {
  CEF_CONTROLS,
  type CEF_FORMS,
  CEF_HEADER,
  CEF_LABELS,
  CEF_LENGTHS,
  CEF_MAX_BYTES,
  CEF_NOTHING,
  CEF_ROWS,
  CEF_SEVERITY,
  IPV4,
  IPV6,
} from '../../src/mapping/cef.js';
import { lookUp } from '../../src/mapping/convert.js';
import { PRODUCT } from '../../src/mapping/options.js';
import type { AuditKey } from '../../src/semconv/audit-record.js';

const LIMIT = `\${env:MCP_SYSLOG_CEF_BYTES:-${CEF_MAX_BYTES}}`;
const quoted = (text: string) => JSON.stringify(text);
const cached = (name: string) => `log.cache[${quoted(name)}]`;
const matches = (path: string, form: string) => `IsMatch(${path}, ${quoted(form)})`;
const source = (form: RegExp) => form.source.replaceAll('\\u2028', '\\x{2028}').replaceAll('\\u2029', '\\x{2029}');

/** Where the Collector has what is only in the body of a record, and when it has it. */
const ELSEWHERE: Partial<Record<AuditKey, { readonly path: string; readonly has: string }>> = {
  time: { path: 'log.time', has: 'log.time_unix_nano > 0' },
  event_name: { path: 'log.event_name', has: 'log.event_name != ""' },
  trace_id: { path: 'log.trace_id.string', has: `log.trace_id.string != "${'0'.repeat(32)}"` },
  ...Object.fromEntries(
    (['service.name', 'service.instance.id'] as const).map((key) => {
      const path = `resource.attributes[${quoted(key)}]`;
      return [key, { path, has: `IsString(${path}) and ${path} != ""` }];
    }),
  ),
};

const pathOf = (key: AuditKey) => ELSEWHERE[key]?.path ?? `log.attributes[${quoted(key)}]`;
const isText = (key: AuditKey) => ELSEWHERE[key]?.has ?? `IsString(${pathOf(key)}) and ${pathOf(key)} != ""`;
const isInteger = (path: string, least: number, most: number) =>
  `IsInt(${path}) and ${path} >= ${least} and ${path} <= ${most}`;

/** The forms of values: what is written, and if. */
const FORMS: Record<keyof typeof CEF_FORMS, (key: AuditKey) => { value: string; only: string }> = {
  text: (key) => ({ value: pathOf(key), only: isText(key) }),
  integer: (key) => ({
    value: `String(${pathOf(key)})`,
    only: isInteger(pathOf(key), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  }),
  port: (key) => ({ value: `String(${pathOf(key)})`, only: isInteger(pathOf(key), 0, 65_535) }),
  time: (key) => ({ value: `String(UnixMilli(${pathOf(key)}))`, only: ELSEWHERE[key]?.has ?? '' }),
  ipv4: (key) => ({ value: pathOf(key), only: `${isText(key)} and ${matches(pathOf(key), IPV4.source)}` }),
  ipv6: (key) => ({ value: pathOf(key), only: `${isText(key)} and ${matches(pathOf(key), IPV6.source)}` }),
  host: (key) => ({
    value: pathOf(key),
    only: `${isText(key)} and not ${matches(pathOf(key), IPV4.source)} and not ${matches(pathOf(key), IPV6.source)}`,
  }),
  // Of texts alone, and not empty.
  list: (key) => ({
    value: `String(${pathOf(key)})`,
    only: `IsList(${pathOf(key)}) and ${matches(`String(${pathOf(key)})`, '^\\["(?:[^"\\\\]|\\\\.)*"(?:,"(?:[^"\\\\]|\\\\.)*")*\\]$')}`,
  }),
};

const replaceAll = (form: string, by: string) =>
  `replace_all_patterns(log.cache, "value", ${quoted(form)}, ${quoted(by)})`;
const cut = (name: string, max: number) =>
  `set(${cached(name)}, Substring(${cached(name)}, 0, ${max}, true)) where ${cached(name)} != nil and Len(${cached(name)}) > ${max}`;
const TRIM = replaceAll('^ +| +$', '');

/** The header of the event, in the attribute `message`. */
function header(): string[] {
  const names = CEF_HEADER.map((_, index) => `header${index + 1}`);
  const given = CEF_HEADER.flatMap(({ from }, index) =>
    // The last that applies stays.
    from
      .toReversed()
      .map((key) => `set(${cached(names[index] ?? '')}, ${pathOf(key)}) where ${isText(key)}`),
  );
  const severities = ['INFO', 'WARN', 'ERROR', 'FATAL'] as const;
  return [
    ...given,
    replaceAll(source(CEF_CONTROLS.header), ' '),
    ...CEF_HEADER.map(({ max }, index) => cut(names[index] ?? '', max)),
    TRIM,
    ...names.map(
      (name) => `set(${cached(name)}, "${CEF_NOTHING}") where ${cached(name)} == nil or ${cached(name)} == ""`,
    ),
    replaceAll('[\\\\|]', '\\$0'),
    'set(log.cache["severity"], "0")',
    ...severities.map(
      (name, index) =>
        `set(log.cache["severity"], "${CEF_SEVERITY[name]}") where log.severity_number >= ${[1, 13, 17, 21][index]}`,
    ),
    `set(log.attributes["message"], Concat(["CEF:0", "${PRODUCT}", "${PRODUCT}", ${names.map(cached).join(', ')}, log.cache["severity"], "app=MCP"], "|"))`,
  ];
}

/** The extension, after the header. */
function extension(): string[] {
  const keys = [...new Set(CEF_ROWS.map(({ to }) => to))];
  return [
    ...CEF_ROWS.map(({ from, to, as = 'text', side }, index) => {
      const { value, only } = FORMS[as](from);
      const ofSide = side === 'server' ? ' and log.attributes["mcp_audit.side"] != "client"' : '';
      const isFirst = CEF_ROWS.findIndex((row) => row.to === to) === index;
      return `set(${cached(to)}, ${value}) where ${isFirst ? '' : `${cached(to)} == nil and `}${only}${ofSide}`;
    }),
    replaceAll(source(CEF_CONTROLS.extension), ' '),
    ...Object.entries(CEF_LENGTHS).map(([key, max]) => cut(key, max)),
    TRIM,
    replaceAll('[\\\\=]', '\\$0'),
    replaceAll('\\n', '\\n'),
    replaceAll('\\r', '\\r'),
    ...keys.map((key) => {
      const label = lookUp<string>(CEF_LABELS, key);
      const after = label === undefined ? '' : ` ${key}Label=${label}`;
      const more = ` ${key}=${after}`.length;
      const parts = ['log.attributes["message"]', quoted(` ${key}=`), cached(key), ...(after ? [quoted(after)] : [])];
      return `set(log.attributes["message"], Concat([${parts.join(', ')}], "")) where ${cached(key)} != nil and ${cached(key)} != "" and Len(log.attributes["message"]) + Len(${cached(key)}) + ${more} <= ${LIMIT}`;
    }),
  ];
}

/** As lines of YAML; `$` is doubled, as the Collector's configuration wants it, except before `{`. */
export const STATEMENTS = [...header(), ...extension()]
  .map((statement) => `      - '${statement.replaceAll("'", "''").replace(/\$(?!\{)/g, '$$$$')}'\n`)
  .join('');
