/** Feeds the inventory from traffic, and records the changes that it reports. */
import type { LogsTarget } from '../emit/logger-provider.js';
import type { ServerSelector } from '../inventory/annotations.js';
import { serverId } from '../inventory/hashes.js';
import type { Inventory } from '../inventory/inventory.js';
import type { InventoryChange } from '../inventory/records.js';
import type { InventorySnapshot } from '../inventory/snapshot.js';
import type { ServerFacts } from '../inventory/state.js';
import type { Use } from '../inventory/usage.js';
import { arrayLength } from '../lib/foreign.js';
import { runEvery, type Stop } from '../lib/timers.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import type { Digester } from '../redact/digest.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import { isQuiet } from '../report/quiet.js';
import { reportFailure } from '../report/report.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { AnswerFacts, RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import { strings } from './actor.js';
import { readAnnotations, readSelector, warnOfNobody, withShownPersons } from './annotations.js';
import type { AuditEntry } from './entry.js';
import { recordChange } from './inventory-records.js';
import { RecordFields } from './record-fields.js';
import type { RedactionContext } from './sanitise.js';
import { type Trail, traceOf } from './trail.js';

/** Interval of the sweep for time-based changes, whose unit is a day. */
const SWEEP_MS = 3_600_000;

interface Known {
  /** The server, as the connection knows it. */
  readonly server: unknown;
  readonly id: string;
  /** The inventory knows it. */
  readonly observed: boolean;
}

interface InventoryFeedParts extends Pick<RedactionContext, 'redactor' | 'showId' | 'showDetail'> {
  readonly inventory: Inventory;
  readonly trail: Trail;
  readonly target: LogsTarget | undefined;
  readonly digester: Digester;
}

export class InventoryFeed {
  readonly #inventory: Inventory;
  readonly #trail: Trail;
  readonly #target: LogsTarget | undefined;
  readonly #digester: Digester;
  /** For changes outside of operations. */
  readonly #redaction: RedactionContext;
  /** Most connections keep their server. */
  readonly #known = new WeakMap<ConnectionInfo, Known>();
  #stopSweeping: Stop | undefined;

  constructor({ inventory, trail, target, digester, redactor, showId, showDetail }: InventoryFeedParts) {
    this.#redaction = { redactor, counts: new RedactionCounts(), secret: undefined, showId, showDetail };
    this.#inventory = inventory;
    this.#trail = trail;
    this.#target = target;
    this.#digester = digester;
  }

  /** Inventory id of an operation's server; undefined until the server has introduced itself. */
  serverOf({ connection }: Operation): string | undefined {
    return this.#knownOf(connection)?.id;
  }

  /** Argument names of a tool whose definition is known. */
  declared(server: string | undefined, { row, target }: RequestFacts): ReadonlySet<string> | undefined {
    if (server === undefined || target === undefined || row.content !== 'tool') return undefined;
    return this.#inventory.declaredArguments(server, target);
  }

  /** Whether the tool lock is enforced, and forbids this call. */
  forbids({ connection }: Operation, { row, target = '' }: RequestFacts): boolean {
    if (row.content !== 'tool' || !this.#inventory.enforcesLock) return false;
    const id = this.#knownOf(connection)?.id;
    const facts = { name: asString(connection.server?.name), endpoint: this.#endpointOf(connection) };
    return this.#inventory.isLockedOut(target, id === undefined ? undefined : { id, facts });
  }

  get enforcesLock(): boolean {
    return this.#inventory.enforcesLock;
  }

  answered(operation: Operation, entry: AuditEntry, { result }: AnswerFacts): void {
    if (result === undefined) return;
    const { row } = operation;
    const connects = row.audit?.action === 'CONNECT';
    const lists = row.audit?.lists;
    // A server that never introduces itself must not get its tools past the lock.
    if (lists === 'tools') this.#takeAnonymous(operation.connection);
    const id = this.#noteServer(operation, entry, connects ? result : undefined);
    if (id === undefined || lists === undefined) return;
    const listed = result[lists];
    const page = { cursor: entry.cursor, nextCursor: asString(result['nextCursor']) };
    const changes =
      lists === 'tools'
        ? this.#inventory.observeTools(id, { ...page, tools: listed })
        : this.#inventory.observeList(id, lists, { ...page, count: arrayLength(listed) ?? -1 });
    this.#report(operation, entry, changes);
  }

  /** @param how with the time of the operation's record */
  ended(operation: Operation, entry: AuditEntry, how: Pick<Use, 'at' | 'status' | 'errorType'>): void {
    const id = entry.server ?? this.serverOf(operation);
    if (id === undefined) return;
    const { fields, redaction, decision } = entry;
    this.#inventory.used(id, {
      ...how,
      tool: fields.get('gen_ai.tool.name'),
      actor: fields.get('audit.actor.id'),
      actorName: fields.get('user.name'),
      organization: fields.get('mcp_audit.organization.id'),
      team: fields.get('mcp_audit.team.id'),
      denied: decision?.decision === 'deny' || how.status === 'denied',
      redactions: redaction.counts.count,
      unknownArguments: fields.get('mcp_audit.tool.argument.unknown_count') ?? 0,
      quarantined: entry.quarantined,
    });
  }

  /** Returns false for unknown servers, and if nothing changes. */
  annotate(server: string | ServerSelector, given: unknown): boolean {
    const selector = readSelector(server);
    const annotations = withShownPersons(readAnnotations(given), this.#redaction);
    const ids = this.#inventory.find(selector);
    if (ids.length === 0) warnOfNobody(selector);
    const changes = ids.flatMap((id) => this.#inventory.annotate(id, annotations));
    for (const change of changes) this.#record(change, new RecordFields(), this.#redaction, undefined);
    return changes.length > 0;
  }

  snapshot(): InventorySnapshot {
    return this.#inventory.snapshot();
  }

  /** Starts the sweep: a process may live for weeks. */
  start(): void {
    this.#stopSweeping ??= runEvery(SWEEP_MS, () => this.#sweep());
  }

  /** Stops the sweep and saves the inventory. */
  stop(): void {
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
    this.#sweep();
    this.#inventory.flush();
  }

  /** Runs in a timer: must not throw. */
  #sweep(): void {
    // Without MCP, the inventory is empty.
    if (isQuiet()) return;
    try {
      for (const change of this.#inventory.sweep())
        this.#record(change, new RecordFields(), this.#redaction, undefined);
    } catch (error) {
      reportFailure('looking through the inventory', error);
    }
  }

  #noteServer(
    operation: Operation,
    entry: AuditEntry,
    connected: Record<string, unknown> | undefined,
  ): string | undefined {
    const { connection } = operation;
    const known = this.#knownOf(connection);
    if (known === undefined || (known.observed && connected === undefined)) return known?.id;
    const { id, changes } = this.#inventory.observeServer(this.#serverFactsOf(operation, connected));
    this.#known.set(connection, { ...known, id, observed: true });
    this.#report(operation, entry, changes);
    return id;
  }

  /** From now on, a server without a name is known by its endpoint alone. */
  #takeAnonymous(connection: ConnectionInfo): void {
    if (connection.server !== undefined || this.#known.has(connection)) return;
    const id = serverId(undefined, this.#endpointOf(connection));
    this.#known.set(connection, { server: undefined, id, observed: false });
  }

  /** Per-request HTTP servers have one inventory id. */
  #knownOf(connection: ConnectionInfo): Known | undefined {
    const { server } = connection;
    const known = this.#known.get(connection);
    if (known?.server === server) return known;
    if (server === undefined) return undefined;
    const id = serverId(asString(server.name), this.#endpointOf(connection));
    const now = { server, id, observed: false };
    this.#known.set(connection, now);
    return now;
  }

  #serverFactsOf(
    { connection, direction, template }: Operation,
    connected: Record<string, unknown> | undefined,
  ): ServerFacts {
    const { server } = connection;
    const name = asString(server?.name);
    const version = asString(server?.version);
    const title = asString(server?.title);
    const endpoint = this.#endpointOf(connection);
    const spoken =
      asString(connected?.['protocolVersion']) ?? connection.protocolVersion ?? template.facts.protocolVersion;
    const versions = strings(connected?.['supportedVersions']) ?? (spoken === undefined ? undefined : [spoken]);
    const capabilities = asRecord(connected?.['capabilities']);
    const instructions = asString(connected?.['instructions']);
    return {
      side: direction === 'outbound' ? 'client' : 'server',
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
      ...(title !== undefined && { title }),
      ...(endpoint !== undefined && { endpoint }),
      ...(versions !== undefined && { protocolVersions: versions }),
      ...(capabilities !== undefined && { capabilities: Object.keys(capabilities).slice(0, 64).sort() }),
      ...(instructions !== undefined && { instructionsHash: this.#digester.digest(instructions) }),
    };
  }

  /** Host and port, or a digest of the command line, which may hold credentials. */
  #endpointOf({ endpoint, transport, role }: ConnectionInfo): string | undefined {
    if (endpoint !== undefined)
      return endpoint.port === undefined ? endpoint.address : `${endpoint.address}:${endpoint.port}`;
    if (role !== 'client') return undefined;
    const { command, args } = asRecord((transport as { _serverParams?: unknown })._serverParams) ?? {};
    if (typeof command !== 'string') return undefined;
    return this.#digester.digest(JSON.stringify([command, ...(strings(args) ?? [])]));
  }

  #report(operation: Operation, entry: AuditEntry, changes: readonly InventoryChange[]): void {
    if (changes.length === 0) return;
    const context = entry.fields.pick(OF_CONTEXT);
    for (const change of changes) this.#record(change, context, entry.redaction, operation);
  }

  #record(
    change: InventoryChange,
    context: RecordFields,
    redaction: RedactionContext,
    operation: Operation | undefined,
  ): void {
    const trace = operation && traceOf(operation.context, operation.span, operation.parentSpanId);
    recordChange(this.#trail, change, { context, redaction, trace, target: this.#target });
  }
}

/** Fields that a change takes from the operation that revealed it. */
const OF_CONTEXT =
  /^(?:audit\.actor\.|mcp_audit\.(?:actor|side|correlation|operation|server|organization|team)|user\.|network\.transport|server\.)/;
