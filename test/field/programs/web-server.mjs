/** Serves a handler of web requests on PORT, with Node's own HTTP server. */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** @param {(request: Request) => Promise<Response>} handle */
export function serve(handle) {
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = method === 'POST' ? await buffer(incoming) : undefined;
    const request = new Request(`http://127.0.0.1${url}`, { method, headers: Object.entries(headers), body });
    const response = await handle(request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    for await (const chunk of response.body ?? []) outgoing.write(chunk);
    outgoing.end();
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
}
