/**
 * The recorders of this process, for events that applications record. Global, because an application may load another
 * build (CommonJS, ESM) than the preloaded one.
 */
import type { Context } from '@opentelemetry/api';
import type { AuthenticationEvent, AuthorizationDecision, ConfigChange, GuardrailVerdict } from '../audit-types.js';
import type { ServerSelector } from '../inventory/annotations.js';
import type { InventorySnapshot } from '../inventory/snapshot.js';
import type { Peer } from '../session/peer.js';
import type { Unobserved } from './unobserved-record.js';

/** The context of an event: a handler, an HTTP request without an operation yet, or neither. */
export interface Place {
  readonly active: Context;
  readonly peer: Peer | undefined;
}

/** The part of a recorder that applications reach. */
export interface AuditAccess {
  /** The sender of the current HTTP request. */
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
  /** Records that MCP was spoken that no hook sees. */
  unobserved(given: Unobserved): void;
}

const RECORDERS = Symbol.for('mcp-trail.audit-recorders');
const MAX_RECORDERS = 64;

interface Registry {
  [RECORDERS]?: AuditAccess[];
}

/** Newest last; bounded, oldest first out. */
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

/** The recorder for events outside of operations. */
export function latestRecorder(): AuditAccess | undefined {
  return recorders().at(-1);
}
