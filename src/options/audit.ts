/** The options of the audit trail, from code and environment. */

import type { AuditConfig } from '../audit-types.js';
import { warnOperator } from '../report/report.js';
import type { ResolvedConfig } from './instrumentation.js';
import { type Environment, parsed, resolve, textOf } from './resolve.js';
import { AUDIT, type AuditValues, DIGEST_KEY_ID, type Option, TOOL_LOCK_ENFORCE } from './table.js';

const DELIVERY = 'MCP_TRAIL_AUDIT';
const OFF = /^(?:off|false|0)$/i;
const ON = /^(?:on|true|1)$/i;
/** Options that only the delivery `file` uses. */
const OF_FILES = ['file', 'fileMaxBytes', 'fileMaxFiles', 'fileReserve', 'fileSync'] as const;

/** The options as they are given, read once, or undefined where auditing is off. */
export function auditConfig({ audit }: Pick<ResolvedConfig, 'audit'>, env: Environment): AuditConfig | undefined {
  if (audit === false) return undefined;
  if (typeof audit === 'object') return copyOf(audit);
  if (audit === true) return {};
  // An operator who asks for refusals must not get a process without a trail.
  const stated = textOf(DELIVERY, env) ?? (asksForRefusals(env) ? 'on' : 'off');
  return OFF.test(stated) ? undefined : {};
}

function asksForRefusals(env: Environment): boolean {
  return resolve('', AUDIT.onFailure, undefined, env) === 'block' || resolve('', TOOL_LOCK_ENFORCE, undefined, env);
}

/** An option that cannot be read is reported, and left out. */
function copyOf(given: AuditConfig): AuditConfig {
  const options = Object.keys(AUDIT).flatMap((name) => {
    try {
      return [[name, given[name as keyof AuditConfig]] as const];
    } catch {
      warnOperator(`option audit.${name} cannot be read. Ignored`);
      return [];
    }
  });
  return Object.fromEntries(options.filter(([, value]) => value !== undefined));
}

/** Every option with its value. @param sessionIds what the instrumentation has for them, if anything */
export function auditValues(
  config: AuditConfig,
  env: Environment,
  sessionIds?: AuditValues['sessionIds'],
): AuditValues {
  const stated = textOf(DELIVERY, env) ?? '';
  // `on` turns auditing on, and `off` loses to code that does: neither says where records go.
  const usable = OFF.test(stated) || ON.test(stated) ? { ...env, [DELIVERY]: undefined } : env;
  const { sinks: ofApplication, ...others } = AUDIT;
  const sinks = resolve<AuditValues['sinks']>('audit.sinks', ofApplication, config.sinks, env);
  const table = {
    ...others,
    // Sinks of the application's own are enough.
    delivery: { ...AUDIT.delivery, default: sinks.length > 0 ? [] : AUDIT.delivery.default },
    sessionIds: { ...AUDIT.sessionIds, default: sessionIds ?? AUDIT.sessionIds.default },
  } as Readonly<Record<string, Option<unknown>>>;
  const entries = Object.entries(table).map(
    ([name, option]) => [name, resolve(`audit.${name}`, option, config[name as keyof AuditConfig], usable)] as const,
  );
  const resolved = Object.fromEntries(entries) as unknown as AuditValues;
  const values = { ...resolved, sinks, toolLock: lockOf(resolved, env) };
  warnOfIdleFile(config, values, env);
  warnOfIdleDetails(config, values, env);
  return values;
}

/** The lock, enforced or not: by the code, else by the variable. */
function lockOf({ toolLock }: AuditValues, env: Environment): AuditValues['toolLock'] {
  if (toolLock?.enforce !== undefined || !resolve('', TOOL_LOCK_ENFORCE, undefined, env)) return toolLock;
  return { file: toolLock?.file ?? '', enforce: true };
}

/** Which requests are refused: none; those whose first record is not kept; all, where the other options keep none. */
export type Blocking = 'none' | 'unkept' | 'all';

/** @throws TypeError if the code asks for `block`, and the other options prevent that any first record is kept */
export function blockingOf(config: AuditConfig, { onFailure, delivery, sinks, attempts }: AuditValues): Blocking {
  if (onFailure === 'allow') return 'none';
  const needs = [
    delivery.includes('file') || sinks.some(({ durable }) => durable)
      ? []
      : `audit.delivery (${DELIVERY}) with file, or a sink with durable: true`,
    attempts === 'always' ? [] : `audit.attempts (${AUDIT.attempts.env}) always`,
  ].flat();
  if (needs.length === 0) return 'unkept';
  const problem = `is "block", which needs ${needs.join(' and ')}`;
  if (config.onFailure !== undefined) throw new TypeError(`option audit.onFailure ${problem}`);
  warnOperator(`${AUDIT.onFailure.env} ${problem}. Every request that would be recorded is refused`);
  return 'all';
}

function warnOfIdleFile(config: AuditConfig, { delivery, sinks }: AuditValues, env: Environment): void {
  const variables = OF_FILES.filter((name) => config[name] === undefined).map((name) => AUDIT[name].env ?? '');
  const set = variables.filter((name) => textOf(name, env) !== undefined);
  // A delivery that was refused has been reported, and explains it.
  const stated = config.delivery === undefined ? textOf(DELIVERY, env) : undefined;
  const isRefused = stated !== undefined && parsed(AUDIT.delivery, stated) === undefined;
  if (set.length === 0 || delivery.includes('file') || isRefused) return;
  warnOperator(
    `${noEffect(set)}: audit records go to ${[...delivery, ...sinks.map(({ name }) => name)].join(', ')}. ` +
      `Set ${DELIVERY}=${[...delivery, 'file'].join(',')} to write a file as well`,
  );
}

/** Who asks for less about people than there would be has to know. */
function warnOfIdleDetails(config: AuditConfig, { actorIds }: AuditValues, env: Environment): void {
  const { env: variable } = AUDIT.actorDetails;
  const isInCode = config.actorDetails !== undefined;
  if (actorIds === 'pseudonym' || (!isInCode && textOf(variable, env) === undefined)) return;
  warnOperator(
    `${noEffect([isInCode ? 'option audit.actorDetails' : variable])}: it needs audit.actorIds ` +
      `(${AUDIT.actorIds.env}) pseudonym, and that is ${actorIds}`,
  );
}

/** Which variables have no effect because auditing is off; undefined if none, or if the operator turned it off. */
export function idleAuditSettings({ audit }: Pick<ResolvedConfig, 'audit'>, env: Environment): string | undefined {
  if (OFF.test(textOf(DELIVERY, env) ?? '')) return undefined;
  const variables = [
    ...Object.values(AUDIT as Readonly<Record<string, Option<unknown>>>),
    DIGEST_KEY_ID,
    TOOL_LOCK_ENFORCE,
  ];
  const set = variables.flatMap((option) => option.env ?? []).filter((name) => textOf(name, env) !== undefined);
  if (set.length === 0) return undefined;
  const how =
    audit === false ? 'The code of the application turns auditing off' : `Set ${DELIVERY}=otel, file or stderr`;
  return `${noEffect(set)}: auditing is off. ${how}`;
}

function noEffect(names: readonly string[]): string {
  return `${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no effect`;
}
