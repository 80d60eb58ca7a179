/** The tables of src/semconv/README.md. */
import {
  AUDIT_EVENT_DETAILS,
  AUDIT_EVENTS,
  type AuditEventName,
  type AuditRequirement,
} from '../../../src/semconv/audit-record.js';
import { type Field, GROUPS, type Group } from './fields.js';

const PREFIX = 'mcp_audit.';

const REDACTED: Readonly<Record<Field['redaction'], string>> = {
  ours: '',
  name: 'Redacted as a name.',
  identity: 'Recorded as `actorIds` selects, without secrets.',
  uri: 'Redacted as a URI.',
  text: 'Redacted as text.',
};

const FROM: Readonly<Record<Field['stability'], string>> = {
  stable: 'OpenTelemetry, stable',
  development: 'OpenTelemetry, in development',
  draft: 'OpenTelemetry, draft',
  own: 'mcp-trail',
};

export function eventTable(): string {
  const rows = AUDIT_EVENTS.map((name) => {
    const { brief, source, severity } = AUDIT_EVENT_DETAILS[name];
    const severities = Object.entries(severity).map(([text, when]) => (when === 'always' ? text : `${text}: ${when}`));
    return [code(name), brief, source, severities.join('<br>')];
  });
  return table(['Event', 'Meaning', 'Source', 'Severity'], rows);
}

export function fieldTables(): string {
  return GROUPS.map((group) => [`### ${group.title}`, introduction(group), fieldTable(group)].join('\n\n')).join(
    '\n\n',
  );
}

function introduction(group: Group): string {
  return `${group.brief} On ${eventsText(group.events)}, unless stated otherwise.`;
}

function fieldTable(group: Group): string {
  const rows = group.fields.map((field) => [
    code(field.key),
    code(field.type),
    levelText(field, group),
    descriptionOf(field),
    field.see === undefined ? FROM[field.stability] : `[${FROM[field.stability]}](${field.see})`,
  ]);
  return table(['Field', 'Type', 'Level', 'Meaning', 'Defined by'], rows);
}

/** The requirement level of a field, and its events if they differ from the group's. */
function levelText(field: Field, group: Group): string {
  const always = field.requiredOn === undefined ? [] : [`required on ${eventsText(field.requiredOn)}`];
  const rest = field.events.filter((event) => field.requiredOn?.includes(event) !== true);
  if (rest.length === 0) return always.join('; ');
  const else_ = requirementText(field.requirement);
  if (always.length > 0) return `${always[0]}; else ${else_}${onEvents(rest, field, group)}`;
  return `${else_}${onEvents(field.events, field, group)}`;
}

function onEvents(events: readonly AuditEventName[], field: Field, group: Group): string {
  return sameEvents(field.events, group.events) ? '' : `, on ${eventsText(events)}`;
}

function requirementText(level: AuditRequirement): string {
  return typeof level === 'string' ? level.replace('_', '-') : `required if ${level.conditionally_required}`;
}

function eventsText(events: readonly AuditEventName[]): string {
  if (sameEvents(events, AUDIT_EVENTS)) return 'every event';
  const missing = AUDIT_EVENTS.filter((event) => !events.includes(event));
  if (missing.length <= 2) return `every event except ${missing.map(shortName).join(' and ')}`;
  const names = AUDIT_EVENTS.filter((event) => events.includes(event)).map(shortName);
  return names.length === 1 ? (names[0] as string) : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function sameEvents(a: readonly AuditEventName[], b: readonly AuditEventName[]): boolean {
  return a.length === b.length && a.every((event) => b.includes(event));
}

function shortName(event: AuditEventName): string {
  return code(event.slice(PREFIX.length));
}

function descriptionOf({ brief, values, examples, redaction, identifies, sensitive }: Field): string {
  return [
    brief,
    values === undefined ? '' : `One of ${values.map(code).join(', ')}.`,
    examples === undefined ? '' : `For example ${examples.map(exampleOf).join(', ')}.`,
    REDACTED[redaction],
    identifies ? 'With pseudonyms as `actorDetails` selects.' : '',
    sensitive === undefined ? '' : `**Sensitive:** ${sensitive}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function exampleOf(example: string | number | readonly string[]): string {
  return code(typeof example === 'string' && !example.includes('\n') ? example : JSON.stringify(example));
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
