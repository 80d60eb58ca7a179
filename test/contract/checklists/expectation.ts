/** A field of a published checklist and its counterpart in the audit trail. */
import type { AuditKey } from '../../../src/semconv/audit-record.js';
import type { Run, Setting, Which } from './run.js';

/** Expected values by key: equal, or matching a regular expression. */
export type Fields = { readonly [K in AuditKey]?: unknown };

export interface Expected {
  readonly has?: Fields | ((run: Run) => Fields);
  /** Fields that do not apply, with the reason. */
  readonly lacks?: { readonly keys: readonly AuditKey[]; readonly because: string };
}

export interface Carried {
  /** The record to check. */
  readonly which: Which;
  readonly stdio: Expected;
  readonly https: Expected | ((setting: Setting) => Expected);
}

export interface Row extends Carried {
  /** Name in the checklist. */
  readonly field: string;
}

export interface Checklist {
  readonly name: string;
  /** URL of the checklist. */
  readonly url?: string;
  readonly rows: readonly Row[];
}

/** The same expectation for both transports. */
export function both(which: Which, has: Fields | ((run: Run) => Fields)): Carried {
  return { which, stdio: { has }, https: { has } };
}

/** Builds the rows of a checklist. */
export function rowsOf(fields: Readonly<Record<string, Carried | readonly Carried[]>>): Row[] {
  return Object.entries(fields).flatMap(([field, carried]) => [carried].flat().map((each) => ({ field, ...each })));
}

export const NO_HTTP = 'stdio has no HTTP';
export const NO_TLS = 'stdio has no TLS';
export const NO_TOKEN = 'MCP has no authorization over stdio: who starts the server is the user';

/** For HTTPS only. */
export function https(which: Which, has: Fields, because: string, instead?: Fields): Carried {
  const keys = Object.keys(has) as (keyof Fields)[];
  return { which, stdio: { ...(instead && { has: instead }), lacks: { keys, because } }, https: { has } };
}
