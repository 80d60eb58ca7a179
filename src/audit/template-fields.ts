/**
 * Fields that all operations of one method and target on one connection share: made and redacted for the first of them.
 */
import type { AuditRow } from '../protocol/methods.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import type { Implementation } from '../session/connection-info.js';
import { isSame, senderOf } from '../session/implementations.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Template } from '../session/template.js';
import { actorFields } from './actor.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { constantFields, endpointFields, namedTarget } from './request-fields.js';
import { addSafe, type RedactionContext } from './sanitise.js';
import type { AuditSettings } from './settings.js';

interface Made {
  readonly client: Implementation | undefined;
  readonly server: Implementation | undefined;
  readonly fields: RecordFields;
  readonly counts: RedactionCounts;
}

/** A beginning operation. */
interface Begun {
  readonly operation: Operation;
  readonly audit: AuditRow;
  readonly facts: RequestFacts;
  readonly client: Implementation | undefined;
}

export class TemplateFields {
  readonly #settings: AuditSettings;
  readonly #made = new WeakMap<Template, Made>();

  constructor(settings: AuditSettings) {
    this.#settings = settings;
  }

  /** A copy of the shared fields. Adds their redactions to the counts of the operation. */
  fieldsOf(begun: Begun, redaction: RedactionContext): RecordFields {
    const { counts, secret } = redaction;
    const { operation, client } = begun;
    const made = secret === undefined ? this.#made.get(operation.template) : undefined;
    const { server } = operation.connection;
    const kept = made !== undefined && isSame(made.client, client) && isSame(made.server, server) ? made : undefined;
    const { fields, counts: hidden } = kept ?? this.#make(begun, secret);
    counts.include(hidden);
    const own = new RecordFields(fields);
    // A pseudonym can be erased while the connection lasts.
    if (typeof redaction.showDetail === 'function') addSafe(own, this.spoken(operation), { ...redaction, again: true });
    return own;
  }

  #make({ operation, audit, facts, client }: Begun, secret: string | undefined): Made {
    const { connection, template, row } = operation;
    const { redactor, showId, showDetail } = this.#settings;
    const counts = new RedactionCounts();
    const redaction: RedactionContext = { redactor, counts, secret, showId, showDetail };
    const fields = new RecordFields();
    addSafe(fields, constantFields(operation, audit, facts), redaction);
    addSafe(fields, endpointFields(connection, client), redaction);
    addSafe(
      fields,
      actorFields({ identity: undefined, peer: undefined, sender: senderOf(operation, client) }),
      redaction,
    );
    addSafe(fields, this.spoken(operation), { ...redaction, again: true });
    if (!row.resource && audit.target !== 'mcp.task') fields.add(namedTarget(row, fields));
    const made = { client, server: connection.server, fields, counts: redaction.counts };
    // A caller's token is removed from every field, so that its fields serve no other caller.
    // A slow hook drops fields once: ask again next time.
    if (secret === undefined && redaction.counts.dropped.size === 0) this.#made.set(template, made);
    return made;
  }

  /** Protocol version and session id, as the span has them: redacted already. */
  spoken(operation: Operation): FieldValues {
    return {
      'mcp.protocol.version': operation.template.facts.protocolVersion,
      'mcp.session.id': this.sessionId(operation),
    };
  }

  /** The session id in the form that `sessionIds` selects. */
  sessionId({ template, connection }: Operation): string | undefined {
    const { sessionId } = template.facts;
    const { sessionIds, digester } = this.#settings;
    if (sessionId === undefined || sessionIds === 'none') return undefined;
    return sessionIds === 'plain' ? sessionId : digester.digest(connection.sessionId ?? sessionId);
  }
}
