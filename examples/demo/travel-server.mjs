/** The travel server: MCP over stdio with SDK v2, and a client of the booking server. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const bookingTransport = new StreamableHTTPClientTransport(new URL(process.env.BOOKING_URL));
const booking = new Client({ name: 'travel', version: '1.0.0' });
/** @type {Promise<void> | undefined} */
let connected;

/**
 * Connects on the first call.
 *
 * @param {string} name
 * @param {Record<string, unknown>} args
 */
async function callBooking(name, args) {
  connected ??= booking.connect(bookingTransport);
  await connected;
  return booking.callTool({ name, arguments: args });
}

function createServer() {
  const server = new McpServer({ name: 'travel', version: '1.0.0' });

  server.registerTool(
    'plan_trip',
    { description: 'Finds a city and a room', inputSchema: z.object({ wish: z.string() }) },
    async ({ wish }, { mcpReq }) => {
      // Asks the model behind the client. With 2026-07-28, this result ends the first round and the client calls again
      // with the answer; with older protocols, the SDK turns it into a sampling request.
      const answer = inputResponse(mcpReq.inputResponses, 'city');
      if (answer.kind !== 'sampling') {
        const question = { role: 'user', content: { type: 'text', text: `One city, ${wish}: which?` } };
        const city = inputRequired.createMessage({ messages: [question], maxTokens: 10 });
        return inputRequired({ inputRequests: { city } });
      }
      return callBooking('find_rooms', { city: answer.result.content.text });
    },
  );

  server.registerTool(
    'check_visa',
    { description: 'Says whether a visa is needed', inputSchema: z.object({ country: z.string() }) },
    ({ country }) => ({ isError: true, content: [{ type: 'text', text: `no visa rules known for ${country}` }] }),
  );

  server.registerTool(
    'book_trip',
    { description: 'Reserves a room', inputSchema: z.object({ city: z.string() }) },
    async ({ city }) => callBooking('reserve_room', { city }),
  );

  server.server.onclose = async () => {
    if (!connected) return;
    await bookingTransport.terminateSession();
    await booking.close();
  };
  return server;
}

serveStdio(createServer);
