/**
 * OpenTelemetry for the Model Context Protocol. Any export added here becomes public API.
 *
 * @packageDocumentation
 */
export type {
  Approver,
  AuditConfig,
  AuditDelivery,
  AuditSink,
  AuthenticationEvent,
  AuthorizationDecision,
  ConfigChange,
  Delegation,
  GuardrailVerdict,
  Identity,
  IdentityContext,
} from './audit-types.js';
export { FileLogRecordExporter, type FileLogRecordExporterOptions } from './export/file.js';
export { StderrLogRecordExporter, type StderrLogRecordExporterOptions } from './export/stderr.js';
export { auditTokenVerifier } from './hook/http/audit-token-verifier.js';
export {
  instrumentClient,
  instrumentHandler,
  instrumentServer,
  instrumentTransport,
  type McpPeer,
  type McpServerHolder,
} from './hook/instrument-manually.js';
export { McpInstrumentation } from './instrumentation.js';
export type { Annotations, ServerSelector } from './inventory/annotations.js';
export type { InventorySnapshot, ServerSnapshot } from './inventory/snapshot.js';
export type { ArgumentPredicate, ClassificationRule, PolicyDocument, ToolCapture } from './policy/rule.js';
export {
  annotate,
  inventory,
  recordAuthentication,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
} from './record.js';
export type { CaptureRule } from './redact/captured-arguments.js';
export type { AuditRecord } from './semconv/audit-record.js';
export type {
  FetchHandler,
  Instrumented,
  McpInstrumentationConfig,
  McpOperationInfo,
  McpPeerInfo,
  SecretDetector,
} from './types.js';
