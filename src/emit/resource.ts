/** What the SDK knows of the service: the resource of its spans, which the API does not show. */
import type { Span } from '@opentelemetry/api';
import { asRecord } from '../protocol/jsonrpc.js';

/** A text attribute of the resource that a span belongs to; nothing of a span that is not recorded. */
export function resourceAttribute(span: Span, key: string): string | undefined {
  const resource = asRecord((span as { resource?: unknown }).resource);
  const value = asRecord(resource?.['attributes'])?.[key];
  return typeof value === 'string' ? value : undefined;
}
