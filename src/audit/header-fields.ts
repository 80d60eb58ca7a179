/** Response headers on the list, and the names of the others. */
import { pickHeaders } from '../redact/headers.js';
import { containsSecret } from '../redact/secret-proof.js';
import type { HttpFacts } from '../session/peer.js';
import type { RecordFields } from './record-fields.js';
import { CREDENTIAL, type RedactionContext, withoutCredential } from './sanitise.js';

/** Recorded without being asked for. */
export const DEFAULT_HEADERS = ['content-type', 'mcp-protocol-version', 'retry-after', 'x-request-id'] as const;

/** Adds the headers that have been sent by now, redacted. */
export function addHeaders(
  fields: RecordFields,
  http: HttpFacts | undefined,
  allowed: ReadonlySet<string>,
  { redactor, tally, secret }: RedactionContext,
): void {
  if (http?.status() === undefined) return;
  const headers: Record<string, string | string[] | undefined> = {};
  for (const name of http.responseHeaderNames()) {
    const value = http.responseHeader(name);
    headers[name] = typeof value === 'number' ? String(value) : value;
  }
  const { values, names } = pickHeaders(headers, allowed, redactor, tally, 'http.response.header');
  for (const [name, texts] of values) {
    const safe = texts.map((text) => (containsSecret(text, secret) ? CREDENTIAL : text));
    fields.setOpen(`http.response.header.${name}`, safe);
  }
  if (names.length > 0) fields.set('mcp_audit.http.header_names', withoutCredential(names, secret));
}
