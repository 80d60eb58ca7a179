/** Maps audit records to events of the Open Cybersecurity Schema Framework. */
import type { AuditRecord } from '../semconv/audit-record.js';
import { type Fields, fieldsOf, type JsonObject, type JsonValue } from './fields.js';
import { type Meaning, meaningOf, type OcsfKind } from './meaning.js';
import { CAPTIONS, OCSF_CLASSES, OCSF_REQUIRED, OCSF_VERSION, type OcsfClass } from './ocsf-classes.js';
import { OCSF_ROWS } from './ocsf-rows.js';
import { type MappingOptions, PRODUCT } from './options.js';
import { previousEvent } from './proof.js';
import { at, fill, leftOver, own, place } from './rows.js';

const LOG_NAME = 'mcp_audit';

/**
 * Maps a record to OCSF 1.9.0: API Activity (6003), Authentication (3002), Application Lifecycle (6002) or Entity
 * Management (3004). Fields without a place in OCSF go to `unmapped` under their own names: nothing is lost.
 *
 * @returns a new object of JSON values; the record is not changed. The same record gives the same event. Of a malformed
 * record, the readable parts are mapped, and required members are `unknown`. Never throws.
 * @see https://schema.ocsf.io/1.9.0/classes/api_activity
 */
export function toOcsf(record: AuditRecord, options: MappingOptions = {}): JsonObject {
  const fields = fieldsOf(record);
  const meaning = meaningOf(fields);
  const event: JsonObject = {
    ...classification(OCSF_CLASSES[meaning.kind], meaning),
    metadata: { version: OCSF_VERSION, product: product(options), log_name: LOG_NAME },
  };
  const used = fill(event, OCSF_ROWS, fields, meaning.kind);
  const previous = previousEvent(fields, options.previousRecordId);
  if (previous !== undefined && at(event, 'attestation_list') !== undefined) {
    if (place(event, 'attestation_list[0].prev_event', previous)) used.add('audit.prev.hash');
  }
  complete(event, meaning.kind);
  for (const [member, captions] of Object.entries(CAPTIONS)) {
    const id = event[`${member}_id`];
    if (id !== undefined) event[member] = captions[String(id)] ?? 'Other';
  }
  repeat(event, meaning.kind);
  profile(event, OCSF_CLASSES[meaning.kind]);
  return keepRest(event, fields, used);
}

function classification(of: OcsfClass, { activity: [id, name] }: Meaning): JsonObject {
  const [categoryUid, categoryName] = of.category;
  return {
    activity_id: id,
    activity_name: name,
    category_uid: categoryUid,
    category_name: categoryName,
    class_uid: of.uid,
    class_name: of.name,
    type_uid: of.uid * 100 + id,
    type_name: `${of.name}: ${id === 99 ? 'Other' : name}`,
  };
}

function product({ productVersion }: MappingOptions): JsonObject {
  const known: JsonObject = { name: PRODUCT, vendor_name: PRODUCT };
  if (productVersion !== undefined) known['version'] = productVersion;
  return known;
}

function complete(event: JsonObject, kind: OcsfKind): void {
  for (const { in: kinds, anyOf, otherwise } of OCSF_REQUIRED) {
    if (kinds !== undefined && !kinds.includes(kind)) continue;
    if (anyOf.every((path) => at(event, path) === undefined)) place(event, ...otherwise);
  }
}

/** Fills members that repeat others in some classes. */
function repeat(event: JsonObject, kind: OcsfKind): void {
  // The subject of an authentication is its actor.
  if (kind === 'authentication') event['user'] = copy(at(event, 'actor.user'));
  // 1.8 requires `app`, which 1.9 deprecates for `application`. With both, an event is valid in either.
  if (kind === 'trail' || kind === 'inventory') event['app'] = copy(event['application']);
}

function copy(value: JsonValue | undefined): JsonValue {
  return structuredClone(value ?? {});
}

function profile(event: JsonObject, { profiles }: OcsfClass): void {
  const present = Object.keys(profiles).filter((name) => profiles[name]?.some((path) => at(event, path) !== undefined));
  if (present.length > 0) place(event, 'metadata.profiles', present.sort());
}

function keepRest(event: JsonObject, fields: Fields, used: ReadonlySet<string>): JsonObject {
  const unmapped = leftOver(fields, used, (key) => key, own);
  return unmapped === undefined ? event : { ...event, unmapped };
}
