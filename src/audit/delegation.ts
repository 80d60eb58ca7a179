/** Who acts for the actor, and who confirmed what it does. */
import type { Approver, Delegation, Identity } from '../audit-types.js';
import { membersOf, nonEmpty } from '../lib/foreign.js';
import type { AuditFields } from '../semconv/audit-record.js';
import type { AuthFacts } from '../session/peer.js';
import type { FieldValues } from './record-fields.js';

/** A longer chain is cut, and named in `mcp_audit.truncated`. */
export const MAX_DELEGATION = 16;

const APPROVER = ['id', 'name', 'type'] as const;
const TYPES = ['user', 'service', 'system'] as const;
const DELEGATION = ['actors', 'id'] as const;

/** Those who act, the one that calls first; incomplete if some are not known. */
interface Chain {
  readonly actors: readonly string[];
  readonly complete: boolean;
}

/** The fields of the approver that an application names, which may be any value; not yet redacted. */
export function approverFields(given: unknown): FieldValues {
  const { id, name, type } = membersOf<Approver>(given, APPROVER);
  const named = nonEmpty(id) ?? nonEmpty(name);
  if (named === undefined) return {};
  return {
    'mcp_audit.approver.id': named,
    'mcp_audit.approver.name': nonEmpty(name),
    'mcp_audit.approver.type': TYPES.find((each) => each === type) ?? 'user',
  };
}

/** The fields of a delegation that an application names, which may be any value; not yet redacted. */
export function delegationFields(given: unknown): FieldValues {
  const { actors, id } = membersOf<Delegation>(given, DELEGATION);
  const chain = actors === undefined ? undefined : listed(actors);
  return { ...(chain !== undefined && chainFields(chain, 'hook')), 'mcp_audit.delegation.id': nonEmpty(id) };
}

/** Both, as an identity has them. The token says who acts if the application does not. */
export function authorityFields(identity: Identity | undefined, auth: AuthFacts | undefined): FieldValues {
  return {
    ...approverFields(identity?.approver),
    ...ofToken(auth),
    ...delegationFields(identity?.delegation),
  };
}

function ofToken(auth: AuthFacts | undefined): FieldValues {
  const { act } = membersOf<{ act: unknown }>(auth?.extra, ['act']);
  return act === undefined || act === null ? {} : chainFields(chainOf(act), 'oauth');
}

/** All of them are set, so that those of one chain replace those of another. */
function chainFields(
  { actors, complete }: Chain,
  source: NonNullable<AuditFields['mcp_audit.delegation.source']>,
): FieldValues {
  return {
    'mcp_audit.delegation.actors': actors.length > 0 ? actors : undefined,
    'mcp_audit.delegation.source': source,
    'mcp_audit.truncated': complete ? undefined : ['mcp_audit.delegation.actors'],
  };
}

interface ActClaim {
  readonly sub?: unknown;
  readonly client_id?: unknown;
  readonly act?: unknown;
}

/**
 * The actors of nested `act` claims: the current one first, then the prior ones.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
 */
function chainOf(act: unknown): Chain {
  const actors: string[] = [];
  const seen = new Set<unknown>();
  let complete = true;
  try {
    for (let claim = act; claim !== undefined && claim !== null; ) {
      if (typeof claim !== 'object' || seen.has(claim) || seen.size === MAX_DELEGATION)
        return { actors, complete: false };
      seen.add(claim);
      const { sub, client_id: client, act: prior } = claim as ActClaim;
      const id = nonEmpty(sub) ?? nonEmpty(client);
      if (id === undefined) complete = false;
      else actors.push(id);
      claim = prior;
    }
    return { actors, complete };
  } catch {
    // Not reported: the error may quote the claims.
    return { actors, complete: false };
  }
}

/** The ids in a foreign list; undefined if there are none. */
function listed(given: unknown): Chain | undefined {
  try {
    if (!Array.isArray(given)) return undefined;
    const actors = Array.prototype.slice.call(given, 0, MAX_DELEGATION).filter((each) => nonEmpty(each) !== undefined);
    return actors.length === 0 ? undefined : { actors, complete: actors.length === given.length };
  } catch {
    return undefined;
  }
}
