/** Uses every public export together with OpenTelemetry. Compiled as ESM and, as a copy, as CommonJS; never run. */
import { metrics, type Span, trace } from '@opentelemetry/api';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { BatchLogRecordProcessor, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  type Annotations,
  type Approver,
  type ArgumentPredicate,
  type AuditConfig,
  type AuditDelivery,
  type AuditSink,
  type AuthenticationEvent,
  type AuthorizationDecision,
  annotate,
  auditTokenVerifier,
  type CaptureRule,
  type ClassificationRule,
  type ConfigChange,
  type Delegation,
  type FetchHandler,
  FileLogRecordExporter,
  type FileLogRecordExporterOptions,
  type GuardrailVerdict,
  type Identity,
  type IdentityContext,
  type Instrumented,
  type InventorySnapshot,
  instrumentClient,
  instrumentHandler,
  instrumentServer,
  instrumentTransport,
  inventory,
  McpInstrumentation,
  type McpInstrumentationConfig,
  type McpOperationInfo,
  type McpPeer,
  type McpPeerInfo,
  type McpServerHolder,
  type PolicyDocument,
  recordAuthentication,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
  type SecretDetector,
  type ServerSelector,
  type ServerSnapshot,
  StderrLogRecordExporter,
  type StderrLogRecordExporterOptions,
  type ToolCapture,
} from 'mcp-trail';
import { type AuditRecord, type CefOptions, toCef, toOcsf } from 'mcp-trail/mappings';
import type {} from 'mcp-trail/register';
import * as semconv from 'mcp-trail/semconv';

const config: McpInstrumentationConfig = {
  enabled: true,
  trustIncomingContext: 'link',
  rpcStatusCodeAttribute: 'both',
  maxPendingOperations: 100,
  metricsSizes: true,
  propagateContext: (method: string, { transport }: McpPeerInfo) =>
    method !== 'acme/strict' && transport !== 'websocket',
  redact: (field: string, value: string) => (field === semconv.ATTR_GEN_AI_TOOL_CALL_RESULT ? undefined : value),
  requestHook: (span: Span, info: McpOperationInfo) =>
    span.setAttribute('acme.call', `${info.side} ${info.target ?? ''}`),
  responseHook: (span, { errorType = 'none' }) => span.setAttribute('acme.end', errorType),
};

export const instrumentation: Instrumentation = new McpInstrumentation(config);
registerInstrumentations({ instrumentations: [new McpInstrumentation(), [instrumentation]] });
export const sdk = new NodeSDK({ instrumentations: [new McpInstrumentation(config)] });
instrumentation.setTracerProvider(trace.getTracerProvider());
instrumentation.setMeterProvider(metrics.getMeterProvider());

const peer: McpPeer = { connect: async () => {} };
const holder: McpServerHolder = { server: peer };
const handler: FetchHandler = { fetch: async (request) => new Response(request.url) };
const transport = { start: async () => {}, send: async () => {}, close: async () => {} };
const handles: Instrumented[] = [
  instrumentClient(peer),
  instrumentClient(peer, config),
  instrumentServer(peer),
  instrumentServer(holder, config),
  instrumentHandler(handler),
  instrumentTransport(transport, config),
];
for (const handle of handles) handle.disable();

const identity = ({ side, method, auth }: IdentityContext): Identity | undefined =>
  side === 'server' && auth?.subject !== undefined ? { id: auth.subject, roles: [method], type: 'user' } : undefined;
const delivery: AuditDelivery[] = ['otel', 'file', 'stderr'];
const large: ArgumentPredicate = { min: 1000 };
const reads: ClassificationRule = { id: 'reads', tool: 'read_*', arguments: { amount: large }, verb: 'read' };
const limit: CaptureRule = { type: 'integer', max: 100 };
const search: ToolCapture = { arguments: { limit } };
const policy: PolicyDocument = { version: 1, rules: [reads], capture: { tools: { search } } };
const kept: string[] = [];
const sink: AuditSink = {
  name: 'webhook',
  accept: (record, text) => kept.push(text) > 0 && record.event_name !== undefined,
};
const audit: AuditConfig = {
  delivery,
  sinks: [sink],
  onFailure: 'block',
  fileSync: 'disk',
  toolLock: { file: 'tools.lock.json', enforce: true },
  actorIds: 'pseudonym',
  actorDetails: 'omit',
  identity,
  policy,
  digestKey: { id: 'k1', key: '00' },
  errorCodes: { '-32029': 'rate_limited' },
};
const detector: SecretDetector = { id: 'acme', detect: () => [] };
export const audited = new McpInstrumentation({ audit, detectors: [detector] });
export const auditedToo = new McpInstrumentation({ audit: true });

const fileOptions: FileLogRecordExporterOptions = { path: 'audit.jsonl', maxBytes: 4096 };
const stderrOptions: StderrLogRecordExporterOptions = { onError: ({ message, code }) => console.error(message, code) };
const logging = new LoggerProvider({
  processors: [
    new BatchLogRecordProcessor({ exporter: new FileLogRecordExporter(fileOptions) }),
    new SimpleLogRecordProcessor({ exporter: new StderrLogRecordExporter(stderrOptions) }),
  ],
});
audited.setLoggerProvider(logging);

const verifier = auditTokenVerifier({
  verifyAccessToken: async (token: string) => ({ token, clientId: 'c', scopes: ['read'], mine: true }),
});
export const mine: Promise<boolean> = verifier.verifyAccessToken('').then((verified) => verified.mine);

const approver: Approver = { id: 'u-2', type: 'user' };
const delegation: Delegation = { actors: ['agent-7'], id: 'grant-1' };
const decision: AuthorizationDecision = { decision: 'allow', policyId: 'p', approver, delegation };
const event: AuthenticationEvent = { event: 'login', actor: { id: 'u-1' } };
const verdict: GuardrailVerdict = { verdict: 'block', subject: 'arguments' };
const change: ConfigChange = { item: 'rate_limit', change: 'update' };
const selector: ServerSelector = { name: 'weather', endpoint: 'weather.example.com:443' };
const annotations: Annotations = { addedBy: 'platform', approval: 'approved', notes: null };
export const recorded: boolean[] = [
  recordAuthorization(decision),
  recordAuthentication(event),
  recordGuardrail(verdict),
  recordConfigChange(change),
  annotate('server', annotations),
  annotate(selector, annotations),
];
export const known: InventorySnapshot | undefined = inventory();
export const server: ServerSnapshot | undefined = known?.servers[0];
export const ocsf: Record<string, unknown> = toOcsf({} as AuditRecord);
const inCef: CefOptions = { maxBytes: 8000 };
export const cef: string = toCef({} as AuditRecord, inCef);

export const key: 'mcp.method.name' = semconv.ATTR_MCP_METHOD_NAME;
export const variable: string = semconv.ATTR_GEN_AI_PROMPT_VARIABLE('city');
export const metric: 'mcp.client.operation.duration' = semconv.METRIC_MCP_CLIENT_OPERATION_DURATION;
export const size: 'mcp_trail.response.size' = semconv.METRIC_MCP_TRAIL_RESPONSE_SIZE;
export const boundaries: readonly number[] = semconv.MCP_TRAIL_SIZE_BUCKETS;
export const method: 'tools/call' = semconv.MCP_METHOD_NAME_VALUE_TOOLS_CALL;
export const names: Record<string, unknown> = { ...semconv };

export const auditEvents: readonly semconv.AuditEventName[] = semconv.AUDIT_EVENTS;

// @ts-expect-error a version of policies that does not exist
export const unversioned: AuditConfig = { policy: { version: 2 } };
// @ts-expect-error an unknown delivery
export const undeliverable: AuditConfig = { delivery: 'mail' };
// @ts-expect-error an unknown option
export const misspelt: McpInstrumentationConfig = { captureArgument: true };
// @ts-expect-error an invalid value
export const misread: McpInstrumentationConfig = { trustIncomingContext: 'child' };
// @ts-expect-error something that cannot connect
instrumentClient({ name: 'no client' });
