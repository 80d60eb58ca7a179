/** Counts uses, errors and denials of servers and tools, and keeps the last use. */
import type { AuditFields } from '../semconv/audit-record.js';
import { MAX_ERROR_TYPE, MAX_ERROR_TYPES } from './bounds.js';
import type { Names } from './names.js';
import type { Counted, LastUse, ServerState, Tally, Usage } from './state.js';

/** One finished operation. */
export interface Use {
  /** The tool, if one was called. */
  readonly tool?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor?: string | undefined;
  /** A readable name. */
  readonly actorName?: string | undefined;
  readonly organization?: string | undefined;
  readonly team?: string | undefined;
  readonly status: AuditFields['mcp_audit.status'];
  readonly errorType?: string | undefined;
  /** Whether a policy or guardrail refused it. */
  readonly denied?: boolean | undefined;
  /** Number of redacted values. */
  readonly redactions?: number | undefined;
  readonly quarantined?: boolean | undefined;
  /** Number of arguments that the tool does not declare. */
  readonly unknownArguments?: number | undefined;
}

/** Statuses that count as errors or denials. */
const COUNTS_AS: Readonly<Partial<Record<NonNullable<Use['status']>, Counted>>> = {
  tool_error: 'errors',
  error: 'errors',
  timeout: 'errors',
  rate_limited: 'errors',
  aborted: 'errors',
  denied: 'denials',
  unauthenticated: 'denials',
};

/** Counts error types beyond the limit. */
const OTHER = 'other';

export function addTo<K>(tallies: Map<K, Tally>, key: K, amount: number, at: number): void {
  if (!(amount > 0)) return;
  const tally = tallies.get(key);
  if (tally === undefined) {
    tallies.set(key, { count: amount, last: at, unsaved: amount });
    return;
  }
  tally.count = sum(tally.count, amount);
  tally.unsaved = sum(tally.unsaved, amount);
  tally.last = Math.max(tally.last, at);
}

export function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

/** Counts one use of a server and, if given, of a tool. */
export function addUse(
  server: ServerState,
  tool: Usage | undefined,
  use: Use,
  at: number,
  names: Names,
  identities: Names,
): void {
  const outcome = use.denied === true ? 'denials' : use.status && COUNTS_AS[use.status];
  const amounts: readonly (readonly [Counted, number])[] = [
    ['calls', 1],
    ['errors', outcome === 'errors' ? 1 : 0],
    ['denials', outcome === 'denials' ? 1 : 0],
    ['quarantines', use.quarantined === true ? 1 : 0],
    ['redactions', whole(use.redactions)],
    ['unknownArguments', whole(use.unknownArguments)],
  ];
  const lastUse = outcome === 'denials' ? undefined : lastUseOf(use, at, names, identities);
  for (const usage of tool === undefined ? [server.usage] : [server.usage, tool]) {
    for (const [counted, amount] of amounts) addTo(usage.tallies, counted, amount, at);
    usage.lastUse = later(usage.lastUse, lastUse);
  }
  if (outcome === 'errors')
    addError(server.errors, names.kept(use.errorType ?? use.status ?? OTHER, MAX_ERROR_TYPE), at);
}

function addError(errors: Map<string, Tally>, type: string, at: number): void {
  addTo(errors, errorKey(errors, type), 1, at);
}

/** The key of an error type: its own while there is room. */
export function errorKey(errors: { has(type: string): boolean; readonly size: number }, type: string): string {
  return errors.has(type) || errors.size < MAX_ERROR_TYPES ? type : OTHER;
}

/** A refused operation leaves the last use unchanged. */
function lastUseOf(
  { actor, actorName, organization, team }: Use,
  at: number,
  names: Names,
  identities: Names,
): LastUse {
  const kept = (name: string | undefined, as = names) => (typeof name === 'string' ? as.recorded(name) : undefined);
  return {
    at,
    actor: kept(actor, identities),
    actorName: kept(actorName, identities),
    organization: kept(organization),
    team: kept(team),
  };
}

export function later(known: LastUse | undefined, other: LastUse | undefined): LastUse | undefined {
  if (known === undefined || other === undefined) return known ?? other;
  return other.at >= known.at ? other : known;
}

function whole(amount: number | undefined): number {
  return Number.isSafeInteger(amount) ? (amount as number) : 0;
}
