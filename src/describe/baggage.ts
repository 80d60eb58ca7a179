/** Which peers baggage may go to. Pure. */
import type { McpPeerInfo } from '../session/connection-info.js';

/**
 * Whether a peer is on a list of hosts, with or without port, and commands, with or without their first arguments. By
 * what the client has configured, never by what the peer says: whom no client has configured is on no list.
 */
export function mayHaveBaggage(list: readonly string[], { host, port, command, args = [] }: McpPeerInfo): boolean {
  if (list.includes('*')) return true;
  if (host !== undefined) {
    const names = host.includes(':') ? [host, `[${host}]`] : [host];
    const known = names.flatMap((name) => [name, `${names.at(-1)}:${port}`]);
    return list.some((entry) => known.includes(entry.toLowerCase()));
  }
  if (command === undefined) return false;
  return args.concat('').some((_, count) => list.includes([command, ...args.slice(0, count)].join(' ')));
}
