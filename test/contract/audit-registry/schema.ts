/** The JSON Schema of an audit record's body. */

import { MAX_NAME_CHARS, MAX_URI_CHARS } from '../../../src/redact/limits.js';
import {
  AUDIT_EVENTS,
  AUDIT_SCHEMA_VERSION,
  type AuditEventName,
  REQUIRED_AUDIT_FIELDS,
} from '../../../src/semconv/audit-record.js';
import { FIELDS, type Field, levelOn } from './fields.js';

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The redactor's length limits in UTF-16 units. Schemas count code points, of which there are never more. */
const MAX_LENGTHS: Readonly<Partial<Record<Field['redaction'], number>>> = {
  name: MAX_NAME_CHARS,
  identity: MAX_NAME_CHARS,
  uri: MAX_URI_CHARS,
};

export function auditRecordSchema(): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:mcp-trail:audit-record:${AUDIT_SCHEMA_VERSION}`,
    $comment: 'Generated from src/semconv/audit-record.ts by `npm run generate`: change it there.',
    title: 'Audit record',
    description:
      'The body of an audit record of mcp-trail: one flat object, with no null, no empty list and no fraction.',
    type: 'object',
    required: [...REQUIRED_AUDIT_FIELDS],
    properties: Object.fromEntries(FIELDS.map((field) => [field.key, schemaOf(field)])),
    patternProperties: { '^http\\.response\\.header\\.': listOf({ type: 'string', maxLength: MAX_URI_CHARS }) },
    additionalProperties: false,
    allOf: AUDIT_EVENTS.flatMap(ruleOf),
  };
}

/** The rule for an event that requires more than the common fields. */
function ruleOf(event: AuditEventName): Json[] {
  const common: readonly string[] = REQUIRED_AUDIT_FIELDS;
  const required = FIELDS.filter((field) => levelOn(field, event) === 'required')
    .map(({ key }) => key)
    .filter((key) => !common.includes(key));
  if (required.length === 0) return [];
  const isEvent = { properties: { event_name: { const: event } }, required: ['event_name'] };
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword.
  return [{ if: isEvent, then: { required } }];
}

function schemaOf(field: Field): Json {
  const { brief, examples, stability } = field;
  return {
    description: brief,
    ...typeOf(field),
    ...(examples !== undefined && { examples }),
    ...(stability === 'draft' && { $comment: "From the draft of OpenTelemetry's audit logging." }),
  };
}

function typeOf({ type, values, pattern, redaction }: Field): Record<string, Json> {
  const maxLength = MAX_LENGTHS[redaction];
  const text = {
    type: 'string',
    ...(values !== undefined && { enum: [...values] }),
    ...(pattern !== undefined && { pattern: `^${pattern}$` }),
    ...(maxLength !== undefined && { maxLength }),
  };
  switch (type) {
    case 'string':
      return text;
    case 'string[]':
      return listOf(text);
    case 'boolean':
      return { type };
    case 'int':
      return { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
  }
}

function listOf(items: Json): Record<string, Json> {
  return { type: 'array', minItems: 1, items };
}

/** JSON with a line for each member of its two upper levels. */
export function jsonOf(value: Json, levels = 2, indent = ''): string {
  if (levels === 0 || typeof value !== 'object' || isListOfTexts(value)) return JSON.stringify(value);
  const inner = `${indent}\t`;
  const members = Object.entries(value).map(([key, item]) => {
    const name = Array.isArray(value) ? '' : `${JSON.stringify(key)}: `;
    return `${inner}${name}${jsonOf(item, levels - 1, inner)}`;
  });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${members.join(',\n')}\n${indent}${close}`;
}

function isListOfTexts(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
