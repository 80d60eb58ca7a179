/**
 * The agent: an MCP client that starts the travel server over stdio and makes three requests.
 * It contains no mcp-trail code; it creates the span around the whole job itself.
 */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { trace } from '@opentelemetry/api';

const { BOOKING_URL, DEMO_PROTOCOL } = process.env;

const client = new Client(
  { name: 'agent', version: '1.0.0' },
  {
    capabilities: { sampling: {} },
    // By default, the SDK uses protocol versions before 2026-07-28.
    ...(DEMO_PROTOCOL === '2026-07-28' && { versionNegotiation: { mode: { pin: DEMO_PROTOCOL } } }),
  },
);

// Stands in for a language model, which the travel server asks through this client.
client.setRequestHandler('sampling/createMessage', () => ({
  role: 'assistant',
  model: 'demo-model',
  content: { type: 'text', text: 'Lisbon' },
}));

const travelServer = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('./travel-server.mjs', import.meta.url))],
  env: { OTEL_SERVICE_NAME: 'travel', BOOKING_URL },
});

await trace.getTracer('agent').startActiveSpan('plan a weekend', async (span) => {
  try {
    await client.connect(travelServer);
    await client.listTools();
    await call('plan_trip', { wish: 'by the sea' });
    await call('check_visa', { country: 'Portugal' });
    await call('book_trip', { city: 'Lisbon' });
    await client.close();
  } finally {
    span.end();
  }
});

/**
 * @param {string} name
 * @param {Record<string, unknown>} args
 */
async function call(name, args) {
  const { content, isError } = await client.callTool({ name, arguments: args });
  console.log(`${name}: ${isError ? 'failed, ' : ''}${content[0].text}`);
}
