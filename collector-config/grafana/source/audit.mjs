/** MCP audit: who did what, to what, when, and with what result. From audit records. */
import { choice, dashboard, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { loki, lokiNow, records } from './queries.mjs';
import { audit, REFUSED, SENSITIVE, TO, VARIABLES } from './selectors.mjs';

/** The current choices. Text inputs match anywhere in a value, so an empty one restricts nothing. */
const WHO = `| audit_actor_id=~".*(\${actor}).*"`;
const CHOSEN = `${WHO} | gen_ai_tool_name=~"$tool" | audit_outcome=~"$outcome" | mcp_audit_correlation_id=~".*(\${correlation}).*"`;
const ALL = `${audit('.+')} | event_name=~"mcp_audit.($event)" ${CHOSEN}`;
/** Completed operations, seen from one side, so that each counts once. */
const DONE = `${audit('response')} | mcp_audit_side="$side" ${CHOSEN}`;
const DECIDED = `${audit('response|authorization')} ${CHOSEN} ${REFUSED}`;

const inRange = (/** @type {string} */ query, by = '') =>
  `sum${by && ` by (${by})`} (count_over_time(${query} [$__range]))`;
const eachInterval = (/** @type {string} */ query, by = '') =>
  `sum${by && ` by (${by})`} (count_over_time(${query} [$__auto]))`;
const top = (/** @type {string} */ query) => `topk(50, ${query})`;

const TIME = { from: 'Time', name: 'Time', width: 170 };
const ACTOR = { from: 'audit_actor_id', name: 'Actor', links: [TO.actor('Actor')] };
const TOOL = { from: 'gen_ai_tool_name', name: 'Tool', links: [TO.tool('Tool')] };
const CORRELATION = {
  from: 'mcp_audit_correlation_id',
  name: 'Correlation',
  links: [TO.timeline('Correlation', 'Trace')],
};
const TRACE = { from: 'trace_id', name: 'Trace', links: [TO.trace('Trace')] };

const counter = (
  /** @type {string} */ title,
  /** @type {string} */ description,
  /** @type {string} */ expr,
  steps = p.PLAIN_STEPS,
) => p.stat({ title, description, unit: 'short', steps, query: lokiNow(expr) });

const now = {
  title: 'Overview',
  height: 4,
  panels: [
    [
      4,
      counter(
        'Records',
        'Audit records that match the choices above. If tools are in use and this is 0, the trail is silent: open the dashboard MCP pipeline.',
        inRange(ALL),
        p.steps(p.BAD, [1, p.NEUTRAL]),
      ),
    ],
    [
      4,
      counter(
        'Actors',
        'Distinct people and programs that did something. All unknown callers count as one, "anonymous".',
        `count(${inRange(DONE, 'audit_actor_id')})`,
      ),
    ],
    [
      4,
      counter(
        'Failed',
        'Operations that did not succeed, including refused ones.',
        inRange(`${DONE} | audit_outcome="failure"`),
        p.FEW_STEPS,
      ),
    ],
    [
      4,
      counter(
        'Refused',
        'Operations that were denied, unauthenticated or rate-limited. The row Authentication and authorization shows who and why.',
        inRange(DECIDED),
        p.NONE_STEPS,
      ),
    ],
    [
      4,
      counter(
        'Sensitive',
        'Operations that your policy classifies as sensitive, restricted or highly restricted.',
        inRange(`${DONE} ${SENSITIVE}`),
        p.FEW_STEPS,
      ),
    ],
    [
      4,
      counter(
        'Tools changed',
        'Tool definitions that differ from the last ones seen, or from the tool lock. Review each in the row Changes: a changed description reaches the model unreviewed.',
        inRange(audit('tool.changed')),
        p.NONE_STEPS,
      ),
    ],
  ],
};

const when = {
  title: 'Over time',
  height: 7,
  panels: [
    [
      12,
      p.series({
        title: 'Records, by event',
        description: 'Audit records per interval. A gap while services are running is an incident.',
        unit: 'short',
        bars: true,
        queries: [loki(eachInterval(ALL, 'event_name'), '{{event_name}}')],
      }),
    ],
    [
      12,
      p.series({
        title: 'Operations, by result',
        description:
          'Results of operations per interval. Green: succeeded; orange: refused or failed in the tool; red: failed or denied.',
        unit: 'short',
        bars: true,
        queries: [loki(eachInterval(DONE, 'mcp_audit_status'), '{{mcp_audit_status}}')],
        overrides: p.OUTCOME_COLOURS,
      }),
    ],
  ],
};

const who = {
  title: 'Who did what',
  height: 9,
  panels: [
    [
      12,
      p.table({
        title: 'Operations, by actor',
        description:
          'Operations of each actor, with the source of its identity. "self_asserted" and "none" are unverified. The link on an actor filters this dashboard by it.',
        queries: [DONE, `${DONE} | audit_outcome="failure"`, `${DONE} ${REFUSED}`].map((query) =>
          lokiNow(
            top(inRange(query, 'audit_actor_id, audit_actor_type, mcp_audit_actor_source, mcp_audit_client_name')),
          ),
        ),
        columns: [
          ACTOR,
          { from: 'audit_actor_type', name: 'Type' },
          { from: 'mcp_audit_actor_source', name: 'Identity from' },
          { from: 'mcp_audit_client_name', name: 'Client' },
          { from: 'A', name: 'Operations', unit: 'short', cell: 'gauge' },
          { from: 'B', name: 'Failed', unit: 'short', cell: 'colour', steps: p.FEW_STEPS },
          { from: 'C', name: 'Refused', unit: 'short', cell: 'colour', steps: p.NONE_STEPS },
        ],
        sort: 'Operations',
      }),
    ],
    [
      12,
      p.table({
        title: 'Operations, by target',
        description:
          'Actions on each tool, prompt, resource or server. Look into actions that you have not seen before.',
        queries: [DONE, `${DONE} | audit_outcome="failure"`].map((query) =>
          lokiNow(top(inRange(query, 'audit_action, audit_target_type, audit_target_id, mcp_audit_server_name'))),
        ),
        columns: [
          { from: 'audit_action', name: 'Action' },
          { from: 'audit_target_id', name: 'Target' },
          { from: 'audit_target_type', name: 'Kind' },
          { from: 'mcp_audit_server_name', name: 'Server' },
          { from: 'A', name: 'Operations', unit: 'short', cell: 'gauge' },
          { from: 'B', name: 'Failed', unit: 'short', cell: 'colour', steps: p.FEW_STEPS },
        ],
        sort: 'Operations',
      }),
    ],
  ],
};

const refused = {
  title: 'Authentication and authorization',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Refusals over time',
        description:
          'Refused requests per interval. A rise from one address or actor suggests probing; a rise from all of them suggests a policy change or an expired token.',
        unit: 'short',
        bars: true,
        queries: [loki(eachInterval(DECIDED, 'mcp_audit_status'), '{{mcp_audit_status}}')],
        overrides: p.OUTCOME_COLOURS,
      }),
    ],
    [
      8,
      p.series({
        title: 'Authentication, by event',
        description: 'Logins, logouts and token events, if the application records them.',
        unit: 'short',
        bars: true,
        queries: [
          loki(
            eachInterval(`${audit('authentication')} ${WHO}`, 'mcp_audit_authentication_event'),
            '{{mcp_audit_authentication_event}}',
          ),
        ],
        overrides: p.OUTCOME_COLOURS,
      }),
    ],
    [
      8,
      p.series({
        title: 'Decisions and guardrails',
        description: 'Access decisions and guardrail verdicts, as the application reports them.',
        unit: 'short',
        bars: true,
        queries: [
          loki(
            eachInterval(`${audit('authorization')} ${WHO}`, 'mcp_audit_access_decision'),
            'access: {{mcp_audit_access_decision}}',
          ),
          loki(
            eachInterval(`${audit('guardrail')} ${WHO}`, 'mcp_audit_guardrail_verdict'),
            'guardrail: {{mcp_audit_guardrail_verdict}}',
          ),
        ],
        overrides: [
          p.paint('/: (allow)$/', p.OK),
          p.paint('/: (deny|block|quarantine)$/', p.BAD),
          p.paint('/: sanitize$/', p.WARNING),
        ],
      }),
    ],
    [
      24,
      p.recordTable({
        title: 'Refusals and failed authentications',
        description:
          'The latest refusals, with their origin and the policy that decided. Five from one address and actor in five minutes raise an alert.',
        query: records(
          `${audit('response|authorization|authentication')} ${CHOSEN} | (mcp_audit_status=~"denied|unauthenticated|rate_limited" or mcp_audit_access_decision="deny" or (event_name="mcp_audit.authentication" and audit_outcome="failure"))`,
          { maxLines: 100 },
        ),
        columns: [
          TIME,
          { from: 'service_name', name: 'Service' },
          ACTOR,
          { from: 'client_address', name: 'Address' },
          { from: 'mcp_method_name', name: 'Method' },
          TOOL,
          { from: 'mcp_audit_status', name: 'Status', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_authentication_event', name: 'Authentication' },
          { from: 'mcp_audit_policy_id', name: 'Policy' },
          { from: 'mcp_audit_access_reason', name: 'Reason' },
          CORRELATION,
          TRACE,
        ],
      }),
    ],
  ],
};

const sensitive = {
  title: 'Sensitive',
  height: 8,
  panels: [
    [
      24,
      p.recordTable({
        title: 'Sensitive operations',
        description: 'The latest operations that your policy classifies as sensitive, restricted or highly restricted.',
        query: records(`${DONE} ${SENSITIVE}`, { maxLines: 100 }),
        columns: [
          TIME,
          { from: 'service_name', name: 'Service' },
          ACTOR,
          { from: 'audit_action', name: 'Action' },
          { from: 'audit_target_id', name: 'Target' },
          { from: 'mcp_audit_data_sensitivity', name: 'Sensitivity', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_policy_tags', name: 'Tags' },
          { from: 'mcp_audit_status', name: 'Status', colours: p.TEXT_COLOURS },
          CORRELATION,
          TRACE,
        ],
      }),
    ],
  ],
};

const changes = {
  title: 'Changes',
  height: 8,
  panels: [
    [
      12,
      p.recordTable({
        title: 'Changed tool definitions',
        description:
          'Tools that were added, removed or redefined, or are not as locked. Compare the new definition with the approved one: a changed description can carry instructions to the model.',
        query: records(audit('tool.changed'), { maxLines: 100 }),
        columns: [
          TIME,
          { from: 'mcp_audit_server_name', name: 'Server' },
          TOOL,
          {
            from: 'mcp_audit_tool_change',
            name: 'Change',
            colours: [
              [p.NOTICE, ['added']],
              [p.BAD, ['modified']],
              [p.WARNING, ['removed']],
            ],
          },
          { from: 'mcp_audit_tool_compared_with', name: 'Compared with' },
          { from: 'mcp_audit_tool_changed_members', name: 'Members' },
          { from: 'mcp_audit_tool_previous_hash', name: 'Before' },
          { from: 'mcp_audit_tool_hash', name: 'Now' },
        ],
      }),
    ],
    [
      12,
      p.recordTable({
        title: 'Inventory and configuration',
        description: 'Servers that appeared, changed, went stale or were annotated, and configuration changes.',
        query: records(audit('inventory.changed|config.changed'), { maxLines: 100 }),
        columns: [
          TIME,
          { from: 'service_name', name: 'Service' },
          { from: 'event_name', name: 'Event' },
          ACTOR,
          { from: 'mcp_audit_server_name', name: 'Server' },
          { from: 'mcp_audit_inventory_change', name: 'Inventory' },
          { from: 'mcp_audit_config_change', name: 'Configuration' },
          { from: 'audit_target_id', name: 'Target' },
        ],
      }),
    ],
    [
      24,
      p.recordTable({
        title: 'Inventory of servers',
        description:
          'Servers as they describe themselves, as last seen. A server that no one in your organization knows is a shadow server. Two servers with the same tools hash offer the same tools.',
        query: records(audit('server.observed'), { maxLines: 200 }),
        columns: [
          TIME,
          { from: 'mcp_audit_server_name', name: 'Server' },
          { from: 'mcp_audit_server_version', name: 'Version' },
          { from: 'mcp_audit_server_endpoint', name: 'Endpoint' },
          { from: 'service_name', name: 'Seen by' },
          { from: 'mcp_audit_server_tool_count', name: 'Tools', width: 80 },
          { from: 'mcp_audit_server_tools_hash', name: 'Tools hash' },
          { from: 'mcp_audit_server_first_seen', name: 'First seen' },
          { from: 'mcp_audit_inventory_change', name: 'Change' },
        ],
      }),
    ],
  ],
};

const sessions = {
  title: 'Sessions and audit trail',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Sessions',
        description:
          'Sessions that started and ended, recorded by servers. Far more starts than ends mean killed processes or lost connections.',
        unit: 'short',
        bars: true,
        queries: [
          loki(
            eachInterval(`${audit('session')} | mcp_audit_side="$side" ${WHO}`, 'mcp_audit_session_state'),
            '{{mcp_audit_session_state}}',
          ),
        ],
        overrides: p.OUTCOME_COLOURS,
      }),
    ],
    [
      8,
      p.table({
        title: 'Sessions, by caller',
        description: 'Number of operations in each session, by caller and client.',
        queries: [
          lokiNow(
            top(inRange(`${DONE} | mcp_session_id!=""`, 'mcp_session_id, audit_actor_id, mcp_audit_client_name')),
          ),
        ],
        columns: [
          { from: 'mcp_session_id', name: 'Session' },
          ACTOR,
          { from: 'mcp_audit_client_name', name: 'Client' },
          { from: 'A', name: 'Operations', unit: 'short', cell: 'gauge' },
        ],
        sort: 'Operations',
      }),
    ],
    [
      8,
      p.table({
        title: 'Audit trail starts and stops',
        description:
          'Processes that started an audit trail, and those that stopped it cleanly. A process that never stopped and is not running was killed: its last records may be missing.',
        queries: ['started', 'stopped'].map((event) => lokiNow(inRange(audit(event), 'service_name'))),
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'A', name: 'Started', unit: 'short' },
          { from: 'B', name: 'Stopped cleanly', unit: 'short' },
        ],
        sort: 'Started',
      }),
    ],
  ],
};

const trail = {
  title: 'Records',
  height: 12,
  panels: [
    [
      24,
      p.recordTable({
        title: 'Audit records',
        description:
          'The latest records that match the choices above. A correlation id links to its timeline, a trace id to its waterfall.',
        query: records(ALL, { maxLines: 500 }),
        columns: [
          TIME,
          { from: 'service_name', name: 'Service' },
          { from: 'mcp_audit_side', name: 'Side', width: 70 },
          { from: 'event_name', name: 'Event' },
          ACTOR,
          { from: 'mcp_audit_client_name', name: 'Client' },
          { from: 'audit_action', name: 'Action' },
          { from: 'mcp_method_name', name: 'Method' },
          TOOL,
          { from: 'audit_outcome', name: 'Outcome', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_status', name: 'Status', colours: p.TEXT_COLOURS },
          { from: 'mcp_audit_duration_ms', name: 'Duration', unit: 'ms', width: 90 },
          CORRELATION,
          TRACE,
        ],
      }),
    ],
    [
      24,
      p.logs({
        title: 'Audit records, raw',
        description: 'The same records with their full body: the canonical JSON that hashes and signatures cover.',
        query: records(ALL),
      }),
    ],
  ],
};

const EVENTS = [
  'request',
  'response',
  'authorization',
  'authentication',
  'session',
  'guardrail',
  'config.changed',
  'server.observed',
  'tool.changed',
  'inventory.changed',
  'started',
  'stopped',
];

export const auditTrail = dashboard({
  uid: 'mcp-audit',
  title: 'MCP audit',
  description: 'Who did what, to what, when, and with what result.',
  uses: ['loki_audit', 'prometheus', 'jaeger'],
  variables: [
    VARIABLES.auditedService,
    VARIABLES.auditedEnvironment,
    text({
      name: 'actor',
      label: 'Actor',
      description: 'Part of audit.actor.id, or a regular expression, such as ^u-8472$ for an exact match',
    }),
    VARIABLES.tool,
    choice({
      name: 'outcome',
      label: 'Outcome',
      values: ['success', 'failure', 'unknown'],
      description: 'audit.outcome; unknown until the operation has ended',
    }),
    choice({
      name: 'event',
      label: 'Event',
      values: EVENTS,
      description: 'Event names, for the graph and the tables of records',
    }),
    text({
      name: 'correlation',
      label: 'Correlation id',
      description: 'Part of a correlation id, or a regular expression; usually the trace id',
    }),
    choice({
      name: 'side',
      label: 'Counted by',
      values: ['server', 'client'],
      one: true,
      description: 'Client and server both record an operation: which of the two records to count',
    }),
  ],
  rows: [now, when, who, refused, sensitive, changes, sessions, trail],
});
