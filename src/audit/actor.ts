/**
 * Who acts, and how that is known. In this order: the application's hook, the OAuth token's subject or client, the TLS
 * client certificate, what the peer says of itself, nobody.
 */

import type { Identity } from '../audit-types.js';
import { membersOf } from '../lib/foreign.js';
import { asString } from '../protocol/jsonrpc.js';
import type { AuditFields } from '../semconv/audit-record.js';
import type { Implementation } from '../session/connection-info.js';
import type { Peer } from '../session/peer.js';
import type { FieldValues } from './record-fields.js';

export const ANONYMOUS = 'anonymous';

/** All that may tell who acts. */
export interface ActorSources {
  readonly identity: Identity | undefined;
  readonly peer: Peer | undefined;
  /** What the sender says of itself. */
  readonly sender: Implementation | undefined;
}

type ActorFields = Pick<AuditFields, 'audit.actor.id' | 'audit.actor.type' | 'mcp_audit.actor.source'>;

const IDENTITY = ['id', 'name', 'type', 'roles', 'organization', 'team'] as const;

/** What an application says of an identity: an object of its own, which may be anything. */
export function readIdentity(given: unknown): Identity {
  return membersOf<Identity>(given, IDENTITY);
}

/** The facts of the actor; strings as they came. */
export function actorFields(sources: ActorSources): FieldValues {
  const { identity } = sources;
  return {
    ...actor(sources),
    'user.id': userId(sources),
    'user.name': said(identity?.name),
    'user.roles': strings(identity?.roles),
    'mcp_audit.organization.id': said(identity?.organization),
    'mcp_audit.team.id': said(identity?.team),
  };
}

function actor({ identity, peer, sender }: ActorSources): ActorFields {
  const named = said(identity?.id) ?? said(identity?.name);
  if (named !== undefined) return of(named, typeOf(identity), 'hook');
  const { subject, clientId } = peer?.auth ?? peer?.http?.notes.auth ?? {};
  const user = said(subject);
  if (user !== undefined) return of(user, 'user', 'oauth');
  const application = said(clientId);
  if (application !== undefined) return of(application, 'service', 'oauth');
  const certificate = peer?.http?.certificate();
  const certified = certificate?.authorized ? said(certificate.subject) : undefined;
  if (certified !== undefined) return of(certified, 'service', 'mtls');
  const name = said(sender?.name);
  if (name !== undefined) return of(name, 'service', 'self_asserted');
  return of(ANONYMOUS, 'user', 'none');
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
  const id = said(identity?.id);
  if (id !== undefined) return typeOf(identity) === 'user' ? id : undefined;
  // A name alone says who it is, and it need not be the token's subject.
  if (said(identity?.name) !== undefined) return undefined;
  return said((peer?.auth ?? peer?.http?.notes.auth)?.subject);
}

/** A text that says something. */
function said(value: unknown): string | undefined {
  return asString(value) || undefined;
}

const MAX_LISTED = 64;

/** The strings of a list that somebody else made; nothing where it cannot be read. */
export function strings(value: unknown): string[] | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    const found = Array.prototype.slice.call(value, 0, MAX_LISTED).filter((each) => typeof each === 'string');
    return found.length === 0 ? undefined : found;
  } catch {
    return undefined;
  }
}
