/** The TLS certificate that the client of an HTTP request has shown. */
import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../session/peer.js';

/** A connection keeps its certificate, and reading it decodes it: once for all requests that come by it. */
const known = new WeakMap<object, ClientCertificate>();

/** What a connection's client has shown, if anything; once the connection is gone, what was read while it stood. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  const kept = known.get(socket);
  if (kept !== undefined) return kept;
  const { getPeerCertificate, authorized } = socket as TLSSocket;
  if (typeof getPeerCertificate !== 'function') return undefined;
  // An empty object without a certificate, null after the connection's end.
  const shown = getPeerCertificate.call(socket) as PeerCertificate | null | undefined;
  if (typeof shown?.fingerprint256 !== 'string') return undefined;
  const certificate: ClientCertificate = {
    subject: subjectName(shown.subject),
    sha256: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
    authorized: authorized === true,
  };
  known.set(socket, certificate);
  return certificate;
}

/** Certificates say the country first and the name last; RFC 4514 writes it the other way round. */
function subjectName(subject: object | null | undefined): string {
  const parts = Object.entries(subject ?? {}).flatMap(([type, values]) =>
    [values].flat().map((value) => `${type}=${escaped(String(value))}`),
  );
  return parts.reverse().join(',');
}

// Besides what the RFC asks for, control characters: a subject is one line.
function escaped(value: string): string {
  return value.replace(/[",+;<>\\]|^[ #]| $/g, '\\$&').replace(/\p{Cc}/gu, hexPairs);
}

function hexPairs(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
