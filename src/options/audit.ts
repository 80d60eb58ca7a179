/** The options of the audit trail from code, environment and policy file, checked once. */
import type { AuditConfig, AuditDelivery } from '../audit-types.js';
import { warnOperator } from '../report/report.js';
import type { ResolvedConfig } from './instrumentation.js';
import { count, type Environment, flag, listOf, oneOf, type Row, resolve, show, someOf, text } from './kinds.js';

type ValueOption =
  | 'file'
  | 'fileMaxBytes'
  | 'fileMaxFiles'
  | 'attempts'
  | 'actorIds'
  | 'sessionIds'
  | 'paths'
  | 'headers'
  | 'stateDirectory'
  | 'messages';

/** The options with one kind of value. */
export type AuditValues = { readonly delivery: readonly AuditDelivery[] } & {
  readonly [K in ValueOption]: Exclude<AuditConfig[K], undefined> | (K extends 'stateDirectory' ? undefined : never);
};

const DELIVERIES = someOf<AuditDelivery>('otel', 'stderr', 'file');

const DELIVERY: Row<readonly AuditDelivery[]> = {
  env: 'MCP_TRAIL_AUDIT',
  kind: { ...DELIVERIES, accepts: `${DELIVERIES.accepts}; in the environment also off` },
  default: ['otel'],
};

const VALUES: { readonly [K in ValueOption]: Row<AuditValues[K]> } = {
  file: { env: 'MCP_TRAIL_AUDIT_FILE', kind: text(4096, 'a path'), default: 'mcp-audit.jsonl' },
  fileMaxBytes: { env: 'MCP_TRAIL_AUDIT_FILE_MAX_BYTES', kind: count(1024, 2 ** 40), default: 67_108_864 },
  fileMaxFiles: { env: 'MCP_TRAIL_AUDIT_FILE_MAX_FILES', kind: count(1, 10_000), default: 30 },
  attempts: { env: 'MCP_TRAIL_AUDIT_ATTEMPTS', kind: oneOf('always', 'sensitive', 'never'), default: 'always' },
  actorIds: { env: 'MCP_TRAIL_AUDIT_ACTOR_IDS', kind: oneOf('plain', 'digest'), default: 'plain' },
  sessionIds: { env: 'MCP_TRAIL_AUDIT_SESSION_IDS', kind: oneOf('digest', 'plain', 'none'), default: 'digest' },
  paths: {
    env: 'MCP_TRAIL_AUDIT_PATHS',
    kind: listOf(/^\/[^\s?#]{0,255}$/, 'paths such as /mcp or /mcp/*'),
    default: [],
  },
  headers: {
    env: 'MCP_TRAIL_AUDIT_HEADERS',
    kind: listOf(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'names of response headers'),
    default: [],
  },
  stateDirectory: {
    env: 'MCP_TRAIL_AUDIT_STATE_DIRECTORY',
    kind: text(4096, 'the path of a directory') as Row<string | undefined>['kind'],
    default: undefined,
  },
  messages: { env: 'MCP_TRAIL_AUDIT_MESSAGES', kind: flag, default: false },
};

/** Variables that are read elsewhere, for the documentation. */
const OTHERS = [
  { option: 'policy', env: 'MCP_TRAIL_AUDIT_POLICY', accepts: 'the path of a policy file', default: '' },
  {
    option: 'digestKey',
    env: 'MCP_TRAIL_AUDIT_DIGEST_KEY',
    accepts: 'hex or base64 of 16 bytes or more',
    default: 'random',
  },
  {
    option: 'digestKey.id',
    env: 'MCP_TRAIL_AUDIT_DIGEST_KEY_ID',
    accepts: '1 to 32 of A-Z a-z 0-9 . _ -',
    default: 'made from the key',
  },
] as const;

const OFF = /^(?:off|false|0)$/i;

/** What the options of the instrumentation and the environment say about auditing; nothing where it is off. */
export function auditConfig({ audit }: Pick<ResolvedConfig, 'audit'>, env: Environment): AuditConfig | undefined {
  if (audit === false) return undefined;
  if (typeof audit === 'object' && audit !== null) return audit;
  if (audit !== undefined && audit !== true) {
    warnOperator(`option audit is ${show(audit)}; accepted: true, false, or an object of options. Ignored`);
  }
  const stated = env[DELIVERY.env]?.trim() ?? '';
  if (audit === true) return {};
  return stated === '' || OFF.test(stated) ? undefined : {};
}

/** What is set for a trail that is not kept, as a sentence; nothing where the operator has turned it off. */
export function idleAuditSettings({ audit }: Pick<ResolvedConfig, 'audit'>, env: Environment): string | undefined {
  if (OFF.test(env[DELIVERY.env]?.trim() ?? '')) return undefined;
  const set = auditOptionTable().filter((row) => (env[row.env] ?? '').trim() !== '');
  if (set.length === 0) return undefined;
  const names = set.map((row) => row.env).join(', ');
  const how =
    audit === false ? 'The code of the application turns auditing off' : `Set ${DELIVERY.env}=otel, file or stderr`;
  return `${names} ${set.length === 1 ? 'has' : 'have'} no effect: auditing is off. ${how}`;
}

/** Settings of a file, where none is written. */
const OF_FILES = ['file', 'fileMaxBytes', 'fileMaxFiles'] as const;

function warnOfIdleFile(config: AuditConfig, { delivery }: Pick<AuditValues, 'delivery'>, env: Environment): void {
  const inEnvironment = OF_FILES.filter((key) => config[key] === undefined).map((key) => VALUES[key].env);
  const set = inEnvironment.filter((name) => (env[name] ?? '').trim() !== '');
  // A word that was none has been told of, and is why.
  const stated = env[DELIVERY.env]?.trim().toLowerCase() ?? '';
  const isRefused = config.delivery === undefined && stated !== '' && DELIVERY.kind.fromText(stated) === undefined;
  if (set.length === 0 || delivery.includes('file') || isRefused) return;
  warnOperator(
    `${set.join(', ')} ${set.length === 1 ? 'has' : 'have'} no effect: audit records go to ${delivery.join(', ')}. ` +
      `Set ${DELIVERY.env}=${[...delivery, 'file'].join(',')} to have a file as well`,
  );
}

/** @param sessionIds what the instrumentation says of them, where it says something */
export function auditValues(
  config: AuditConfig,
  env: Environment,
  sessionIds?: AuditValues['sessionIds'],
): AuditValues {
  const stated = env[DELIVERY.env]?.trim() ?? '';
  // Turned on in code, and without a word of where to.
  const plain = OFF.test(stated) || /^(?:on|true|1)$/i.test(stated) ? { ...env, [DELIVERY.env]: undefined } : env;
  const values: Record<string, unknown> = { delivery: resolve('audit.delivery', DELIVERY, config.delivery, plain) };
  for (const key of Object.keys(VALUES) as ValueOption[]) {
    const row = VALUES[key] as Row<unknown>;
    const otherwise = key === 'sessionIds' && sessionIds !== undefined ? { ...row, default: sessionIds } : row;
    values[key] = resolve(`audit.${key}`, otherwise, config[key], env);
  }
  warnOfIdleFile(config, values as unknown as AuditValues, env);
  return values as unknown as AuditValues;
}

/** The table as data, for the documentation and its test. */
export function auditOptionTable(): readonly { option: string; env: string; accepts: string; default: string }[] {
  const rows = { delivery: DELIVERY, ...VALUES } as Readonly<Record<string, Row<unknown>>>;
  const table = Object.entries(rows).map(([option, { env, kind, default: value }]) => ({
    option: `audit.${option}`,
    env,
    accepts: kind.accepts,
    default: value === undefined ? '' : String(value),
  }));
  return [...table, ...OTHERS.map((row) => ({ ...row, option: `audit.${row.option}` }))];
}
