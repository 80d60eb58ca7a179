/** Asserts how an operation ended, by its spans and metrics. */
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { Telemetry, until } from './telemetry.js';

/** How an operation ended on one side. Without members: successfully. */
export interface Ending {
  readonly errorType?: string;
  /** JSON-RPC error code on the wire. */
  readonly statusCode?: string;
  /** The caller cancelled it, which is not an error of the receiver. */
  readonly cancelled?: true;
  readonly resultType?: 'input_required' | 'task';
}

export const UNSET: Ending = {};
export const CANCELLED_BY_PEER: Ending = { cancelled: true };

export function failed(errorType: string): Ending {
  return { errorType };
}

/** A JSON-RPC error that counts as an error. */
export function answered(code: number): Ending {
  return { errorType: String(code), statusCode: String(code) };
}

/** A JSON-RPC error caused by the caller, as recorded by the receiver. */
export function blameless(code: number): Ending {
  return { statusCode: String(code) };
}

/** Telemetry for a file of scenarios. After each scenario, checks that nothing is open and nothing failed. */
export function scenarioTelemetry(): Telemetry {
  const telemetry = new Telemetry();
  beforeEach(async () => {
    telemetry.reset();
    await telemetry.startMeasuring();
  });
  afterEach(() => expectNothingOpen(telemetry));
  afterAll(() => telemetry.shutdown());
  return telemetry;
}

/** Every started span has ended, once, and contains no content. */
export async function expectNothingOpen(telemetry: Telemetry): Promise<void> {
  await until(() => telemetry.open.length === 0, 'all spans to end', 2_000).catch(() => {});
  expect(telemetry.open, 'spans that never ended').toEqual([]);
  expect(telemetry.complaints, 'reports of misuse or failure').toEqual([]);
  expect(await telemetry.active(), 'operations that are still counted as active').toEqual([]);
  for (const span of telemetry.spans) {
    expect(span.status.message, `status description of ${span.name}`).toBeUndefined();
    expect(span.events, `events of ${span.name}`).toEqual([]);
  }
}

/** Asserts that a side has one span and one measurement with this ending, or neither. */
export async function expectEndings(
  telemetry: Telemetry,
  name: string,
  expected: { readonly client?: Ending; readonly server?: Ending },
): Promise<void> {
  await expectNothingOpen(telemetry);
  for (const side of ['client', 'server'] as const) {
    const ending = expected[side];
    const spans = telemetry.all(side, name);
    const endings = ending === undefined ? [] : [ending];
    expect(spans.map(endingOf), `${side} spans "${name}"`).toEqual(endings);
    for (const span of spans) expectStatus(span);
    const method = name.split(' ', 1)[0] as string;
    expect(await measured(telemetry, side, method), `${side} measurements of ${method}`).toEqual(
      endings.map(({ errorType, statusCode }) => ({ errorType, statusCode })),
    );
  }
}

/** The ending of a span. */
export function endingOf(span: ReadableSpan): Ending {
  const { attributes } = span;
  return {
    errorType: attributes['error.type'],
    statusCode: attributes['rpc.response.status_code'],
    cancelled: attributes['mcp_trail.cancelled'],
    resultType: attributes['mcp_trail.result.type'],
  } as Ending;
}

/** ERROR if there is an error type; never OK. */
function expectStatus(span: ReadableSpan): void {
  const failed = span.attributes['error.type'] !== undefined;
  expect(span.status.code, `status of ${span.name}`).toBe(failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
}

/** One entry per measurement of a method; unverified names are `_OTHER`. */
async function measured(telemetry: Telemetry, side: 'client' | 'server', method: string): Promise<Ending[]> {
  const series = await telemetry.measurements();
  return series
    .filter(({ metric }) => metric === `mcp.${side}.operation.duration`)
    .filter(({ attributes }) => [method, '_OTHER'].includes(attributes['mcp.method.name'] as string))
    .flatMap(({ attributes, count }) =>
      Array.from({ length: count }, () => ({
        errorType: attributes['error.type'] as string,
        statusCode: attributes['rpc.response.status_code'] as string,
      })),
    );
}

/** The `error.type` of ended sessions, by side. */
export async function endedSessions(telemetry: Telemetry, side: 'client' | 'server'): Promise<unknown[]> {
  const series = await telemetry.measurements();
  return series
    .filter(({ metric }) => metric === `mcp.${side}.session.duration`)
    .flatMap(({ attributes, count }) => Array.from({ length: count }, () => attributes['error.type']));
}
