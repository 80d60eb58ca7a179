/** A loopback OTLP/HTTP (JSON) endpoint that counts spans, to prove that the instrumented run was instrumented. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

const SCOPE = 'mcp-trail';

export async function startOtlpReceiver() {
  let spans = 0;
  /** @type {Set<unknown>} */
  const processes = new Set();

  const server = createServer(async (request, response) => {
    const body = /** @type {any} */ (await json(request).catch(() => ({})));
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      const ours = scopeSpans.filter((/** @type {any} */ group) => group.scope.name === SCOPE);
      if (ours.length === 0) continue;
      for (const group of ours) spans += group.spans.length;
      processes.add(resource.attributes.find((/** @type {any} */ { key }) => key === 'process.pid')?.value.intValue);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** Our spans since the last call, and the number of processes that sent them. */
    take() {
      const taken = { spans, processes: processes.size };
      spans = 0;
      processes.clear();
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
