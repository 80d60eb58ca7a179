/**
 * What `mcp-trail wrap` writes into a message that it observes, so that a server behind it that is observed, too, does not count the
 * message twice: its own span in `tracestate`, and the id of its audit records in an entry of ours.
 */
import { type Context, type TraceState, trace } from '@opentelemetry/api';
import { ancestorCommands } from '../lib/ancestors.js';
import type { Connection } from '../session/connection.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Observed } from '../session/operation.js';
import { type Carrier, extract, isKeepable } from './propagation.js';

/** Key of the member of `tracestate`. Its value ends with the id of the span: those who pass it on have another parent. */
const MEMBER = 'mcptrail';
/** Key in `params._meta`. */
const OPERATION_KEY = 'mcp-trail/operation';

/** The limits that all must accept. @see https://www.w3.org/TR/trace-context/#tracestate-limits */
const MAX_STATE_LENGTH = 512;
const MAX_MEMBERS = 32;

const WRAP = /(?:^|[\s\\/])(?:mcp-trail|cli\.js)\s+wrap(?:\s|$)/;
const WELL_FORMED = /^[\w-]{8,64}$/;

/** A message that `wrap` passes on. */
interface Passed {
  /** Its metadata, as it came. */
  readonly meta: Carrier | undefined;
  /** The entries that it gets. */
  readonly entries?: Readonly<Record<string, string>> | undefined;
  readonly spanId?: string;
  /** The id of its audit records, if there are any. */
  readonly operationId?: string | undefined;
}

/** The entries with marks. Marks of others are taken out: they would hide the message from the server's own trail. */
export function marked({ meta, entries, spanId, operationId }: Passed): Record<string, string> | undefined {
  const all = { ...entries };
  const isTraced = all['traceparent'] !== undefined;
  const state = all['tracestate'] ?? (isKeepable(meta?.['tracestate']) ? meta['tracestate'] : '');
  const members = state.split(',').filter((member) => member.trim() !== '');
  const others = members.filter((member) => !member.trimStart().startsWith(`${MEMBER}=`));
  if (isTraced || others.length < members.length) {
    all['tracestate'] = joined(isTraced ? [`${MEMBER}=w:${spanId}`, ...others] : others);
  }
  if (operationId !== undefined) all[OPERATION_KEY] = operationId;
  else if (meta?.[OPERATION_KEY] !== undefined) all[OPERATION_KEY] = '';
  for (const _ in all) return all;
  return undefined;
}

/** Beyond the limits, the last members go. */
function joined(members: readonly string[]): string {
  let state = '';
  for (const member of members.slice(0, MAX_MEMBERS)) {
    const longer = state === '' ? member : `${state},${member}`;
    if (longer.length > MAX_STATE_LENGTH) break;
    state = longer;
  }
  return state;
}

/** What a `wrap` in front of this server observes of an inbound message. */
export interface Inbound extends Observed {
  /** With its span, without the mark. */
  readonly context: Context;
}

/**
 * Reads the marks of a message for a stdio server. Anyone could write them, and would then act unseen: they count only behind a
 * `wrap`, which writes them anew into every message.
 */
export function observedByWrap(
  connection: Connection,
  { meta, row }: Pick<RequestFacts, 'meta' | 'row'>,
  base: Context,
): Inbound | undefined {
  if (!connection.servesStdio) return undefined;
  const before = connection.wrap;
  // These get no marks.
  if (row.inject === false) return before && { ...before, operationId: undefined, context: base };
  if (meta === undefined) return undefined;
  const { state, context } = traced(meta, base);
  const id = meta[OPERATION_KEY];
  const operationId = typeof id === 'string' && WELL_FORMED.test(id) ? id : undefined;
  if ((state === undefined && operationId === undefined) || !isBehindWrap()) return undefined;
  const hasSpan = state !== undefined;
  const hasRecords = operationId !== undefined;
  connection.wrap = {
    hasSpan: hasSpan || before?.hasSpan === true,
    hasRecords: hasRecords || before?.hasRecords === true,
  };
  return { hasSpan, hasRecords, operationId, context };
}

/** The trace state, if its mark names the span that it comes with. */
function traced(meta: Carrier, base: Context): { readonly state: TraceState | undefined; readonly context: Context } {
  const said = meta['tracestate'];
  if (typeof said !== 'string' || !said.includes(MEMBER)) return { state: undefined, context: base };
  const context = extract(base, meta);
  const span = trace.getSpanContext(context);
  const state = span?.traceState;
  if (span === undefined || state?.get(MEMBER) !== `w:${span.spanId}`) return { state: undefined, context: base };
  return { state, context: trace.setSpanContext(context, { ...span, traceState: state.unset(MEMBER) }) };
}

/** The keys of `_meta` that are not sent: also the mark, where an application passes on what it got. */
export function withoutMarks(
  meta: Carrier | undefined,
  others: readonly string[] | undefined,
): readonly string[] | undefined {
  return meta?.[OPERATION_KEY] === undefined ? others : [...(others ?? []), OPERATION_KEY];
}

let isBehind: boolean | undefined;

function isBehindWrap(): boolean {
  if (isBehind === undefined) {
    isBehind = false;
    for (const command of ancestorCommands()) isBehind ||= WRAP.test(command);
  }
  return isBehind;
}
