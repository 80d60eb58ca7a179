/** MCP health: is it used, does it work, is it fast enough. Rate, errors and duration of operations, from metrics. */
import { dashboard, marks, metricLabel, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { findTraces, prom, promBuckets, promNow, promWithExemplars, records } from './queries.mjs';
import { audit, CHOSEN, OPERATIONS, PLACED, TO, VARIABLES } from './selectors.mjs';

const M = `${CHOSEN}, mcp_method_name=~"$method"`;
const count = (/** @type {string} */ side, more = '') => `mcp_${side}_operation_duration_seconds_count{${M}${more}}`;
const bucket = (/** @type {string} */ side) => `mcp_${side}_operation_duration_seconds_bucket{${M}}`;
const session = (/** @type {string} */ side, /** @type {string} */ part) =>
  `mcp_${side}_session_duration_seconds_${part}{${PLACED}}`;

const FAILED = ', error_type!=""';
const rate = (/** @type {string} */ series) => `rate(${series}[$__rate_interval])`;
const inRange = (/** @type {string} */ series) => `increase(${series}[$__range])`;
// Without operations there is no share and no quantile: nothing is shown, not "NaN".
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
    description: `${what} Half of all operations are faster than p50; one in twenty is slower than p95. Diamonds are exemplars: a click opens the trace of one such operation. Above 10 s is what the alert rules call slow.`,
    unit: 's',
    queries: quantiles(bucket(side)),
    overrides: QUANTILE_COLOURS,
  });

const now = {
  title: 'Now',
  height: 4,
  panels: [
    [
      4,
      p.stat({
        title: 'Operations',
        description:
          'Requests and notifications that servers receive each second. Zero while clients are in use: look at the dashboard MCP pipeline, telemetry may have stopped.',
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
          'Share of operations that end with an error, as servers see it. From 1% yellow, from 5% orange, from 20% red, as in the alert rules. The row Errors says which.',
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
          'One operation in twenty takes longer than this, as servers see it. The row Duration says which methods and tools.',
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
          'Calls of tools in this time range, as servers count them. Prometheus extrapolates: of a process that lived for seconds it makes too many; the audit trail counts exactly.',
        unit: 'short',
        query: promNow(`round(sum(${inRange(count('server', ', mcp_method_name="tools/call"'))}))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Failed tool calls',
        description:
          'Calls of tools in this time range that ended with an error. The dashboard MCP tools says which tools.',
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
          'MCP sessions that ended in this time range, as servers count them. Protocols from 2026-07-28 on have none.',
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
          'Requests and notifications each second. A method that disappears is often a client that was changed; _OTHER are methods that the protocol does not have.',
        unit: 'ops',
        queries: [prom(`sum by (mcp_method_name) (${rate(count('server'))})`, '{{mcp_method_name}}')],
      }),
    ],
    [
      12,
      p.series({
        title: 'Sent by clients, by method',
        description:
          'The same as clients see it. More than servers receive: messages are lost, or a server is not instrumented.',
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
        title: 'Share of failures, by method',
        description:
          'Failed operations of a method among all of it, as servers see it. The dashed lines are 1%, 5% and 20%.',
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
          'Failed operations each second, by error.type: tool_error is a tool that answered isError, a negative number a JSON-RPC error code, timeout a client that gave up waiting.',
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
        title: 'What fails most',
        description:
          'Failed operations in this time range, as servers see it. Begin at the top; the link on a tool opens its audit trail.',
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
    [8, durations('server', 'From receiving an operation until its answer is sent.')],
    [8, durations('client', 'From sending an operation until its answer arrives.')],
    [
      8,
      p.heatmap({
        title: 'Distribution, server side',
        description:
          'How many operations took how long. Two bands are two kinds of operations: choose a method or tool above. A band that moves up is a server that becomes slow.',
        query: promBuckets(`sum by (le) (increase(${bucket('server')}[$__rate_interval]))`),
      }),
    ],
    [
      12,
      p.series({
        title: 'p95, by method',
        description:
          'The slowest twentieth of each method, as servers see it. The dashed lines are 1, 5 and 10 seconds.',
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
          'p95 as clients see it less p95 as servers see it: transport, queues and gateways. High while the server is fast: look at the network, or at a server that is started for each call.',
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
        title: 'Methods, from both ends',
        description:
          'Operations in this time range. The numbers of client and server differ where one end is not instrumented, a message was lost, or a client timed out before the server was done.',
        queries: SIDE_BY_SIDE.flatMap((side) => [
          promNow(`round(sum by (mcp_method_name) (${inRange(count(side))}))`),
          promNow(`round(sum by (mcp_method_name) (${inRange(count(side, FAILED))}))`),
          promNow(quantile(0.95, inRange(bucket(side)), 'le, mcp_method_name')),
        ]),
        columns: [
          { from: 'mcp_method_name', name: 'Method' },
          { from: 'A', name: 'Sent', unit: 'short', cell: 'gauge' },
          { from: 'D', name: 'Received', unit: 'short', cell: 'gauge' },
          { from: 'B', name: 'Failed for the client', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          { from: 'E', name: 'Failed at the server', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          { from: 'C', name: 'p95 for the client', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
          { from: 'F', name: 'p95 at the server', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
        ],
        sort: 'Received',
      }),
    ],
  ],
};

const sessions = {
  title: 'Sessions and protocol',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Ends of sessions',
        description:
          'Sessions that ended each second, with the error if they ended by one. Many short ones: a client that reconnects for each call.',
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
        title: 'How long sessions last',
        description:
          'As servers see it. The largest bucket of the convention ends at 300 s: whatever lasts longer is shown as that.',
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
          'What clients speak in this time range, as servers see it. Tells whom a deprecated version or transport still serves.',
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
          'The latest traces in which a span of that service has these tags; both are chosen above. Each opens as a waterfall over all processes that took part.',
        query: findTraces('$trace_service', '$trace_tags'),
      }),
    ],
    [
      12,
      p.logs({
        title: 'Logs of the services',
        description:
          'What the applications themselves log, without audit records. A record that belongs to a trace links to it.',
        query: records(`{${PLACED}}`, { from: 'loki' }),
      }),
    ],
  ],
};

export const health = dashboard({
  uid: 'mcp-health',
  title: 'MCP health',
  description: 'Rate, errors and duration of MCP operations per method and tool, from both ends of the connection.',
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
      description: 'The one service whose traces are listed: Jaeger searches one at a time',
    }),
    // Not error=true: Jaeger 2.13, with its storage in memory, finds the opposite.
    text({
      name: 'trace_tags',
      label: 'with',
      value: 'error.type=tool_error',
      description:
        'Attributes of a span of that service: error.type=tool_error finds tools that failed, error.type=timeout what took too long, gen_ai.tool.name=… one tool; nothing finds all',
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
  rows: [now, rates, errors, duration, sides, sessions, examples],
});
