import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/**
 * A backend with configurable responses. It parses nothing: tests find stored records by marks in the bytes, which are the same
 * in JSON and protobuf.
 */
export async function startBackend(port = 0) {
  const state = { status: 200, stored: '', requests: 0, largest: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      state.requests++;
      const raw = Buffer.concat(chunks);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('latin1');
      state.largest = Math.max(state.largest, text.length);
      if (state.status === 200) state.stored += text;
      response.setHeader('x-elastic-product', 'Elasticsearch');
      response.setHeader('content-type', request.headers['content-type'] ?? 'application/json');
      response.statusCode = state.status;
      response.end(request.url?.startsWith('/_bulk') && state.status === 200 ? bulkAnswer(text) : '');
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    state,

    /** How often each mark was stored. */
    counts: (marks: readonly string[]) => marks.map((mark) => state.stored.split(mark).length - 1),

    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type Backend = Awaited<ReturnType<typeof startBackend>>;

/** Elasticsearch's response for accepted documents, one per two lines. */
function bulkAnswer(text: string) {
  const documents = Math.floor(text.trimEnd().split('\n').length / 2);
  return JSON.stringify({
    took: 1,
    errors: false,
    items: Array.from({ length: documents }, () => ({ create: { status: 201 } })),
  });
}
