/** The audit record's definition as one flat list, with the properties that fields inherit from their group. */
import { AUDIT_FIELD_GROUPS } from '../../../src/semconv/audit-field-groups.js';
import type {
  AuditEventName,
  AuditField,
  AuditFieldGroup,
  AuditRequirement,
} from '../../../src/semconv/audit-record.js';

export interface Field extends AuditField {
  readonly key: string;
  readonly events: readonly AuditEventName[];
  readonly requirement: AuditRequirement;
}

export interface Group extends Omit<AuditFieldGroup, 'fields'> {
  readonly id: string;
  readonly fields: readonly Field[];
}

export const GROUPS: readonly Group[] = Object.entries<AuditFieldGroup>(AUDIT_FIELD_GROUPS).map(([id, group]) => ({
  ...group,
  id,
  fields: Object.entries(group.fields).map(([key, field]) => ({
    events: group.events,
    requirement: group.requirement,
    ...field,
    key,
  })),
}));

export const FIELDS: readonly Field[] = GROUPS.flatMap(({ fields }) => fields);

/** The requirement level of a field on an event; undefined if the event never has it. */
export function levelOn(field: Field, event: AuditEventName): AuditRequirement | undefined {
  if (!field.events.includes(event)) return undefined;
  return field.requiredOn?.includes(event) ? 'required' : field.requirement;
}

/** Whether OpenTelemetry's semantic conventions define this name. */
export function isUpstream({ stability }: AuditField): boolean {
  return stability === 'stable' || stability === 'development';
}
