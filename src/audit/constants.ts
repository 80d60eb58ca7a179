/** What all operations of one method and target on one connection say alike: made, and redacted, at the first of them. */
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

/** An operation that begins. */
interface Begun {
  readonly operation: Operation;
  readonly audit: AuditRow;
  readonly facts: RequestFacts;
  readonly client: Implementation | undefined;
}

export class Constants {
  readonly #settings: AuditSettings;
  readonly #made = new WeakMap<Template, Made>();

  constructor(settings: AuditSettings) {
    this.#settings = settings;
  }

  /** A copy to be added to. What was hidden in it is added to the counts. */
  fieldsOf(begun: Begun, { counts, secret }: RedactionContext): RecordFields {
    const { operation, client } = begun;
    const made = secret === undefined ? this.#made.get(operation.template) : undefined;
    const { server } = operation.connection;
    const kept = made !== undefined && isSame(made.client, client) && isSame(made.server, server) ? made : undefined;
    const { fields, counts: hidden } = kept ?? this.#make(begun, secret);
    counts.include(hidden);
    return new RecordFields(fields);
  }

  #make({ operation, audit, facts, client }: Begun, secret: string | undefined): Made {
    const { connection, template, row } = operation;
    const { redactor, showId } = this.#settings;
    const redaction: RedactionContext = { redactor, counts: new RedactionCounts(), secret, showId };
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
    // A caller with a token is looked for in everything, which is not the same for the next one.
    // What a hook dropped, because it was slow once, is asked for again.
    if (secret === undefined && redaction.counts.dropped.size === 0) this.#made.set(template, made);
    return made;
  }

  /** What is spoken, and in which session: from the span, where it was hidden for the first time. */
  spoken(operation: Operation): FieldValues {
    return {
      'mcp.protocol.version': operation.template.facts.protocolVersion,
      'mcp.session.id': this.sessionId(operation),
    };
  }

  /** As it may be shown. */
  sessionId({ template, connection }: Operation): string | undefined {
    const { sessionId } = template.facts;
    const { sessionIds, digester } = this.#settings;
    if (sessionId === undefined || sessionIds === 'none') return undefined;
    return sessionIds === 'plain' ? sessionId : digester.digest(connection.sessionId ?? sessionId);
  }
}
