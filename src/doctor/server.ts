/** What the run of a command shows: whether it is an MCP server that is observed, what it has said, and what has arrived. */
import { basename } from 'node:path';
import { type Finding, type Findings, fail, ok, type Patient, warn } from './finding.js';
import type { ReceivedSpan } from './receiver.js';
import { hasEndpoint, type ServerRun } from './run-server.js';
import { isAllOff } from './switches.js';

const REGISTER = 'start it with node --import mcp-trail/register';
const WRAP = 'put npx -y -p mcp-trail -p @opentelemetry/sdk-node mcp-trail wrap -- in front of it';

/** Processes of the package manager that starts the server. */
const MANAGER = /(?:npx|npm|pnpm|yarn|corepack)[\w-]*\.c?js$/;

/** The process with the server: the one that uses MCP, else the last that started. */
export function serverProcess(server: ServerRun | undefined) {
  const own = server?.processes.filter(({ entry = '' }) => !MANAGER.test(entry)) ?? [];
  return own.find(({ speaksMcp }) => speaksMcp) ?? own.find(({ ours }) => ours.length > 0) ?? own.at(-1);
}

const isWrap = (file: string) => /observe\.js$/.test(file);

export function command({ server, timeoutMs, env }: Patient): Findings {
  if (server === undefined) return [];
  const who = JSON.stringify(server.command);
  if (server.notStarted !== undefined) {
    return [
      fail(`cannot start ${who}: ${server.notStarted}. Give its absolute path: hosts start servers with a short PATH`),
    ];
  }
  const findings: Findings[number][] = [];
  const broken = server.ours.find((line) => /^(?:could not|cannot) start/.test(line));
  if (broken !== undefined) return [fail(broken)];
  if (server.refused !== undefined) findings.push(fail(refusal(server, timeoutMs)));
  if (!isLoaded(server) && !isAllOff(env)) {
    const isNode = serverProcess(server) !== undefined;
    const how = isNode ? `${capital(REGISTER)}, or ${WRAP}` : `It is not Node.js: ${WRAP}`;
    if (!/Cannot find (?:package|module) 'mcp-trail/.test(server.others.join('\n')))
      findings.push(fail(`${who} runs without mcp-trail, and nothing of it is observed. ${how}`));
  }
  if (findings.length > 0) return findings;
  const tools = server.tools === undefined ? 'no tools' : `${server.tools} ${server.tools === 1 ? 'tool' : 'tools'}`;
  return [ok(`${who} answers as ${server.name || 'a server without a name'}, protocol ${server.protocol}, ${tools}`)];
}

function isLoaded({ processes }: ServerRun): boolean {
  return processes.some(({ ours, copies }) => ours.length > 0 || copies.length > 0);
}

const NOT_FOUND = 'Node.js resolves --import mcp-trail/register from the working directory. Use its absolute path';

function refusal({ command: name, refused, ending, others }: ServerRun, timeoutMs: number): string {
  const who = JSON.stringify(name);
  if (others.some((line) => /Cannot find (?:package|module) 'mcp-trail/.test(line)))
    return `${who} cannot find mcp-trail. ${NOT_FOUND}`;
  if (refused?.errorCode !== undefined) return `${who} answers ${refused.method} with the error ${refused.errorCode}`;
  const words = others.find((line) => /\b\w*Error\b/.test(line)) ?? others.at(-1);
  const last = words === undefined ? 'It wrote nothing on stderr' : `On stderr: ${words}`;
  const isOver = ending?.signal === null;
  const how = isOver
    ? `ended with code ${ending.code} before it answered`
    : `has not answered in ${timeoutMs / 1000} s:`;
  const remedy = isOver ? last : `${last}. --timeout gives it longer`;
  return `${who} ${how} ${refused?.method}. ${remedy}`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The copies of MCP SDKs, and whether each is hooked. */
export function sdks({ server }: Patient): Findings {
  const process = serverProcess(server);
  if (server === undefined || process === undefined || process.ours.length === 0) return [];
  if (process.ours.some(isWrap)) return [ok('wrap observes the server from outside: it needs no SDK')];
  const copies = process.copies.map(({ name, version = '', hooked }) =>
    hooked
      ? ok(`${name} ${version} is hooked`.replace('  ', ' '))
      : fail(lineAbout(server, name) ?? `${name} ${version} is not hooked`),
  );
  const failed = process.notes
    .filter(({ reason }) => reason === 'bundle')
    .map(({ file = '', detail }) => warn(`${basename(file)} contains an MCP SDK that cannot be hooked: ${detail}`));
  const unseen = warn('no MCP SDK was seen to load: nothing is hooked');
  const findings = [...copies, ...failed];
  if (findings.length > 0) return findings;
  return server.ours.some((line) => NOT_OBSERVED.test(line)) ? [] : [unseen];
}

const NOT_OBSERVED = /is not observed: /;

function lineAbout({ ours }: ServerRun, name: string): string | undefined {
  return ours.find((line) => line.startsWith(`${name} `));
}

/** Lines that are advice, or about what works in another way. */
const NO_FAILURES = [
  /^audit records are linked, but not signed/,
  /^the application has registered an OpenTelemetry SDK that may send elsewhere/,
  /^another instrumentation /,
  /^OpenTelemetry: /,
  /It is used anyway/,
];

/** What mcp-trail has said on the stderr of the command, unless another check has. */
export function lines({ server }: Patient, said: readonly Finding[]): Findings {
  const known = new Set(said.map(({ text }) => text));
  const news = server?.ours.filter((line) => !known.has(line)) ?? [];
  return news.map((line) => (NO_FAILURES.some((each) => each.test(line)) ? warn(line) : fail(line)));
}

/** What else is on the output of the server. */
export function output({ server }: Patient): Findings {
  if (server === undefined || server.notStarted !== undefined) return [];
  const [first, ...more] = server.stray;
  if (first === undefined) return [ok('only JSON-RPC on the standard output')];
  const which = `${JSON.stringify(first.slice(0, 80))}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  return [
    fail(
      `the standard output has lines that are not JSON-RPC, which hosts refuse: ${which}. Look for logs to the console in the server, and for exporters of its own SDK that print`,
    ),
  ];
}

/** Whether it ended as hosts expect. */
export function ending({ server }: Patient): Findings {
  if (server?.ending === undefined) return [];
  const { signal } = server.ending;
  if (signal === 'SIGKILL')
    return [
      warn('the server had to be killed: it ends neither with its input nor on SIGTERM, and loses what is pending'),
    ];
  if (signal === 'SIGTERM')
    return [warn('the server does not end when its input does: hosts send SIGTERM two seconds later')];
  return [];
}

const KINDS: Readonly<Record<number, string>> = { 2: 'SERVER', 3: 'CLIENT', 4: 'PRODUCER', 5: 'CONSUMER' };
const MAX_SPANS = 50;

/** The spans that have arrived from the command. */
export function trace({ server, env, otel }: Patient): Findings {
  if (server === undefined || server.name === undefined || !isLoaded(server)) return [];
  const { spans, metrics, records, unread } = server.received;
  const extra = `${metrics.size} metrics and ${records} log records`;
  const all = spans.slice(0, MAX_SPANS);
  const own = spans.filter(({ scope }) => scope === 'mcp-trail');
  if (own.length > 0) {
    const linked = own.filter(({ traceId }) => traceId === server.traceId).length;
    const shown = tree(all, server.traceId);
    if (linked > 0) return [ok(`${spans.length} spans arrived in the trace of the client, with ${extra}`, shown)];
    const text = `${spans.length} spans arrived, none of them in the trace of the client. OTEL_PROPAGATORS needs tracecontext, and MCP_TRAIL_TRUST_INCOMING_CONTEXT not to be link`;
    return [{ ...warn(text), details: shown }];
  }
  const off = env['OTEL_TRACES_EXPORTER']?.trim() === 'none' ? 'OTEL_TRACES_EXPORTER=none' : otel.off;
  if (off !== undefined) return [ok(`no spans, as ${off} asks for; ${extra} arrived`)];
  const sampler = env['OTEL_TRACES_SAMPLER']?.trim();
  if (sampler !== undefined && sampler !== '' && sampler !== 'always_on')
    return [warn(`no span arrived: OTEL_TRACES_SAMPLER=${sampler} may have dropped them`)];
  if (unread.includes('traces'))
    return [warn('spans arrived in a form that is not JSON: the code of the application has chosen the exporter')];
  if (server.hasOwnSdk && !hasEndpoint(env))
    return [warn('no span arrived here: an SDK of the application takes them, and sends them where its code says')];
  return [
    fail(
      `no span arrived from the command, ${extra} did. An SDK of the application sends them where its code says, or the process was killed`,
    ),
  ];
}

/** One line each, below their parents. */
function tree(spans: readonly ReceivedSpan[], traceId: string): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const lines: string[] = [];
  const draw = (parent: string | undefined, indent: string) => {
    for (const span of spans) {
      const isRoot = span.parentSpanId === undefined || !ids.has(span.parentSpanId);
      if (parent === undefined ? !isRoot : span.parentSpanId !== parent) continue;
      const apart = span.traceId === traceId || parent !== undefined ? '' : ', in another trace';
      lines.push(`${indent}${KINDS[span.kind] ?? 'INTERNAL'} ${span.name}, ${span.milliseconds.toFixed(1)} ms${apart}`);
      if (span.spanId !== parent && indent.length < 20) draw(span.spanId, `${indent}  `);
    }
  };
  draw(undefined, '');
  return lines.slice(0, MAX_SPANS);
}
