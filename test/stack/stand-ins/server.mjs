/** Shared by the stand-ins: an HTTP server on loopback that reads whole bodies and can reject requests. */
import { createServer } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';

/**
 * @typedef {object} Received
 * @property {string} method
 * @property {URL} url
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Buffer} body decompressed
 */
/** @typedef {{ status: number, headers?: Record<string, string>, body?: unknown }} Answer */

/** An error that the real server would return. */
export class Refused extends Error {
  /** @param {number} status @param {string} message @param {string} [type] */
  constructor(status, message, type) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/**
 * @param {object} options
 * @param {(received: Received) => Answer | Promise<Answer>} options.handle
 * @param {(error: Refused) => Answer} options.refuse formats an error like the real server
 * @param {number} [options.port] default: a free one
 */
export async function startServer({ handle, refuse, port = 0 }) {
  /** @type {Received[]} */
  const requests = [];
  /** Invalid requests, and errors of the stand-in; empty in a successful test. @type {string[]} */
  const complaints = [];

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    /** @type {Answer} */
    let answer;
    try {
      const received = {
        method: request.method ?? '',
        url: new URL(request.url ?? '/', 'http://stand-in'),
        headers: request.headers,
        body: unpacked(Buffer.concat(chunks), request.headers['content-encoding']),
      };
      requests.push(received);
      answer = await handle(received);
    } catch (error) {
      complaints.push(`${request.method} ${request.url}: ${error instanceof Refused ? error.message : error?.stack}`);
      answer = refuse(error instanceof Refused ? error : new Refused(500, String(error)));
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
  await new Promise((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined)),
  );
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    complaints,
    /** Stops it and closes open connections. */
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {Buffer} body @param {string | undefined} encoding */
function unpacked(body, encoding) {
  switch (encoding) {
    case undefined:
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'deflate':
      return inflateSync(body);
    default:
      throw new Refused(415, `content-encoding ${encoding} is not understood`);
  }
}

/** @param {Buffer} body @param {string} what */
export function json(body, what) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new Refused(400, `${what} is not JSON: ${error.message}`);
  }
}
