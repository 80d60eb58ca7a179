import { rename, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { authority, certificates } from './support/certificates.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { type Credentials, sendGrpc, sendHttp } from './support/credentials-check.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';
import { auditFile, readLogs } from './support/sink.js';

type Pair = { cert: string; key: string };

let place: Place;
let ours: Awaited<ReturnType<typeof certificates>>;
let member: Pair;
let certs: Record<string, Pair | undefined>;
let running: Running | undefined;

beforeAll(async () => {
  place = await collectorPlace();
  ours = await certificates(place.folder);
  const theirs = await authority(place.folder, 'theirs');
  member = await ours.ours.issue('member');
  certs = {
    'no certificate': undefined,
    "a stranger's certificate": await theirs.issue('stranger'),
    'an expired certificate': await ours.ours.issue('former-member', { expired: true }),
    "a member's certificate": member,
  };
});
afterEach(async () => {
  await running?.kill();
});
afterAll(() => place.remove());

const TOKEN = 'a-token-of-a-member';
const TOKENS = {
  'no token': undefined,
  'a wrong token': 'a-token-of-nobody',
  'an empty token': '',
  'the token': TOKEN,
};

/** Sends a request over both protocols and returns whether each was admitted. */
async function send(who: Omit<Credentials, 'ca'>, name: string) {
  const credentials = { ca: ours.ours.ca, ...who };
  const record = (protocol: string) => ({ eventName: 'mcp_audit.session', body: `${protocol}: ${name}` });
  const { MCP_OTLP_HTTP_PORT: http, MCP_OTLP_GRPC_PORT: grpc } = place.ports as Record<string, number>;
  return {
    http: await sendHttp(http as number, credentials, logsRequest([record('http')])),
    grpc: await sendGrpc(grpc as number, credentials, record('grpc')),
  };
}

const ADMITTED = { http: 'admitted', grpc: 'admitted' };

/** All received bodies, once the expected ones have arrived: none of a refused request. */
async function arrived(expected: string[]) {
  const read = async () => (await readLogs(auditFile(place.sink))).map(({ body }) => body.stringValue);
  const found = await eventually('all that were admitted', read, {
    accept: (bodies) => expected.every((body) => bodies.includes(body)),
  });
  return new Set(found);
}

describe.each([
  { overlays: ['tls'], needsCert: true, needsToken: false },
  { overlays: ['auth-bearer'], needsCert: false, needsToken: true },
  { overlays: ['tls', 'auth-bearer'], needsCert: true, needsToken: true },
])('$overlays', ({ overlays, needsCert, needsToken }) => {
  const label = overlays.join('+');

  it('admits members and refuses all others, over gRPC and HTTP', async () => {
    running = await place.start({ backends: ['debug'], overlays, sink: true }, ours.server);
    const expected: string[] = [];
    for (const [certName, cert] of Object.entries(certs)) {
      for (const [tokenName, token] of Object.entries(TOKENS)) {
        const name = `${label}, ${certName}, ${tokenName}`;
        const answers = await send({ cert, token }, name);
        const valid = (!needsCert || cert === member) && (!needsToken || token === TOKEN);
        if (valid) expected.push(`http: ${name}`, `grpc: ${name}`);
        const admitted = Object.fromEntries(Object.entries(answers).map(([key, value]) => [key, value === 'admitted']));
        expect({ name, ...admitted }).toEqual({ name, http: valid, grpc: valid });
      }
    }
    expect(expected.length).toBeGreaterThan(0);
    const bodies = await arrived(expected);
    expect([...bodies].filter((body) => body.includes(`: ${label},`)).sort()).toEqual(expected.sort());
  });

  it('refuses old TLS versions and plain text', async () => {
    running = await place.start({ backends: ['debug'], overlays, sink: true }, ours.server);
    const answers = await send({ cert: member, token: TOKEN, maxVersion: 'TLSv1.2' }, `${label} old`);
    expect(answers.http).toMatch(/protocol version/i);
    expect(answers.grpc).toMatch(/protocol version|closed/i);
    const plain = await post(place.otlp, '/v1/logs', logsRequest([{ body: 'plain' }])).catch(() => ({ status: 0 }));
    expect(plain.status).not.toBe(200);
    expect(await send({ cert: member, token: TOKEN }, `${label} new`)).toEqual(ADMITTED);
  });
});

describe('the token file', () => {
  const inPlace = (file: string, text: string) => writeFile(file, text);
  const byRename = async (file: string, text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };

  it.each([
    ['in place', inPlace],
    ['by rename', byRename],
  ])('is reloaded when it is replaced %s', async (_, replace) => {
    const file = join(place.folder, 'rotating-token');
    await writeFile(file, 'first');
    const env = { ...ours.server, MCP_INGEST_TOKEN_FILE: file };
    running = await place.start({ backends: ['debug'], overlays: ['auth-bearer'], sink: true }, env);
    expect(await send({ token: 'first' }, 'first')).toEqual(ADMITTED);
    await replace(file, 'second\n');
    await eventually('new token to be taken', () => send({ token: 'second' }, 'second'), {
      accept: ({ http, grpc }) => http === 'admitted' && grpc === 'admitted',
    });
    expect(await send({ token: 'first' }, 'first')).not.toMatchObject({ http: 'admitted' });
    expect(await send({ token: 'first' }, 'first')).not.toMatchObject({ grpc: 'admitted' });
  });

  it('can hold two tokens, for rotation', async () => {
    const file = join(place.folder, 'two-tokens');
    await writeFile(file, 'first\nsecond\n');
    const env = { ...ours.server, MCP_INGEST_TOKEN_FILE: file };
    running = await place.start({ backends: ['debug'], overlays: ['auth-bearer'], sink: true }, env);
    expect(await send({ token: 'first' }, 'one of two')).toEqual(ADMITTED);
    expect(await send({ token: 'second' }, 'two of two')).toEqual(ADMITTED);
    expect((await send({ token: '' }, 'none of two')).http).toBe('401');
  });

  it('fails the start by name if it is empty', async () => {
    const file = join(place.folder, 'empty-token');
    await writeFile(file, '\n');
    const choice = { backends: ['debug'], overlays: ['auth-bearer'] };
    const { code, output } = await place.failedStart(choice, { ...ours.server, MCP_INGEST_TOKEN_FILE: file });
    expect(output).toContain(`credentials file "${file}" is empty`);
    expect(code).toBe(1);
  });
});

it('the Collector is not reachable from other machines without an overlay', async () => {
  running = await place.start({ backends: ['debug'] }, { ...ours.server, MCP_OTLP_BIND: '0.0.0.0' });
  const addresses = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
  for (const address of [...addresses, '127.0.0.2']) {
    for (const port of Object.values(place.ports)) {
      const answer = await fetch(`http://${address}:${port}/`).catch((error) => error.cause.code);
      expect(answer).toMatch(/ECONNREFUSED/);
    }
  }
});
