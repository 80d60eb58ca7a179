/** The client of the AI SDK (`@ai-sdk/mcp`), whose package exports neither its class nor its transports. */
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord } from '../../protocol/jsonrpc.js';
import { attachForOwner } from '../transport/attach-at-start.js';

/** Attaches to the transport of a client that is about to start. */
export function attachAiClient(client: object, pipeline: Pipeline): void {
  const transport = asRecord((client as { readonly transport?: unknown }).transport);
  if (typeof transport?.['send'] === 'function') attachForOwner(transport, pipeline, 'client');
}
