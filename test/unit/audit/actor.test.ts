import { describe, expect, it } from 'vitest';
import { type ActorSources, actorFields } from '../../../src/audit/actor.js';
import type { ClientCertificate, HttpFacts, Peer } from '../../../src/session/peer.js';

function peerWith(certificate: Partial<ClientCertificate> | undefined, auth?: Peer['auth']): Peer {
  const http = { notes: { operations: 0 }, certificate: () => certificate } as unknown as HttpFacts;
  return { address: undefined, port: undefined, httpVersion: undefined, http, ...(auth !== undefined && { auth }) };
}

const CERTIFICATE = { subject: 'CN=agent', sha256: 'ab', authorized: true };
const EVERYTHING: ActorSources = {
  identity: { id: 'u-1' },
  peer: peerWith(CERTIFICATE, { subject: 'sub', clientId: 'app' }),
  sender: { name: 'client' },
};

/** The sources of an actor, the most trusted first; each row lacks the sources of the rows above. */
const ORDER: readonly [string, string, ActorSources][] = [
  ['the hook', 'u-1 user hook', EVERYTHING],
  ['the subject of the token', 'sub user oauth', { ...EVERYTHING, identity: {} }],
  [
    'the client of the token',
    'app service oauth',
    { ...EVERYTHING, identity: undefined, peer: peerWith(CERTIFICATE, { clientId: 'app' }) },
  ],
  [
    'the client certificate',
    'CN=agent service mtls',
    { ...EVERYTHING, identity: undefined, peer: peerWith(CERTIFICATE) },
  ],
  [
    'its claimed name, if no authority signed the certificate',
    'client service self_asserted',
    { ...EVERYTHING, identity: undefined, peer: peerWith({ ...CERTIFICATE, authorized: false }) },
  ],
  [
    'its claimed name',
    'client service self_asserted',
    { identity: undefined, peer: undefined, sender: { name: 'client' } },
  ],
  ['nobody', 'anonymous user none', { identity: undefined, peer: undefined, sender: undefined }],
  [
    'nothing, if all strings are empty',
    'anonymous user none',
    { identity: { id: '' }, peer: peerWith({ ...CERTIFICATE, subject: '' }, { subject: '' }), sender: { name: '' } },
  ],
];

describe('the actor of a record', () => {
  it.each(ORDER)('comes from %s', (_source, expected, sources) => {
    const fields = actorFields(sources);
    expect([fields['audit.actor.id'], fields['audit.actor.type'], fields['mcp_audit.actor.source']].join(' ')).toBe(
      expected,
    );
  });
});
