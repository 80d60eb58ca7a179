/** What the SDK knows of the service: the resource of its spans, which the API does not show. */
import type { Span } from '@opentelemetry/api';
import { asRecord } from '../protocol/jsonrpc.js';

interface Resource {
  /** Reading `attributes` by then is an error that the SDK reports. */
  readonly asyncAttributesPending?: boolean;
  readonly attributes?: unknown;
  /** Those that are known and those that are not, the first of a name counts. */
  getRawAttributes?(): readonly (readonly [string, unknown])[];
}

/** A text attribute of the resource that a span belongs to; nothing of a span that is not recorded. */
export function resourceAttribute(span: Span, key: string): string | undefined {
  const resource = asRecord((span as { resource?: unknown }).resource) as Resource | undefined;
  const value = resource?.asyncAttributesPending
    ? resource.getRawAttributes?.().find(([name, found]) => name === key && found !== undefined)?.[1]
    : asRecord(resource?.attributes)?.[key];
  return typeof value === 'string' ? value : undefined;
}
