/** What results hold that matters beyond them: requests, and what later results look like. */
import { asRecord } from '../protocol/jsonrpc.js';
import { reportFailure } from '../report/report.js';
import type { MethodMessage } from './starter.js';

/** A request that is part of a result; nothing where it is none. */
export function callOf(request: unknown): MethodMessage | undefined {
  try {
    const { method, params } = (asRecord(request) ?? {}) as Partial<MethodMessage>;
    return typeof method === 'string' ? { method, params } : undefined;
  } catch (error) {
    reportFailure('reading an embedded request', error);
    return undefined;
  }
}

/** Whether a tool says what its results look like: a client that knows checks them. */
export function declaresResults(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool) => asRecord(tool)?.['outputSchema'] !== undefined);
}
