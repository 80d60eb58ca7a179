/**
 * OpenTelemetry for the Model Context Protocol. Any export added here becomes public API.
 *
 * @packageDocumentation
 */
export type { FetchHandler } from './hook/http-listen.js';
export {
  instrumentClient,
  instrumentHandler,
  instrumentServer,
  instrumentTransport,
  type McpPeer,
  type McpServerHolder,
} from './hook/manual.js';
export { McpInstrumentation } from './instrumentation.js';
export type { Instrumented, McpInstrumentationConfig, McpOperationInfo } from './types.js';
