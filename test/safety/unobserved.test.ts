/** MCP that no hook sees: said once on stderr for each place, recorded where there is an audit trail. No process without MCP. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, type Ended, ROOT, run } from './child.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

const REGISTER = ['--import', 'mcp-trail/register'];
const QUIET = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
const WARNING = { MCP_TRAIL_UNKNOWN: 'x' };

/** The private names of the SDK, which a bundler may mangle. */
const PRIVATE =
  /^_(?:requestHandler\w*|requestMessageId|notificationHandlers|responseHandlers|progressHandlers|timeoutInfo|transport|on[a-z]+|serverInfo|stdin|stdout|readBuffer)$/;

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

let folder: string;
/** A server in a bundle with mangled names. */
let mangled: string;
/** The same without the texts of errors by which its transport is recognised: nothing is left to know the SDK by. */
let unknown: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-unobserved-'));
  mangled = join(folder, 'mangled.mjs');
  await build({
    entryPoints: [join(ROOT, 'test/fixtures/safety-server-v1.mjs')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    mangleProps: PRIVATE,
    outfile: mangled,
    logLevel: 'silent',
    banner: { js: REQUIRE },
  });
  unknown = program(withoutStartGuards(readFileSync(mangled, 'utf8')), 'mjs');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withoutStartGuards(text: string): string {
  return text.replaceAll('Transport already started', 'Transport has started');
}

/** The text of a server in a bundle. */
async function bundled(format: 'esm' | 'cjs'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, `test/fixtures/safety-server-v1.${format === 'esm' ? 'mjs' : 'cjs'}`)],
    bundle: true,
    platform: 'node',
    format,
    write: false,
    logLevel: 'silent',
    banner: format === 'esm' ? { js: REQUIRE } : {},
  });
  return outputFiles?.[0]?.text ?? '';
}

/** The SDK's members, in a form that no compiler writes. */
async function bundleOfUnknownForm(format: 'esm' | 'cjs'): Promise<string> {
  const text = await bundled(format);
  const changed = withoutStartGuards(text).replaceAll(
    /this\._requestHandlerAbortControllers = .*new Map\(\)/g,
    'Object.assign(this, { _requestHandlerAbortControllers: new Map() })',
  );
  expect(changed).not.toBe(text);
  return program(changed, format === 'esm' ? 'mjs' : 'cjs');
}

let files = 0;

/** A program in a file of its own. */
function program(code: string, extension = 'cjs'): string {
  files += 1;
  const file = join(folder, `program-${files}.${extension}`);
  writeFileSync(file, code);
  return file;
}

/** The settings of a process with an audit trail, and the records that it has left. */
function audited() {
  files += 1;
  const file = join(folder, `audit-${files}.jsonl`);
  const records = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];
  const env = { ...QUIET, ...WARNING, MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file };
  return {
    env,
    records,
    unobserved: () => records().filter((each) => each['event_name'] === 'mcp_audit.unobserved'),
  };
}

async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = new Child(args, { ...QUIET, ...env });
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  child.endInput();
  return child.ended;
}

const lines = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line !== '');
const alarms = (ended: Ended) => lines(ended).filter((line) => line.includes('is not observed'));

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'canary-name', version: '1' } },
};
const MODERN = {
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'canary-name', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
};
/** A first message of the Language Server Protocol. */
const LSP = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: 1, rootUri: null, capabilities: {} } };
/** And of the Agent Client Protocol. */
const ACP = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: 1, clientCapabilities: {} } };

it.each(['esm', 'cjs'] as const)('a bundle (%s) whose SDK is compiled in an unknown way is named', async (format) => {
  const { env, unobserved } = audited();
  const file = await bundleOfUnknownForm(format);
  const ended = await serve([...REGISTER, file], env);
  const name = basename(file);
  expect(alarms(ended)).toEqual([expect.stringContaining(`${name} contains an MCP SDK that cannot be instrumented`)]);
  expect(unobserved()).toEqual([
    expect.objectContaining({ 'mcp_audit.unobserved.reason': 'bundle', 'mcp_audit.unobserved.file': name }),
  ]);
});

it('a stdio server with a mangled SDK in its bundle is observed by its transport', async () => {
  const { env, records } = audited();
  const ended = await serve([...REGISTER, mangled], env);
  expect(alarms(ended)).toEqual([]);
  const names = records().map((each) => [each['event_name'], each['mcp.method.name']]);
  expect(names).toContainEqual(['mcp_audit.request', 'tools/call']);
  expect(names).toContainEqual(['mcp_audit.response', 'tools/call']);
});

describe('a stdio server with an SDK in its bundle that cannot be recognised', () => {
  it('is reported once, after the lines that waited for MCP, and answers as without mcp-trail', async () => {
    const plain = await serve([unknown]);
    const ended = await serve([...REGISTER, unknown], WARNING);
    expect(ended.stdout).toBe(plain.stdout);
    expect(ended.code).toBe(plain.code);
    expect(lines(ended)[0]).toMatch(/^mcp-trail: MCP_TRAIL_UNKNOWN is not a setting/);
    expect(lines(ended).slice(1)).toEqual([expect.stringMatching(/^mcp-trail: MCP that arrives on stdin is not obs/)]);
    expect(alarms(ended)[0]).toMatch(/serverExternalPackages.*instrumentServer or instrumentTransport/);
  });

  it('is reported even if its first message comes in pieces', async () => {
    const child = new Child([...REGISTER, unknown], QUIET);
    const [first = '', ...rest] = HANDSHAKE;
    await child.writeInPieces(`${first}\n`, 20);
    child.write(...rest, callEcho('only'));
    await child.printed('"id":"echo only"');
    child.endInput();
    expect(alarms(await child.ended)).toHaveLength(1);
  });

  it('is reported while it runs', async () => {
    const child = new Child([...REGISTER, unknown], QUIET);
    child.write(...HANDSHAKE);
    await child.printed('is not observed', 'stderr');
    child.kill('SIGKILL');
    expect(alarms(await child.ended)).toHaveLength(1);
  });

  it('is recorded, without anything else of the message', async () => {
    const { env, records, unobserved } = audited();
    await serve([...REGISTER, unknown], env);
    expect(records().map((each) => each['event_name'])).toEqual([
      'mcp_audit.started',
      'mcp_audit.unobserved',
      'mcp_audit.stopped',
    ]);
    const [record] = unobserved();
    expect(record).toMatchObject({
      severity_text: 'WARN',
      'mcp_audit.unobserved.place': 'stdin',
      'mcp_audit.unobserved.reason': 'unknown_implementation',
      'mcp_audit.side': 'server',
      'network.transport': 'pipe',
      'mcp.method.name': 'initialize',
      'mcp.protocol.version': JSON.parse(HANDSHAKE[0] as string).params.protocolVersion,
    });
    expect(JSON.stringify(record)).not.toContain(JSON.parse(HANDSHAKE[0] as string).params.clientInfo.name);
  });
});

describe('a server that hooks see', () => {
  it.each(['v1', 'v2'])('is not reported: %s', async (line) => {
    const { env, unobserved } = audited();
    const ended = await serve([...REGISTER, `test/fixtures/safety-server-${line}.mjs`], {
      ...env,
      MCP_TRAIL_UNKNOWN: '',
    });
    expect(alarms(ended)).toEqual([]);
    expect(unobserved()).toEqual([]);
  });

  it('is not reported if it begins to handle what it has read only later', async () => {
    const file = program(
      `
      import { PassThrough } from 'node:stream';
      const input = new PassThrough();
      process.stdin.pipe(input);
      const { McpServer } = await import(${JSON.stringify(sdk('server/mcp.js'))});
      const { StdioServerTransport } = await import(${JSON.stringify(sdk('server/stdio.js'))});
      const server = new McpServer({ name: 'late', version: '1' });
      process.stdin.once('end', () => server.close());
      await server.connect(new StdioServerTransport(input, process.stdout));`,
      'mjs',
    );
    const child = new Child([...REGISTER, file], QUIET);
    child.write(...HANDSHAKE);
    await child.printed('"result"');
    child.endInput();
    expect(alarms(await child.ended)).toEqual([]);
  });
});

const sdk = (path: string) => pathToFileURL(join(ROOT, 'node_modules/@modelcontextprotocol/sdk/dist/esm', path)).href;

describe('an SDK that was loaded before mcp-trail', () => {
  it.each([
    ['alone', []],
    ['after another file that was preloaded', ['-r', 'node:path']],
  ])('is reported as such: %s', async (_, options) => {
    const register = pathToFileURL(join(ROOT, 'dist/esm/register.js')).href;
    const file = program(
      `
      import { McpServer } from ${JSON.stringify(sdk('server/mcp.js'))};
      import { StdioServerTransport } from ${JSON.stringify(sdk('server/stdio.js'))};
      import ${JSON.stringify(register)};
      const server = new McpServer({ name: 'late', version: '1' });
      server.registerTool('echo', {}, () => ({ content: [] }));
      await server.connect(new StdioServerTransport());`,
      'mjs',
    );
    const { env, unobserved } = audited();
    const ended = await serve([...options, file], env);
    expect(alarms(ended)).toEqual([expect.stringContaining('loaded after the MCP SDK')]);
    expect(alarms(ended)[0]).toContain('node --import mcp-trail/register');
    expect(unobserved()).toMatchObject([{ 'mcp_audit.unobserved.reason': 'late' }]);
  });
});

describe('an SDK in a bundle where bundles are left alone', () => {
  it('is reported with the setting that is missing or in the way', async () => {
    const off = await serve([...REGISTER, mangled], { MCP_TRAIL_BUNDLES: 'off' });
    expect(alarms(off)).toEqual([
      expect.stringContaining('inside a bundle, and instrumenting bundles is switched off'),
    ]);
    expect(alarms(off)[0]).toContain('Remove MCP_TRAIL_BUNDLES=off');
    expect(alarms(off)[0]).not.toContain('loaded after');

    const index = JSON.stringify(pathToFileURL(join(ROOT, 'dist/esm/index.js')).href);
    const code = `import { McpInstrumentation } from ${index}; new McpInstrumentation();
      await import(${JSON.stringify(pathToFileURL(mangled).href)});`;
    const { env, unobserved } = audited();
    const inCode = await serve([program(code, 'mjs')], env);
    expect(alarms(inCode)).toEqual([expect.stringMatching(/loaded after the MCP SDK, the MCP SDK is inside a bundle/)]);
    expect(alarms(inCode)[0]).toContain('set `bundles: true`');
    expect(unobserved()).toMatchObject([{ 'mcp_audit.unobserved.reason': 'unknown_implementation' }]);
  });
});

describe.each(['esm', 'cjs'] as const)('an SDK in a bundle (%s)', (format) => {
  const extension = format === 'esm' ? 'mjs' : 'cjs';
  const entry = join(ROOT, `dist/${format}/index.js`);

  it('is observed with `bundles: true` in code', async () => {
    const bundle = JSON.stringify(program(await bundled(format), extension));
    const main = `new McpInstrumentation({ bundles: true });`;
    const code = {
      esm: `import { McpInstrumentation } from ${JSON.stringify(entry)}; ${main} await import(${bundle});`,
      cjs: `const { McpInstrumentation } = require(${JSON.stringify(entry)}); ${main} require(${bundle});`,
    };
    const { env, records, unobserved } = audited();
    const ended = await serve([program(code[format], extension)], env);
    expect(alarms(ended)).toEqual([]);
    expect(unobserved()).toEqual([]);
    expect(records().map((each) => each['mcp.method.name'])).toContain('tools/call');
  });

  it('is left alone and recorded as unobserved with MCP_TRAIL_BUNDLES=off', async () => {
    const { env, records } = audited();
    await serve([...REGISTER, program(await bundled(format), extension)], { ...env, MCP_TRAIL_BUNDLES: 'off' });
    expect(records().map((each) => each['event_name'])).toEqual([
      'mcp_audit.started',
      'mcp_audit.unobserved',
      'mcp_audit.stopped',
    ]);
  });
});

describe('an SDK of a later major', () => {
  it('is reported with its version, and recorded as such', async () => {
    const own = join(folder, 'later');
    const sdkFolder = join(own, 'node_modules/@modelcontextprotocol/sdk');
    mkdirSync(join(sdkFolder, 'dist/esm/shared'), { recursive: true });
    const manifest = {
      name: '@modelcontextprotocol/sdk',
      version: '2.0.1',
      type: 'module',
      exports: { './*': './dist/esm/*' },
    };
    writeFileSync(join(sdkFolder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(sdkFolder, 'dist/esm/shared/protocol.js'), 'export class Protocol {}');
    const file = join(own, 'server.mjs');
    const main = OWN_STDIO_SERVER.replace("require('node:readline').", '');
    writeFileSync(
      file,
      `import '@modelcontextprotocol/sdk/shared/protocol.js'; import { createInterface } from 'node:readline'; ${main}`,
    );
    const { env, unobserved } = audited();
    const ended = await run([...REGISTER, file], { env, input: JSON.stringify(INITIALIZE) });
    expect(alarms(ended)).toEqual([
      expect.stringMatching(
        /does not know the version of the MCP SDK, @modelcontextprotocol\/sdk 2\.0\.1\. Update mcp-trail/,
      ),
    ]);
    expect(unobserved()).toMatchObject([{ 'mcp_audit.unobserved.reason': 'sdk_version' }]);
  });
});

describe('an application with its own OpenTelemetry and McpInstrumentation', () => {
  it('is reported and recorded alike', async () => {
    const entry = join(ROOT, 'dist/cjs/index.js');
    const file = program(`
      const { McpInstrumentation } = require(${JSON.stringify(entry)});
      new McpInstrumentation();
      ${OWN_STDIO_SERVER}`);
    const { env, unobserved } = audited();
    const ended = await run([file], { env, input: JSON.stringify(INITIALIZE) });
    expect(alarms(ended)).toHaveLength(1);
    expect(unobserved()).toMatchObject([{ 'mcp_audit.unobserved.place': 'stdin' }]);
  });

  it('is not reported once the instrumentation is disabled', async () => {
    const entry = join(ROOT, 'dist/cjs/index.js');
    const file = program(`
      const { McpInstrumentation } = require(${JSON.stringify(entry)});
      new McpInstrumentation().disable();
      ${OWN_STDIO_SERVER}`);
    const ended = await run([file], { env: QUIET, input: JSON.stringify(INITIALIZE) });
    expect(ended.stderr).toBe('');
  });
});

/** Answers each line. */
const OWN_STDIO_SERVER = `
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    if (line !== '') console.log(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: {} }));
  });`;

describe('MCP in other places', () => {
  const SERVER = `
    const server = require('node:http').createServer((q, r) =>
      q.resume().on('end', () => r.setHeader('content-type', 'application/json').end('{}')));
    const listening = new Promise((ok) => server.listen(0, '127.0.0.1', () => ok(server.address().port)));`;
  const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

  /** Programs that send a message with headers. Some send it to a server of their own, which is another place. */
  const PROGRAMS: Readonly<Record<string, (message: unknown, headers: object) => string>> = {
    'by fetch': (message, headers) => `${SERVER}
      listening.then(async (port) => {
        const init = { method: 'POST', headers: ${JSON.stringify(headers)}, body: ${text(message)} };
        await (await fetch('http://127.0.0.1:' + port, init)).text();
        server.close();
      });`,
    'by node:http': (message, headers) => `${SERVER}
      listening.then((port) => {
        const { request } = require('node:http');
        const sent = request({ port, host: '127.0.0.1', method: 'POST', headers: ${JSON.stringify(headers)} }, (r) =>
          r.resume().on('end', () => server.close()));
        sent.end(${text(message)});
      });`,
    'by node:http, in pieces': (message, headers) => `${SERVER}
      listening.then((port) => {
        const { request } = require('node:http');
        const sent = request({ port, host: '127.0.0.1', method: 'POST', headers: ${JSON.stringify(headers)} }, (r) =>
          r.resume().on('end', () => server.close()));
        const body = Buffer.from(${text(message)});
        sent.write(body.subarray(0, 30));
        setTimeout(() => sent.end(body.subarray(30)), 20);
      });`,
  };
  const text = (message: unknown) => JSON.stringify(typeof message === 'string' ? message : JSON.stringify(message));

  const placesOf = (records: readonly Record<string, unknown>[]) =>
    records.map((each) => each['mcp_audit.unobserved.place']).sort();

  it.each(Object.keys(PROGRAMS))('is reported once at the client and once at the server: %s', async (name) => {
    const { env, unobserved } = audited();
    const ended = await run([...REGISTER, '-e', PROGRAMS[name]?.(INITIALIZE, HEADERS) ?? ''], { env });
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(alarms(ended).sort()).toEqual([
      expect.stringContaining('MCP sent by this process over HTTP is not observed'),
      expect.stringContaining('MCP that arrives at an HTTP server is not observed'),
    ]);
    expect(placesOf(unobserved())).toEqual(['http.client', 'http.server']);
  });

  it.each(Object.keys(PROGRAMS))('is reported for protocol 2026-07-28: %s', async (name) => {
    const { env, unobserved } = audited();
    const headers = { 'content-type': 'application/json', 'mcp-method': 'tools/call' };
    await run([...REGISTER, '-e', PROGRAMS[name]?.(MODERN, headers) ?? ''], { env });
    expect(placesOf(unobserved())).toEqual(['http.client', 'http.server']);
    for (const record of unobserved()) {
      expect(record).toMatchObject({ 'mcp.method.name': 'tools/call', 'mcp.protocol.version': '2026-07-28' });
      expect(JSON.stringify(record)).not.toContain('canary-name');
    }
  });

  it('is reported without marks in the headers', async () => {
    const code = PROGRAMS['by fetch']?.(INITIALIZE, { 'content-type': 'application/json' }) ?? '';
    expect(alarms(await run([...REGISTER, '-e', code], { env: QUIET }))).toHaveLength(2);
  });

  it('is reported without the word of a message, by its header', async () => {
    const call = { jsonrpc: '2.0', id: 3, method: 'tools/list' };
    const headers = { 'content-type': 'application/json', 'mcp-protocol-version': '2025-06-18' };
    const { env, unobserved } = audited();
    await run([...REGISTER, '-e', PROGRAMS['by fetch']?.(call, headers) ?? ''], { env });
    expect(placesOf(unobserved())).toEqual(['http.client', 'http.server']);
    expect(unobserved()[0]).toMatchObject({ 'mcp.method.name': 'tools/list', 'mcp.protocol.version': '2025-06-18' });
  });

  it.each([
    ['an API', { name: 'x', method: 'initialize' }],
    ['a model', { model: 'm', messages: [{ role: 'user', content: JSON.stringify(INITIALIZE) }] }],
    ['another JSON-RPC', { jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }],
    ['the Language Server Protocol', LSP],
    ['no JSON', 'name=x'],
    ['much', { data: 'x'.repeat(300_000) }],
  ])('is not %s', async (_, message) => {
    for (const each of Object.values(PROGRAMS)) {
      const ended = await run([...REGISTER, program(each(message, HEADERS))], { env: { ...QUIET, ...WARNING } });
      expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    }
  });

  /** A program whose server gives an answer. */
  const answering = (answer: string) =>
    PROGRAMS['by node:http']?.(INITIALIZE, HEADERS).replace(/r\.setHeader.*?end\('\{\}'\)/, `r.${answer}`) ?? '';

  it('is not a request that the server refuses', async () => {
    const ended = await run([...REGISTER, '-e', answering('writeHead(401).end()')], { env: QUIET });
    expect(alarms(ended)).toEqual([expect.stringContaining('sent by this process over HTTP')]);
  });

  it.each([
    ["setHeader('Content-Type', 'text/html').end('<html></html>')"],
    ["writeHead(200, { 'Content-Type': 'text/html; a=application/json' }).end('<html></html>')"],
    ["end('ok')"],
  ])('is not a request that a site answers with its page: %s', async (answer) => {
    const ended = await run([...REGISTER, '-e', answering(answer)], { env: QUIET });
    expect(alarms(ended)).toEqual([expect.stringContaining('sent by this process over HTTP')]);
  });

  it.each([
    ["writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' }).end('{}')"],
    ["writeHead(200, ['content-type', 'text/event-stream']).end('data: {}')"],
    ['writeHead(202).end()'],
  ])('is a request that is answered as MCP is: %s', async (answer) => {
    expect(alarms(await run([...REGISTER, '-e', answering(answer)], { env: QUIET }))).toHaveLength(2);
  });

  it('is reported at an HTTP/2 server', async () => {
    const code = `
      const http2 = require('node:http2');
      const server = http2.createServer((q, r) =>
        q.resume().on('end', () => r.writeHead(200, { 'content-type': 'application/json' }).end('{}')));
      server.listen(0, '127.0.0.1', () => {
        const client = http2.connect('http://127.0.0.1:' + server.address().port);
        const sent = client.request({ ':method': 'POST', 'content-type': 'application/json' });
        sent.resume().on('end', () => { client.close(); server.close(); });
        sent.end(${text(INITIALIZE)});
      });`;
    const { env, unobserved } = audited();
    expect(await run([...REGISTER, '-e', code], { env })).toMatchObject({ code: 0, stdout: '' });
    expect(placesOf(unobserved())).toEqual(['http.server']);
  });

  it.each([
    ['written', 'child.stdin.write(line); child.stdin.end()'],
    ['the last', 'child.stdin.end(line)'],
    ['piped', "require('node:stream').Readable.from([line]).pipe(child.stdin)"],
    ['cut', 'child.stdin.write(line.slice(0, 30)); setTimeout(() => child.stdin.end(line.slice(30)), 20)'],
  ])('is reported on the input of a child: %s', async (_, how) => {
    const code = `
      const child = require('node:child_process').spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
      const line = ${text(`${JSON.stringify(INITIALIZE)}\n`)};
      child.stdout.setEncoding('utf8').on('data', (data) => process.stdout.write(data));
      ${how};`;
    const { env, unobserved } = audited();
    const ended = await run([...REGISTER, '-e', code], { env });
    expect(ended.stdout).toBe(`${JSON.stringify(INITIALIZE)}\n`);
    expect(alarms(ended)).toEqual([expect.stringContaining('instrumentClient or instrumentTransport')]);
    expect(unobserved()).toMatchObject([
      { 'mcp_audit.unobserved.place': 'child', 'mcp_audit.side': 'client', 'network.transport': 'pipe' },
    ]);
  });

  it.each([
    ['text', 'hello\n'],
    ['the Language Server Protocol', `Content-Length: 9\r\n\r\n${JSON.stringify(LSP)}`],
    ['the same without headers', `${JSON.stringify(LSP)}\n`],
    ['the Agent Client Protocol', `${JSON.stringify(ACP)}\n`],
  ])('is not %s to a child', async (_, input) => {
    const code = `
      const child = require('node:child_process').spawn('cat', { stdio: ['pipe', 'inherit', 'inherit'] });
      child.stdin.end(${text(input)});`;
    const ended = await run([...REGISTER, '-e', code], { env: { ...QUIET, ...WARNING } });
    expect(ended).toEqual({ code: 0, signal: null, stdout: input, stderr: '' });
  });
});

describe('a client that hooks see', () => {
  const client = (transport: string, server: string) =>
    program(
      `
      import { Client } from ${JSON.stringify(sdk('client/index.js'))};
      import { StdioClientTransport } from ${JSON.stringify(sdk('client/stdio.js'))};
      import { StreamableHTTPClientTransport } from ${JSON.stringify(sdk('client/streamableHttp.js'))};
      import { spawn } from 'node:child_process';
      import { createServer } from 'node:http';
      ${server}
      const client = new Client({ name: 'seen', version: '1' });
      await client.connect(${transport});
      await client.listTools();
      await client.close();
      stop();`,
      'mjs',
    );

  it('is not reported on stdio, and an implementation beside it is', async () => {
    const server = JSON.stringify(join(ROOT, 'test/fixtures/safety-server-v1.mjs'));
    const transport = `new StdioClientTransport({ command: process.execPath, args: [${server}] })`;
    const seen = await run([...REGISTER, client(transport, 'const stop = () => {};')], { env: QUIET });
    expect(seen).toMatchObject({ code: 0, stderr: '' });
    const beside = `const stop = () => spawn('cat').stdin.end(${JSON.stringify(JSON.stringify(INITIALIZE))});`;
    const both = await run([...REGISTER, client(transport, beside)], { env: QUIET });
    expect(alarms(both)).toEqual([expect.stringContaining('to a child process')]);
  });

  it('is not reported over HTTP; the server without an SDK is', async () => {
    const server = `
      const server = createServer(async (q, r) => {
        let body = '';
        for await (const chunk of q) body += chunk;
        if (q.method !== 'POST') return r.writeHead(405).end();
        const { id, method } = JSON.parse(body);
        if (id === undefined) return r.writeHead(202).end();
        const info = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } };
        r.setHeader('content-type', 'application/json');
        r.end(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'initialize' ? info : { tools: [] } }));
      });
      await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
      const stop = () => server.close();`;
    const transport = "new StreamableHTTPClientTransport(new URL('http://127.0.0.1:' + server.address().port))";
    const ended = await run([...REGISTER, client(transport, server)], { env: QUIET });
    expect(ended.code).toBe(0);
    expect(alarms(ended)).toEqual([expect.stringContaining('MCP that arrives at an HTTP server')]);
  });
});

describe('SDK v2 over HTTP', () => {
  const require = createRequire(join(ROOT, 'package.json'));
  const module = (name: string) =>
    JSON.stringify(pathToFileURL(require.resolve(`@modelcontextprotocol/${name}`).replace(/\.cjs$/, '.mjs')).href);

  it.each(['undefined', "{ mode: 'auto' }", "{ mode: { pin: '2026-07-28' } }"])(
    'is not reported, with its listen streams: %s',
    async (versionNegotiation) => {
      const file = program(
        `
        import { Client, StreamableHTTPClientTransport } from ${module('client')};
        import { createMcpHandler, McpServer } from ${module('server')};
        import { toNodeHandler } from ${module('node')};
        import { createServer } from 'node:http';
        const handler = createMcpHandler(() => {
          const server = new McpServer({ name: 's', version: '1' }, { capabilities: { tools: { listChanged: true } } });
          server.registerTool('echo', {}, () => ({ content: [] }));
          return server;
        });
        const server = createServer(toNodeHandler(handler));
        await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
        const versionNegotiation = ${versionNegotiation};
        const client = new Client({ name: 'c', version: '1' }, versionNegotiation && { versionNegotiation });
        await client.connect(new StreamableHTTPClientTransport(new URL('http://127.0.0.1:' + server.address().port)));
        await client.callTool({ name: 'echo', arguments: {} });
        if (versionNegotiation) await (await client.listen({ toolsListChanged: true })).close();
        await client.close();
        await handler.close();
        server.closeAllConnections();
        server.close();`,
        'mjs',
      );
      const { env, unobserved } = audited();
      const ended = await run([...REGISTER, file], { env: { ...env, MCP_TRAIL_UNKNOWN: '' } });
      expect(ended.code).toBe(0);
      expect(alarms(ended)).toEqual([]);
      expect(unobserved()).toEqual([]);
    },
  );
});

describe('a stateless HTTP server that hooks see', () => {
  it('is not reported if requests of several clients have the same id, and it refuses some', async () => {
    const file = program(
      `
      import { createServer } from 'node:http';
      import { McpServer } from ${JSON.stringify(sdk('server/mcp.js'))};
      import { StreamableHTTPServerTransport } from ${JSON.stringify(sdk('server/streamableHttp.js'))};
      const events = new Map();
      const event = (name) => {
        if (!events.has(name)) {
          let happens;
          const promise = new Promise((resolve) => (happens = resolve));
          events.set(name, { promise, happens });
        }
        return events.get(name);
      };
      const server = createServer(async (request, response) => {
        const name = request.headers['x-name'];
        let body = '';
        for await (const chunk of request) body += chunk;
        event(name + ' arrived').happens();
        if (name === 'refused') return response.writeHead(401).end();
        await event(name + ' allowed').promise;
        const mcp = new McpServer({ name: 's', version: '1' });
        mcp.registerTool('wait', {}, async () => {
          event(name + ' called').happens();
          await event(name + ' released').promise;
          return { content: [] };
        });
        const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
        await mcp.connect(transport);
        await transport.handleRequest(request, response, JSON.parse(body));
      });
      await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
      const call = async (name) => {
        const answer = await fetch('http://127.0.0.1:' + server.address().port, {
          method: 'POST',
          headers: {
            'content-type': 'application/json', accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2025-06-18', 'x-name': name,
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wait' } }),
        });
        await answer.text();
        return answer.status;
      };
      const first = call('first');
      event('first allowed').happens();
      await event('first called').promise;
      const second = call('second');
      await event('second arrived').promise;
      const refused = await call('refused');
      event('first released').happens();
      const statuses = [await first, refused];
      event('second allowed').happens();
      event('second released').happens();
      console.log(...statuses, await second);
      server.close();`,
      'mjs',
    );
    const ended = await run([...REGISTER, file], { env: QUIET });
    expect(ended).toMatchObject({ code: 0, stdout: '200 401 200\n' });
    expect(alarms(ended)).toEqual([expect.stringContaining('sent by this process over HTTP')]);
  });
});

describe('MCP is reported', () => {
  const init = (message: unknown, headers: object) =>
    JSON.stringify({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(message),
    });
  const SERVER = `
    const { createServer } = require('node:http');
    const server = createServer((request, response) => request.resume().on('end', () => waiting.push(response)));
    const waiting = { push: (response) => response.end('{}') };
    const listening = new Promise((ok) => server.listen(0, '127.0.0.1', ok));
    const post = async (init) => (await fetch('http://127.0.0.1:' + server.address().port, init)).text();`;

  it.each([
    ['a ping', { jsonrpc: '2.0', id: 1, method: 'ping' }],
    ['a notification', { jsonrpc: '2.0', method: 'notifications/x' }],
  ])('on stdin and to a child, after %s', async (_, first) => {
    const code = `
      const child = require('node:child_process').spawn('cat', { stdio: ['pipe', 'inherit', 'inherit'] });
      process.stdin.pipe(child.stdin);`;
    const input = `${JSON.stringify(first)}\n${JSON.stringify(INITIALIZE)}`;
    const ended = await run([...REGISTER, '-e', code], { env: QUIET, input });
    expect(ended).toMatchObject({ code: 0, stdout: `${input}\n` });
    expect(alarms(ended).sort()).toEqual([
      expect.stringContaining('to a child process'),
      expect.stringContaining('that arrives on stdin'),
    ]);
  });

  it('though many children were started that get no input', async () => {
    const code = `
      const { spawn } = require('node:child_process');
      (async () => {
        for (let n = 0; n < 257; n += 1) await new Promise((ok) => spawn('true').once('close', ok));
        spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] }).stdin.end(${JSON.stringify(JSON.stringify(INITIALIZE))});
      })();`;
    expect(alarms(await run([...REGISTER, '-e', code], { env: QUIET }))).toEqual([
      expect.stringContaining('to a child process'),
    ]);
  });

  it('though many requests are sent at once', async () => {
    const code = `${SERVER}
      waiting.push = (response) => {
        responses.push(response);
        if (responses.length === 300) for (const each of responses) each.setHeader('content-type', 'application/json').end('{}');
      };
      const responses = [];
      listening.then(async () => {
        const one = () => post(${init({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'mcp-session-id': 'x' })});
        await Promise.all(Array.from({ length: 300 }, one));
        server.close();
      });`;
    expect(alarms(await run([...REGISTER, '-e', code], { env: QUIET }))).toHaveLength(2);
  });

  it('after much that accepts the same answers', async () => {
    const accept = 'application/graphql-response+json, application/json, text/event-stream';
    const code = `${SERVER}
      listening.then(async () => {
        for (let n = 0; n < 300; n += 1) await post(${init({ query: '{a}' }, { accept })});
        await post(${init(INITIALIZE, { accept: 'application/json, text/event-stream' })});
        server.close();
      });`;
    expect(alarms(await run([...REGISTER, '-e', code], { env: QUIET }))).toHaveLength(1);
  });
});

it('a server that answers before it hands a message on to its transport is not reported', async () => {
  const file = program(
    `
    import { createServer, request } from 'node:http';
    import { McpServer } from ${JSON.stringify(sdk('server/mcp.js'))};
    let server;
    const transport = { start: async () => {}, send: async () => server.close(), close: async () => {} };
    await new McpServer({ name: 's', version: '1' }).connect(transport);
    server = createServer(async (incoming, response) => {
      let body = '';
      for await (const chunk of incoming) body += chunk;
      response.on('close', () => setTimeout(() => transport.onmessage(JSON.parse(body)), 50));
      response.writeHead(202).end();
    });
    server.listen(0, '127.0.0.1', () => {
      const headers = { 'content-type': 'application/json', 'mcp-protocol-version': '2025-06-18' };
      const sent = request({ port: server.address().port, host: '127.0.0.1', method: 'POST', headers }, (r) => r.resume());
      sent.end(${JSON.stringify(JSON.stringify(INITIALIZE))});
    });`,
    'mjs',
  );
  const ended = await run([...REGISTER, file], { env: QUIET });
  expect(ended.code).toBe(0);
  expect(alarms(ended)).toEqual([expect.stringContaining('sent by this process over HTTP')]);
});

it('requests whose answer is cut off are not kept', async () => {
  const code = `
    const { createServer } = require('node:http');
    const { connect } = require('node:net');
    const requests = [];
    const server = createServer((request, response) => {
      request.resume();
      requests.push(new WeakRef(request));
      response.once('close', () => closed());
      response.writeHead(500).write('x');
    });
    let closed;
    const once = (body) => new Promise((resolve) => {
      closed = resolve;
      const head = 'POST / HTTP/1.1\\r\\nHost: a\\r\\nMcp-Session-Id: a\\r\\nContent-Type: application/json\\r\\n';
      const socket = connect(server.address().port, '127.0.0.1');
      socket.write(head + 'Content-Length: ' + body.length + '\\r\\n\\r\\n' + body);
      socket.once('data', () => socket.destroy());
    });
    const held = () => requests.filter((each) => each.deref() !== undefined).length;
    server.listen(0, '127.0.0.1', async () => {
      for (let id = 0; id < 20; id += 1) await once(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/list' }));
      for (let n = 0; n < 200 && held() > 2; n += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        gc();
      }
      console.log(held() <= 2);
      server.close();
    });`;
  const ended = await run(['--expose-gc', ...REGISTER, '-e', code], { env: QUIET });
  expect(ended).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' });
});

describe('a program that reads its input', () => {
  const READS: Readonly<Record<string, string>> = {
    'as text': "process.stdin.setEncoding('utf8').on('data', (text) => process.stdout.write(text))",
    'as bytes': 'process.stdin.on("data", (bytes) => process.stdout.write(bytes))',
    'by read()':
      'process.stdin.on("readable", () => { for (let c; (c = process.stdin.read()) !== null; ) process.stdout.write(c) })',
    'a few bytes at a time':
      'process.stdin.on("readable", () => { for (let c; (c = process.stdin.read(7) ?? process.stdin.read()) !== null; ) process.stdout.write(c) })',
    'by iteration': '(async () => { for await (const chunk of process.stdin) process.stdout.write(chunk) })()',
    'by a pipe': 'process.stdin.pipe(process.stdout)',
    'by a slow pipe':
      'const { Transform } = require("stream"); process.stdin.pipe(new Transform({ highWaterMark: 8, transform(c, _, done) { setTimeout(done, 1, null, c) } })).pipe(process.stdout)',
    'by lines':
      'require("readline").createInterface({ input: process.stdin }).on("line", (line) => process.stdout.write(line + "\\n"))',
    'after a pause':
      'process.stdin.pause(); setTimeout(() => process.stdin.on("data", (c) => process.stdout.write(c)).resume(), 50)',
  };
  const INPUTS = [
    ['text', 'one line\nand änother\n'],
    ['JSON', '{"name":"x","version":"1"}\n'],
    ['another JSON-RPC', '{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}\n'],
    ['the Language Server Protocol', `Content-Length: 9\r\n\r\n${JSON.stringify(LSP)}\n`],
    ['the same without headers', `${JSON.stringify(LSP)}\n`],
    ['the Agent Client Protocol', `${JSON.stringify(ACP)}\n`],
    ['much', `${'x'.repeat(100_000)}\n`],
  ] as const;

  it.each(INPUTS)('is not reported, and gets its input completely: %s', async (_, input) => {
    for (const reads of Object.values(READS)) {
      const plain = await run(['-e', reads], { input });
      const ended = await run([...REGISTER, '-e', reads], { env: { ...QUIET, ...WARNING }, input });
      expect(plain).toMatchObject({ code: 0, stderr: '' });
      expect(ended).toEqual(plain);
    }
  });

  it.each(Object.keys(READS))('and gets MCP is reported, and gets its input completely: %s', async (name) => {
    const input = JSON.stringify({ ...INITIALIZE, note: 'ä'.repeat(2000) });
    const ended = await run([...REGISTER, '-e', READS[name] as string], { env: QUIET, input });
    expect(ended).toMatchObject({ code: 0, stdout: `${input}\n` });
    expect(alarms(ended)).toHaveLength(1);
  });

  it('sees the same objects and the same stream as without mcp-trail', async () => {
    const code = `
      const seen = [];
      process.stdin.on('data', (chunk) => seen.push([chunk.constructor.name, chunk.byteOffset, chunk.length]));
      process.stdin.on('end', () => console.log(JSON.stringify([seen, Object.keys(process.stdin).sort(),
        Object.hasOwn(process.stdin, 'push'), Object.getOwnPropertyDescriptor(process, 'stdin').get.name])));`;
    const input = JSON.stringify(INITIALIZE);
    const plain = await run(['-e', code], { input });
    expect(await run([...REGISTER, '-e', code], { env: QUIET, input })).toMatchObject({ stdout: plain.stdout });
  });

  it('and throws while it does so still throws', async () => {
    const code = "process.stdin.on('data', () => { throw new Error('mine') })";
    const input = JSON.stringify(INITIALIZE);
    const ended = await run([...REGISTER, '-e', code], { env: QUIET, input });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('Error: mine');
  });

  it('but leaves what it has read unread is not reported', async () => {
    const code = `
      process.stdin.on('readable', () => {});
      setTimeout(() => process.exit(0), 1500);`;
    const ended = await run([...REGISTER, '-e', code], {
      env: { ...QUIET, ...WARNING },
      input: JSON.stringify(INITIALIZE),
    });
    expect(ended.stderr).toBe('');
  });

  it('that never reads its input is not kept alive by it', async () => {
    const file = program('console.log("done")');
    const child = new Child([...REGISTER, file], { ...QUIET, ...WARNING });
    expect(await child.ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
  });
});
