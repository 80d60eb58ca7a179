/** MCP pipeline: whether telemetry and audit records reach their backends, from the Collector's own metrics. */
import { dashboard, metricLabel } from './dashboard.mjs';
import * as p from './panels.mjs';
import { prom, promNow } from './queries.mjs';

const C = 'instance=~"$collector"';

/** Signals, by their names in the Collector's metrics. @type {[string, string, string][]} */
const SIGNALS = [
  ['log_records', 'logs', 'log records'],
  ['spans', 'traces', 'spans'],
  ['metric_points', 'metrics', 'metric points'],
];

const rate = (/** @type {string} */ series) => `rate(${series}[$__rate_interval])`;
const inRange = (/** @type {string} */ series) => `increase(${series}[$__range])`;
const received = (/** @type {string} */ what, /** @type {string} */ signal) =>
  `otelcol_receiver_${what}_${signal}_total{${C}}`;
const exported = (/** @type {string} */ what, /** @type {string} */ signal, more = '') =>
  `otelcol_exporter_${what}_${signal}_total{${C}${more}}`;
const QUEUE_SIZE = `otelcol_exporter_queue_size{${C}}`;
const QUEUE_CAPACITY = `otelcol_exporter_queue_capacity{${C}}`;
const AUDIT = ', exporter=~".*(audit|archive).*"';

/** All signals in this time range. @param {(signal: string) => string} series */
const total = (series) =>
  `round(${SIGNALS.map(([signal]) => `(sum(${inRange(series(signal))}) or vector(0))`).join(' + ')})`;

/** A counter appears with its first failure; until then, show its exporters with 0. @param {string} what */
const failures = (what) =>
  SIGNALS.map(([signal, type, words]) =>
    prom(
      `sum by (exporter) (${rate(exported(what, signal))}) or 0 * sum by (exporter) (otelcol_exporter_queue_size{${C}, data_type="${type}"})`,
      `{{exporter}}: ${words}`,
    ),
  );

const now = {
  title: 'Overview',
  height: 4,
  panels: [
    [
      4,
      p.stat({
        title: 'Collectors',
        description:
          'Collectors that report. If there are fewer than you run, one is down or its metrics do not get through.',
        unit: 'short',
        steps: p.steps(p.BAD, [1, p.OK]),
        query: prom(`count(max by (instance) (otelcol_process_uptime_total{${C}}))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Fullest queue',
        description:
          'Fill level of the fullest sending queue. An alert fires above 80%: a backend is down or too slow. Once the queue is full, the Collector rejects what senders send.',
        unit: 'percentunit',
        noValue: '–',
        steps: p.steps(p.OK, [0.5, p.NOTICE], [0.8, p.BAD]),
        query: prom(`max(${QUEUE_SIZE} / ${QUEUE_CAPACITY})`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Rejected by backends',
        description:
          'Items that a backend permanently rejected in this time range, mostly with a 400: too old, too large, wrong key. An archive still has the audit records.',
        unit: 'short',
        steps: p.NONE_STEPS,
        query: promNow(total((signal) => exported('send_failed', signal))),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Rejected by Collector',
        description:
          'Items that the Collector did not accept in this time range, because it was over its memory limit or a queue was full. Senders with a journal or retries send them again.',
        unit: 'short',
        steps: p.FEW_STEPS,
        query: promNow(
          `${total((signal) => received('refused', signal))} + ${total((signal) => exported('enqueue_failed', signal))}`,
        ),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Audit records',
        description:
          'Audit records received in this time range. The row Audit shows whether each backend has all of them.',
        unit: 'short',
        query: promNow(
          `round(sum(${inRange(`otelcol_processor_outgoing_items_total{${C}, processor=~"filter/only_(mcp_)?audit"}`)}))`,
        ),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Memory',
        description:
          'Memory of the largest Collector. Above 80% of its limit it rejects data and asks senders to retry.',
        unit: 'bytes',
        noValue: '–',
        query: prom(`max(otelcol_process_memory_rss{${C}})`),
      }),
    ],
  ],
};

const audit = {
  title: 'Audit',
  height: 8,
  panels: [
    [
      12,
      p.series({
        title: 'Audit records received and sent',
        description:
          'Records per second. A backend whose line stays below "received" is falling behind and its queue grows; above it, it is catching up.',
        unit: 'cps',
        queries: [
          prom(
            `sum(${rate(`otelcol_processor_outgoing_items_total{${C}, processor=~"filter/only_(mcp_)?audit"}`)})`,
            'received',
          ),
          prom(`sum by (exporter) (${rate(exported('sent', 'log_records', AUDIT))})`, '{{exporter}}'),
        ],
        overrides: [p.paint('/^received$/', p.NEUTRAL)],
      }),
    ],
    [
      12,
      p.table({
        title: 'Audit records, by backend',
        description:
          'Records in this time range. A backend loses what it rejects. If the queue is empty and nothing was rejected, a difference from "received" is records in flight at either end of the time range.',
        queries: [
          promNow(`round(sum by (exporter) (${inRange(exported('sent', 'log_records', AUDIT))}))`),
          promNow(
            `round(sum by (exporter) (${inRange(exported('send_failed', 'log_records', AUDIT))})) or 0 * sum by (exporter) (otelcol_exporter_queue_size{${C}${AUDIT}})`,
          ),
          promNow(
            `max by (exporter) (otelcol_exporter_queue_size{${C}${AUDIT}} / otelcol_exporter_queue_capacity{${C}${AUDIT}})`,
          ),
        ],
        columns: [
          { from: 'exporter', name: 'Exporter' },
          { from: 'A', name: 'Sent', unit: 'short' },
          { from: 'B', name: 'Rejected', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          {
            from: 'C',
            name: 'Queue',
            unit: 'percentunit',
            cell: 'gauge',
            max: 1,
            steps: p.steps(p.OK, [0.5, p.NOTICE], [0.8, p.BAD]),
          },
        ],
        sort: 'Sent',
      }),
    ],
  ],
};

const queues = {
  title: 'Queues and failures',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Queues',
        description:
          'Fill level of the sending queues. The dashed lines are 50% and 80%. If a queue grows, its backend is down or too slow: check the Collector log.',
        unit: 'percentunit',
        max: 1,
        limit: true,
        steps: p.steps(p.OK, [0.5, p.NOTICE], [0.8, p.BAD]),
        queries: [
          prom(`max by (exporter, data_type) (${QUEUE_SIZE} / ${QUEUE_CAPACITY})`, '{{exporter}} {{data_type}}'),
        ],
      }),
    ],
    [
      8,
      p.series({
        title: 'Rejected by backends, over time',
        description:
          'Records, spans and points per second that a backend permanently rejected. The Collector log has the reason.',
        unit: 'cps',
        queries: failures('send_failed'),
      }),
    ],
    [
      8,
      p.series({
        title: 'Rejected by full queues',
        description:
          'Items per second that found the queue full; senders were asked to retry. Restore the backend, then enlarge the queue.',
        unit: 'cps',
        queries: failures('enqueue_failed'),
      }),
    ],
  ],
};

const traffic = {
  title: 'Throughput',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Received',
        description: 'Records, spans and points per second, by receiver; prometheus/self is the Collector itself.',
        unit: 'cps',
        queries: SIGNALS.map(([signal, , words]) =>
          prom(`sum by (receiver) (${rate(received('accepted', signal))})`, `{{receiver}}: ${words}`),
        ),
      }),
    ],
    [
      8,
      p.series({
        title: 'Rejected by receivers',
        description:
          'Items per second that receivers did not accept, because of the memory limit or a full queue. Well-behaved senders retry.',
        unit: 'cps',
        queries: SIGNALS.map(([signal, , words]) =>
          prom(`sum by (receiver) (${rate(received('refused', signal))})`, `{{receiver}}: ${words}`),
        ),
      }),
    ],
    [
      8,
      p.series({
        title: 'Sent',
        description: 'Records, spans and points per second, by exporter.',
        unit: 'cps',
        queries: SIGNALS.map(([signal, , words]) =>
          prom(`sum by (exporter) (${rate(exported('sent', signal))})`, `{{exporter}}: ${words}`),
        ),
      }),
    ],
  ],
};

const sampling = {
  title: 'Sampling and process',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Sampling decisions',
        description:
          'Traces kept and dropped per second. Failing, slow and sensitive traces are always kept. Audit records are never sampled.',
        unit: 'cps',
        queries: [
          prom(
            `sum by (sampled) (${rate(`otelcol_processor_tail_sampling_global_count_traces_sampled_total{${C}}`)})`,
            'kept: {{sampled}}',
          ),
          prom(
            `sum(${rate(`otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{${C}}`)})`,
            'dropped undecided',
          ),
        ],
        overrides: [p.paint('/kept: true/', p.OK), p.paint('/kept: false/', p.NEUTRAL), p.paint('/undecided/', p.BAD)],
      }),
    ],
    [
      8,
      p.series({
        title: 'Traces waiting for a decision',
        description:
          'Traces in memory that wait for their remaining spans. Near MCP_TRACE_MAX_PENDING, the oldest are dropped without a decision: raise it, or shorten MCP_TRACE_DECISION_WAIT.',
        unit: 'short',
        queries: [
          prom(`sum by (instance) (otelcol_processor_tail_sampling_sampling_traces_on_memory{${C}})`, '{{instance}}'),
        ],
      }),
    ],
    [
      8,
      p.series({
        title: 'Memory and CPU',
        description:
          'Memory and CPU of each Collector. Memory that keeps rising while queues are empty suggests a leak.',
        queries: [
          prom(`max by (instance) (otelcol_process_memory_rss{${C}})`, 'memory {{instance}}'),
          prom(`max by (instance) (${rate(`otelcol_process_cpu_seconds_total{${C}}`)})`, 'CPU {{instance}}'),
        ],
        overrides: [
          { matcher: { id: 'byRegexp', options: '/^memory/' }, properties: [{ id: 'unit', value: 'bytes' }] },
          {
            matcher: { id: 'byRegexp', options: '/^CPU/' },
            properties: [
              { id: 'unit', value: 'percentunit' },
              { id: 'custom.axisPlacement', value: 'right' },
            ],
          },
        ],
      }),
    ],
  ],
};

export const pipeline = dashboard({
  uid: 'mcp-pipeline',
  title: 'MCP pipeline',
  description:
    'Whether telemetry and audit records reach their backends: queues, rejections and failures of the Collector.',
  uses: ['prometheus'],
  variables: [
    metricLabel({
      name: 'collector',
      label: 'Collector',
      of: 'instance',
      select: 'otelcol_process_uptime_total',
      description: 'Collector instances',
    }),
  ],
  rows: [now, audit, queues, traffic, sampling],
});
