/** The types of a record follow from the definition of its fields; checked by the compiler, not at run time. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  AUDIT_FIELDS,
  type AuditEventName,
  type AuditField,
  type AuditFields,
  type AuditKey,
  type AuditRecord,
  type REQUIRED_AUDIT_FIELDS,
} from '../../../src/semconv/audit-record.js';

type RequiredKey = (typeof REQUIRED_AUDIT_FIELDS)[number];
type OptionalKey = Exclude<AuditKey, RequiredKey>;

describe('the type of an audit record', () => {
  it('has known keys', () => {
    expectTypeOf<'audit.record.id' | 'mcp_audit.truncated'>().toExtend<AuditKey>();
    expectTypeOf<'mcp_audit.unknown'>().not.toExtend<AuditKey>();
    expectTypeOf<string>().not.toExtend<AuditKey>();
  });

  it('has the type of each field: text, whole number, boolean, list of texts', () => {
    expectTypeOf<AuditRecord['audit.record.id']>().toEqualTypeOf<string>();
    expectTypeOf<AuditRecord['severity_number']>().toEqualTypeOf<number>();
    expectTypeOf<AuditFields['mcp_audit.duration_ms']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<AuditFields['mcp_audit.sensitive']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<AuditFields['user.roles']>().toEqualTypeOf<readonly string[] | undefined>();
  });

  it('has closed sets as the union of their values', () => {
    expectTypeOf<AuditRecord['event_name']>().toEqualTypeOf<AuditEventName>();
    expectTypeOf<AuditRecord['audit.outcome']>().toEqualTypeOf<'success' | 'failure' | 'unknown'>();
    expectTypeOf<AuditRecord['severity_text']>().toEqualTypeOf<'INFO' | 'WARN' | 'ERROR' | 'FATAL'>();
    expectTypeOf<AuditFields['mcp_audit.side']>().toEqualTypeOf<'client' | 'server' | undefined>();
    expectTypeOf<AuditFields['mcp_audit.access.decision']>().toEqualTypeOf<
      'allow' | 'deny' | 'not_evaluated' | undefined
    >();
  });

  it('requires the fields that every record has, and no others', () => {
    expectTypeOf<Pick<AuditRecord, OptionalKey>>().toEqualTypeOf<Pick<AuditFields, OptionalKey>>();
    expectTypeOf<Record<never, never>>().toExtend<AuditFields>();
    expectTypeOf<Omit<AuditRecord, 'audit.actor.id'>>().not.toExtend<AuditRecord>();
    expectTypeOf<AuditRecord[RequiredKey]>().not.toExtend<undefined>();
  });

  it('can be built up field by field', () => {
    const fields: AuditFields = {};
    fields['audit.outcome'] = 'success';
    expectTypeOf(fields['audit.outcome']).toEqualTypeOf<'success'>();
    // @ts-expect-error: not one of its values
    fields['audit.outcome'] = 'fine';
    // @ts-expect-error: a text, not a number
    fields['jsonrpc.request.id'] = 7;
    // @ts-expect-error: no such field
    fields['mcp_audit.password'] = 'x';
  });

  it('comes from definitions that can be read by any key', () => {
    expectTypeOf(AUDIT_FIELDS).toExtend<Readonly<Record<AuditKey, AuditField>>>();
  });
});
