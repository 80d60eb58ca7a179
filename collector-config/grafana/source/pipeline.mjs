/** MCP pipeline: whether telemetry and audit records reach their backends. From the Collector's own metrics. */
import { dashboard, metricLabel } from './dashboard.mjs';
import * as p from './panels.mjs';
import { prom, promNow } from './queries.mjs';

const C = 'instance=~"$collector"';

/** Signals, by the words of the Collector's metrics. @type {[string, string, string][]} */
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

/** A counter appears with the first failure: until then its exporters are shown with 0, not with nothing. @param {string} what */
const failures = (what) =>
  SIGNALS.map(([signal, type, words]) =>
    prom(
      `sum by (exporter) (${rate(exported(what, signal))}) or 0 * sum by (exporter) (otelcol_exporter_queue_size{${C}, data_type="${type}"})`,
      `{{exporter}}: ${words}`,
    ),
  );

const now = {
  title: 'Now',
  height: 4,
  panels: [
    [
      4,
      p.stat({
        title: 'Collectors',
        description: 'Collectors that report. Fewer than you run: one is down, or its metrics do not get through.',
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
          'How full the fullest sending queue is. Above 80% the alert fires: a backend is down or too slow. When it is full, senders are refused and have to keep what they have.',
        unit: 'percentunit',
        noValue: '–',
        steps: p.steps(p.OK, [0.5, p.NOTICE], [0.8, p.BAD]),
        query: prom(`max(${QUEUE_SIZE} / ${QUEUE_CAPACITY})`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Lost at backends',
        description:
          'What a backend refused for good in this time range, mostly with a 400: too old, too large, wrong key. It is lost there; an archive still has the audit records.',
        unit: 'short',
        steps: p.NONE_STEPS,
        query: promNow(total((signal) => exported('send_failed', signal))),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Turned away',
        description:
          'What the Collector did not take in this time range: over its memory limit, or queues full. Senders with a journal or a retry send it again.',
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
          'Audit records that came in during this time range. The row Audit says whether each backend has all of them.',
        unit: 'short',
        query: promNow(
          `round(sum(${inRange(`otelcol_processor_outgoing_items_total{${C}, processor="filter/only_audit"}`)}))`,
        ),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Memory',
        description:
          'Memory of the largest Collector. From 80% of what it may have, it refuses and asks senders to try again.',
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
        title: 'Audit records in, and out to each backend',
        description:
          'Records each second. A line below "received" for long: that backend falls behind, its queue grows. Above it: it catches up.',
        unit: 'cps',
        queries: [
          prom(
            `sum(${rate(`otelcol_processor_outgoing_items_total{${C}, processor="filter/only_audit"}`)})`,
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
          'In this time range. Sent less than received, with an empty queue and nothing refused, means records that were there before the range or are on their way. What is refused is lost there.',
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
          { from: 'B', name: 'Refused', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
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
          'How full the sending queues are. The dashed lines are 50% and 80%. One that grows: its backend is down or too slow; see what the Collector logs of it.',
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
        title: 'Refused by backends',
        description:
          'Records, spans and points each second that a backend refused for good. Above zero: the Collector logs the reason that the backend gave.',
        unit: 'cps',
        queries: failures('send_failed'),
      }),
    ],
    [
      8,
      p.series({
        title: 'Not accepted into queues',
        description:
          'What found its queue full, each second. Senders were told to try again. Give the backend back, then the queue more room.',
        unit: 'cps',
        queries: failures('enqueue_failed'),
      }),
    ],
  ],
};

const traffic = {
  title: 'In and out',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Received',
        description: 'Records, spans and points each second, by receiver; prometheus/self is the Collector itself.',
        unit: 'cps',
        queries: SIGNALS.map(([signal, , words]) =>
          prom(`sum by (receiver) (${rate(received('accepted', signal))})`, `{{receiver}}: ${words}`),
        ),
      }),
    ],
    [
      8,
      p.series({
        title: 'Refused to senders',
        description:
          'What receivers did not take, each second: over the memory limit, or a queue was full. Well-behaved senders try again.',
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
        description: 'Records, spans and points each second, by exporter.',
        unit: 'cps',
        queries: SIGNALS.map(([signal, , words]) =>
          prom(`sum by (exporter) (${rate(exported('sent', signal))})`, `{{exporter}}: ${words}`),
        ),
      }),
    ],
  ],
};

const sampling = {
  title: 'Sampling of traces, and the process',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Decisions on traces',
        description:
          'Traces that were kept and dropped, each second. Audit records are never sampled. Failing and sensitive traces are kept whatever the percentage.',
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
          'Traces in memory until their spans are there. Near MCP_TRACE_MAX_PENDING the oldest are dropped undecided: raise it, or shorten MCP_TRACE_DECISION_WAIT.',
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
        description: 'Of each Collector. A steady climb of memory with an empty queue is worth a report.',
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
    'Whether telemetry and audit records reach their backends: queues, refusals and failures of the Collector.',
  uses: ['prometheus'],
  variables: [
    metricLabel({
      name: 'collector',
      label: 'Collector',
      of: 'instance',
      select: 'otelcol_process_uptime_total',
      description: 'Instances of the Collector',
    }),
  ],
  rows: [now, audit, queues, traffic, sampling],
});
