/** Ports on loopback. */
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

const handedOut = new Set();

/** A port that is free and that this process has not handed out before. @returns {Promise<number>} */
export async function freePort() {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} on 127.0.0.1`);
}
