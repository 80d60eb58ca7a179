/** Turns operations into audit records, at their beginning and end. One per pipeline. */

import { AUDIT_UNAVAILABLE, TOOL_NOT_LOCKED } from '../describe/refusals.js';
import type { AuditPort } from '../emit/audit-port.js';
import type { Correlator } from '../emit/correlation.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import type { AuditRow, MethodRow } from '../protocol/methods.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import { clientOf, senderOf, senderRole } from '../session/implementations.js';
import type { AnswerFacts, RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Refusal as RequestRefusal } from '../session/refusal.js';
import { actorFields } from './actor.js';
import { ApplicationEvents } from './application-events.js';
import { addArguments } from './argument-fields.js';
import { classificationAttributes, classificationFields, type SpanAttributes } from './classification-fields.js';
import { Endings, type Write } from './endings.js';
import { AuditEntry, entryOf } from './entry.js';
import { identify } from './identify.js';
import type { InventoryFeed } from './inventory-feed.js';
import { isDoneBySink } from './own-sinks.js';
import { messageOf } from './readable-message.js';
import { RecordFields } from './record-fields.js';
import { type Refusal, recordRefusal } from './refusals.js';
import { type AuditAccess, register, unregister } from './registry.js';
import {
  aiInvocationFields,
  capabilityFields,
  endpointFields,
  messageFields,
  namedTarget,
  peerFields,
} from './request-fields.js';
import { answerFields } from './response-fields.js';
import { addSafe, type RedactionContext } from './sanitise.js';
import type { Service } from './service.js';
import { SessionRecords } from './session-records.js';
import type { AuditSettings } from './settings.js';
import { TemplateFields } from './template-fields.js';
import { type Trail, traceOf } from './trail.js';
import { recordUnobserved, type Unobserved } from './unobserved-record.js';

export interface AuditRecorderParts {
  readonly settings: AuditSettings;
  readonly trail: Trail;
  readonly target?: LogsTarget | undefined;
  readonly correlator: Correlator;
  readonly inventory: InventoryFeed;
  readonly service: Service;
  readonly currentPeer: () => Peer | undefined;
  /** Counts a lost record. */
  readonly onLost?: ((sink: string, cause: string) => void) | undefined;
}

export class AuditRecorder implements AuditPort, AuditAccess {
  readonly correlator: Correlator;
  readonly trail: Trail;
  /** LoggerProvider of this instrumentation, if it has its own. */
  readonly target: LogsTarget | undefined;
  readonly settings: AuditSettings;
  readonly inventory: InventoryFeed;
  /** Events that the application records. */
  readonly events: ApplicationEvents;
  /** The sender of the current HTTP request. */
  readonly currentPeer: () => Peer | undefined;
  readonly #service: Service;
  readonly #sessions: SessionRecords;
  readonly #endings: Endings;
  readonly #templateFields: TemplateFields;
  readonly #onLost: AuditRecorderParts['onLost'];
  #uses = 0;

  /** Writes a record about an operation, with its decision and redactions so far. */
  readonly #write: Write = (operation, entry, { name, severity, fields, time }) => {
    fields.add(entry.decided()).add(entry.redactions());
    if (this.settings.messages) fields.set('mcp_audit.message', messageOf(name, fields));
    const trace = traceOf(operation.context, operation.span, operation.parentSpanId);
    return this.trail.record({ name, severity, fields, time, trace, target: this.target });
  };

  constructor({ settings, trail, target, correlator, inventory, service, currentPeer, onLost }: AuditRecorderParts) {
    this.#onLost = onLost;
    this.settings = settings;
    this.trail = trail;
    this.target = target;
    this.correlator = correlator;
    this.inventory = inventory;
    this.currentPeer = currentPeer;
    this.events = new ApplicationEvents({ trail, target, settings, correlator });
    this.#service = service;
    this.#sessions = new SessionRecords(trail, target);
    this.#templateFields = new TemplateFields(settings);
    this.#endings = new Endings(settings, trail, inventory, this.#write);
  }

  began(operation: Operation, facts: RequestFacts, peer: Peer | undefined): SpanAttributes | undefined {
    const { audit } = operation.row;
    if (audit === undefined || isDoneBySink()) return undefined;
    const isElsewhere = this.#isElsewhere(operation);
    if (isElsewhere && operation.direction === 'outbound') return undefined;
    this.#service.learn(operation.span);
    const entry = this.#entryOf(operation, audit, facts, peer);
    operation.auditEntry = entry;
    if (isElsewhere) this.#identified(operation, entry);
    else if (this.#isAttempt(audit, entry)) {
      const fields = new RecordFields(entry.fields).add({ 'audit.outcome': 'unknown' });
      const isKept = this.#write(operation, entry, { name: 'mcp_audit.request', severity: 'INFO', fields });
      if (this.settings.refuses(isKept)) operation.refusal = AUDIT_UNAVAILABLE;
      if (this.settings.syncs) operation.onDisk = this.#onDisk();
    }
    if (this.inventory.forbids(operation, facts)) operation.refusal ??= TOOL_NOT_LOCKED;
    return classificationAttributes(entry.fields);
  }

  get syncs(): boolean {
    return this.settings.syncs;
  }

  async #onDisk(): Promise<RequestRefusal | undefined> {
    const isSynced = await this.trail.onDisk();
    return isSynced === false && this.settings.refuses(false) ? AUDIT_UNAVAILABLE : undefined;
  }

  refusalOf({ kind, audit, content }: MethodRow): RequestRefusal | undefined {
    if (kind !== 'request' || audit === undefined || audit.only !== undefined) return undefined;
    if (this.settings.refuses(false)) return AUDIT_UNAVAILABLE;
    return content === 'tool' && this.inventory.enforcesLock ? TOOL_NOT_LOCKED : undefined;
  }

  answered(operation: Operation, facts: AnswerFacts): void {
    const entry = entryOf(operation);
    if (entry === undefined || this.#isElsewhere(operation)) return;
    entry.answer = answerFields(facts);
    this.inventory.answered(operation, entry, facts);
    if (facts.message.error !== undefined) return;
    const unnamed =
      operation.connection.server !== undefined && entry.fields.get('mcp_audit.server.name') === undefined;
    if (operation.row.audit?.action === 'CONNECT' || unnamed) this.#introduced(operation, entry);
    if (operation.row.result === 'session') this.#sessions.started(operation, entry);
  }

  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (!this.#isElsewhere(operation)) this.#endings.concluded(operation, outcome, milliseconds);
  }

  undelivered(operation: Operation, outcome: Outcome): void {
    this.#endings.undelivered(operation, outcome);
  }

  ended(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (!this.#isElsewhere(operation)) this.#endings.ended(operation, outcome, milliseconds);
  }

  sessionEnded(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void {
    this.#sessions.ended(connection, outcome, milliseconds);
  }

  /**
   * Records an HTTP request that was refused before a message was read. Call the result if the refusal cannot be sent.
   */
  refused(refusal: Refusal): (() => void) | undefined {
    return recordRefusal(refusal, this);
  }

  /** Records that MCP was spoken that no hook sees. */
  unobserved(given: Unobserved): void {
    recordUnobserved(given, this);
  }

  /** Counts an instrumented instance or module; the first starts auditing. */
  start(): void {
    this.#uses += 1;
    if (this.#uses > 1) return;
    register(this);
    this.trail.start(this.target, this.#onLost);
    this.inventory.start();
  }

  /** The last one stops auditing. */
  stop(): void {
    if (this.#uses === 0) return;
    this.#uses -= 1;
    if (this.#uses > 0) return;
    unregister(this);
    this.inventory.stop();
    this.trail.stop(this.target);
  }

  #entryOf(operation: Operation, audit: AuditRow, facts: RequestFacts, peer: Peer | undefined): AuditEntry {
    const { settings } = this;
    const { connection, row } = operation;
    const http = peer?.http;
    const redaction: RedactionContext = {
      redactor: settings.redactor,
      counts: new RedactionCounts(),
      secret: peer?.auth?.token ?? http?.notes.auth?.token,
      showId: settings.showId,
      showDetail: settings.showDetail,
    };
    const client = clientOf(operation, facts);
    const identity = identify(settings.identity, operation, client, peer);
    const parentPid = connection.kind.name === 'stdio' && operation.direction === 'inbound' ? process.ppid : undefined;
    const server = this.inventory.serverOf(operation);
    const id = http?.notes.operationId ?? operation.observed?.operationId ?? this.trail.newId();
    // A batch has one id from middleware: its first message takes it.
    if (http !== undefined) delete http.notes.operationId;
    const fields = this.#templateFields.fieldsOf({ operation, audit, facts, client }, redaction);
    addSafe(fields, messageFields(operation, audit, facts), redaction);
    if (peer !== undefined) addSafe(fields, peerFields(peer), redaction);
    if (peer !== undefined || identity !== undefined) {
      addSafe(fields, actorFields({ identity, peer, sender: senderOf(operation, client) }), redaction);
    }
    fields.add({ 'process.parent_pid': parentPid, 'mcp_audit.server.id': server, 'mcp_audit.operation.id': id });
    if (audit.action === 'CONNECT') addSafe(fields, capabilityFields(facts), redaction);
    if (settings.aiInvocation && senderRole(operation) === 'client') {
      addSafe(fields, aiInvocationFields(facts), redaction);
    }
    if (row.resource) fields.add(namedTarget(row, fields));
    addArguments(fields, { facts, settings, declared: this.inventory.declared(server, facts), redaction });
    if (settings.classifier !== undefined) fields.add(classificationFields(operation, facts, settings.classifier));
    return new AuditEntry({
      recorder: this,
      id,
      fields,
      redaction,
      http,
      server,
      cursor: audit.lists === undefined ? undefined : asString(asRecord(facts.params)?.['cursor']),
      taskStatus: facts.taskStatus,
    });
  }

  /** A process in front of this one records the operation. That does not do where calls are refused. */
  #isElsewhere({ observed }: Operation): boolean {
    return observed?.hasRecords === true && !this.settings.refuses(false) && !this.inventory.enforcesLock;
  }

  /** Another process records the operation. It does not know whom the application names. */
  #identified(operation: Operation, entry: AuditEntry): void {
    if (entry.fields.get('mcp_audit.actor.source') !== 'hook') return;
    const fields = new RecordFields(entry.fields).add({
      'mcp_audit.authentication.event': 'identified',
      'audit.action': 'AUTHENTICATE',
      'audit.outcome': 'success',
      'mcp_audit.status': 'ok',
    });
    this.#write(operation, entry, { name: 'mcp_audit.authentication', severity: 'INFO', fields });
  }

  /** Whether the beginning has its own record. */
  #isAttempt(audit: AuditRow, { fields }: AuditEntry): boolean {
    const { attempts } = this.settings;
    if (audit.only !== undefined || attempts === 'never') return false;
    return attempts === 'always' || fields.get('mcp_audit.sensitive') === true;
  }

  /** The answer introduced the server and set the protocol version. */
  #introduced(operation: Operation, { fields, redaction }: AuditEntry): void {
    const { connection, row } = operation;
    addSafe(fields, endpointFields(connection, undefined), redaction);
    addSafe(fields, this.#templateFields.spoken(operation), { ...redaction, again: true });
    fields.set('mcp_audit.server.id', this.inventory.serverOf(operation));
    if (fields.get('audit.target.type') === 'mcp.server') fields.drop('audit.target.id');
    fields.add(namedTarget(row, fields));
  }
}
