/** The classification of an operation by the policy. Argument values are read and not kept. */

import type { Classifier } from '../policy/classifier.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { ATTR_GEN_AI_PROMPT_NAME, ATTR_GEN_AI_TOOL_NAME } from '../semconv/attributes.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { FieldValues, RecordFields } from './record-fields.js';

export function classificationFields(
  { row, method, connection }: Operation,
  { params, target, uri }: RequestFacts,
  classifier: Classifier,
): FieldValues {
  const attribute = row.target?.attribute;
  const server = asString(connection.server?.name);
  const { rules, sensitivity, sensitive, verb, tags } = classifier.classify({
    method,
    tool: attribute === ATTR_GEN_AI_TOOL_NAME ? target : undefined,
    prompt: attribute === ATTR_GEN_AI_PROMPT_NAME ? target : undefined,
    resource: uri,
    server,
    arguments: asRecord(params)?.['arguments'],
  });
  return {
    'mcp_audit.sensitive': sensitive,
    'mcp_audit.data.sensitivity': sensitivity,
    'mcp_audit.tool.verb': verb,
    'mcp_audit.policy_tags': tags.length > 0 ? tags : undefined,
    'mcp_audit.classification.rules': rules.length > 0 ? rules : undefined,
  };
}

export type SpanAttributes = Readonly<Record<string, string | boolean | undefined>>;

/** The classification as span attributes, so that samplers can keep sensitive operations. */
export function classificationAttributes(fields: RecordFields): SpanAttributes | undefined {
  const sensitivity = fields.get('mcp_audit.data.sensitivity');
  const sensitive = fields.get('mcp_audit.sensitive');
  if (sensitivity === undefined && sensitive === undefined) return undefined;
  return { 'mcp_audit.data.sensitivity': sensitivity, 'mcp_audit.sensitive': sensitive };
}
