/**
 * The agent: an MCP client that starts the travel server over stdio and works through three wishes.
 * It knows nothing of mcp-trail; the span around the whole job is its own.
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
    // The SDK speaks the protocols before 2026-07-28 unless it is told to ask for that one.
    ...(DEMO_PROTOCOL === '2026-07-28' && { versionNegotiation: { mode: { pin: DEMO_PROTOCOL } } }),
  },
);

// In place of a language model: the travel server asks it through this client.
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
