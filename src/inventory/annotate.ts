/** What people say about a server. */
import { startOf } from '../lib/text.js';
import { MAX_TEXT } from './limits.js';
import { UNREADABLE } from './names.js';
import type { ServerState } from './state.js';
import { ANNOTATIONS, type AnnotationName, type Annotations } from './types.js';

/** @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1 */
const MAX_ADDRESS = 254;

export const APPROVALS: readonly unknown[] = ['approved', 'rejected', 'pending'];

/** Keeps the annotations, and returns the names of those that are not what they were. What makes no sense is passed over. */
export function annotate(
  server: ServerState,
  annotations: Annotations,
  now: number,
  redact: ((text: string) => string) | undefined,
): AnnotationName[] {
  return ANNOTATIONS.filter((name) => {
    const given = annotations[name];
    if (given === undefined || !isValid(name, given)) return false;
    const value =
      given === null || given === '' ? undefined : startOf(redacted(name, given, guarded(redact)), MAX_TEXT);
    if (server.annotations.get(name)?.value === value) return false;
    server.annotations.set(name, { value, at: now });
    return true;
  });
}

/** A hook that fails costs the text. */
function guarded(redact: ((text: string) => string) | undefined): (text: string) => string {
  return (text) => {
    try {
      return redact === undefined ? text : redact(text);
    } catch {
      return UNREADABLE;
    }
  };
}

/** Whoever added, reviewed or removed a server may be named by an e-mail address, which the redactor would hide. */
const PERSONS: ReadonlySet<AnnotationName> = new Set(['addedBy', 'removedBy', 'reviewer']);
const ADDRESS = /^([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})$/;

function redacted(name: AnnotationName, given: string, redact: (text: string) => string): string {
  const parts = PERSONS.has(name) && given.length <= MAX_ADDRESS ? ADDRESS.exec(given)?.slice(1) : undefined;
  return parts?.every((part) => redact(part) === part) ? given : redact(given);
}

/** Whether a value can stand under a name: a text, or `null` or nothing to take it away. */
export function isValid(name: AnnotationName, value: unknown): value is string | null {
  if (value === null || value === '') return true;
  return typeof value === 'string' && (name !== 'approval' || APPROVALS.includes(value));
}
