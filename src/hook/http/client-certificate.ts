/** The TLS certificate of an HTTP client. */
import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../session/peer.js';

/** By the connection: reading a certificate decodes it, and a connection carries many requests. */
const certificates = new WeakMap<object, ClientCertificate>();

/** The certificate of a connection's client, if any. After the connection has closed, only one that was read before. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  const kept = certificates.get(socket);
  if (kept !== undefined) return kept;
  const { getPeerCertificate, authorized } = socket as TLSSocket;
  if (typeof getPeerCertificate !== 'function') return undefined;
  // An empty object if the client has none, null after the connection has closed.
  const shown = getPeerCertificate.call(socket) as PeerCertificate | null | undefined;
  if (typeof shown?.fingerprint256 !== 'string') return undefined;
  const certificate: ClientCertificate = {
    subject: subjectName(shown.subject),
    sha256: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
    authorized: authorized === true,
  };
  certificates.set(socket, certificate);
  return certificate;
}

/** In the order of RFC 4514: from the name to the country, the reverse of the certificate's. */
function subjectName(subject: object | null | undefined): string {
  const parts = Object.entries(subject ?? {}).flatMap(([type, values]) =>
    [values].flat().map((value) => `${type}=${escaped(String(value))}`),
  );
  return parts.reverse().join(',');
}

// Escapes control characters too, which the RFC does not require: a subject is one line.
function escaped(value: string): string {
  return value.replace(/[",+;<>\\]|^[ #]| $/g, '\\$&').replace(/\p{Cc}/gu, hexPairs);
}

function hexPairs(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
