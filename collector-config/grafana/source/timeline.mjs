/** MCP timeline: everything with one correlation id, across all services, in order. */
import { dashboard, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { lokiNow, records, traceById } from './queries.mjs';
import { TO } from './selectors.mjs';

const IT = `{service_name=~".+"} | event_name=~"mcp_audit.+" | mcp_audit_correlation_id="\${correlation}"`;
const EMPTY = 'Nothing in this time range: enter a correlation id above, or choose a longer range';

const summary = {
  title: 'Summary',
  height: 4,
  panels: [
    [
      6,
      p.stat({
        title: 'Operations',
        description: 'Distinct operations with this correlation id, from clients and servers.',
        unit: 'short',
        query: lokiNow(
          `count(sum by (mcp_audit_operation_id) (count_over_time(${IT} | mcp_audit_operation_id!="" [$__range])))`,
        ),
      }),
    ],
    [
      6,
      p.stat({
        title: 'Services',
        description: 'Audited services with records of this correlation id.',
        unit: 'short',
        query: lokiNow(`count(sum by (service_name) (count_over_time(${IT} [$__range])))`),
      }),
    ],
    [
      6,
      p.stat({
        title: 'Longest operation',
        description: 'Duration of the longest operation, usually the outermost.',
        unit: 'ms',
        noValue: '–',
        steps: p.steps(p.OK, [1_000, p.NOTICE], [5_000, p.WARNING], [10_000, p.BAD]),
        query: lokiNow(`max(max_over_time(${IT} | unwrap mcp_audit_duration_ms | __error__="" [$__range]))`),
      }),
    ],
    [
      6,
      p.stat({
        title: 'Failed',
        description:
          'Operations that did not succeed. A failure usually makes the operations around it fail too: the innermost one is the cause.',
        unit: 'short',
        steps: p.NONE_STEPS,
        query: lokiNow(
          `sum(count_over_time(${IT} | event_name="mcp_audit.response" | audit_outcome="failure" [$__range]))`,
        ),
      }),
    ],
  ],
};

const timelineOfRecords = {
  title: 'Audit records',
  height: 12,
  panels: [
    [
      24,
      p.recordTable({
        title: 'What happened',
        description:
          'Records of all services with this correlation id, oldest first. Each operation has one record at its start and one at its end.',
        noValue: EMPTY,
        query: records(IT, { direction: 'forward', maxLines: 1_000 }),
        columns: [
          { from: 'Time', name: 'Time', width: 170 },
          { from: 'service_name', name: 'Service' },
          { from: 'mcp_audit_side', name: 'Side', width: 70 },
          { from: 'event_name', name: 'Event' },
          { from: 'audit_actor_id', name: 'Actor', links: [TO.actor('Actor', '')] },
          { from: 'mcp_method_name', name: 'Method' },
          { from: 'audit_target_id', name: 'Target' },
          { from: 'audit_outcome', name: 'Outcome', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_status', name: 'Status', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_duration_ms', name: 'Duration', unit: 'ms', width: 90 },
          { from: 'mcp_audit_operation_id', name: 'Operation' },
          { from: 'trace_id', name: 'Trace', links: [TO.trace('Trace')] },
        ],
      }),
    ],
  ],
};

const waterfall = {
  title: 'Trace',
  height: 16,
  panels: [
    [
      24,
      p.trace({
        title: 'Trace $trace',
        description:
          'Where the time went. Empty if no trace id is given above, the trace was not sampled, or it is older than Jaeger keeps. The audit records are complete in any case.',
        noValue: 'No trace: enter its id above. It may not have been sampled',
        query: traceById('$trace'),
      }),
    ],
  ],
};

const logs = {
  title: 'Logs',
  height: 9,
  panels: [
    [
      12,
      p.logs({
        title: 'Audit records, raw',
        description: 'The same records with their full body: the canonical JSON that hashes and signatures cover.',
        noValue: EMPTY,
        query: records(IT, { direction: 'forward', maxLines: 1_000 }),
      }),
    ],
    [
      12,
      p.logs({
        title: 'Application logs in this trace',
        description: 'What the applications logged in this trace, if they log with OpenTelemetry.',
        query: records(`{service_name=~".+"} | trace_id="\${trace}" | trace_id!=""`, {
          from: 'loki',
          direction: 'forward',
          maxLines: 1_000,
        }),
      }),
    ],
  ],
};

export const timeline = dashboard({
  uid: 'mcp-timeline',
  title: 'MCP timeline',
  description: 'Everything with one correlation id, across all services, in order.',
  uses: ['loki_audit', 'loki', 'jaeger'],
  variables: [
    text({
      name: 'correlation',
      label: 'Correlation id',
      description: 'The exact correlation id; links from other dashboards fill it in',
    }),
    text({
      name: 'trace',
      label: 'Trace id',
      description: 'The trace to show below; the same as the correlation id unless a caller sent its own',
    }),
  ],
  rows: [summary, timelineOfRecords, waterfall, logs],
  from: 'now-24h',
});
