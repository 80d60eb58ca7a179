/** One field of a published checklist, and what the audit trail has of it. */
import type { AuditKey } from '../../../src/semconv/audit-record.js';
import type { Run, Setting, Which } from './run.js';

/** Values by key: plain ones are equal, a regular expression matches. */
export type Fields = { readonly [K in AuditKey]?: unknown };

export interface Expected {
  readonly has?: Fields | ((run: Run) => Fields);
  /** Fields that do not exist here, and why. */
  readonly lacks?: { readonly keys: readonly AuditKey[]; readonly because: string };
}

export interface Carried {
  /** The record that is looked at. */
  readonly which: Which;
  readonly stdio: Expected;
  readonly https: Expected | ((setting: Setting) => Expected);
}

export interface Row extends Carried {
  /** As the checklist calls it. */
  readonly field: string;
}

export interface Checklist {
  readonly name: string;
  /** Where it is published. */
  readonly url?: string;
  readonly rows: readonly Row[];
}

/** The same on both transports. */
export function both(which: Which, has: Fields | ((run: Run) => Fields)): Carried {
  return { which, stdio: { has }, https: { has } };
}

/** Rows of a checklist from what its fields are carried as. */
export function rowsOf(fields: Readonly<Record<string, Carried | readonly Carried[]>>): Row[] {
  return Object.entries(fields).flatMap(([field, carried]) => [carried].flat().map((each) => ({ field, ...each })));
}

export const NO_HTTP = 'stdio has no HTTP';
export const NO_TLS = 'stdio has no TLS';
export const NO_TOKEN = 'MCP has no authorization over stdio: who starts the server is the user';

/** Over HTTPS only. */
export function https(which: Which, has: Fields, because: string, instead?: Fields): Carried {
  const keys = Object.keys(has) as (keyof Fields)[];
  return { which, stdio: { ...(instead && { has: instead }), lacks: { keys, because } }, https: { has } };
}
