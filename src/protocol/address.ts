/** Normalises addresses, whether a socket, a proxy or a URL has written them. */

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
/** IPv4 as Node's default dual-stack listener reports nearly every caller. */
const MAPPED = new RegExp(`^::ffff:(${BYTE}(?:\\.${BYTE}){3})$`, 'i');
/** The same as two groups of hexadecimal digits. */
const MAPPED_GROUPS = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;
const IPV6_CHARACTERS = /^[\da-f:.]{2,45}$/i;

/**
 * IPv4-mapped IPv6 addresses become IPv4; other IPv6 addresses take the form of RFC 5952: no brackets, lower case, shortened.
 * Zones, which name an interface of one host, are removed. Host names become lower case.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5952
 */
export function normalAddress(given: string): string {
  const mapped = MAPPED.exec(given)?.[1];
  if (mapped !== undefined) return mapped;
  const bare = given.replace(/^\[(.*)\]$/s, '$1');
  const [address = ''] = bare.split('%', 1);
  const url = `http://[${address}]/`;
  if (!IPV6_CHARACTERS.test(address) || !URL.canParse(url)) return bare.toLowerCase();
  const short = new URL(url).hostname.slice(1, -1);
  const groups = MAPPED_GROUPS.exec(short);
  return groups === null ? short : [groups[1], groups[2]].flatMap((group) => bytesOf(group as string)).join('.');
}

function bytesOf(group: string): [number, number] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
