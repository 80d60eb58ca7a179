import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { certificateOf } from '../../../../src/hook/http/client-certificate.js';
import { currentHttpRequest, watchHttpServer } from '../../../../src/hook/http/current-request.js';
import type { ClientCertificate, HttpFacts } from '../../../../src/session/peer.js';
import { type Identity, selfSigned } from './certificates.js';
import { ask, listen, serve, undoing } from './http-servers.js';

const later = undoing();
const serverIdentity = selfSigned([['CN', 'localhost']]);

/** The facts of one request by a client with this certificate, after its response was sent. */
async function factsOf(client: Identity | undefined, trusted: boolean, read: (facts: HttpFacts) => void) {
  later(watchHttpServer());
  let facts: HttpFacts | undefined;
  const ca = trusted && client !== undefined ? [client.cert] : [];
  const server = createServer(
    { ...serverIdentity, ca, requestCert: true, rejectUnauthorized: false },
    (_, response) => {
      facts = currentHttpRequest() as HttpFacts;
      read(facts);
      response.end();
    },
  );
  const port = await listen(server as unknown as Server, later);
  const sent = request({ host: '127.0.0.1', port, agent: false, ...client, rejectUnauthorized: false }).end();
  const [response] = await once(sent, 'response');
  await once(response.resume(), 'close');
  if (facts === undefined) throw new Error('no request came');
  return facts;
}

async function certificate(client: Identity | undefined, trusted: boolean): Promise<ClientCertificate | undefined> {
  let shown: ClientCertificate | undefined;
  await factsOf(client, trusted, (facts) => {
    shown = facts.certificate();
  });
  return shown;
}

describe('the certificate of a client', () => {
  it('is missing without TLS', async () => {
    later(watchHttpServer());
    let shown: unknown = 'not read';
    const port = await serve((_, response) => {
      shown = currentHttpRequest()?.certificate();
      response.end();
    }, later);
    await ask(port);
    expect(shown).toBeUndefined();
  });

  it('is missing if the client has none', async () => {
    expect(await certificate(undefined, true)).toBeUndefined();
  });

  it('is read, and marked as not authorized', async () => {
    const client = selfSigned([['CN', 'agent']]);
    expect(await certificate(client, false)).toEqual({ subject: 'CN=agent', sha256: client.sha256, authorized: false });
  });

  it('is read, and marked as authorized', async () => {
    const client = selfSigned([
      ['C', 'AT'],
      ['O', 'Example'],
      ['OU', 'Billing'],
      ['OU', 'Agents'],
      ['CN', 'agent-7'],
    ]);
    expect(await certificate(client, true)).toEqual({
      subject: 'CN=agent-7,OU=Agents,OU=Billing,O=Example,C=AT',
      sha256: client.sha256,
      authorized: true,
    });
  });

  it('may have no subject', async () => {
    const client = selfSigned([]);
    expect(await certificate(client, true)).toMatchObject({ subject: '', sha256: client.sha256 });
  });

  it.each([
    ['a,b+c"d\\e<f>g;h', 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h'],
    [' padded ', 'CN=\\ padded\\ '],
    ['#1', 'CN=\\#1'],
    ['a\nb\u0085c\u0000', 'CN=a\\0ab\\c2\\85c\\00'],
    ['Ünïcode, O=Admin', 'CN=Ünïcode\\, O=Admin'],
  ])('with the name %o is one subject: %s', async (name, subject) => {
    expect((await certificate(selfSigned([['CN', name]]), true))?.subject).toBe(subject);
  });

  it('is still known after the connection has closed, if it was read before', async () => {
    const client = selfSigned([['CN', 'agent']]);
    const facts = await factsOf(client, true, (request) => request.certificate());
    expect(facts.certificate()).toMatchObject({ subject: 'CN=agent' });
  });

  it('is decoded once per connection', () => {
    let reads = 0;
    const socket = { getPeerCertificate: () => ({ fingerprint256: `AB:C${reads++}` }) } as never;
    expect(certificateOf(socket)).toBe(certificateOf(socket));
    expect(certificateOf(socket)).toEqual({ subject: '', sha256: 'abc0', authorized: false });
  });
});
