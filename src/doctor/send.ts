/**
 * Sends a test of each signal through the exporters that `mcp-trail/register` would use. Tests have the service's own resource and say
 * that they are tests. What stands for audit records is a log record beside the trail, not in it: a record that nobody's action made
 * would have to be explained in every verification.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import {
  type Context,
  type MeterProvider,
  ROOT_CONTEXT,
  TraceFlags,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { REGISTERED } from '../emit/default-providers.js';
import { showDiagnostics } from '../emit/diagnostics.js';
import { NOUNS, reasonOf, type Signal } from '../emit/export-failure.js';
import type { LoggerProvider } from '../emit/logger-provider.js';
import { addressOf, type Exporter, endpointOf, flushProvider, innermost, processorsOf } from '../emit/sdk-internals.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { diagOf, startSdk } from '../lifecycle/start-sdk.js';
import { takeWarnings } from '../report/report.js';
import { failureText } from './answers.js';
import { type Findings, fail, ok, type Patient, warn } from './finding.js';
import { within } from './limit.js';

/** Marks every test, on the span, the measurement and the log record. */
const IS_TEST = { 'mcp_trail.test': true };
export const TEST_NAME = 'mcp-trail doctor';
const TEST_METRIC = 'mcp_trail.doctor.tests';
const TEST_EVENT = 'mcp_trail.doctor.test';
const TEST_TEXT = 'A test of mcp-trail doctor in place of an audit record';
const INFO = 9;

const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];
/** Exporters that send nothing, but print, or wait to be asked. */
const SENDS_NOTHING: Readonly<Record<string, string>> = {
  console: 'printed on stderr',
  prometheus: 'fetched by Prometheus, which is not tested',
};

export type Sent = Readonly<Record<Signal, Findings>> & {
  /** The clock of endpoints minus ours, in milliseconds. */
  readonly skews: readonly number[];
};

const exporterVariable = (signal: Signal) => `OTEL_${signal.toUpperCase()}_EXPORTER`;
const namesIn = (stated: string | undefined) => (stated ?? '').split(',').map((name) => name.trim());

/** @param wanted signals that are used at all */
export async function sendTests({ env, otel, timeoutMs }: Patient, wanted: readonly Signal[]): Promise<Sent> {
  const { require } = otel.found;
  const skews: number[] = [];
  const untested = otel.off === undefined ? [] : [ok(`not tested: ${otel.off}`)];
  const findings: Record<Signal, Findings> = { traces: untested, metrics: untested, logs: untested };
  if (otel.off !== undefined || require === undefined) return { ...findings, skews };
  const answers = watchAnswers(skews);
  const warnings: string[] = [];
  takeWarnings((text) => warnings.push(text));
  prepare(env, timeoutMs);
  showDiagnostics(diagOf(require));
  startSdk(require, { logLevel: undefined, warn: () => {}, onKept: () => {} });
  await Promise.all(
    SIGNALS.map(async (signal) => {
      findings[signal] = await sent(signal, { env, timeoutMs, answers, warnings, isWanted: wanted.includes(signal) });
    }),
  );
  return { ...findings, skews };
}

/** Exporters that print or listen are left out, and none waits longer than this command. */
function prepare(env: Patient['env'], timeoutMs: number): void {
  delete process.env['OTEL_LOG_LEVEL'];
  for (const signal of SIGNALS) {
    const names = namesIn(env[exporterVariable(signal)]);
    const sending = names.filter((name) => !Object.hasOwn(SENDS_NOTHING, name));
    if (sending.length < names.length) process.env[exporterVariable(signal)] = sending.join(',') || 'none';
    process.env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_TIMEOUT`] = String(timeoutMs);
  }
}

interface Means {
  readonly env: Patient['env'];
  readonly timeoutMs: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly warnings: readonly string[];
  readonly isWanted: boolean;
}

async function sent(signal: Signal, means: Means): Promise<Findings> {
  const { env, timeoutMs, answers, warnings, isWanted } = means;
  const names = namesIn(env[exporterVariable(signal)]);
  const others = names.flatMap((name) =>
    Object.hasOwn(SENDS_NOTHING, name) ? [`${name}: ${SENDS_NOTHING[name]}`] : [],
  );
  if (names.includes('none')) return [ok(`off: ${exporterVariable(signal)}=none`)];
  if (!isWanted) return [ok('mcp-trail sends none: MCP_TRAIL_AUDIT does not say otel')];
  const provider = REGISTERED[signal]();
  const exporters = (processorsOf(signal, provider) ?? []).flatMap(({ _exporter }) => _exporter ?? []);
  if (provider === undefined || exporters.length === 0) {
    return others.length > 0
      ? others.map((text) => ok(text))
      : [fail(`${NOUNS[signal]} have no exporter. Set ${exporterVariable(signal)}=otlp, or none if this is meant`)];
  }
  const outcomes = exporters.map((exporter) => ({ exporter, outcome: firstOutcome(exporter) }));
  const problem = MAKE[signal](provider, env);
  if (problem?.status === 'fail') return [problem];
  void flushProvider(provider as Parameters<typeof flushProvider>[0]);
  const findings = outcomes.map(async ({ exporter, outcome }) => {
    const endpoint = endpointOf(exporter) ?? exporter.constructor.name;
    const result = (await within(timeoutMs, outcome)) ?? { error: `no answer in ${timeoutMs / 1000} s` };
    // The SDK has read the answer once this was run.
    await new Promise(setImmediate);
    const how = `${protocolOf(exporter, signal, env)}${endpoint}`;
    if ('error' in result) {
      const error = result.error ?? statusOf(answers, exporter);
      return fail(failureText(reasonOf(error), signal, endpoint, env));
    }
    const rejected = warnings.flatMap((text) => rejectedIn(text, signal) ?? [])[0];
    if (rejected === undefined) return ok(`${how}: the test was taken`);
    return fail(`${endpoint} answers, but has rejected ${rejected} of the test (partial success). Look into its log`);
  });
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(await Promise.all(findings)),
    ...others.map((text) => ok(text)),
  ];
}

const TESTED: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: 'd0c70000000000000000000000000001',
  spanId: 'd0c7000000000001',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});
/** With which the smallest ratios take one. */
const MAX_TRIES = 10_000;

/** Makes a test; returns what is not as it should be. */
const MAKE: Readonly<Record<Signal, (provider: object, env: Patient['env']) => Findings[number] | undefined>> = {
  traces(provider, env) {
    const tracer = (provider as TracerProvider).getTracer(PACKAGE_NAME, PACKAGE_VERSION);
    const made = (context: Context) => tracer.startSpan(TEST_NAME, { attributes: IS_TEST }, context);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const span = made(ROOT_CONTEXT);
      const { traceFlags } = span.spanContext();
      if ((traceFlags & TraceFlags.SAMPLED) === 0) continue;
      span.end();
      return undefined;
    }
    const sampler = `OTEL_TRACES_SAMPLER=${env['OTEL_TRACES_SAMPLER']?.trim()}`;
    const child = made(TESTED);
    child.end();
    return (child.spanContext().traceFlags & TraceFlags.SAMPLED) === 0
      ? fail(`${sampler} drops every span. Remove it, or set parentbased_always_on`)
      : warn(`${sampler} takes only spans whose caller is sampled`);
  },
  metrics(provider) {
    const meter = (provider as MeterProvider).getMeter(PACKAGE_NAME, PACKAGE_VERSION);
    meter.createCounter(TEST_METRIC).add(1, IS_TEST);
    return undefined;
  },
  logs(provider) {
    const now = Date.now();
    const time: [number, number] = [Math.floor(now / 1000), (now % 1000) * 1e6];
    (provider as LoggerProvider).getLogger(PACKAGE_NAME, PACKAGE_VERSION).emit({
      eventName: TEST_EVENT,
      timestamp: time,
      observedTimestamp: time,
      severityNumber: INFO,
      severityText: 'INFO',
      body: TEST_TEXT,
      attributes: IS_TEST,
      context: ROOT_CONTEXT,
    });
    return undefined;
  },
};

type Outcome = { readonly error: unknown } | Record<never, never>;

/** Of the first attempt, which is the only one: the SDK would try again until its timeout. */
function firstOutcome(exporter: Exporter): Promise<Outcome> {
  return new Promise((resolve) => {
    const transport = innermost(exporter._delegate?._transport);
    const send = transport?.send;
    if (transport !== undefined && send !== undefined) {
      transport.send = async (...args) => {
        const answer = await send.apply(transport, args);
        resolve(answer.status === 'success' ? {} : { error: answer.error });
        return answer.status === 'retryable' ? { ...answer, status: 'failure' } : answer;
      };
    }
    const original = exporter.export;
    exporter.export = (items, done) =>
      original?.call(exporter, items, (result) => {
        resolve(result.code === 0 ? {} : { error: result.error });
        return done(result);
      });
  });
}

/** How an exporter of OTLP speaks. */
function protocolOf(exporter: Exporter, signal: Signal, env: Patient['env']): string {
  if (exporter._delegate === undefined) return '';
  const stated = [`_${signal.toUpperCase()}`, ''].map((of) => env[`OTEL_EXPORTER_OTLP${of}_PROTOCOL`]?.trim());
  return `${stated.find((name) => name) ?? 'http/protobuf'} to `;
}

/** The status of each address that has answered, and the time of its clock. */
function watchAnswers(skews: number[]): ReadonlyMap<string, number> {
  const statuses = new Map<string, number>();
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const date = Date.parse(response.headers.date ?? '');
    if (!Number.isNaN(date)) skews.push(date - Date.now());
    statuses.set(`${request.getHeader('host')}${request.path}`, response.statusCode ?? 0);
  });
  return statuses;
}

/** The SDK keeps no status of an answer after which it would try again. */
function statusOf(statuses: ReadonlyMap<string, number>, exporter: Exporter): unknown {
  const address = addressOf(exporter) ?? '';
  if (!URL.canParse(address)) return undefined;
  const { host, pathname, search } = new URL(address);
  const status = statuses.get(`${host}${pathname}${search}`);
  return status === undefined ? undefined : { code: status };
}

const REJECTED: Readonly<Record<Signal, RegExp>> = {
  traces: /"rejectedSpans":"?(\d+)/,
  metrics: /"rejectedDataPoints":"?(\d+)/,
  logs: /"rejectedLogRecords":"?(\d+)/,
};

/** How much an endpoint has rejected, of which the SDK tells in words only. */
function rejectedIn(text: string, signal: Signal): string | undefined {
  const count = /Partial Success/i.test(text) ? REJECTED[signal].exec(text)?.[1] : undefined;
  return count === '0' ? undefined : count;
}
