/** A syslog listener: RFC 5424 messages, octet-counted over TLS as in RFC 5425. It keeps no connection that breaks their rules. */
import { once } from 'node:events';
import { createServer } from 'node:tls';

const TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const MESSAGE =
  /^<(0|[1-9]\d{0,2})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (-|\[[^\]]+\])(?: ([\s\S]*))?$/;
const MAX_DIGITS = 7;

/** @typedef {{ priority: number, time: string, host: string, app: string, process: string, id: string, data: string, text: string, bytes: number }} Message */

/** @param {Buffer} bytes one message @returns {Message} */
export function parseSyslog(bytes) {
  const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const [, priority, time = '', host = '', app = '', process = '', id = '', data = '', text = ''] =
    MESSAGE.exec(whole) ?? [];
  if (priority === undefined || Number(priority) > 191) throw new Error(`no RFC 5424 message: ${whole.slice(0, 200)}`);
  if (time !== '-' && !TIME.test(time)) throw new Error(`no timestamp: ${time}`);
  return { priority: Number(priority), time, host, app, process, id, data, text, bytes: bytes.length };
}

/** The messages at the start of a stream, and its rest. @param {Buffer} stream */
export function frames(stream) {
  const found = [];
  let rest = stream;
  for (;;) {
    const space = rest.indexOf(0x20);
    const digits = rest.subarray(0, space < 0 ? MAX_DIGITS + 1 : space).toString('latin1');
    if (digits === '' && space < 0) break;
    if (!/^[1-9]\d*$/.test(digits) || digits.length > MAX_DIGITS)
      throw new Error(`no length of a message: ${JSON.stringify(digits)}`);
    const end = space + 1 + Number(digits);
    if (space < 0 || rest.length < end) break;
    found.push(rest.subarray(space + 1, end));
    rest = rest.subarray(end);
  }
  return { found, rest };
}

/**
 * @param {object} options
 * @param {Buffer} options.cert
 * @param {Buffer} options.key
 * @param {Buffer} [options.ca] of clients, which then need a certificate
 * @param {number} [options.port] default: a free one
 */
export async function startSyslog({ cert, key, ca, port = 0 }) {
  /** @type {Message[]} */
  const messages = [];
  /** What broke the rules. @type {string[]} */
  const wrong = [];
  /** @type {Set<import('node:tls').TLSSocket>} */
  const open = new Set();
  const told = { connections: 0, bytes: 0, deaf: false };
  const server = createServer(
    { cert, key, ...(ca && { ca, requestCert: true, rejectUnauthorized: true }) },
    (socket) => {
      told.connections++;
      open.add(socket);
      let rest = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        told.bytes += chunk.length;
        if (told.deaf) return;
        try {
          const read = frames(Buffer.concat([rest, chunk]));
          rest = Buffer.from(read.found.length ? read.rest : Buffer.concat([rest, chunk]));
          messages.push(...read.found.map(parseSyslog));
        } catch (error) {
          wrong.push(String(error));
          socket.destroy();
        }
      });
      socket.on('end', () => {
        if (rest.length > 0 && !told.deaf) wrong.push(`half a message: ${rest.subarray(0, 80)}`);
      });
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => {});
    },
  );
  server.on('tlsClientError', (error) => wrong.push(String(error)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    messages,
    wrong,
    told,
    /** Like a process that is killed: what it has received and not read is gone. */
    async kill() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
