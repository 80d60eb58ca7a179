/** Calls the tools of the server at a URL inside its own span, and prints the results. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { trace } from '@opentelemetry/api';

const [url] = process.argv.slice(2);
const client = new Client(
  { name: 'matrix-client', version: '1.0.0' },
  { versionNegotiation: { mode: { pin: '2026-07-28' } } },
);
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const results = await trace.getTracer('matrix').startActiveSpan('agent', async (span) => {
  const add = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  const fail = await client.callTool({ name: 'fail', arguments: {} });
  span.end();
  return { add, fail };
});
await client.close();
console.log(JSON.stringify(results));
