/** Reason of a failed export and advice, without content of responses, headers or credentials. Pure. */
import { shown } from '../redact/scrub.js';

export type Signal = 'traces' | 'metrics' | 'logs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a signal consists of. */
export const NOUNS: Readonly<Record<Signal, string>> = { traces: 'spans', metrics: 'metrics', logs: 'log records' };

const MAX_REASON = 120;
const MAX_ENDPOINT = 200;
const MAX_CAUSES = 5;
const CODE = /^[A-Z][A-Z0-9_]{2,40}$/;

/** `ECONNREFUSED`, `HTTP 401`, `UNAVAILABLE, ECONNREFUSED`; without a code, the error's message. */
export function reasonOf(error: unknown): string {
  const first = asError(error);
  if (first === undefined) return 'no reason given';
  const codes: string[] = [];
  let next: ErrorLike | undefined = first;
  for (let depth = 0; next !== undefined && depth < MAX_CAUSES; depth++) {
    codes.push(...codesOf(next));
    next = asError(next.cause) ?? asError(next.errors?.[0]);
  }
  if (codes.length > 0) return [...new Set(codes)].join(', ');
  const [line = ''] = textOf(first.message).split('\n', 1);
  return line === '' ? 'no reason given' : shown(RETRYABLE.test(line) ? RETRIED : line, MAX_REASON);
}

interface ErrorLike {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** The SDK does not keep the status of a retryable response. */
const RETRYABLE = /^Export failed with retryable status/;
const RETRIED = 'HTTP 429, 502, 503 or 504';

/** Prefix of gRPC before text of the other side. */
const GRPC = /^\d{1,2} ([A-Z_]{2,20}):/;

function codesOf({ code, message }: ErrorLike): string[] {
  if (typeof code === 'string') return CODE.test(code) ? [code] : [];
  if (typeof code !== 'number') return [];
  const text = textOf(message);
  const grpc = GRPC.exec(text)?.[1];
  if (grpc === undefined) return code >= 100 && code <= 599 ? [`HTTP ${code}`] : [`code ${code}`];
  // The underlying error, which the client found itself.
  const system = /\b(?:E[A-Z]{4,15}|(?:[A-Z]+_)+(?:CERT|SIGNED)[A-Z_]*)\b/.exec(text)?.[0];
  return system === undefined ? [grpc] : [grpc, system];
}

function asError(value: unknown): ErrorLike | undefined {
  if (typeof value === 'string') return { message: value };
  return typeof value === 'object' && value !== null ? (value as ErrorLike) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An address without user info, query and fragment. */
export function shownEndpoint(endpoint: string): string {
  const text = URL.canParse(endpoint) ? withoutSecrets(new URL(endpoint)) : endpoint.replace(/^.*@/, '');
  return shown(text, MAX_ENDPOINT);
}

function withoutSecrets({ protocol, host, pathname, href }: URL): string {
  // In `localhost:4318`, `localhost` is a scheme.
  return host === '' ? href.replace(/^.*@|[?#].*$/g, '') : `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

interface Advice {
  readonly when: RegExp;
  readonly what: (names: Names) => string;
}

/** Variables of a signal. */
interface Names {
  readonly endpoint: string;
  readonly of: (setting: string) => string;
  readonly batch: string;
}

const ADVICE: readonly Advice[] = [
  { when: /HTTP 40[13]\b|UNAUTHENTICATED|PERMISSION_DENIED/, what: ({ of }) => `Check ${of('HEADERS')}` },
  {
    when: /HTTP 40[45]\b|UNIMPLEMENTED/,
    what: ({ endpoint, of }) => `Check the path in ${endpoint}, and ${of('PROTOCOL')}`,
  },
  { when: /HTTP 41[35]\b|HTTP 400\b|HPE_|INVALID_ARGUMENT/, what: ({ of }) => `Check ${of('PROTOCOL')}` },
  { when: /CERT|SIGNED|TLS|SSL|EPROTO/, what: ({ of }) => `Check ${of('CERTIFICATE')}` },
  {
    when: /export limit|DEADLINE|RESOURCE_EXHAUSTED|HTTP 429/,
    what: ({ batch }) => `It does not keep up: see ${batch}`,
  },
];

/** What to check first. */
export function adviceFor(reason: string, signal: Signal, endpoint: string, env: Environment): string {
  const own = (setting: string) => `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${setting}`;
  const variable = (setting: string) => (isSet(env, own(setting)) ? own(setting) : `OTEL_EXPORTER_OTLP_${setting}`);
  const batch = signal === 'logs' ? 'OTEL_BLRP_MAX_EXPORT_BATCH_SIZE' : 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE';
  const names: Names = { endpoint: variable('ENDPOINT'), of: variable, batch };
  const port = wrongPort(endpoint, variable('PROTOCOL'));
  if (port !== undefined) return port;
  const advice = ADVICE.find(({ when }) => when.test(reason))?.what(names);
  if (advice !== undefined) return advice;
  return `Is a Collector running there? The address is set by ${variable('ENDPOINT')}; OTEL_${signal.toUpperCase()}_EXPORTER=none sends none`;
}

/** Confused ports of the two protocols. */
function wrongPort(endpoint: string, protocol: string): string | undefined {
  const isHttp = /\/v1\/(?:traces|metrics|logs)$/.test(endpoint);
  if (isHttp && /:4317\//.test(endpoint)) return `Port 4317 is for gRPC: use port 4318, or set ${protocol}=grpc`;
  if (!isHttp && /:4318$/.test(endpoint))
    return `Port 4318 is for HTTP: use port 4317, or set ${protocol}=http/protobuf`;
  return undefined;
}

export function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}
