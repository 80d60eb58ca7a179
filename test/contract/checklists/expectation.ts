/** A field of a published checklist and its counterpart in the audit trail. */
import type { AuditKey } from '../../../src/semconv/audit-record.js';
import type { Run, Selector, Setting } from './run.js';

/** ExpectedFields values by key: equal, or matching a regular expression. */
export type Fields = { readonly [K in AuditKey]?: unknown };

export interface ExpectedFields {
  readonly has?: Fields | ((run: Run) => Fields);
  /** Fields that do not apply, with the reason. */
  readonly lacks?: { readonly keys: readonly AuditKey[]; readonly because: string };
}

export interface Expectation {
  /** The record to check. */
  readonly selector: Selector;
  readonly stdio: ExpectedFields;
  readonly https: ExpectedFields | ((setting: Setting) => ExpectedFields);
}

export interface Row extends Expectation {
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
export function both(selector: Selector, has: Fields | ((run: Run) => Fields)): Expectation {
  return { selector, stdio: { has }, https: { has } };
}

/** Builds the rows of a checklist. */
export function rowsOf(fields: Readonly<Record<string, Expectation | readonly Expectation[]>>): Row[] {
  return Object.entries(fields).flatMap(([field, expectations]) =>
    [expectations].flat().map((each) => ({ field, ...each })),
  );
}

export const NO_HTTP = 'stdio has no HTTP';
export const NO_TLS = 'stdio has no TLS';
export const NO_TOKEN = 'MCP has no authorization over stdio: who starts the server is the user';

/** For HTTPS only. */
export function https(selector: Selector, has: Fields, because: string, instead?: Fields): Expectation {
  const keys = Object.keys(has) as (keyof Fields)[];
  return { selector, stdio: { ...(instead && { has: instead }), lacks: { keys, because } }, https: { has } };
}
