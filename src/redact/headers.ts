/** HTTP headers: the values of those that were asked for, and the names of the others. */
import { memberNames, ownElements, ownValue } from '../lib/foreign.js';
import { MAX_NAME_CHARS, SCAN_OVERLAP_CHARS } from './limits.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Redactor } from './redactor.js';
import { isSensitiveKey } from './sensitive-names.js';

/** Headers looked at, and how many of them are shown by value and by name. */
const MAX_HEADERS = 1024;
const MAX_SHOWN = 64;
/** Values of one header. */
const MAX_VALUES = 16;

/** Carry credentials, whatever anybody allows; and all that {@link isSensitiveKey} knows. */
const NEVER = new Set(
  (
    'authorization proxy-authorization cookie cookie2 set-cookie set-cookie2 x-api-key x-functions-key dpop ' +
    'authentication-info proxy-authentication-info x-ms-client-principal x-amzn-oidc-data x-amzn-oidc-accesstoken ' +
    'x-forwarded-client-cert x-goog-iap-jwt-assertion cf-access-jwt-assertion'
  ).split(' '),
);

/** Whether a header, by its lower-case name, carries a credential. */
export function isCredentialHeader(name: string): boolean {
  return NEVER.has(name) || isSensitiveKey(name);
}

/** Their values are URIs, whose query and user may not leave. */
const URI_HEADERS = new Set('location content-location referer origin x-original-url x-forwarded-uri'.split(' '));

/** The headers of one message, as they may be recorded. */
export interface PickedHeaders {
  /** Lower-case name → values, each redacted and at most 256 characters; a URI 1024. At most 64 names of at most 16 values. */
  readonly values: Map<string, string[]>;
  /** Lower-case names of the headers whose values are not there: redacted, sorted, each once, at most 64. */
  readonly names: string[];
}

/**
 * Picks headers from an object as Node.js has it (name → text or list of texts), or from anything that is iterated in pairs
 * of name and text: a `Headers`, a `Map`, a list. `allowed` has lower-case names. A header that carries a credential is named
 * and never shown, even when it is allowed. The hook of the redactor is told `<field>.<lower-case name>` for values, and
 * `<field>` for names. Looks at the first 1024 headers; never throws.
 */
export function pickHeaders(
  headers: unknown,
  allowed: ReadonlySet<string>,
  redactor: Redactor,
  counts: RedactionCounts,
  field = 'http header',
): PickedHeaders {
  const values = new Map<string, string[]>();
  const rest = new Set<string>();
  for (const [given, value] of entriesOf(headers)) {
    const name = given.toLowerCase();
    if (!allowed.has(name)) rest.add(given);
    else if (NEVER.has(name) || isSensitiveKey(name)) {
      counts.add('key_name');
      rest.add(given);
    } else if (values.size < MAX_SHOWN || values.has(name)) {
      const shown = values.get(name) ?? [];
      addValues(shown, value, (text) =>
        redactor.field(`${field}.${name}`, URI_HEADERS.has(name) ? 'uri' : 'name', text, counts),
      );
      if (shown.length > 0) values.set(name, shown);
      else rest.add(given);
    } else rest.add(given);
  }
  return { values: sorted(values), names: shownNames(rest, redactor, counts, field) };
}

/** Redacted as it was given, because tokens are known by their capitals, and made lower-case then. */
function shownNames(given: ReadonlySet<string>, redactor: Redactor, counts: RedactionCounts, field: string): string[] {
  const names = new Set<string>();
  for (const name of [...given].sort(byLowerCase)) {
    if (names.size >= MAX_SHOWN) break;
    const safe = redactor.field(field, 'name', name, counts);
    if (safe !== undefined) names.add(safe.toLowerCase().replaceAll('[redacted', '[REDACTED'));
  }
  return [...names].sort();
}

function byLowerCase(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

function addValues(shown: string[], value: unknown, redacted: (text: string) => string | undefined): void {
  for (const text of ownElements(value, MAX_VALUES) ?? [value]) {
    if (shown.length >= MAX_VALUES) return;
    const safe = typeof text === 'string' ? redacted(text) : undefined;
    if (safe !== undefined) shown.push(safe);
  }
}

function sorted(values: Map<string, string[]>): Map<string, string[]> {
  return new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names and values, the names no longer than the redactor reads. What fails on the way ends the list. */
function entriesOf(headers: unknown): [string, unknown][] {
  const entries: [string, unknown][] = [];
  if (typeof headers !== 'object' || headers === null) return entries;
  const add = (name: unknown, value: unknown) => {
    if (typeof name === 'string') entries.push([name.slice(0, MAX_NAME_CHARS + SCAN_OVERLAP_CHARS), value]);
  };
  try {
    if (Symbol.iterator in headers) {
      let left = MAX_HEADERS;
      for (const pair of headers as Iterable<unknown>) {
        if (left-- <= 0) break;
        add(ownValue(pair, '0'), ownValue(pair, '1'));
      }
    } else for (const name of memberNames(headers).slice(0, MAX_HEADERS)) add(name, ownValue(headers, name));
  } catch {
    // What was read so far is what there is.
  }
  return entries;
}
