/** A Collector that keeps the raw bytes of requests, decompressed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Collector {
  readonly url: string;
  /** All request bodies, by path. */
  readonly bodies: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const bodies = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray());
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const path = request.url ?? '';
    bodies.set(path, `${bodies.get(path) ?? ''}${body.toString('utf8')}\n${JSON.stringify(request.headers)}\n`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
