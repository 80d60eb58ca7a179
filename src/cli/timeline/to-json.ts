/** A timeline for programs. Pure. */
import { utc } from '../time.js';
import type { Collected } from './collect.js';
import { notesOf } from './notes.js';
import type { TimelineRow } from './order.js';
import type { Summary } from './summary.js';

/**
 * Entries are a flat list in the order in which they are drawn; `parent` is a place in that list. Values are those of
 * the records, uncut.
 */
export function timelineJson(id: string, rows: readonly TimelineRow[], summary: Summary, collected: Collected): object {
  const { first, skews, last: _, ...counts } = summary;
  return {
    id,
    first_time: first === undefined ? undefined : utc(first),
    records: collected.records.length,
    services: counts.services,
    entries: rows.map((row) => entryJson(row, first)),
    operations: counts.operations,
    failed: counts.failed,
    denied: counts.denied,
    without_response: counts.withoutResponse,
    without_request: counts.withoutRequest,
    guesses: counts.guesses,
    clock_skew: skews.map(({ service, caller, calls, maxMs }) => ({ service, caller, calls, max_ms: maxMs })),
    duplicates: collected.duplicates,
    conflicting: collected.conflicting,
    left_out: collected.leftOut,
    notes: notesOf(summary, collected),
  };
}

function entryJson({ entry, cause, parent }: TimelineRow, first: number | undefined): object {
  const { start } = entry;
  const text = entry.first;
  return {
    kind: entry.kind,
    parent: parent ?? null,
    parent_by: cause?.by,
    parent_is_guess: cause?.guess,
    received_early_ms: cause && cause.earlyMs > 0 ? cause.earlyMs : undefined,
    time: start === undefined ? undefined : utc(start),
    offset_ms: start === undefined || first === undefined ? undefined : start - first,
    duration_ms: entry.durationMs,
    service: entry.service,
    side: entry.side,
    title: entry.title,
    method: text('mcp.method.name'),
    target: text('audit.target.id'),
    actor: text('audit.actor.id'),
    actor_source: text('mcp_audit.actor.source'),
    status: entry.status,
    decision: text('mcp_audit.access.decision'),
    sensitivity: text('mcp_audit.data.sensitivity'),
    denied: entry.denied,
    failed: entry.failed,
    without_response: entry.open,
    trace_id: text('trace_id'),
    span_id: text('span_id'),
    operation_id: text('mcp_audit.operation.id'),
    record_ids: entry.records.map((record) => record['audit.record.id'] ?? null),
  };
}
