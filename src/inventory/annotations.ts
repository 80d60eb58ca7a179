/** What people say about servers, and which servers they mean. */
import { startOf } from '../lib/text.js';
import { MAX_TEXT, type Names, UNREADABLE } from './names.js';
import { ANNOTATIONS, type AnnotationName, type ServerState, type Servers } from './state.js';

/** What people say about a server, without the secrets in it. Absent leaves it as it is, `null` or an empty string takes it away. */
export interface Annotations {
  /** Who added the server, e.g. an e-mail address. */
  readonly addedBy?: string | null;
  readonly removedBy?: string | null;
  /** The state of its review. */
  readonly review?: string | null;
  /** Who reviewed it, e.g. an e-mail address. */
  readonly reviewer?: string | null;
  readonly approval?: 'approved' | 'rejected' | 'pending' | null;
  readonly notes?: string | null;
  readonly rejectionReason?: string | null;
}

/**
 * Which server is meant: all that is given has to be so. A name is what a server says of itself, and of several with one
 * name all are meant; its id, endpoint or version tells them apart.
 */
export interface ServerSelector {
  readonly id?: string;
  readonly name?: string;
  readonly version?: string;
  /** Host and port, as {@link ServerSnapshot.endpoint}. */
  readonly endpoint?: string;
}

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

/** Ids of those that a selector fits; of a text, the one with that id, else those with that name. Nothing fits none. */
export function select(servers: Servers, names: Names, selector: string | ServerSelector): string[] {
  if (typeof selector === 'string')
    return servers.has(selector) ? [selector] : select(servers, names, { name: selector });
  const { id, name, version, endpoint } = selector;
  const wanted = [name, version, endpoint].map((each) => (each === undefined ? undefined : names.kept(each)));
  if (id === undefined && wanted.every((each) => each === undefined)) return [];
  const fits = ({ facts }: ServerState) =>
    [facts.name, facts.version, facts.endpoint].every((has, at) => wanted[at] === undefined || has === wanted[at]);
  return [...servers.values()]
    .filter((each) => (id === undefined || each.id === id) && fits(each))
    .map((each) => each.id);
}
