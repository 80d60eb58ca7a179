/**
 * Which recorders there are, for what applications record themselves. Kept in a place that all copies of the package
 * know: what is preloaded as ESM is used by an application that loads the CommonJS build.
 */
import type { Context } from '@opentelemetry/api';
import type { AuthenticationEvent, AuthorizationDecision, ConfigChange, GuardrailVerdict } from '../audit-types.js';
import type { InventorySnapshot } from '../inventory/snapshot.js';
import type { ServerSelector } from '../inventory/types.js';
import type { Peer } from '../session/peer.js';

/** Where something is recorded: in a handler, in an HTTP request that has no operation yet, or anywhere. */
export interface Place {
  readonly active: Context;
  readonly peer: Peer | undefined;
}

/** What an application reaches of an audit trail. */
export interface AuditAccess {
  /** The sender of the HTTP request being handled, if there is one. */
  readonly currentPeer: () => Peer | undefined;
  readonly events: {
    authorization(given: AuthorizationDecision, place: Place): void;
    authentication(given: AuthenticationEvent, place: Place): void;
    guardrail(given: GuardrailVerdict, place: Place): void;
    configChange(given: ConfigChange, place: Place): void;
  };
  readonly inventory: {
    annotate(server: string | ServerSelector, annotations: unknown): boolean;
    snapshot(): InventorySnapshot;
  };
}

const RECORDERS = Symbol.for('mcp-trail.audit-recorders');
const MAX_RECORDERS = 64;

interface Registry {
  [RECORDERS]?: AuditAccess[];
}

/** The newest last. Of more than a process has use for, the oldest is forgotten. */
function recorders(): AuditAccess[] {
  const registry = globalThis as Registry;
  registry[RECORDERS] ??= [];
  return registry[RECORDERS];
}

export function register(recorder: AuditAccess): void {
  const all = recorders();
  if (all.push(recorder) > MAX_RECORDERS) all.shift();
}

export function unregister(recorder: AuditAccess): void {
  const all = recorders();
  const at = all.indexOf(recorder);
  if (at !== -1) all.splice(at, 1);
}

/** The one that speaks for the process where no operation says which. */
export function latestRecorder(): AuditAccess | undefined {
  return recorders().at(-1);
}
