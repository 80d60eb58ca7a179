/** Each broken set-up of docs/troubleshooting.md: the first line of `doctor` that is not `ok` names the cause. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSdkNode, application, OLDER, removeApplications } from '../safety/applications.js';
import { ROOT } from '../safety/child.js';
import { installedElsewhere } from '../safety/copies.js';
import { startOtlpEndpoint } from '../support/otlp-endpoint.mjs';
import { selfSigned } from '../unit/hook/http/certificates.js';
import { type DoctorOptions, doctor, SERVER } from './doctored.js';

const FIXTURES = join(ROOT, 'test/fixtures');
const NODE = process.execPath;
const REGISTER = [NODE, '--import', 'mcp-trail/register'];
const V1 = join(FIXTURES, 'safety-server-v1.mjs');
const WRAP = [NODE, join(ROOT, 'dist/cjs/cli.js'), 'wrap'];

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-doctor-test-'));
type Endpoint = Awaited<ReturnType<typeof startOtlpEndpoint>>;
const endpoints: Endpoint[] = [];
const installed: ReturnType<typeof installedElsewhere>[] = [];
let deaf: Server;
/** Takes everything. */
let good: Endpoint;
beforeAll(async () => {
  good = await endpoint();
  deaf = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => void deaf.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await Promise.all(endpoints.map((each) => each.close()));
  deaf.close();
  for (const each of installed) each.remove();
  removeApplications();
  rmSync(folder, { recursive: true, force: true });
});

async function endpoint(options: Parameters<typeof startOtlpEndpoint>[1] = {}): Promise<Endpoint> {
  const started = await startOtlpEndpoint('http/protobuf', options);
  endpoints.push(started);
  return started;
}

function program(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

const importOf = (file: string) => `import ${JSON.stringify(pathToFileURL(file).href)};`;

/** The built package in another folder, with nothing of OpenTelemetry but its API. */
function elsewhere(): { readonly cwd: string; readonly modules: string; readonly cli: string } {
  const other = installedElsewhere();
  installed.push(other);
  const modules = join(other.folder, 'node_modules');
  return { cwd: other.folder, modules, cli: join(modules, 'mcp-trail/dist/cjs/cli.js') };
}

/** An MCP SDK of a version that nobody knows. */
function untried(): string {
  const at = join(folder, 'untried');
  const modules = join(at, 'node_modules');
  mkdirSync(join(modules, '@modelcontextprotocol'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@modelcontextprotocol' && !name.startsWith('.'))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  const sdk = join(modules, '@modelcontextprotocol/sdk');
  cpSync(join(ROOT, 'node_modules/@modelcontextprotocol/sdk'), sdk, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')) as object;
  writeFileSync(join(sdk, 'package.json'), JSON.stringify({ ...manifest, version: '2.0.0' }));
  for (const name of ['safety-server-v1.mjs', 'safety-behaviour.mjs']) cpSync(join(FIXTURES, name), join(at, name));
  return join(at, 'safety-server-v1.mjs');
}

/** A command that loads mcp-trail from a path. */
const preloaded = (modules: string, file: string) => [
  NODE,
  '--import',
  pathToFileURL(join(modules, 'mcp-trail/dist/esm/register.js')).href,
  file,
];

interface Row {
  /** Of the page: what is in backquotes in the table, or the heading of a symptom. */
  readonly entry: string;
  readonly what?: string;
  readonly setUp: () => DoctorOptions | Promise<DoctorOptions>;
  readonly says: RegExp;
}

const ROWS: readonly Row[] = [
  {
    entry: 'no OpenTelemetry SDK found …',
    setUp: elsewhere,
    says: /^fail otel .*no OpenTelemetry SDK found, .* Install one/,
  },
  {
    entry: '@opentelemetry/sdk-node … cannot be used (accepted: …)',
    setUp: () => {
      const place = elsewhere();
      addSdkNode(place.cwd, '0.52.0');
      return place;
    },
    says: /^fail otel .*sdk-node 0\.52\.0 in the working directory.* cannot be used \(accepted: 0\.200/,
  },
  {
    entry: 'spans … are lost …: … @opentelemetry/api …',
    setUp: () => {
      const cwd = application(OLDER);
      return { cwd, command: preloaded(elsewhere().modules, 'own-sdk.mjs'), env: { MCP_TRAIL_SDK: 'off' } };
    },
    says: /^fail stderr .*spans and metrics are lost or incomplete: .*@opentelemetry\/api 1\.8\.0/,
  },
  {
    entry: 'spans',
    what: 'nothing listens',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } }),
    says: /^fail traces .*127\.0\.0\.1:9\/v1\/traces failed \(ECONNREFUSED\): nothing listens there\. /,
  },
  {
    entry: 'spans',
    what: 'a name that does not exist',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318' } }),
    says: /^fail traces .*failed \((?:ENOTFOUND|EAI_AGAIN)\): its name is not known \(DNS\)/,
  },
  ...[
    [401, /HTTP 401\): it wants credentials.* OTEL_EXPORTER_OTLP_HEADERS/],
    [403, /HTTP 403\): the credentials are not allowed/],
    [404, /HTTP 404\): it has no such path: a path such as \/v1\/traces is added to OTEL_EXPORTER_OTLP_ENDPOINT/],
    [503, /HTTP 503\): it takes nothing for now/],
  ].map(
    ([status, says]): Row => ({
      entry: 'spans',
      what: `an endpoint that answers ${status}`,
      setUp: async () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await endpoint({ status: status as number })).url } }),
      says: new RegExp(`^fail traces .*${(says as RegExp).source}`),
    }),
  ),
  {
    entry: 'spans',
    what: 'a certificate that is not trusted',
    setUp: async () => {
      const tls = selfSigned([['CN', 'localhost']]);
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await endpoint({ tls })).url } };
    },
    says: /^fail traces .*: its TLS certificate is not trusted\. Check OTEL_EXPORTER_OTLP_CERTIFICATE/,
  },
  {
    entry: 'spans',
    what: 'TLS to a port without it',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: good.url.replace('http:', 'https:') } }),
    says: /^fail traces .*: it does not speak TLS/,
  },
  {
    entry: 'spans',
    what: 'gRPC to a port for HTTP',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: good.url } }),
    says: /^fail traces .*failed \(UNAVAILABLE.*: it (?:cannot be reached, or speaks HTTP in place of gRPC|speaks another)/,
  },
  {
    entry: 'spans',
    what: 'no answer',
    setUp: () => ({
      options: ['--timeout', '1'],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(deaf.address() as { port: number }).port}` },
    }),
    says: /^fail traces .*: it does not answer in time/,
  },
  {
    entry: 'OTEL_… is …; accepted: …',
    setUp: () => ({ env: { OTEL_PROPAGATORS: 'w3c' } }),
    says: /^fail setting .*OTEL_PROPAGATORS is "w3c"; accepted: tracecontext/,
  },
  {
    entry: 'OTEL_EXPORTER_OTLP_ENDPOINT is …, which has no scheme',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' } }),
    says: /^fail setting .*OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4318", which has no scheme.* http:\/\/localhost:4318/,
  },
  {
    entry: 'OTEL_EXPORTER_OTLP_ENDPOINT is …, which has no scheme',
    what: 'with a path that is added',
    setUp: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${good.url}/v1/traces` } }),
    says: /^fail setting .*to which the path of each signal is added/,
  },
  {
    entry: 'spans do not go where OTEL_… says',
    setUp: () => ({
      command: [NODE, '--import', join(FIXTURES, 'safety-own-sdk.mjs'), '--import', 'mcp-trail/register', V1],
    }),
    says: /^fail stderr .*spans do not go where OTEL_EXPORTER_OTLP_ENDPOINT says: an OpenTelemetry SDK was registered before/,
  },
  {
    entry: 'the application has registered an OpenTelemetry SDK that may send elsewhere …',
    setUp: () => ({ command: [...REGISTER, join(FIXTURES, 'safety-late-sdk.mjs')] }),
    says: /^warn stderr .*has registered an OpenTelemetry SDK that may send elsewhere.* still goes to your endpoint/,
  },
  {
    entry: 'the application registers an OpenTelemetry SDK of its own, which is ignored …',
    setUp: () => {
      const { modules } = elsewhere();
      for (const name of ['core', 'resources', 'sdk-trace-node'])
        symlinkSync(join(ROOT, 'node_modules/@opentelemetry', name), join(modules, '@opentelemetry', name), 'junction');
      addSdkNode(join(modules, '..'));
      const cwd = application(OLDER);
      return { cwd, command: preloaded(modules, 'own-sdk.mjs'), env: { OTEL_METRICS_EXPORTER: 'none' } };
    },
    says: /^fail stderr .*registers an OpenTelemetry SDK of its own, which is ignored .*MCP_TRAIL_SDK=off/,
  },
  {
    entry: 'audit records are lost: …',
    what: 'a file below a file',
    setUp: () => ({ env: { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: join(ROOT, 'package.json/a.jsonl') } }),
    says: /^fail audit .*audit records are lost: MCP_TRAIL_AUDIT_FILE: cannot write to .*: ENOTDIR/,
  },
  {
    entry: 'audit records are lost: …',
    what: 'a placeholder that is unknown',
    setUp: () => ({ env: { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: '/srv/{what}.jsonl' } }),
    says: /^fail audit .*audit records are lost: MCP_TRAIL_AUDIT_FILE: .*\{what\}.* is not a valid file path/,
  },
  {
    entry: 'audit records are lost: …',
    what: 'an endpoint of their own',
    setUp: () => ({ env: { MCP_TRAIL_AUDIT: 'otel', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9/v1/logs' } }),
    says: /^fail logs .*127\.0\.0\.1:9\/v1\/logs failed \(ECONNREFUSED\)/,
  },
  {
    entry: 'MCP_TRAIL_… is not a setting of mcp-trail and has no effect …',
    setUp: () => ({ env: { MCP_TRAIL_AUDT: 'file' } }),
    says: /^fail variable .*MCP_TRAIL_AUDT is not a setting .* Did you mean MCP_TRAIL_AUDIT\?/,
  },
  {
    entry: 'MCP_TRAIL_AUDIT_… has no effect: …',
    setUp: () => ({ command: SERVER, env: { MCP_TRAIL_AUDIT_FILE: join(folder, 'idle.jsonl') } }),
    says: /^fail setting .*MCP_TRAIL_AUDIT_FILE has no effect: auditing is off/,
  },
  {
    entry: 'MCP_TRAIL_… is …; accepted: …',
    setUp: () => ({ env: { MCP_TRAIL_TRUST_INCOMING_CONTEXT: 'nobody' } }),
    says: /^fail setting .*MCP_TRAIL_TRUST_INCOMING_CONTEXT is "nobody"; accepted: parent, link/,
  },
  {
    entry: 'MCP_TRAIL_AUDIT_ON_FAILURE is "block", which needs …',
    setUp: () => ({ env: { MCP_TRAIL_AUDIT: 'otel', MCP_TRAIL_AUDIT_ON_FAILURE: 'block' } }),
    says: /^fail setting .*MCP_TRAIL_AUDIT_ON_FAILURE is "block", which needs /,
  },
  {
    entry: 'MCP … is not observed: …',
    setUp: () => {
      const sdk = (path: string) => importOf(join(ROOT, 'node_modules/@modelcontextprotocol/sdk/dist/esm', path));
      return {
        command: [
          NODE,
          program(
            'late.mjs',
            `${sdk('server/mcp.js').replace('import', 'import { McpServer } from')}
            ${sdk('server/stdio.js').replace('import', 'import { StdioServerTransport } from')}
            ${importOf(join(ROOT, 'dist/esm/register.js'))}
            await new McpServer({ name: 'late', version: '1' }).connect(new StdioServerTransport());`,
          ),
        ],
      };
    },
    says: /^fail stderr .*MCP that arrives on stdin is not observed: .*loaded after the MCP SDK.*--import mcp-trail\/register/,
  },
  {
    entry: '… is not instrumented: this version of mcp-trail knows versions before …',
    setUp: () => ({
      command: [NODE, '--import', pathToFileURL(join(ROOT, 'dist/esm/register.js')).href, untried()],
    }),
    says: /^fail sdk .*@modelcontextprotocol\/sdk 2\.0\.0 is not instrumented: this version/,
  },
  {
    entry: 'an answer to … was not observed: …',
    setUp: () => {
      const tools = `[{ name: 'x'.repeat(1.2 * 1024 * 1024), inputSchema: { type: 'object' } }]`;
      const server = readFileSync(join(ROOT, 'test/wrap/server.mjs'), 'utf8').replace(
        /\[\{ name: 'echo'.*?\}\]/,
        tools,
      );
      return { command: [...WRAP, '--max-line', '1', '--', NODE, program('long.mjs', server)] };
    },
    says: /^fail stderr .*an answer to tools\/list .*was not observed: .*--max-line/,
  },
  {
    entry: 'cannot start …: …',
    setUp: () => ({ command: [...WRAP, '--', 'no-such-server'] }),
    says: /^fail (?:command|stderr) .*cannot start "no-such-server": ENOENT/,
  },
  {
    entry: 'cannot start …: …',
    what: 'without wrap',
    setUp: () => ({ command: ['no-such-server'] }),
    says: /^fail command .*cannot start "no-such-server": ENOENT\. Give its absolute path/,
  },
  {
    entry: 'could not start (…), nothing is observed',
    setUp: () => {
      const { modules } = elsewhere();
      rmSync(join(modules, 'mcp-trail/dist/cjs/zero-code.js'));
      return { command: preloaded(modules, V1) };
    },
    says: /^fail command .*could not start \(\w*Error\), nothing is observed/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'without --import',
    setUp: () => ({ command: [NODE, V1] }),
    says: /^fail command .*runs without mcp-trail, .*node --import mcp-trail\/register, .*mcp-trail wrap --/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'a server in another language',
    setUp: () => ({
      command: ['/bin/sh', '-c', `NODE_OPTIONS= exec "${NODE}" "${join(ROOT, 'test/wrap/server.mjs')}"`],
    }),
    says: /^fail command .*runs without mcp-trail, .*It is not Node\.js.*: put .* wrap --/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'another working directory',
    setUp: () => ({ cwd: folder, command: [...REGISTER, V1] }),
    says: /^fail command .*cannot find mcp-trail\. Node\.js resolves --import .* Use its absolute path/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'everything sampled out',
    setUp: () => ({ command: SERVER, env: { OTEL_TRACES_SAMPLER: 'always_off' } }),
    says: /^fail traces .*OTEL_TRACES_SAMPLER=always_off drops every span/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'switched off',
    setUp: () => ({ command: SERVER, env: { MCP_TRAIL_ENABLED: 'false' } }),
    says: /^fail switch .*MCP_TRAIL_ENABLED=false turns everything off/,
  },
  {
    entry: 'No spans, and no line on stderr',
    what: 'OpenTelemetry disabled',
    setUp: () => ({ env: { OTEL_SDK_DISABLED: 'true' } }),
    says: /^fail switch .*OTEL_SDK_DISABLED=true turns everything off/,
  },
  {
    entry: 'Spans of the server, but each in its own trace',
    setUp: () => ({ command: SERVER, env: { OTEL_PROPAGATORS: 'baggage' } }),
    says: /^warn propagators .*has no tracecontext: spans of client and server are not linked/,
  },
  {
    entry: 'Two spans for each message',
    setUp: () => {
      const api = pathToFileURL(join(ROOT, 'node_modules/@opentelemetry/api/build/src/index.js')).href;
      const other = `import api from ${JSON.stringify(api)};
        const attributes = { 'mcp.method.name': 'tools/list' };
        setTimeout(() => api.trace.getTracer('other').startSpan('tools/list', { attributes }).end());`;
      return { command: [...REGISTER, program('two.mjs', `${other}\n${importOf(V1)}`)] };
    },
    says: /^warn stderr .*another instrumentation \(other\) also creates spans .*MCP_TRAIL_STAND_BACK=true/,
  },
  {
    entry: 'The last spans are missing',
    setUp: () => ({ command: [...WRAP, '--', NODE, join(ROOT, 'test/wrap/server.mjs'), 'stubborn'] }),
    says: /^warn end .*had to be killed/,
  },
  {
    entry: 'The host reports invalid JSON from the server',
    setUp: () => ({
      command: [...REGISTER, program('chatty.mjs', `console.log('Server is ready');\n${importOf(V1)}`)],
    }),
    says: /^fail output .*not JSON-RPC, .*"Server is ready".* Look for logs to the console/,
  },
];

/** Entries of the page that one run of doctor cannot show. */
const WITHOUT_ROW: Readonly<Record<string, string>> = {
  '… are lost: the queue of … is full': 'depends on the load, and doctor sends one of each',
  '… that this process has lost: …': 'counts what was lost in the life of a process',
  '…: records were not on disk within … s': 'depends on the load of the disk',
  'OpenTelemetry: …': 'any text of OpenTelemetry: what the command writes is passed on',
  '… failed (…); telemetry was dropped, the application was not affected': 'a defect, which has no set-up',
  'Tools are `_OTHER` on metrics': 'nothing is broken: no call has succeeded yet',
};

/** As many at once as there are cores. */
const turns: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let next = 0;
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  next = (next + 1) % turns.length;
  const mine = (turns[next] as Promise<unknown>).then(run);
  turns[next] = mine.catch(() => {});
  return mine;
}

describe('the first line that is not ok', () => {
  it.concurrent.each(ROWS.map((row) => [`${row.entry}${row.what ? ` (${row.what})` : ''}`, row] as const))(
    'names the cause: %s',
    async (_, { setUp, says }) => {
      const { env, ...options } = await setUp();
      const all = { OTEL_EXPORTER_OTLP_ENDPOINT: good.url, ...env };
      const { bad, code, stdout, stderr } = await inTurn(() => doctor({ ...options, env: all }));
      const [first] = bad;
      expect(`${first?.status} ${first?.check} ${first?.text}`, `${stdout}\n${stderr}`).toMatch(says);
      expect(code, stdout).toBe(bad.some(({ status }) => status === 'fail') ? 1 : 0);
      expect(stderr).toBe('');
    },
  );

  it('is missing where all is well', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: good.url, MCP_TRAIL_AUDIT: 'otel' };
    const { bad, code, stdout } = await doctor({ command: SERVER, env });
    expect(bad).toEqual([]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {19}SERVER tools\/list, \d+\.\d ms\n/);
  });
});

/** The tables' first cells and the headings of symptoms. */
function entriesOfPage(): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]*)`.*\|$/gm)].map(([, cell]) => cell as string);
  return [...rows, ...[...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading as string)];
}

it('each entry of the page has a row, or a reason why it has none', () => {
  const known = new Set([...ROWS.map(({ entry }) => entry), ...Object.keys(WITHOUT_ROW)]);
  expect(entriesOfPage().filter((entry) => !known.has(entry))).toEqual([]);
  expect([...known].filter((entry) => !entriesOfPage().includes(entry))).toEqual([]);
});
