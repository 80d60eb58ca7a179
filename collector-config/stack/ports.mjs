/** Ports on loopback. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Below what systems give to outgoing connections: such a port is not taken between being found free and being used.
const FIRST = 20_000;
const LAST = 32_000;

/** Whether nobody listens on a port of loopback. @param {number} port @returns {Promise<boolean>} */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Claims a port for as long as this process lives. The claim is the port's namesake of UDP, which none of our programs uses:
 * another process cannot have it too, and the system gives it back however this one ends.
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

/** A port that is free, and that neither this process nor another one has been given here. @returns {Promise<number>} */
export async function freePort() {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} on 127.0.0.1`);
}
