/** The entry `mcp-trail/mappings`: audit records in other schemas. */
export type { AuditRecord } from '../semconv/audit-record.js';
export { type CefOptions, toCef } from './cef.js';
export { toDatadog } from './datadog.js';
export { ECS_VERSION, toEcs } from './ecs.js';
export type { JsonObject, JsonValue } from './fields.js';
export { LOKRYN_VERSION, toLokryn } from './lokryn.js';
export { toOcsf } from './ocsf.js';
export { OCSF_VERSION } from './ocsf-classes.js';
export type { MappingOptions } from './options.js';
