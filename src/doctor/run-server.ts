/**
 * Starts the command as a host would, says hello, lists the tools, and ends it. What it sends goes to a receiver of ours, and what it
 * audits into a file that is deleted afterwards: it was a test.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSet } from '../emit/export-failure.js';
import { attempt } from '../lib/attempt.js';
import { PACKAGE_VERSION } from '../lib/version.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { type Child, type Ending, start } from '../wrap/child.js';
import { Life } from '../wrap/life.js';
import { type Answer, Client } from './client.js';
import { within } from './limit.js';
import { probeIn, processesIn, type Seen } from './probe.js';
import { type Received, type Receiver, startReceiver } from './receiver.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ServerRun {
  readonly command: string;
  /** Why it could not be started: the code of the error. */
  readonly notStarted?: string;
  /** The request that it has not answered, or answered with an error. */
  readonly refused?: { readonly method: string; readonly errorCode: unknown };
  /** Its own name and version. */
  readonly name: string | undefined;
  readonly protocol: string | undefined;
  /** Undefined where it was not asked. */
  readonly tools: number | undefined;
  /** Lines on its output that are no messages. */
  readonly stray: readonly string[];
  /** Its lines on stderr, ours without their prefix. */
  readonly ours: readonly string[];
  readonly others: readonly string[];
  /** Whether another OpenTelemetry SDK was there first. */
  readonly hasOwnSdk: boolean;
  readonly ending: Ending | undefined;
  readonly processes: readonly Seen[];
  readonly received: Received;
  /** Of the trace in which it was asked. */
  readonly traceId: string;
}

const PREFIX = 'mcp-trail: ';
const MAX_LINES = 200;
const MAX_LINE = 2000;
const MAX_PAGES = 10;
const MAX_TOOLS = 10_000;
/** For output that is still to come after the end. */
const CLOSE_MS = 1000;
/** Those that end a command. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

export async function runServer(command: string, args: readonly string[], timeoutMs: number): Promise<ServerRun> {
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-doctor-'));
  const interrupted: NodeJS.Signals[] = [];
  try {
    return await examined(command, args, { receiver, folder, timeoutMs, interrupted });
  } finally {
    receiver.close();
    attempt(() => rmSync(folder, { recursive: true, force: true }));
    const [signal] = interrupted;
    if (signal !== undefined) process.kill(process.pid, signal);
  }
}

interface Means {
  readonly receiver: Receiver;
  readonly folder: string;
  readonly timeoutMs: number;
  /** Takes the signals by which this process was asked to end. */
  readonly interrupted: NodeJS.Signals[];
}

async function examined(
  command: string,
  args: readonly string[],
  { receiver, folder, timeoutMs, interrupted }: Means,
): Promise<ServerRun> {
  const traceId = randomBytes(16).toString('hex');
  const nothing = {
    name: undefined,
    protocol: undefined,
    tools: undefined,
    stray: [],
    ours: [],
    others: [],
    hasOwnSdk: false,
  };
  const none = { command, ...nothing, ending: undefined, processes: [], received: receiver.received, traceId };
  const life = new Life();
  for (const signal of SIGNALS) process.once(signal, () => void interrupted.push(signal));
  try {
    const child = await started(command, args, environmentOf(process.env, receiver.url, folder));
    if (typeof child === 'string') return { ...none, notStarted: child };
    life.began(child);
    const lines = linesOf(child, receiver.url);
    const client = new Client(child);
    const said = await conversation(client, { traceId, timeoutMs, ended: life.ended });
    child.stdin.end();
    life.endBegins();
    const ending = await life.ended;
    await within(CLOSE_MS, new Promise((resolve) => child.once('close', resolve)));
    for (const pipe of [child.stdout, child.stderr]) pipe?.destroy();
    return { ...none, ...said, ...lines(), stray: client.stray, ending, processes: processesIn(folder) };
  } finally {
    for (const signal of ['SIGUSR1', 'SIGUSR2', ...SIGNALS]) process.removeAllListeners(signal);
  }
}

/** The process, or the code of the error. */
async function started(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Child | string> {
  try {
    const child = start(command, args, process.platform, env);
    const failed = new Promise<string>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    });
    return child.pid === undefined ? await failed : child;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

/** As it is, but for where telemetry and audit records go, and for what tells us about each process of Node.js. */
function environmentOf(env: Environment, url: string, folder: string): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = { ...env, NODE_OPTIONS: probeIn(folder, env['NODE_OPTIONS']) };
  for (const name of Object.keys(own)) if (WAY.test(name)) delete own[name];
  own['OTEL_EXPORTER_OTLP_ENDPOINT'] = url;
  own['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/json';
  for (const signal of ['TRACES', 'METRICS', 'LOGS']) {
    const exporter = `OTEL_${signal}_EXPORTER`;
    // What is switched off stays off.
    if (isSet(env, exporter) && env[exporter]?.trim() !== 'none') own[exporter] = 'otlp';
  }
  own['MCP_TRAIL_AUDIT_FILE'] = join(folder, 'audit.jsonl');
  for (const name of ['MCP_TRAIL_AUDIT_CHECKPOINTS', 'MCP_TRAIL_AUDIT_STATE_DIRECTORY']) delete own[name];
  return own;
}

/** How the operator has exporters send. */
const WAY = /^OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?(?:ENDPOINT|PROTOCOL|COMPRESSION)$/;

/** Whether the operator has said where a signal goes. */
export function hasEndpoint(env: Environment): boolean {
  return Object.keys(env).some((name) => /^OTEL_EXPORTER_OTLP_.*ENDPOINT$/.test(name) && isSet(env, name));
}

/** A line about variables that only we have set. */
function isOfOurs(line: string, env: Environment): boolean {
  if (/^MCP_TRAIL_AUDIT_FILE\b.* no effect/.test(line)) return !isSet(env, 'MCP_TRAIL_AUDIT_FILE');
  return / go where OTEL_EXPORTER_OTLP_ENDPOINT says/.test(line) && !hasEndpoint(env);
}

/** Returns the function to call when there are no more. */
function linesOf(child: Child, url: string): () => Pick<ServerRun, 'ours' | 'others' | 'hasOwnSdk'> {
  const all: string[] = [];
  let rest = '';
  const keep = (line: string) => {
    if (line.trim() !== '' && all.length < MAX_LINES) all.push(line.slice(0, MAX_LINE));
  };
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    lines.forEach(keep);
  });
  return () => {
    keep(rest);
    const ours = all
      .filter((line) => line.startsWith(PREFIX))
      .map((line) => line.slice(PREFIX.length).replaceAll(url, 'your endpoint'));
    return {
      ours: [...new Set(ours)].filter((line) => !isOfOurs(line, process.env)),
      hasOwnSdk: ours.some((line) => line.includes('was registered before mcp-trail/register')),
      others: all.filter((line) => !line.startsWith(PREFIX)),
    };
  };
}

type Said = Pick<ServerRun, 'name' | 'protocol' | 'tools' | 'refused'>;

interface Conversation {
  readonly traceId: string;
  readonly timeoutMs: number;
  readonly ended: Promise<Ending>;
}

/** Hello, and the list of tools. The time is for all of it. */
async function conversation(client: Client, { traceId, timeoutMs, ended }: Conversation): Promise<Said> {
  const overAt = performance.now() + timeoutMs;
  let id = 0;
  const meta = () => ({ _meta: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` } });
  const ask = async (method: string, params: object): Promise<Answer | undefined> => {
    id += 1;
    const answer = client.ask(id, method, { ...params, ...meta() });
    return within(Math.max(1, overAt - performance.now()), Promise.race([answer, ended.then(() => undefined)]));
  };
  const hello = await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'mcp-trail-doctor', version: PACKAGE_VERSION },
  });
  const nothing = { name: undefined, protocol: undefined, tools: undefined };
  if (hello?.result === undefined)
    return { ...nothing, refused: { method: 'initialize', errorCode: hello?.errorCode } };
  const { serverInfo, protocolVersion, capabilities } = hello.result;
  const info = asRecord(serverInfo);
  const said = {
    name: [asString(info?.['name']), asString(info?.['version'])].join(' ').trim(),
    protocol: asString(protocolVersion),
  };
  client.notify('notifications/initialized', meta());
  if (asRecord(capabilities)?.['tools'] === undefined) return { ...said, tools: undefined };
  let tools = 0;
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES && tools < MAX_TOOLS; page++) {
    const list = await ask('tools/list', cursor === undefined ? {} : { cursor });
    if (list?.result === undefined)
      return { ...said, tools, refused: { method: 'tools/list', errorCode: list?.errorCode } };
    tools += Array.isArray(list.result['tools']) ? list.result['tools'].length : 0;
    cursor = list.result['nextCursor'];
    if (typeof cursor !== 'string') break;
  }
  return { ...said, tools };
}
