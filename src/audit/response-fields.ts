/** Fields of an answer, its outcome and its HTTP response. Pure. */

import { asRecord, asString } from '../protocol/jsonrpc.js';
import { pickHeaders } from '../redact/headers.js';
import { containsSecret } from '../redact/secret-proof.js';
import type { AuditFields } from '../semconv/audit-record.js';
import { MCP_TRAIL_RESULT_TYPE_VALUE_TASK } from '../semconv/values.js';
import { type AnswerFacts, answerSize } from '../session/message-facts.js';
import type { Outcome } from '../session/outcome.js';
import type { HttpFacts } from '../session/peer.js';
import type { FieldValues, RecordFields } from './record-fields.js';
import { CREDENTIAL, type RedactionContext, withoutCredential } from './sanitise.js';

export function answerFields(facts: AnswerFacts): FieldValues {
  const { result } = facts;
  // Records name the task of any result, whether or not the method is known to make tasks.
  const task = result?.['resultType'] === MCP_TRAIL_RESULT_TYPE_VALUE_TASK ? result : asRecord(result?.['task']);
  return {
    'mcp_audit.response.size': answerSize(facts),
    'mcp_audit.response.content_types': result === undefined ? undefined : contentTypes(result),
    'mcp_audit.task.id': asString(task?.['taskId']),
  };
}

/** Members that hold content, and members that tell the type of untyped parts. */
const PARTS = ['content', 'contents', 'messages'] as const;
const UNTYPED = ['text', 'blob'] as const;
const MAX_PARTS = 256;
const MAX_TYPES = 16;

/** Types of content blocks: `text`, `image`, `resource_link`; of resources `text` or `blob`. */
function contentTypes(result: Record<string, unknown>): string[] | undefined {
  const types = new Set<string>();
  for (const member of PARTS) {
    const parts = result[member];
    const list = Array.isArray(parts) ? parts.slice(0, MAX_PARTS) : parts === undefined ? [] : [parts];
    for (const part of list) {
      const type = typeOfPart(asRecord(part));
      if (type !== undefined && types.size < MAX_TYPES) types.add(type);
    }
  }
  if (result['structuredContent'] !== undefined) types.add('structured');
  return types.size === 0 ? undefined : [...types].sort();
}

function typeOfPart(part: Record<string, unknown> | undefined): string | undefined {
  const block = asRecord(part?.['content']) ?? part;
  return asString(block?.['type']) ?? UNTYPED.find((member) => block?.[member] !== undefined);
}

export function outcomeFields(outcome: Outcome): FieldValues {
  const { errorType, statusCode, resultType, taskStatus } = outcome;
  return {
    'error.type': errorType ?? statusCode,
    'rpc.response.status_code': statusCode,
    'mcp_trail.result.type': resultType as AuditFields['mcp_trail.result.type'],
    'mcp_trail.task.status': taskStatus as AuditFields['mcp_trail.task.status'],
  };
}

/** The status, if the head has been sent by now. Records do not wait for it. */
export function httpResponseFields(http: HttpFacts | undefined): FieldValues {
  const status = http?.status();
  return status === undefined ? {} : { 'http.response.status_code': status };
}

/** Adds the headers sent so far, redacted. */
export function addHeaders(
  fields: RecordFields,
  http: HttpFacts | undefined,
  allowed: ReadonlySet<string>,
  { redactor, counts, secret }: RedactionContext,
): void {
  if (http?.status() === undefined) return;
  const headers: Record<string, string | string[] | undefined> = {};
  for (const name of http.responseHeaderNames()) {
    const value = http.responseHeader(name);
    headers[name] = typeof value === 'number' ? String(value) : value;
  }
  const { values, names } = pickHeaders(headers, allowed, redactor, counts, 'http.response.header');
  for (const [name, texts] of values) {
    const safe = texts.map((text) => (containsSecret(text, secret) ? CREDENTIAL : text));
    fields.setOpen(`http.response.header.${name}`, safe);
  }
  if (names.length > 0) fields.set('mcp_audit.http.header_names', withoutCredential(names, secret));
}
