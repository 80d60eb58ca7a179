/** Which peers may receive baggage. Pure. */
import type { McpPeerInfo } from '../session/connection-info.js';

/**
 * Matches a peer with a list of hosts, with or without port, and commands, with or without leading arguments. Only the
 * configuration of the client counts, not what the peer claims.
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
