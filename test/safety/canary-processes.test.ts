/** Real server processes with canaries in their arguments, environment and files, and in everything sent to them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from './canary/collector.js';
import { BARE_NUMBERS, type Kind, LOOK_ALIKES, MARKER, noise, PERSONAL, SECRETS } from './canary/kinds.js';
import type { Hit } from './canary/search.js';
import { Sweep } from './canary/sweep.js';
import { Child } from './child.js';
import { HANDSHAKE } from './stdio-servers.js';

const REGISTER = new URL('../../dist/esm/register.js', import.meta.url).href;
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url));

/** Of the process itself: only the path of the program. */
const OF_PROCESS = ['name of a file', 'name of a folder'];
const NEVER_OF_PROCESS = ['argument of the process', 'bare argument of the process', 'environment'];

/** Which fields reach an output, and which never do. */
const STDIO = {
  leaving: [...['argument key', 'method', ...OF_PROCESS, 'notification', 'request id', 'tool name', 'tracestate']],
  never: ['_meta key', '_meta value', 'argument value', ...NEVER_OF_PROCESS, 'error message', 'key', 'value'],
};
const HTTP = {
  leaving: [
    ...['OAuth client', 'correlation header', ...OF_PROCESS, 'path', 'request id header'],
    ...['request id in the response', 'retry-after', 'scope', 'session id', 'subject', 'user agent'],
  ],
  never: [
    ...[...NEVER_OF_PROCESS, 'baggage header', 'claim', 'cookie header', 'custom header', 'error of a tool'],
    ...['error of the challenge', 'forwarded header', 'forwarded-for header', 'internal header', 'key header'],
    ...['location', 'name header', 'origin header', 'query', 'referer header', 'refusal', 'result', 'scope of it'],
    ...['set-cookie', 'strange session', 'strange version', 'traceparent header', 'tracestate header'],
  ],
};

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const undos: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo();
});

interface Started {
  readonly child: Child;
  readonly collector: Collector;
  /** Ends it, and returns all its output. */
  outputs(): Promise<Map<string, string>>;
}

/** Starts a server with every output enabled, and with secrets on its command line and in its environment. */
async function start(script: string, sweeps: readonly Sweep[], env: Record<string, string> = {}): Promise<Started> {
  const collector = await startCollector();
  undos.push(() => collector.close());
  const directory = mkdtempSync(join(tmpdir(), 'mcp-trail-canary-'));
  undos.push(() => rmSync(directory, { recursive: true, force: true }));
  // A folder and a file of the application that are named like a secret.
  const application = join(directory, `application ${sweeps[0]?.plantLocally('name of a folder')}`);
  mkdirSync(application);
  const entry = join(application, `${sweeps[0]?.plantLocally('name of a file')}.mjs`);
  symlinkSync(fixture(script), entry);
  const argv = sweeps.flatMap((sweep) => [
    `--token=${sweep.plantLocally('argument of the process')}`,
    sweep.plantLocally('bare argument of the process'),
  ]);
  const secrets = sweeps.map((sweep, index) => [`APP_${index}_TOKEN`, sweep.plantLocally('environment')] as const);
  const state = join(directory, 'state');
  const child = new Child(['--import', REGISTER, entry, ...argv], {
    ...Object.fromEntries(secrets),
    OTEL_SERVICE_NAME: 'canary',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_LOG_LEVEL: 'ALL',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    MCP_TRAIL_AUDIT: 'otel,file,stderr',
    MCP_TRAIL_AUDIT_FILE: join(directory, 'audit.jsonl'),
    MCP_TRAIL_AUDIT_STATE_DIRECTORY: state,
    MCP_TRAIL_AUDIT_MESSAGES: 'true',
    ...env,
  });
  return {
    child,
    collector,
    async outputs() {
      child.endInput();
      child.kill('SIGTERM');
      const { stderr, stdout } = await child.ended;
      const files = [directory, state].flatMap((folder) =>
        readdirSync(folder, { withFileTypes: true })
          .filter((each) => each.isFile())
          .map((each): [string, string] => [each.name, readFileSync(join(folder, each.name), 'utf8')]),
      );
      return new Map([...collector.bodies, ['stderr', stderr], ['stdout', stdout], ...files]);
    },
  };
}

/** A sweep for each kind, because all are sent to one process. */
const sweepsOf = (kinds: readonly Kind[], name: string) => kinds.map((kind) => new Sweep(kind, `${name} ${kind.name}`));

/** The actor is not redacted, whatever the id looks like. */
const IDENTITIES = new Set(['OAuth client', 'subject']);

/** A bare number counts as an id in an id field. */
const IDS = new Set([
  'correlation header',
  'request id',
  'request id header',
  'request id in the response',
  'session id',
]);

const isByDesign = (kind: string, field: string) =>
  (BARE_NUMBERS.has(kind) && IDS.has(field)) || (IDENTITIES.has(field) && PERSONAL.some(({ name }) => name === kind));

function allHits(sweeps: readonly Sweep[], outputs: ReadonlyMap<string, string>): (Hit & { kind: string })[] {
  return sweeps
    .flatMap((sweep) => sweep.hits(outputs).map((hit) => ({ kind: sweep.kind.name, ...hit })))
    .filter(({ kind, field }) => !isByDesign(kind, field));
}

/** Every output exists and is not empty. */
function expectOutputs(outputs: ReadonlyMap<string, string>): void {
  const expected = ['/v1/traces', '/v1/metrics', '/v1/logs', 'stderr', 'audit.jsonl', 'inventory.json'];
  expect(expected.filter((name) => (outputs.get(name) ?? '').length < 100)).toEqual([]);
}

function expectLeaving(
  sweep: Sweep,
  outputs: ReadonlyMap<string, string>,
  { leaving, never }: { readonly leaving: readonly string[]; readonly never: readonly string[] },
): void {
  expect(sweep.leaving(outputs)).toEqual([...leaving].sort());
  expect(sweep.fields).toEqual([...leaving, ...never].sort());
}

describe('a server on stdio', () => {
  const messages = (sweep: Sweep, id: string) => {
    const plant = (field: string) => sweep.plantLocally(field);
    const jsonrpc = '2.0';
    const call = (name: string, more: object = {}) => ({
      jsonrpc,
      id: `${name} ${id}`,
      method: 'tools/call',
      params: {
        name,
        arguments: { text: plant('argument value'), error: plant('error message'), [plant('argument key')]: 1 },
        ...more,
      },
    });
    return [
      call('work', {
        _meta: {
          [plant('_meta key')]: plant('_meta value'),
          traceparent: TRACEPARENT,
          tracestate: `vendor=${plant('tracestate')}`,
        },
      }),
      call('fail'),
      call(plant('tool name')),
      { jsonrpc, id: plant('request id'), method: plant('method'), params: { [plant('key')]: plant('value') } },
      { jsonrpc, method: plant('notification'), params: {} },
      { jsonrpc, id: `done ${id}`, method: 'ping' },
    ].map((message) => JSON.stringify(message));
  };

  const answered = async ({ child }: Started, sweeps: readonly Sweep[]) => {
    child.write(...HANDSHAKE, ...sweeps.flatMap((sweep, index) => messages(sweep, String(index))));
    for (const index of sweeps.keys()) await child.printed(`"done ${index}"`);
  };

  it('lets no secret out, except in its own answers', async () => {
    const sweeps = sweepsOf([...SECRETS, ...PERSONAL], 'stdio');
    const started = await start('canary-stdio', sweeps);
    await answered(started, sweeps);
    const outputs = await started.outputs();
    expectOutputs(outputs);
    expect(outputs.get('stdout'), 'the handlers have seen them').toContain(sweeps[0]?.textOf('error message'));
    // It echoes its input.
    outputs.delete('stdout');
    expect(allHits(sweeps, outputs)).toEqual([]);
  });

  it('lets harmless text pass in exported fields, which shows that the other fields are kept', async () => {
    const sweeps = sweepsOf([MARKER], 'stdio');
    const started = await start('canary-stdio', sweeps);
    await answered(started, sweeps);
    const outputs = await started.outputs();
    outputs.delete('stdout');
    expectLeaving(sweeps[0] as Sweep, outputs, STDIO);
  });

  it('lets look-alikes pass unchanged: 0 false positives', async () => {
    const sweeps = sweepsOf(LOOK_ALIKES, 'stdio');
    const started = await start('canary-stdio', sweeps);
    await answered(started, sweeps);
    const outputs = await started.outputs();
    const names = ['method', 'notification', 'request id', 'tool name'];
    const falseHits = sweeps.flatMap((sweep) => {
      const leaving = new Set(sweep.leaving(outputs));
      return names.filter((name) => !leaving.has(name)).map((name) => `${sweep.kind.name}: ${name}`);
    });
    console.info(`stdio: ${falseHits.length} false hits of ${sweeps.length * names.length}`);
    expect(falseHits).toEqual([]);
  });
});

describe('a server on Streamable HTTP', () => {
  /** One line that fits in a header. */
  const header = (sweep: Sweep, field: string) => sweep.plantLocally(field).replaceAll('\n', ' ');

  async function post(url: URL, path: string, headers: Record<string, string>, body: object): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const sent = request(new URL(url.origin), { method: 'POST', path, headers }, (response) => {
        response.resume().once('end', resolve);
      });
      sent.once('error', reject);
      sent.end(JSON.stringify(body));
    });
  }

  /** An opaque token: only its use as the caller's token tells it from a name. */
  const opaque = (sweep: Sweep) => noise(`caller's token ${sweep.kind.name}`, 40);

  async function converse(url: URL, sweep: Sweep): Promise<void> {
    const plant = (field: string) => sweep.plantLocally(field);
    const put = (field: string) => header(sweep, field);
    const sessionId = put('session id');
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: opaque(sweep),
      cookie: put('cookie header'),
      'x-api-key': put('key header'),
      'x-custom': put('custom header'),
      'user-agent': put('user agent'),
      'x-request-id': put('request id header'),
      'x-correlation-id': put('correlation header'),
      'x-forwarded-for': put('forwarded-for header'),
      forwarded: `for=${put('forwarded header')}`,
      origin: put('origin header'),
      referer: put('referer header'),
      traceparent: put('traceparent header'),
      tracestate: put('tracestate header'),
      baggage: put('baggage header'),
      'mcp-name': put('name header'),
    };
    const plan = {
      sessionId,
      text: plant('result'),
      auth: {
        clientId: plant('OAuth client'),
        scopes: [plant('scope')],
        extra: { sub: plant('subject'), claim: plant('claim') },
      },
      headers: {
        'x-request-id': put('request id in the response'),
        'retry-after': put('retry-after'),
        'set-cookie': put('set-cookie'),
        location: put('location'),
        'x-internal': put('internal header'),
        'www-authenticate': `Bearer error="${put('error of the challenge')}", scope="${put('scope of it')}"`,
      },
    };
    const path = `/mcp/${encodeURIComponent(plant('path'))}?key=${encodeURIComponent(plant('query'))}`;
    const jsonrpc = '2.0';
    const params = {
      protocolVersion: '2025-11-25',
      clientInfo: { name: 'handmade', version: '1' },
      capabilities: { experimental: { plan } },
    };
    await post(url, path, headers, { jsonrpc, id: 0, method: 'initialize', params });
    const inSession = { ...headers, 'mcp-session-id': sessionId };
    await post(url, path, inSession, { jsonrpc, method: 'notifications/initialized' });
    for (const [id, error] of [undefined, plant('error of a tool')].entries()) {
      const call = { name: 'work', arguments: { plan: { ...plan, error } } };
      await post(url, path, inSession, { jsonrpc, id: id + 1, method: 'tools/call', params: call });
    }
    // Refused before there is a message.
    for (const status of [401, 403, 429]) {
      const refused = { name: 'work', arguments: { plan: { ...plan, status, error: plant('refusal') } } };
      await post(url, path, inSession, { jsonrpc, id: status, method: 'tools/call', params: refused });
    }
    // Refused by the SDK because of an unknown version and session.
    const strange = {
      ...headers,
      'mcp-session-id': put('strange session'),
      'mcp-protocol-version': put('strange version'),
    };
    await post(url, path, strange, { jsonrpc, id: 9, method: 'ping' });
  }

  async function run(kinds: readonly Kind[]) {
    const sweeps = sweepsOf(kinds, 'http');
    const started = await start('canary-http', sweeps);
    await started.child.printed('http://');
    const url = new URL((started.child.stdout.split('\n', 1)[0] as string).trim());
    for (const sweep of sweeps) await converse(url, sweep);
    return { sweeps, outputs: await started.outputs() };
  }

  it('lets no secret out', async () => {
    const { sweeps, outputs } = await run([...SECRETS, ...PERSONAL]);
    expectOutputs(outputs);
    expect(allHits(sweeps, outputs)).toEqual([]);
    expect(outputs.get('audit.jsonl')).toContain('"mcp_audit.status":"unauthenticated"');
    expect(outputs.get('audit.jsonl')).toContain('[REDACTED:credential]');
  });

  it('lets harmless text pass in exported fields, which shows that the other fields are kept', async () => {
    const { sweeps, outputs } = await run([MARKER]);
    expectLeaving(sweeps[0] as Sweep, outputs, HTTP);
  });

  it('never names a caller by their token, however the application encodes it', async () => {
    const { sweeps, outputs } = await run(SECRETS.slice(0, 2));
    for (const sweep of sweeps) {
      const token = opaque(sweep);
      const forms = [token, Buffer.from(token).toString('base64'), Buffer.from(token).toString('hex')];
      for (const [name, text] of outputs) for (const form of forms) expect(text.includes(form), name).toBe(false);
    }
  });
});
