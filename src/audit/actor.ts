/**
 * Who acts, and how that is known. The first of these that exists: the answer of the application's hook, the subject or
 * client of an OAuth token, the TLS client certificate, the name that the peer claims, `anonymous`.
 */

import type { Identity } from '../audit-types.js';
import { membersOf, nonEmpty } from '../lib/foreign.js';
import type { AuditFields } from '../semconv/audit-record.js';
import type { Implementation } from '../session/connection-info.js';
import type { AuthFacts, Peer } from '../session/peer.js';
import { authorityFields } from './delegation.js';
import type { FieldValues } from './record-fields.js';

export const ANONYMOUS = 'anonymous';

/** Sources of an actor, in no order. */
export interface ActorSources {
  readonly identity: Identity | undefined;
  readonly peer: Peer | undefined;
  /** The sender, as it describes itself. */
  readonly sender: Implementation | undefined;
}

type ActorFields = Pick<AuditFields, 'audit.actor.id' | 'audit.actor.type' | 'mcp_audit.actor.source'>;

const IDENTITY = ['id', 'name', 'type', 'roles', 'organization', 'team', 'approver', 'delegation'] as const;

/** Reads an identity that an application gave; it may be any value. */
export function readIdentity(given: unknown): Identity {
  return membersOf<Identity>(given, IDENTITY);
}

/** The fields of the actor, not yet redacted. */
export function actorFields(sources: ActorSources): FieldValues {
  const { identity, peer } = sources;
  return {
    ...actor(sources),
    'user.id': userId(sources),
    'user.name': nonEmpty(identity?.name),
    'user.roles': strings(identity?.roles),
    'mcp_audit.organization.id': nonEmpty(identity?.organization),
    'mcp_audit.team.id': nonEmpty(identity?.team),
    ...authorityFields(identity, authOf(peer)),
  };
}

function actor({ identity, peer, sender }: ActorSources): ActorFields {
  const named = nonEmpty(identity?.id) ?? nonEmpty(identity?.name);
  if (named !== undefined) return of(named, typeOf(identity), 'hook');
  const { subject, clientId } = authOf(peer) ?? {};
  const user = nonEmpty(subject);
  if (user !== undefined) return of(user, 'user', 'oauth');
  const application = nonEmpty(clientId);
  if (application !== undefined) return of(application, 'service', 'oauth');
  const certificate = peer?.http?.certificate();
  const certified = certificate?.authorized ? nonEmpty(certificate.subject) : undefined;
  if (certified !== undefined) return of(certified, 'service', 'mtls');
  const name = nonEmpty(sender?.name);
  if (name !== undefined) return of(name, 'service', 'self_asserted');
  return of(ANONYMOUS, 'user', 'none');
}

function authOf(peer: Peer | undefined): AuthFacts | undefined {
  return peer?.auth ?? peer?.http?.notes.auth;
}

function of(
  id: string,
  type: NonNullable<AuditFields['audit.actor.type']>,
  source: NonNullable<AuditFields['mcp_audit.actor.source']>,
): ActorFields {
  return { 'audit.actor.id': id, 'audit.actor.type': type, 'mcp_audit.actor.source': source };
}

const TYPES = ['user', 'service', 'system'] as const;

function typeOf(identity: Identity | undefined): (typeof TYPES)[number] {
  return TYPES.find((type) => type === identity?.type) ?? 'user';
}

function userId({ identity, peer }: ActorSources): string | undefined {
  const id = nonEmpty(identity?.id);
  if (id !== undefined) return typeOf(identity) === 'user' ? id : undefined;
  // The hook's name identifies the user, who need not be the token's subject.
  if (nonEmpty(identity?.name) !== undefined) return undefined;
  return nonEmpty(authOf(peer)?.subject);
}

const MAX_LISTED = 64;

/** The strings of a foreign list; undefined if it cannot be read. */
export function strings(value: unknown): string[] | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    const found = Array.prototype.slice.call(value, 0, MAX_LISTED).filter((each) => typeof each === 'string');
    return found.length === 0 ? undefined : found;
  } catch {
    return undefined;
  }
}
