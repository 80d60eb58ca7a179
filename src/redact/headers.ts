/** HTTP headers: values of allowed headers, names of all others. */
import { memberNames, ownElements, ownValue } from '../lib/foreign.js';
import { MAX_NAME_CHARS, SCAN_OVERLAP_CHARS } from './limits.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Redactor } from './redactor.js';
import { isSensitiveKey } from './sensitive-names.js';

/** Headers read, and how many of them are recorded by value and by name. */
const MAX_HEADERS = 1024;
const MAX_SHOWN = 64;
/** Values per header. */
const MAX_VALUES = 16;

/** Headers with credentials, never recorded by value, in addition to {@link isSensitiveKey}. */
const NEVER = new Set(
  (
    'authorization proxy-authorization cookie cookie2 set-cookie set-cookie2 x-api-key x-functions-key dpop ' +
    'authentication-info proxy-authentication-info x-ms-client-principal x-amzn-oidc-data x-amzn-oidc-accesstoken ' +
    'x-forwarded-client-cert x-goog-iap-jwt-assertion cf-access-jwt-assertion'
  ).split(' '),
);

/** Whether a header, by its lower-case name, contains a credential. */
export function isCredentialHeader(name: string): boolean {
  return NEVER.has(name) || isSensitiveKey(name);
}

/** Headers with URIs, which lose userinfo and query. */
const URI_HEADERS = new Set('location content-location referer origin x-original-url x-forwarded-uri'.split(' '));

/** The headers of one message, redacted. */
export interface PickedHeaders {
  /** Values by lower-case name, each at most 256 characters, or 1024 of a URI. At most 64 names with 16 values each. */
  readonly values: Map<string, string[]>;
  /** Lower-case names of all other headers: sorted, unique, at most 64. */
  readonly names: string[];
}

/**
 * Picks headers from Node.js's object of names and texts (or lists of texts), or from any iterable of pairs: a `Headers`, a
 * `Map`, a list. `allowed` contains lower-case names. A header with a credential is listed by name only, even if it is
 * allowed. The redactor's hook gets the field `<field>.<lower-case name>` for values, and `<field>` for names. Reads the
 * first 1024 headers; never throws.
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

/** Redacts before lowering the case, because capitals tell tokens apart. */
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

/** Names, cut to what the redactor reads, and values. Stops at the first failure. */
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
    // Keep what was read so far.
  }
  return entries;
}
