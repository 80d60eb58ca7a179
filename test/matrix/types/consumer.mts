/** Uses every public export beside OpenTelemetry. Compiled as an ES module and, copied, as CommonJS; never run. */
import { metrics, type Span, trace } from '@opentelemetry/api';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  type FetchHandler,
  type Instrumented,
  instrumentClient,
  instrumentHandler,
  instrumentServer,
  instrumentTransport,
  McpInstrumentation,
  type McpInstrumentationConfig,
  type McpOperationInfo,
  type McpPeer,
  type McpServerHolder,
} from 'mcp-trail';
import type {} from 'mcp-trail/register';
import * as semconv from 'mcp-trail/semconv';

const config: McpInstrumentationConfig = {
  enabled: true,
  trustIncomingContext: 'link',
  rpcStatusCodeAttribute: 'both',
  maxPendingOperations: 100,
  propagateContext: (method: string) => method !== 'acme/strict',
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

export const key: 'mcp.method.name' = semconv.ATTR_MCP_METHOD_NAME;
export const variable: string = semconv.ATTR_GEN_AI_PROMPT_VARIABLE('city');
export const metric: 'mcp.client.operation.duration' = semconv.METRIC_MCP_CLIENT_OPERATION_DURATION;
export const method: 'tools/call' = semconv.MCP_METHOD_NAME_VALUE_TOOLS_CALL;
export const names: Record<string, string | readonly (string | number)[] | ((key: string) => string)> = { ...semconv };

// @ts-expect-error an unknown option is a mistake that the compiler has to find
export const misspelt: McpInstrumentationConfig = { captureArgument: true };
// @ts-expect-error so is a value that no option accepts
export const misread: McpInstrumentationConfig = { trustIncomingContext: 'child' };
// @ts-expect-error and so is something that cannot connect
instrumentClient({ name: 'no client' });
