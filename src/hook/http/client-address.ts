/** The address of the client that sent an HTTP request. */
import { isIP } from 'node:net';
import { normalAddress } from '../../protocol/address.js';
import type { Peer } from '../../session/peer.js';
import type { HttpRequest } from './request.js';

/** The other end of the connection or, if a proxy is trusted, the client that it names. */
export function peerOf(http: HttpRequest, trustProxy: boolean): Peer {
  const { peerAddress, port, httpVersion } = http;
  const forwarded = trustProxy ? (http.header('forwarded') ?? http.header('x-forwarded-for')) : undefined;
  const address = forwarded === undefined ? undefined : forwardedAddress(forwarded);
  return address === undefined
    ? { address: peerAddress, port, httpVersion, http }
    : { address, port: undefined, httpVersion, http };
}

/** Longer headers are ignored. */
const MAX_FORWARDED_LENGTH = 1024;

/**
 * The first address of an `X-Forwarded-For` list or the first `for=` of a `Forwarded` one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-6
 */
export function forwardedAddress(header: string): string | undefined {
  if (header.length > MAX_FORWARDED_LENGTH) return undefined;
  const first = (header.split(',', 1)[0] as string).trim();
  const node = /(?:^|;)\s*for="?([^";]+)"?/i.exec(first)?.[1] ?? first;
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(node)?.[1] ?? node.replace(/^([\d.]+):\d+$/, '$1');
  return isIP(address) === 0 ? undefined : normalAddress(address);
}
