/**
 * OpenTelemetry for the Model Context Protocol. Any export added here becomes public API.
 *
 * @packageDocumentation
 */
export { instrumentClient, instrumentServer, instrumentTransport } from './hook/manual.js';
export { McpInstrumentation } from './instrumentation.js';
export type { Instrumented, McpInstrumentationConfig, McpOperationInfo } from './types.js';
