/** mcp-trail with its audit trail: two records per side of a call, to a LoggerProvider that drops them. */
import { strict as assert } from 'node:assert';
import { logs } from '@opentelemetry/api-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { instrumentClient, instrumentServer } from 'mcp-trail';

let records = 0;

const processor = {
  onEmit({ attributes }) {
    if (attributes['mcp.method.name'] === 'tools/call') records += 1;
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** @type {import('./application.mjs').Addition['attach']} */
export function attach(client, server) {
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [processor] }));
  instrumentClient(client, { audit: true });
  instrumentServer(server, { audit: true });
}

/** Throws unless every call had its four records. @param {number} calls */
export function verify(calls) {
  assert.equal(records, 4 * calls, 'audit records of the calls');
}
