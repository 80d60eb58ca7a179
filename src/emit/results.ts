/** Reads results: what they reveal about the connection, and content by opt-in. */
import { peerAttributes } from '../describe/peer-attributes.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { ATTR_MCP_PROTOCOL_VERSION } from '../semconv/attributes.js';
import { MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED } from '../semconv/values.js';
import type { Connection } from '../session/connection.js';
import { learnFromAnswer } from '../session/implementations.js';
import type { AnswerFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Measurements } from './measurements.js';
import type { SessionDurations } from './session-durations.js';
import type { SpanDescriber } from './span-describer.js';
import type { Starter } from './start-operation.js';

export class Results {
  readonly #describer: SpanDescriber;
  readonly #starter: Starter;
  readonly #measurements: Measurements;
  readonly #sessions: SessionDurations;

  constructor(describer: SpanDescriber, starter: Starter, measurements: Measurements, sessions: SessionDurations) {
    this.#describer = describer;
    this.#starter = starter;
    this.#measurements = measurements;
    this.#sessions = sessions;
  }

  read(connection: Connection, operation: Operation, facts: AnswerFacts): void {
    const { row, span, answer } = operation;
    if (learnFromAnswer(operation, facts)) {
      operation.template = this.#describer.introduced(operation.template);
      span.setAttributes(peerAttributes(operation.template.facts.peer));
    }
    const { result, task } = facts;
    if (result === undefined) return;
    if (answer?.resultType === MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED) {
      this.#starter.expectNextRound(operation, result);
    }
    if (task !== undefined) this.#starter.expectTask(operation, task);
    if (row.result === 'session') this.#startSession(connection, operation, result);
    else if (row.result !== undefined) {
      this.#measurements.learnListed(row, result, (field, name) => this.#describer.name(field, name));
      if (operation.direction === 'outbound' && declaresResults(result['tools'])) connection.declaresResults = true;
    }
    if (row.content === undefined || !span.isRecording()) return;
    const attributes = this.#describer.resultAttributes(row, result);
    if (attributes !== undefined) span.setAttributes(attributes);
  }

  #startSession(connection: Connection, operation: Operation, result: Record<string, unknown>): void {
    const { direction, row, method, span } = operation;
    const version = asString(result['protocolVersion']);
    if (version === undefined) return;
    connection.protocolVersion = version;
    span.setAttribute(ATTR_MCP_PROTOCOL_VERSION, this.#describer.name(ATTR_MCP_PROTOCOL_VERSION, version));
    // Measured at the end, with the negotiated version.
    operation.template = this.#describer.template(connection, {
      direction,
      row,
      method,
      target: undefined,
      meta: undefined,
    });
    this.#sessions.start(connection, operation);
  }
}

/** Whether a tool declares an output schema: clients then validate its results. */
function declaresResults(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool) => asRecord(tool)?.['outputSchema'] !== undefined);
}
