/** MCP tools: which are used, slow, failing, or called in suspicious ways. */
import { choice, dashboard, marks } from './dashboard.mjs';
import * as p from './panels.mjs';
import { loki, lokiNow, prom, promNow, promWithExemplars, records } from './queries.mjs';
import { audit, CHOSEN, ended, SENSITIVE, TO, VARIABLES } from './selectors.mjs';

const count = (more = '') =>
  `mcp_\${side}_operation_duration_seconds_count{${CHOSEN}, mcp_method_name="tools/call"${more}}`;
const bucket = `mcp_\${side}_operation_duration_seconds_bucket{${CHOSEN}, mcp_method_name="tools/call"}`;
/** Sizes of responses. */
const responses = (/** @type {string} */ part, /** @type {string} */ method) =>
  `mcp_trail_response_size_bytes_${part}{${CHOSEN}, mcp_trail_side="$side", mcp_method_name="${method}"}`;
const FAILED = ', error_type!=""';
const BY = 'by (service_name, gen_ai_tool_name)';

const inRange = (/** @type {string} */ series) => `increase(${series}[$__range])`;
const rate = (/** @type {string} */ series) => `rate(${series}[$__rate_interval])`;
const quantile = (/** @type {number} */ q, /** @type {string} */ series, /** @type {string} */ by) =>
  `histogram_quantile(${q}, sum by (${by}) (${series})) >= 0`;
const share = (/** @type {string} */ by, /** @type {(series: string) => string} */ over) =>
  `(sum ${by} (${over(count(FAILED))}) or 0 * sum ${by} (${over(count())})) / (sum ${by} (${over(count())}) > 0)`;

/** Calls in the audit trail, which has callers and arguments. */
const CALLS = `${ended('$side')} | mcp_method_name="tools/call" | gen_ai_tool_name=~"$tool"`;
const UNKNOWN = `${CALLS} | mcp_audit_tool_argument_unknown_count > 0`;
const SLOW = `${CALLS} | mcp_audit_duration_ms > 10000`;
const CALLER = 'by (gen_ai_tool_name, audit_actor_id, mcp_audit_client_name)';

const callerColumns = (/** @type {string} */ name, /** @type {string} */ color) => [
  { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] },
  { from: 'audit_actor_id', name: 'Actor', links: [TO.actor('Actor')] },
  { from: 'mcp_audit_client_name', name: 'Client' },
  { from: 'A', name, unit: 'short', cell: /** @type {const} */ ('gauge'), steps: p.steps(color) },
];

const now = {
  title: 'Overview',
  height: 4,
  panels: [
    [
      4,
      p.stat({
        title: 'Tools in use',
        description:
          'Tools called in this time range. Tools that never succeeded and were never listed count as one, _OTHER.',
        unit: 'short',
        query: promNow(`count(sum ${BY} (${inRange(count())}) > 0)`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Calls',
        description:
          'Tool calls in this time range. Prometheus extrapolates and overcounts short-lived processes; the audit trail is exact.',
        unit: 'short',
        query: promNow(`round(sum(${inRange(count())}))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Failed',
        description:
          'Share of calls in this time range that failed. Alerts fire for a tool above 20%; the table below shows which tool.',
        unit: 'percentunit',
        noValue: '–',
        steps: p.RATIO_STEPS,
        query: promNow(share('', inRange)),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Slowest tool, p95',
        description: 'The highest p95 of all tools in this time range. The largest histogram bucket is 300 s.',
        unit: 's',
        noValue: '–',
        steps: p.DURATION_STEPS,
        query: promNow(`max(${quantile(0.95, inRange(bucket), 'le, service_name, gen_ai_tool_name')})`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Unknown arguments',
        description:
          'Calls with arguments that the tool does not declare: an outdated client, a model that makes up arguments, or someone probing. The row Arguments and data shows who.',
        unit: 'short',
        steps: p.FEW_STEPS,
        query: lokiNow(`sum(count_over_time(${UNKNOWN} [$__range]))`),
      }),
    ],
    [
      4,
      p.stat({
        title: 'Sensitive',
        description:
          'Calls that your policy classifies as sensitive, restricted or highly restricted. They are not errors, but each should be expected.',
        unit: 'short',
        steps: p.FEW_STEPS,
        query: lokiNow(`sum(count_over_time(${CALLS} ${SENSITIVE} [$__range]))`),
      }),
    ],
  ],
};

const all = {
  title: 'By tool',
  height: 10,
  panels: [
    [
      24,
      p.table({
        title: 'All tools',
        description:
          'One row per tool and service in this time range. Click a column to sort by it. The link on a tool opens its audit trail.',
        queries: [
          promNow(`round(sum ${BY} (${inRange(count())})) > 0`),
          promNow(`round(sum ${BY} (${inRange(count(FAILED))}))`),
          promNow(share(BY, inRange)),
          ...[0.5, 0.95, 0.99].map((q) => promNow(quantile(q, inRange(bucket), 'le, service_name, gen_ai_tool_name'))),
        ],
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] },
          { from: 'A', name: 'Calls', unit: 'short', cell: 'gauge' },
          { from: 'B', name: 'Failures', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
          { from: 'C', name: 'Failed', unit: 'percentunit', cell: 'gauge', max: 1, steps: p.RATIO_STEPS },
          { from: 'D', name: 'p50', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
          { from: 'E', name: 'p95', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
          { from: 'F', name: 'p99', unit: 's', cell: 'colour', steps: p.DURATION_STEPS },
        ],
        sort: 'Calls',
      }),
    ],
  ],
};

const over = {
  title: 'Over time',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Top: calls, by tool',
        description:
          'The ten most-called tools, in calls per second. A sudden rise of one tool usually means an agent in a loop.',
        unit: 'ops',
        queries: [prom(`topk(10, sum by (gen_ai_tool_name) (${rate(count())}))`, '{{gen_ai_tool_name}}')],
      }),
    ],
    [
      8,
      p.series({
        title: 'Slow: p95, by tool',
        description:
          'The ten slowest tools. The dashed lines are 1, 5 and 10 seconds. Diamonds are exemplars: click one to open its trace.',
        unit: 's',
        limit: true,
        steps: p.DURATION_STEPS,
        queries: [
          promWithExemplars(
            `topk(10, ${quantile(0.95, rate(bucket), 'le, gen_ai_tool_name')})`,
            '{{gen_ai_tool_name}}',
          ),
        ],
      }),
    ],
    [
      8,
      p.series({
        title: 'Failing: failure ratio, by tool',
        description: 'The ten tools with the highest failure ratio. The dashed lines are 1%, 5% and 20%.',
        unit: 'percentunit',
        max: 1,
        limit: true,
        steps: p.RATIO_STEPS,
        queries: [prom(`topk(10, ${share('by (gen_ai_tool_name)', rate)})`, '{{gen_ai_tool_name}}')],
      }),
    ],
  ],
};

const context = {
  title: 'Context',
  height: 8,
  panels: [
    [
      12,
      p.table({
        title: 'Tool lists, by service',
        description:
          'Average size of a tools/list result, which agents put into the context of their model: about four bytes are one token. Measured with an audit trail, or with MCP_TRAIL_METRICS_SIZES=true.',
        queries: [
          promNow(
            `sum by (service_name) (${inRange(responses('sum', 'tools/list'))}) / (sum by (service_name) (${inRange(responses('count', 'tools/list'))}) > 0)`,
          ),
        ],
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'A', name: 'Size', unit: 'bytes', cell: 'gauge' },
        ],
        sort: 'Size',
      }),
    ],
    [
      12,
      p.series({
        title: 'Large: size of results, p95, by tool',
        description:
          'The ten tools with the largest results. A tool that returns whole files or tables fills the context.',
        unit: 'bytes',
        queries: [
          prom(
            `topk(10, ${quantile(0.95, rate(responses('bucket', 'tools/call')), 'le, gen_ai_tool_name')})`,
            '{{gen_ai_tool_name}}',
          ),
        ],
      }),
    ],
  ],
};

const why = {
  title: 'Failing and slow',
  height: 8,
  panels: [
    [
      12,
      p.table({
        title: 'Failures, by type',
        description:
          'Failures in this time range, by error.type. tool_error: the tool returned isError. A negative number: a JSON-RPC error code, such as -32602 for invalid arguments. timeout: the client stopped waiting.',
        queries: [
          promNow(
            `topk(50, round(sum by (service_name, gen_ai_tool_name, error_type) (${inRange(count(FAILED))})) > 0)`,
          ),
        ],
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] },
          { from: 'error_type', name: 'Error' },
          { from: 'A', name: 'Failures', unit: 'short', cell: 'gauge', steps: p.steps(p.BAD) },
        ],
        sort: 'Failures',
      }),
    ],
    [
      12,
      p.recordTable({
        title: 'Calls of more than 10 s',
        description:
          'The latest slow calls and their callers, from the audit trail. The link on the correlation id opens the timeline of the call.',
        query: records(SLOW, { maxLines: 100 }),
        columns: [
          { from: 'Time', name: 'Time', width: 170 },
          { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] },
          { from: 'mcp_audit_duration_ms', name: 'Duration', unit: 'ms', width: 100 },
          { from: 'audit_actor_id', name: 'Actor', links: [TO.actor('Actor')] },
          { from: 'mcp_audit_status', name: 'Status', width: 100, colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_correlation_id', name: 'Correlation', links: [TO.timeline('Correlation', 'Trace')] },
          { from: 'trace_id', name: 'Trace', links: [TO.trace('Trace')] },
        ],
      }),
    ],
  ],
};

const data = {
  title: 'Arguments and data',
  height: 8,
  panels: [
    [
      12,
      p.table({
        title: 'Unknown arguments, by tool and caller',
        description:
          'Calls with arguments that the tool does not declare. One caller and many tools suggest probing; many callers and one tool suggest that the schema changed.',
        queries: [lokiNow(`topk(50, sum ${CALLER} (count_over_time(${UNKNOWN} [$__range])))`)],
        columns: callerColumns('Calls with unknown arguments', p.WARNING),
        sort: 'Calls with unknown arguments',
      }),
    ],
    [
      12,
      p.table({
        title: 'Sensitive calls, by tool and caller',
        description:
          'Calls that your policy classifies as sensitive, restricted or highly restricted. Look into new callers.',
        queries: [lokiNow(`topk(50, sum ${CALLER} (count_over_time(${CALLS} ${SENSITIVE} [$__range])))`)],
        columns: callerColumns('Sensitive calls', p.WARNING),
        sort: 'Sensitive calls',
      }),
    ],
    [
      12,
      p.series({
        title: 'Unknown arguments over time',
        description: 'Calls with arguments that the tool does not declare, per interval.',
        unit: 'short',
        bars: true,
        queries: [loki(`sum by (gen_ai_tool_name) (count_over_time(${UNKNOWN} [$__auto]))`, '{{gen_ai_tool_name}}')],
      }),
    ],
    [
      12,
      p.series({
        title: 'Calls by sensitivity',
        description:
          'All calls per interval, by the sensitivity that your policy assigns; unclassified if no rule applies.',
        unit: 'short',
        bars: true,
        queries: [
          loki(
            `sum by (mcp_audit_data_sensitivity) (count_over_time(${CALLS} | mcp_audit_data_sensitivity!="" [$__auto]))`,
            '{{mcp_audit_data_sensitivity}}',
          ),
          loki(`sum(count_over_time(${CALLS} | mcp_audit_data_sensitivity="" [$__auto]))`, 'unclassified'),
        ],
        overrides: [
          p.paint('/^public$/', p.OK),
          p.paint('/^internal$/', p.NEUTRAL),
          p.paint('/^confidential$/', p.NOTICE),
          p.paint('/^restricted$/', p.WARNING),
          p.paint('/^highly_restricted$/', p.BAD),
          p.paint('/^unclassified$/', 'text'),
        ],
      }),
    ],
  ],
};

export const tools = dashboard({
  uid: 'mcp-tools',
  title: 'MCP tools',
  description: 'Tools of MCP servers: most used, slowest, failing, unknown arguments and sensitive data.',
  uses: ['prometheus', 'loki_audit', 'jaeger'],
  variables: [
    VARIABLES.service,
    VARIABLES.environment,
    VARIABLES.tool,
    choice({
      name: 'side',
      label: 'Counted by',
      values: ['server', 'client'],
      one: true,
      description:
        'Count calls at the server or at the client (the agent). Choose client if servers are not instrumented.',
    }),
  ],
  annotations: [
    marks({
      name: 'Tool definitions changed',
      expr: `${audit('tool.changed')} | gen_ai_tool_name=~"$tool"`,
      iconColor: p.BAD,
      titleFormat: 'Tool {{mcp_audit_tool_change}}: {{gen_ai_tool_name}}',
      textFormat: '{{mcp_audit_server_name}}',
      tagKeys: 'service_name',
    }),
  ],
  rows: [now, all, over, context, why, data],
});
