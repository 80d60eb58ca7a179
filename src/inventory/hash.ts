import { createHash } from 'node:crypto';

/** SHA-256 of a text in UTF-8, as 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The key of a server, `mcp_audit.server.id`: the first 32 hexadecimal digits of SHA-256 over `["name","endpoint"]`, with
 * `null` for what is not known. The name is the server's own claim: two servers without an endpoint that call themselves
 * the same are one.
 */
export function serverId(name: string | undefined, endpoint: string | undefined): string {
  return sha256(JSON.stringify([name ?? null, endpoint ?? null])).slice(0, 32);
}
