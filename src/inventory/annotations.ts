/** Annotations that people make on servers, and the selection of the servers they mean. */
import { startOf } from '../lib/text.js';
import { MAX_TEXT } from './bounds.js';
import { type Names, UNREADABLE } from './names.js';
import { ANNOTATIONS, type AnnotationName, type ServerState, type Servers } from './state.js';

/** Annotations on a server; secrets in them are hidden. An absent member stays as it is, `null` or an empty string removes it. */
export interface Annotations {
  /** Who added the server, for example an e-mail address. */
  readonly addedBy?: string | null;
  readonly removedBy?: string | null;
  /** The state of the review. */
  readonly review?: string | null;
  /** Who reviewed the server, for example an e-mail address. */
  readonly reviewer?: string | null;
  /** Another verdict than before removes the approver and, unless it is `rejected`, the reason, where they are not given. */
  readonly approval?: 'approved' | 'rejected' | 'pending' | null;
  /** Who approved or rejected the server, for example an e-mail address. */
  readonly approver?: string | null;
  readonly notes?: string | null;
  readonly rejectionReason?: string | null;
}

/**
 * Selects servers by all given members. A name is the server's own claim and selects every server that has it; id, endpoint or
 * version tell them apart.
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

/**
 * Keeps the annotations and returns the names of the changed ones. Invalid ones are ignored.
 * @param again whether an annotation that is already there counts as made again, now
 */
export function annotate(
  server: ServerState,
  annotations: Annotations,
  now: number,
  redact: ((text: string) => string) | undefined,
  again = false,
): AnnotationName[] {
  const all = decided(server, annotations);
  return ANNOTATIONS.filter((name) => {
    const given = all[name];
    if (given === undefined || !isValid(name, given)) return false;
    const value =
      given === null || given === '' ? undefined : startOf(redacted(name, given, guarded(redact)), MAX_TEXT);
    const known = server.annotations.get(name);
    if (known?.value === value && (!again || value === undefined)) return false;
    // It is later than the one that it replaces, also where the clock was set back.
    server.annotations.set(name, { value, at: Math.max(now, (known?.at ?? 0) + 1), unsaved: true });
    return true;
  });
}

/** Another verdict than before is not that of the same person, nor for the same reason, unless that is said. */
function decided({ annotations: known }: ServerState, annotations: Annotations): Annotations {
  const { approval, approver, rejectionReason } = annotations;
  const isNew = isValid('approval', approval) && (approval || undefined) !== known.get('approval')?.value;
  if (!isNew) return annotations;
  return {
    ...annotations,
    approver: isValid('approver', approver) ? approver : null,
    ...(approval !== 'rejected' && {
      rejectionReason: isValid('rejectionReason', rejectionReason) ? rejectionReason : null,
    }),
  };
}

/** If the hook fails, the text is dropped. */
function guarded(redact: ((text: string) => string) | undefined): (text: string) => string {
  return (text) => {
    try {
      return redact === undefined ? text : redact(text);
    } catch {
      return UNREADABLE;
    }
  };
}

/** Names of people, who may be named by an e-mail address, which the redactor would hide. */
const PERSONS: ReadonlySet<AnnotationName> = new Set(['addedBy', 'approver', 'removedBy', 'reviewer']);
const ADDRESS = /^([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})$/;

function redacted(name: AnnotationName, given: string, redact: (text: string) => string): string {
  const parts = PERSONS.has(name) && given.length <= MAX_ADDRESS ? ADDRESS.exec(given)?.slice(1) : undefined;
  return parts?.every((part) => redact(part) === part) ? given : redact(given);
}

/** Whether a value is valid: a string, or `null` or an empty one to remove the annotation. */
export function isValid(name: AnnotationName, value: unknown): value is string | null {
  if (value === null || value === '') return true;
  return typeof value === 'string' && (name !== 'approval' || APPROVALS.includes(value));
}

/** Ids of the selected servers. A string selects the server with that id, or else those with that name; an empty selector none. */
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
