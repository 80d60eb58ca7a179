/** MCP timeline: everything that belongs to one correlation id, over all services, in the order in which it happened. */
import { dashboard, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { lokiNow, records, traceById } from './queries.mjs';
import { TO } from './selectors.mjs';

const IT = `{service_name=~".+"} | event_name=~"mcp_audit.+" | mcp_audit_correlation_id="\${correlation}"`;
const EMPTY = 'Nothing in this time range: give a correlation id above, or choose a longer range';

const summary = {
  title: 'In short',
  height: 4,
  panels: [
    [
      6,
      p.stat({
        title: 'Operations',
        description: 'Different operations with this correlation id, on both ends of the connections.',
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
        description: 'Services that took part and keep an audit trail.',
        unit: 'short',
        query: lokiNow(`count(sum by (service_name) (count_over_time(${IT} [$__range])))`),
      }),
    ],
    [
      6,
      p.stat({
        title: 'Longest operation',
        description: 'The one that took longest, usually the outermost.',
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
          'Operations that did not succeed. One failure deep inside usually makes those around it fail: the latest in the chain is the cause.',
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
  title: 'Audit records, from first to last',
  height: 12,
  panels: [
    [
      24,
      p.recordTable({
        title: 'What happened',
        description:
          'The records of all services with this correlation id. Each operation has one when it begins and one when it ends.',
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
  title: 'The trace',
  height: 16,
  panels: [
    [
      24,
      p.trace({
        title: 'Trace $trace',
        description:
          'Where the time went. Empty when the trace was not sampled, is older than Jaeger keeps, or there is no trace id above; the audit records are complete all the same.',
        noValue: 'No trace: give its id above, or it was not sampled',
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
        title: 'Audit records as they are',
        description: 'With their whole body, the canonical JSON that hashes and signatures are made of.',
        noValue: EMPTY,
        query: records(IT, { direction: 'forward', maxLines: 1_000 }),
      }),
    ],
    [
      12,
      p.logs({
        title: 'Logs of the applications in this trace',
        description: 'What the applications logged while they worked on it, if they log with OpenTelemetry.',
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
  description: 'Everything that belongs to one correlation id, over all services, in the order in which it happened.',
  uses: ['loki_audit', 'loki', 'jaeger'],
  variables: [
    text({
      name: 'correlation',
      label: 'Correlation id',
      description: 'Exactly as it stands in the records; links of the other dashboards fill it in',
    }),
    text({
      name: 'trace',
      label: 'Trace id',
      description: 'The trace to show below; where nobody sent another correlation id, it is the same',
    }),
  ],
  rows: [summary, timelineOfRecords, waterfall, logs],
  from: 'now-24h',
});
