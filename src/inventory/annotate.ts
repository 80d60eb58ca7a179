/** What people say about a server. */
import { MAX_TEXT } from './limits.js';
import { cut } from './names.js';
import type { ServerState } from './state.js';
import { ANNOTATIONS, type AnnotationName, type Annotations } from './types.js';

/** @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1 */
const MAX_ADDRESS = 254;

const APPROVALS: ReadonlySet<unknown> = new Set(['approved', 'rejected', 'pending']);

/** Keeps the annotations, and returns the names of those that are not what they were. What makes no sense is passed over. */
export function annotate(
  server: ServerState,
  annotations: Annotations,
  now: number,
  redact: (text: string) => string,
): AnnotationName[] {
  return ANNOTATIONS.filter((name) => {
    const given = annotations[name];
    if (given === undefined || !isValid(name, given)) return false;
    const value = given === null || given === '' ? undefined : cut(redacted(name, given, redact), MAX_TEXT);
    if (server.annotations.get(name)?.value === value) return false;
    server.annotations.set(name, { value, at: now });
    return true;
  });
}

/** Whoever added or removed a server may be named by an e-mail address, which the redactor would hide. */
const PERSONS: ReadonlySet<AnnotationName> = new Set(['addedBy', 'removedBy']);
const ADDRESS = /^([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})$/;

function redacted(name: AnnotationName, given: string, redact: (text: string) => string): string {
  const parts = PERSONS.has(name) && given.length <= MAX_ADDRESS ? ADDRESS.exec(given)?.slice(1) : undefined;
  return parts?.every((part) => redact(part) === part) ? given : redact(given);
}

function isValid(name: AnnotationName, value: unknown): value is string | null {
  if (value === null || value === '') return true;
  return typeof value === 'string' && (name !== 'approval' || APPROVALS.has(value));
}
