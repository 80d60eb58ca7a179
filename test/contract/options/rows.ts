/** The tables of options as they are documented: one row per option, its meaning taken from the TSDoc of its type. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AUDIT,
  DIGEST_KEY_ID,
  FILE_EXPORTER,
  INSTRUMENTATION,
  type Option,
  REGISTER,
  STDERR_EXPORTER,
  TOOL_LOCK_ENFORCE,
  WRAP,
} from '../../../src/options/table.js';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

export interface OptionRow {
  readonly option: string;
  /** Empty for options that are set in code only. */
  readonly env: string;
  readonly accepts: string;
  readonly default: string;
}

type Documented = Pick<Option<unknown>, 'env' | 'defaultText'> & {
  readonly kind?: Pick<Option<unknown>['kind'], 'accepts' | 'acceptsText'>;
  readonly default?: unknown;
};

function rowsOf(table: Readonly<Record<string, Documented>>, prefix = ''): OptionRow[] {
  return Object.entries(table).map(([name, { env = '', kind, default: value, defaultText }]) => ({
    option: `${prefix}${name}`,
    env,
    accepts: (env !== '' ? kind?.acceptsText : undefined) ?? kind?.accepts ?? '',
    default: defaultText ?? textOf(value),
  }));
}

function textOf(value: unknown): string {
  if (value === undefined || typeof value === 'symbol') return '';
  return typeof value === 'object' && !Array.isArray(value) ? '' : String(value);
}

export const instrumentationRows = () => rowsOf(INSTRUMENTATION);

/** The digest key and its id are two variables and one option, and so are the tool lock and whether it is enforced. */
export function auditRows(): OptionRow[] {
  const { env, acceptsText, defaultText } = DIGEST_KEY_ID;
  const parts: Readonly<Record<string, readonly (readonly [string, Documented])[]>> = {
    digestKey: [['digestKey.id', { env, kind: { accepts: acceptsText }, defaultText }]],
    toolLock: [['toolLock.enforce', TOOL_LOCK_ENFORCE]],
  };
  const entries = Object.entries<Documented>(AUDIT).flatMap(([name, option]) => [
    [name, option] as const,
    ...(parts[name] ?? []),
  ]);
  return rowsOf(Object.fromEntries(entries), 'audit.');
}

/** The options that a type declares, each with the first sentence of its TSDoc. */
export function declared(file: string, type: string): ReadonlyMap<string, string> {
  return new Map([...comments(file, type)].map(([name, comment]) => [name, firstSentence(comment)]));
}

/** The members of a type that have TSDoc, with it. */
export function comments(file: string, type: string): ReadonlyMap<string, string> {
  const source = readFileSync(join(SRC, file), 'utf8');
  const body = new RegExp(`interface ${type} \\{([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1] ?? '';
  const members = body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly )?([\w$]+)\??:/g);
  return new Map([...members].map(([, comment = '', name = '']) => [name, comment]));
}

function firstSentence(comment: string): string {
  const text = comment
    .replaceAll(/^\s*\*\s?/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const plain = text.replaceAll(/\{@link (?:\w+\.)?(\w+)\}/g, '`$1`').replace(/ @\w+ .*/, '');
  return /^(.*?[.:;](?= )|.*)/.exec(plain)?.[1]?.replace(/[.:;]$/, '') ?? '';
}

const REGISTER_MEANINGS: ReadonlyMap<string, string> = new Map([
  ['crashReports', 'Has a stdio server that crashes write one line of JSON to stderr instead of a stack'],
  ['sdk', 'Whether `mcp-trail/register` starts an OpenTelemetry SDK where none is registered'],
]);

const WRAP_MEANINGS: ReadonlyMap<string, string> = new Map([
  ['user', 'The actor: `audit.actor.id` and `user.id`'],
  ['userName', 'A readable name: `user.name`'],
  ['userRoles', 'Roles: `user.roles`'],
  ['organization', 'The organization that the actor acts for'],
  ['team', 'The team that the actor acts for'],
]);

/** The tables that a page can hold, by the name of their markers. */
export const OPTION_TABLES: Readonly<Record<string, () => string>> = {
  options: () => variableTable(instrumentationRows(), declared('types.ts', 'McpInstrumentationConfig')),
  'audit-options': () => variableTable(auditRows(), declared('audit-types.ts', 'AuditConfig')),
  'register-options': () => variableTable(rowsOf(REGISTER), REGISTER_MEANINGS),
  'wrap-options': () => variableTable(rowsOf(WRAP), WRAP_MEANINGS),
  'file-exporter-options': () =>
    codeTable(rowsOf(FILE_EXPORTER), declared('export/file.ts', 'FileLogRecordExporterOptions')),
  'stderr-exporter-options': () =>
    codeTable(rowsOf(STDERR_EXPORTER), declared('export/stderr.ts', 'StderrLogRecordExporterOptions')),
};

/** Parts of options that have variables of their own. */
const PART_MEANINGS: Readonly<Record<string, string>> = {
  'audit.digestKey.id': 'Names the key in every digest',
  'audit.toolLock.enforce': 'Whether a call of a tool that is not as locked is refused',
};

type Meanings = ReadonlyMap<string, string>;

/** Options that have a variable. */
function variableTable(rows: readonly OptionRow[], meanings: Meanings): string {
  const lines = rows
    .filter(({ env }) => env !== '')
    .map((row) => [
      code(row.option),
      code(row.env),
      row.accepts,
      code(row.default),
      meanings.get(row.option.replace('audit.', '')) ?? PART_MEANINGS[row.option] ?? '',
    ]);
  return table(['option', 'environment', 'accepts', 'default', 'what it does'], lines);
}

/** Options that are set in code only. */
function codeTable(rows: readonly OptionRow[], meanings: Meanings): string {
  const lines = rows.map((row) => [code(row.option), row.accepts, code(row.default), meanings.get(row.option) ?? '']);
  return table(['option', 'accepts', 'default', 'what it does'], lines);
}

function code(text: string): string {
  // A default in words is not code.
  return text === '' || text.includes(' ') ? text : `\`${text}\``;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
