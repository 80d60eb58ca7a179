/** Finds free ports on loopback. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Below the ephemeral range, so that no outgoing connection takes a port between the check and its use.
const FIRST = 20_000;
const LAST = 32_000;

/** Whether a loopback port is free. @param {number} port @returns {Promise<boolean>} */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Claims a port for the lifetime of this process by binding the same UDP port, which none of our programs uses: no other
 * process can claim it, and the system releases it however this process ends.
 *
 * @param {number} port @returns {Promise<boolean>}
 */
function claim(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

/** A free port that no process has claimed here. @returns {Promise<number>} */
export async function freePort() {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} on 127.0.0.1`);
}
