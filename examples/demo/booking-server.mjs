/** The booking server: MCP over Streamable HTTP with SDK v1, on top of a plain HTTP service. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { SpanKind, trace } from '@opentelemetry/api';

const { HOTEL_API_URL } = process.env;
const inputSchema = { type: 'object', properties: { city: { type: 'string' } } };

/** @type {Record<string, (city: string) => Promise<object>>} */
const tools = {
  async find_rooms(city) {
    const rooms = await getJson(`${HOTEL_API_URL}/rooms?city=${encodeURIComponent(city)}`);
    return { content: [{ type: 'text', text: `${rooms.free} rooms free in ${city}` }] };
  },
  async reserve_room() {
    throw new Error('the hotel does not answer');
  },
};

/**
 * A GET with the span that OpenTelemetry's HTTP instrumentation would create, handwritten to avoid the dependency.
 *
 * @param {string} url
 */
function getJson(url) {
  const { hostname, port } = new URL(url);
  const attributes = {
    'http.request.method': 'GET',
    'url.full': url,
    'server.address': hostname,
    'server.port': Number(port),
  };
  return trace.getTracer('booking').startActiveSpan('GET', { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      const response = await fetch(url);
      span.setAttribute('http.response.status_code', response.status);
      return await response.json();
    } finally {
      span.end();
    }
  });
}

function createMcpServer() {
  const server = new Server({ name: 'booking', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.keys(tools).map((name) => ({ name, inputSchema })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => tools[params.name](String(params.arguments?.city)));
  return server;
}

/** @type {Map<unknown, StreamableHTTPServerTransport>} */
const sessions = new Map();

async function openSession() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await createMcpServer().connect(transport);
  return transport;
}

const http = createServer(async (request, response) => {
  const transport = sessions.get(request.headers['mcp-session-id']) ?? (await openSession());
  await transport.handleRequest(request, response);
});

http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));

process.once('SIGTERM', () => {
  http.close();
  http.closeAllConnections();
});
