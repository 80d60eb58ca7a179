/** A port on loopback where nothing listens. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A connection from this port keeps it for as long as the process lives: a port that was closed again is soon somebody else's, who then
 * receives what was meant to be refused.
 */
export async function refusingPort() {
  const server = createServer((socket) => socket.on('error', () => {}).unref()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  server.unref();
  socket.unref();
  return /** @type {number} */ (socket.localPort);
}
