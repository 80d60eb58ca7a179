/**
 * The registry in OpenTelemetry Weaver's format: defines our own names, and references those of the semantic conventions in
 * the release that it depends on. Fields that are only in the body are not attributes.
 *
 * @see https://github.com/open-telemetry/weaver/blob/main/schemas/semconv-syntax.md
 */
import {
  AUDIT_EVENT_DETAILS,
  AUDIT_EVENTS,
  AUDIT_SCHEMA_VERSION,
  type AuditEventName,
  type AuditRequirement,
} from '../../../src/semconv/audit-record.js';
import { FIELDS, type Field, GROUPS, isUpstream, levelOn } from './fields.js';
import { type Yaml, yamlOf } from './yaml.js';

/** The last release of the semantic conventions that includes those for MCP. */
const UPSTREAM_VERSION = '1.41.1';

/** Names added to the semantic conventions after that release; the registry defines them until it depends on a newer one. */
const NEWER_UPSTREAM: readonly string[] = ['client.service.name'];

/** Names with a suffix chosen by a peer; the registry has only the prefix. */
const TEMPLATES = ['http.request.header', 'http.response.header'];

const COMMON = 'mcp_audit.common';
const COMMENT = ['Generated from src/semconv/audit-record.ts by `npm run generate`: change it there.'];

const ATTRIBUTES = FIELDS.filter(({ bodyOnly }) => bodyOnly !== true);

export function manifestYaml(): string {
  const manifest = {
    name: 'mcp-trail',
    description: 'Audit records of the Model Context Protocol (MCP), as the package mcp-trail makes them.',
    // Identifies the registry and its version; not a download address.
    schema_url: `https://mcp-trail.example/schemas/${AUDIT_SCHEMA_VERSION}`,
    dependencies: [
      {
        schema_url: `https://opentelemetry.io/schemas/${UPSTREAM_VERSION}`,
        registry_path: `https://github.com/open-telemetry/semantic-conventions@v${UPSTREAM_VERSION}[model]`,
      },
    ],
  };
  return yamlOf(manifest, COMMENT);
}

export function attributesYaml(): string {
  const own = GROUPS.map((group) => ({
    id: `registry.mcp_audit.${group.id}`,
    type: 'attribute_group',
    display_name: `MCP audit: ${group.title}`,
    brief: group.brief,
    attributes: group.fields.filter(isDefinedHere).map(definitionOf),
  }));
  const upstream = GROUPS.map((group) => ({
    id: `mcp_audit.${group.id}.upstream`,
    type: 'attribute_group',
    brief: `Names of the semantic conventions, as audit records use them. ${group.brief}`,
    attributes: unique(group.fields.filter((field) => isAttribute(field) && !isDefinedHere(field)).map(referenceOf)),
  }));
  const groups = [...own, ...upstream].filter(({ attributes }) => attributes.length > 0);
  return yamlOf({ groups }, COMMENT);
}

export function eventsYaml(): string {
  const common = {
    id: COMMON,
    type: 'attribute_group',
    brief: 'What every event of the audit trail can have.',
    attributes: ATTRIBUTES.filter(isCommon).map((field) => usageOf(field, field.requirement)),
  };
  return yamlOf({ groups: [common, ...AUDIT_EVENTS.map(eventOf)] }, COMMENT);
}

function eventOf(name: AuditEventName) {
  const { brief, source, severity } = AUDIT_EVENT_DETAILS[name];
  const attributes = ATTRIBUTES.filter((field) => !isCommon(field)).flatMap((field) => {
    const level = levelOn(field, name);
    return level === undefined ? [] : [usageOf(field, level)];
  });
  const severities = Object.entries(severity).map(([text, when]) => `${text} (${when})`);
  return {
    id: `event.${name}`,
    type: 'event',
    name,
    stability: 'development',
    brief,
    note: `Made by: ${source} Severity: ${severities.join(', ')}. The body is the whole record as JSON.`,
    extends: COMMON,
    attributes: unique(attributes),
  };
}

function isAttribute({ bodyOnly }: Field): boolean {
  return bodyOnly !== true;
}

function isDefinedHere(field: Field): boolean {
  return isAttribute(field) && (!isUpstream(field) || NEWER_UPSTREAM.includes(field.key));
}

/** Attributes of all events, which events inherit instead of repeating. */
function isCommon(field: Field): boolean {
  return (
    field.events.length === AUDIT_EVENTS.length && field.requiredOn === undefined && templateOf(field) === undefined
  );
}

function templateOf({ key }: Field): string | undefined {
  return TEMPLATES.find((template) => key.startsWith(`${template}.`));
}

function definitionOf(field: Field): Record<string, Yaml> {
  const { key, values, type, brief, examples, stability, sensitive } = field;
  const notes = [
    ...(stability === 'draft' ? ["From the draft of OpenTelemetry's audit logging."] : []),
    ...(sensitive === undefined ? [] : [`Sensitive: ${sensitive}`]),
  ];
  return {
    id: key,
    type: values === undefined ? type : { members: values.map(memberOf) },
    stability: 'development',
    brief,
    ...noteOf(notes),
    ...(examples !== undefined && { examples }),
  };
}

function memberOf(value: string): Record<string, Yaml> {
  return { id: value.toLowerCase().replaceAll(/[^a-z0-9]/g, '_'), value, stability: 'development' };
}

function referenceOf(field: Field): Record<string, Yaml> {
  const template = templateOf(field);
  if (template !== undefined) return headersOf(template);
  const { key, brief, values, sensitive } = field;
  const notes = [
    ...(values === undefined ? [] : [`Values in use: ${values.join(', ')}.`]),
    ...(sensitive === undefined ? [] : [`Sensitive: ${sensitive}`]),
  ];
  return { ref: key, brief, ...noteOf(notes) };
}

function noteOf(notes: readonly string[]): Record<string, Yaml> {
  return notes.length > 0 ? { note: notes.join(' ') } : {};
}

function headersOf(template: string): Record<string, Yaml> {
  const names = FIELDS.filter(({ key }) => key.startsWith(`${template}.`)).map(({ key }) =>
    key.slice(template.length + 1),
  );
  return { ref: template, note: `Headers that are recorded: ${names.join(', ')}.` };
}

function usageOf(field: Field, level: AuditRequirement): Record<string, Yaml> {
  const condition =
    typeof level === 'string' ? level : { conditionally_required: `If ${level.conditionally_required}.` };
  return { ref: templateOf(field) ?? field.key, requirement_level: condition };
}

/** One entry per name: all headers share one template. */
function unique(attributes: readonly Record<string, Yaml>[]): readonly Record<string, Yaml>[] {
  return [...new Map(attributes.map((attribute) => [attribute['ref'] ?? attribute['id'], attribute])).values()];
}
