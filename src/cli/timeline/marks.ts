/** The marks at the end of a line: the decision, the sensitivity, and anything unusual. Pure. */
import type { Entry } from './entries.js';

type First = Entry['first'];

/** The most important marks first: the edge of the terminal cuts off the last ones. */
const MARKS: readonly ((first: First, entry: Entry) => string | undefined)[] = [
  (first) => except(first('mcp_audit.access.decision'), 'not_evaluated'),
  (first, { denied }) => (denied ? first('mcp_audit.access.reason') : undefined),
  (first, { denied }) => (denied ? labelled('policy', first('mcp_audit.policy.id')) : undefined),
  (first) => labelled('approver', first('mcp_audit.approver.id')),
  (first) => labelled('delegate', first('mcp_audit.delegation.actors')),
  (first) => first('mcp_audit.data.sensitivity'),
  (first) => (first('mcp_audit.sensitive') === 'true' ? 'sensitive' : undefined),
  (first, { status }) => except(first('error.type'), status),
  (first) => labelled('round', except(first('mcp_trail.round'), '1')),
  (first) => labelled('task', first('mcp_trail.task.status')),
  (first) => labelled('redacted', except(first('mcp_audit.redaction.count'), '0')),
  (first) => labelled('truncated', first('mcp_audit.truncated')),
];

export function marksOf(entry: Entry): string[] {
  return MARKS.map((mark) => mark(entry.first, entry)).filter((text) => text !== undefined);
}

function except(text: string | undefined, ordinary: string | undefined): string | undefined {
  return text === ordinary ? undefined : text;
}

function labelled(label: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${label}=${text}`;
}

/** The actor, and whether it is only a claim. */
export function actorOf({ first }: Entry): string {
  const actor = first('audit.actor.id') ?? '';
  return first('mcp_audit.actor.source') === 'self_asserted' ? `${actor} (self-asserted)` : actor;
}
