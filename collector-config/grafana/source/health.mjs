/** MCP health: rate, errors and duration of operations, from metrics. */
import { dashboard, marks, metricLabel, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { findTraces, prom, promBuckets, promNow, promWithExemplars, records } from './queries.mjs';
import { audit, CHOSEN, OPERATIONS, PLACED, TO, VARIABLES } from './selectors.mjs';

const M = `${CHOSEN}, mcp_method_name=~"$method"`;
const count = (/** @type {string} */ side, more = '') => `mcp_${side}_operation_duration_seconds_count{${M}${more}}`;
const bucket = (/** @type {string} */ side) => `mcp_${side}_operation_duration_seconds_bucket{${M}}`;
const size = (/** @type {string} */ of) => `mcp_trail_${of}_size_bytes_bucket{${M}, mcp_trail_side="server"}`;
const session = (/** @type {string} */ side, /** @type {string} */ part) =>
  `mcp_${side}_session_duration_seconds_${part}{${PLACED}}`;

const FAILED = ', error_type!=""';
const rate = (/** @type {string} */ series) => `rate(${series}[$__rate_interval])`;
const inRange = (/** @type {string} */ series) => `increase(${series}[$__range])`;
// Without operations there is no ratio and no quantile: show nothing instead of NaN.
const share = (/** @type {string} */ side, by = '') =>
  `(sum${by}(${rate(count(side, FAILED))}) or 0 * sum${by}(${rate(count(side))})) / (sum${by}(${rate(count(side))}) > 0)`;
const quantile = (/** @type {number} */ q, /** @type {string} */ series, by = 'le') =>
  `histogram_quantile(${q}, sum by (${by}) (${series})) >= 0`;

const quantiles = (/** @type {string} */ series) => [
  promWithExemplars(quantile(0.5, rate(series)), 'p50'),
  promWithExemplars(quantile(0.95, rate(series)), 'p95'),
  promWithExemplars(quantile(0.99, rate(series)), 'p99'),
];
const QUANTILE_COLOURS = [p.paint('/^p50$/', p.OK), p.paint('/^p95$/', p.WARNING), p.paint('/^p99$/', p.BAD)];

const durations = (/** @type {string} */ side, /** @type {string} */ what) =>
  p.series({
    title: `Duration, ${side} side`,
    description: `${what} Diamonds are exemplars: click one to open the trace of an operation. The alert rules call an operation slow above 10 s.`,
    unit: 's',
    queries: quantiles(bucket(side)),
    overrides: QUANTILE_COLOURS,
  });

const now = {
  title: 'Overview',
  height: 4,
  panels: [
    [
      4,
      p.stat({
        title: 'Operations',
        description:
          'Requests and notifications that servers receive per second. If clients are in use and this is 0, open the dashboard MCP pipeline: telemetry may have stopped.',
        unit: 'ops',
        steps: p.PLAIN_STEPS,
        query: prom(`sum(${rate(count('server'))})`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Failed',
        description:
          'Share of operations that fail, measured by servers. Yellow from 1%, orange from 5%, red from 20%, which is the alert threshold. The row Errors shows which operations fail.',
        unit: 'percentunit',
        noValue: '–',
        steps: p.RATIO_STEPS,
        query: prom(share('server')),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Duration, p95',
        description:
          'One operation in twenty takes longer than this, measured by servers. The row Duration shows which methods and tools.',
        unit: 's',
        noValue: '–',
        steps: p.DURATION_STEPS,
        query: prom(quantile(0.95, rate(bucket('server')))),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Tool calls',
        description:
          'Tool calls in this time range, counted by servers. Prometheus extrapolates and overcounts short-lived processes; the audit trail is exact.',
        unit: 'short',
        query: promNow(`round(sum(${inRange(count('server', ', mcp_method_name="tools/call"'))}))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Failed tool calls',
        description: 'Tool calls in this time range that failed. The dashboard MCP tools shows which tools.',
        unit: 'short',
        steps: p.FEW_STEPS,
        query: promNow(`round(sum(${inRange(count('server', `, mcp_method_name="tools/call"${FAILED}`))}))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Sessions ended',
        description:
          'MCP sessions that ended in this time range, counted by servers. Protocol versions from 2026-07-28 on have no sessions.',
        unit: 'short',
        query: promNow(`round(sum(${inRange(session('server', 'count'))}))`),
      }),
    ],
  ],
};

const rates = {
  title: 'Rate',
  height: 8,
  panels: [
    [
      12,
      p.series({
        title: 'Received by servers, by method',
        description:
          'Requests and notifications per second. A method that disappears often means that a client changed. _OTHER groups methods that are not in the protocol.',
        unit: 'ops',
        queries: [prom(`sum by (mcp_method_name) (${rate(count('server'))})`, '{{mcp_method_name}}')],
      }),
    ],
    [
      12,
      p.series({
        title: 'Sent by clients, by method',
        description:
          'Requests and notifications per second, measured by clients. More than servers receive means lost messages or a server that is not instrumented.',
        unit: 'ops',
        queries: [prom(`sum by (mcp_method_name) (${rate(count('client'))})`, '{{mcp_method_name}}')],
      }),
    ],
  ],
};

const errors = {
  title: 'Errors',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Failure ratio, by method',
        description:
          'Share of operations of each method that fail, measured by servers. The dashed lines are 1%, 5% and 20%.',
        unit: 'percentunit',
        max: 1,
        limit: true,
        steps: p.RATIO_STEPS,
        queries: [prom(share('server', ' by (mcp_method_name) '), '{{mcp_method_name}}')],
      }),
    ],
    [
      8,
      p.series({
        title: 'Failures, by type',
        description:
          'Failed operations per second, by error.type. tool_error: the tool returned isError. A negative number: a JSON-RPC error code. timeout: the client stopped waiting.',
        unit: 'ops',
        queries: [
          prom(`sum by (error_type) (${rate(count('server', FAILED))})`, '{{error_type}} (server)'),
          prom(`sum by (error_type) (${rate(count('client', FAILED))})`, '{{error_type}} (client)'),
        ],
      }),
    ],
    [
      8,
      p.table({
        title: 'Most failures',
        description:
          'Failed operations in this time range, counted by servers. Start at the top. The link on a tool opens its audit trail.',
        queries: [
          promNow(
            `topk(20, round(sum by (service_name, mcp_method_name, gen_ai_tool_name, error_type) (${inRange(count('server', FAILED))})) > 0)`,
          ),
        ],
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'mcp_method_name', name: 'Method' },
          { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] },
          { from: 'error_type', name: 'Error' },
          { from: 'A', name: 'Failures', unit: 'short', cell: 'gauge', steps: p.steps(p.BAD) },
        ],
        sort: 'Failures',
      }),
    ],
  ],
};

const duration = {
  title: 'Duration',
  height: 8,
  panels: [
    [8, durations('server', 'From receiving an operation to sending its response.')],
    [8, durations('client', 'From sending an operation to receiving its response.')],
    [
      8,
      p.heatmap({
        title: 'Distribution, server side',
        description:
          'Number of operations by duration. Two bands are two kinds of operations: choose a method or tool above. A band that moves up means that the server is slowing down.',
        query: promBuckets(`sum by (le) (increase(${bucket('server')}[$__rate_interval]))`),
      }),
    ],
    [
      12,
      p.series({
        title: 'p95, by method',
        description: '95th percentile of each method, measured by servers. The dashed lines are 1, 5 and 10 seconds.',
        unit: 's',
        limit: true,
        steps: p.DURATION_STEPS,
        queries: [prom(quantile(0.95, rate(bucket('server')), 'le, mcp_method_name'), '{{mcp_method_name}}')],
      }),
    ],
    [
      12,
      p.series({
        title: 'Time between client and server, by method',
        description:
          'p95 of clients minus p95 of servers: transport, queues and gateways. If it is high while the server is fast, check the network, or whether a server is started for each call.',
        unit: 's',
        queries: [
          prom(
            `clamp_min((${quantile(0.95, rate(bucket('client')), 'le, mcp_method_name')}) - on (mcp_method_name) (${quantile(0.95, rate(bucket('server')), 'le, mcp_method_name')}), 0)`,
            '{{mcp_method_name}}',
          ),
        ],
      }),
    ],
  ],
};

const SIDE_BY_SIDE = ['client', 'server'];
const sides = {
  title: 'Client and server',
  height: 9,
  panels: [
    [
      24,
      p.table({
        title: 'Methods, client and server',
        description:
          'Operations in this time range. Client and server differ if one of them is not instrumented, a message was lost, or the client timed out before the server finished.',
        queries: SIDE_BY_SIDE.flatMap((side) => [
          promNow(`round(sum by (mcp_method_name) (${inRange(count(side))}))`),
          promNow(`round(sum by (mcp_method_name) (${inRange(count(side, FAILED))}))`),
          promNow(quantile(0.95, inRange(bucket(side)), 'le, mcp_method_name')),
        ]),
        columns: [
          { from: 'mcp_method_name', name: 'Method' },
          { from: 'A', name: 'Sent', unit: 'short', cell: 'gauge' },
          { from: 'D', name: 'Received', unit: 'short', cell: 'gauge' },
          { from: 'B', name: 'Failed (client)', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          { from: 'E', name: 'Failed (server)', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          { from: 'C', name: 'p95 (client)', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
          { from: 'F', name: 'p95 (server)', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
        ],
        sort: 'Received',
      }),
    ],
  ],
};

const sizes = (/** @type {string} */ of, /** @type {string} */ title, /** @type {string} */ what) =>
  p.series({
    title,
    description: `95th percentile of each method, measured by servers. ${what} Measured with an audit trail, or with MCP_TRAIL_METRICS_SIZES=true.`,
    unit: 'bytes',
    queries: [prom(quantile(0.95, rate(size(of)), 'le, mcp_method_name'), '{{mcp_method_name}}')],
  });

const load = {
  title: 'Load and size',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Requests in flight, by method',
        description:
          'Requests that are being handled (server) or waited for (client) when metrics are sent. A line that only rises means that something hangs: look for the method and tool that do not answer.',
        unit: 'short',
        queries: [
          prom(
            `sum by (mcp_method_name, mcp_trail_side) (mcp_trail_operations_active{${M}})`,
            '{{mcp_method_name}} ({{mcp_trail_side}})',
          ),
        ],
      }),
    ],
    [8, sizes('request', 'Size of requests, p95', 'Large requests are arguments that carry files.')],
    [8, sizes('response', 'Size of responses, p95', 'What a model reads of them fills its context.')],
  ],
};

const sessions = {
  title: 'Sessions and protocol',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Ended sessions',
        description:
          'Sessions that ended per second, with their error if there was one. Many short sessions mean that a client reconnects for each call.',
        unit: 'ops',
        queries: [
          prom(`sum by (error_type) (${rate(session('server', 'count'))})`, 'server {{error_type}}'),
          prom(`sum by (error_type) (${rate(session('client', 'count'))})`, 'client {{error_type}}'),
        ],
      }),
    ],
    [
      8,
      p.series({
        title: 'Session duration',
        description:
          'Duration of sessions, measured by servers. The largest histogram bucket is 300 s; longer sessions show as 300 s.',
        unit: 's',
        queries: quantiles(session('server', 'bucket')),
        overrides: QUANTILE_COLOURS,
      }),
    ],
    [
      8,
      p.table({
        title: 'Protocol versions and transports',
        description:
          'Protocol versions and transports of clients in this time range. Shows which services still get requests on a deprecated version or transport.',
        queries: [
          promNow(
            `round(sum by (service_name, mcp_protocol_version, network_transport) (${inRange(count('server'))}))`,
          ),
        ],
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'mcp_protocol_version', name: 'Protocol' },
          { from: 'network_transport', name: 'Transport' },
          { from: 'A', name: 'Operations', unit: 'short', cell: 'gauge' },
        ],
        sort: 'Operations',
      }),
    ],
  ],
};

const examples = {
  title: 'Traces and logs',
  height: 9,
  panels: [
    [
      12,
      p.traceList({
        title: 'Traces of $trace_service with $trace_tags',
        description:
          'The latest traces with a span of this service that has these tags; choose both above. Each opens as a waterfall across all processes.',
        query: findTraces('$trace_service', '$trace_tags'),
      }),
    ],
    [
      12,
      p.logs({
        title: 'Service logs',
        description: 'Application logs, without audit records. A record with a trace id links to its trace.',
        query: records(`{${PLACED}}`, { from: 'loki' }),
      }),
    ],
  ],
};

export const health = dashboard({
  uid: 'mcp-health',
  title: 'MCP health',
  description: 'Rate, errors and duration of MCP operations per method and tool, from clients and servers.',
  uses: ['prometheus', 'jaeger', 'loki', 'loki_audit'],
  variables: [
    VARIABLES.service,
    VARIABLES.environment,
    metricLabel({
      name: 'method',
      label: 'Method',
      of: 'mcp_method_name',
      select: `{__name__=~"mcp_(server|client)_operation_duration_seconds_count", service_name=~"$service"}`,
      description: 'MCP methods, such as tools/call',
    }),
    VARIABLES.tool,
    metricLabel({
      name: 'trace_service',
      label: 'Traces of',
      of: 'service_name',
      select: OPERATIONS,
      one: true,
      description: 'The service whose traces are listed: Jaeger searches one service at a time',
    }),
    // Not error=true: Jaeger 2.13 with in-memory storage finds the opposite.
    text({
      name: 'trace_tags',
      label: 'with',
      value: 'error.type=tool_error',
      description:
        'Span attributes: error.type=tool_error finds failed tools, error.type=timeout timed-out requests, gen_ai.tool.name=… one tool; leave empty for all',
    }),
  ],
  annotations: [
    marks({
      name: 'Tool definitions changed',
      expr: audit('tool.changed'),
      iconColor: p.BAD,
      titleFormat: 'Tool {{mcp_audit_tool_change}}: {{gen_ai_tool_name}}',
      textFormat: '{{mcp_audit_server_name}}',
      tagKeys: 'service_name',
    }),
  ],
  rows: [now, rates, errors, duration, load, sides, sessions, examples],
});
