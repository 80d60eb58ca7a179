/** MCP audit: who did what, when, to what, allowed or denied, with what result. From audit records. */
import { choice, dashboard, text } from './dashboard.mjs';
import * as p from './panels.mjs';
import { loki, lokiNow, records } from './queries.mjs';
import { audit, REFUSED, SENSITIVE, TO, VARIABLES } from './selectors.mjs';

/** What is chosen above. Typed texts may stand anywhere in a value, so that an empty one is no restriction. */
const WHO = `| audit_actor_id=~".*(\${actor}).*"`;
const CHOSEN = `${WHO} | gen_ai_tool_name=~"$tool" | audit_outcome=~"$outcome" | mcp_audit_correlation_id=~".*(\${correlation}).*"`;
const ALL = `${audit('.+')} | event_name=~"mcp_audit.($event)" ${CHOSEN}`;
/** Ends of operations, of one end of the connection, so that each counts once. */
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
  title: 'Now',
  height: 4,
  panels: [
    [
      4,
      counter(
        'Records',
        'Audit records of the choices above in this time range. None while tools are in use: the trail went silent, see the dashboard MCP pipeline.',
        inRange(ALL),
        p.steps(p.BAD, [1, p.NEUTRAL]),
      ),
    ],
    [
      4,
      counter(
        'Actors',
        'Different people and programs that did something. "anonymous" is one of them: who that is, nobody knows.',
        `count(${inRange(DONE, 'audit_actor_id')})`,
      ),
    ],
    [
      4,
      counter(
        'Failed',
        'Operations that did not succeed, refusals included.',
        inRange(`${DONE} | audit_outcome="failure"`),
        p.FEW_STEPS,
      ),
    ],
    [
      4,
      counter(
        'Refused',
        'Denied, not authenticated, or turned away for calling too often. The row Refused says who and why.',
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
        'Definitions of tools that differ from those seen before. Each is a new promise of a server that nobody may have read: review it in the row Changes.',
        inRange(audit('tool.changed')),
        p.NONE_STEPS,
      ),
    ],
  ],
};

const when = {
  title: 'When',
  height: 7,
  panels: [
    [
      12,
      p.series({
        title: 'Records, by event',
        description: 'Audit records in each interval. A gap while the services run is an incident of its own.',
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
          'How operations ended in each interval: green as asked, orange refused or failed in the tool, red failed or denied.',
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
        title: 'Who',
        description:
          'Actors, how they are known, and what became of what they did. Known by "self_asserted" or "none" means that nobody proved anything. The link on an actor shows that one alone.',
        queries: [DONE, `${DONE} | audit_outcome="failure"`, `${DONE} ${REFUSED}`].map((query) =>
          lokiNow(
            top(inRange(query, 'audit_actor_id, audit_actor_type, mcp_audit_actor_source, mcp_audit_client_name')),
          ),
        ),
        columns: [
          ACTOR,
          { from: 'audit_actor_type', name: 'Type' },
          { from: 'mcp_audit_actor_source', name: 'Known by' },
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
        title: 'What, and to what',
        description:
          'What was done to which tool, prompt, resource or server. An action that is new here is worth a look.',
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
  title: 'Refused, authentication and authorization',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Refusals over time',
        description:
          'Refused requests in each interval. A rise by one address or actor is somebody who tries; by all of them, a policy or a token that expired.',
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
        description: 'Logins, logouts and what became of tokens, as far as the application records them.',
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
        description:
          'What was decided about access, and what guardrails did with content, as the application reports it.',
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
          'The latest, with where they came from and what decided. Five from one address or actor in five minutes raise the alert.',
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
        description:
          'The latest operations that your policy classifies as sensitive, restricted or highly restricted, by its rules and tags.',
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
        title: 'Tool definitions that changed',
        description:
          'A tool was added, removed or redefined. Compare the definition behind the new hash with what was approved; a changed description can carry instructions to models.',
        query: records(audit('tool.changed'), { maxLines: 100 }),
        columns: [
          TIME,
          { from: 'mcp_audit_server_name', name: 'Server' },
          TOOL,
          {
            from: 'mcp_audit_tool_change',
            name: 'Change',
            colours: { added: p.NOTICE, modified: p.BAD, removed: p.WARNING },
          },
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
        description:
          'Servers that came, changed, went stale or were annotated, and configurations that somebody changed.',
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
        title: 'Inventory: servers as they were last seen',
        description:
          'What servers say of themselves. One that nobody in the organization knows is a shadow server; the hash of its tools tells whether two are the same.',
        query: records(audit('server.observed'), { maxLines: 200 }),
        columns: [
          TIME,
          { from: 'mcp_audit_server_name', name: 'Server' },
          { from: 'mcp_audit_server_version', name: 'Version' },
          { from: 'mcp_audit_server_endpoint', name: 'Endpoint' },
          { from: 'service_name', name: 'Seen by' },
          { from: 'mcp_audit_server_tool_count', name: 'Tools', width: 80 },
          { from: 'mcp_audit_server_tools_hash', name: 'Hash of tools' },
          { from: 'mcp_audit_server_first_seen', name: 'First seen' },
          { from: 'mcp_audit_inventory_change', name: 'Change' },
        ],
      }),
    ],
  ],
};

const sessions = {
  title: 'Sessions and the trail itself',
  height: 8,
  panels: [
    [
      8,
      p.series({
        title: 'Sessions',
        description:
          'Sessions that started and ended, as servers see them. Many more starts than ends: processes are killed, or connections lost.',
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
        description:
          'Operations in each session. What was done in one before and after something else is in its timeline.',
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
        title: 'Starts and ends of the trail',
        description:
          'Processes that began to keep an audit trail, and those that ended it in order. Fewer ends than starts, and the process is not running: it was killed, and its last records may be missing.',
        queries: ['started', 'stopped'].map((event) => lokiNow(inRange(audit(event), 'service_name'))),
        columns: [
          { from: 'service_name', name: 'Service' },
          { from: 'A', name: 'Started', unit: 'short' },
          { from: 'B', name: 'Stopped in order', unit: 'short' },
        ],
        sort: 'Started',
      }),
    ],
  ],
};

const trail = {
  title: 'The records',
  height: 12,
  panels: [
    [
      24,
      p.recordTable({
        title: 'Audit records',
        description:
          'The latest records of the choices above. The link on a correlation id opens all that belongs together, the one on a trace the waterfall.',
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
        title: 'Audit records as they are',
        description: 'The same with their whole body, the canonical JSON that hashes and signatures are made of.',
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
  description: 'Who did what, when, to what, allowed or denied, and with what result.',
  uses: ['loki_audit', 'prometheus', 'jaeger'],
  variables: [
    VARIABLES.auditedService,
    VARIABLES.auditedEnvironment,
    text({
      name: 'actor',
      label: 'Actor',
      description: 'Part of audit.actor.id, or a regular expression: ^u-8472$ is exactly that one',
    }),
    VARIABLES.tool,
    choice({
      name: 'outcome',
      label: 'Outcome',
      values: ['success', 'failure', 'unknown'],
      description: 'audit.outcome; it is unknown as long as an operation has not ended',
    }),
    choice({
      name: 'event',
      label: 'Event',
      values: EVENTS,
      description: 'Kinds of records, for the graph and the tables of records',
    }),
    text({
      name: 'correlation',
      label: 'Correlation id',
      description: 'Part of a correlation id, or a regular expression; usually it is the trace id',
    }),
    choice({
      name: 'side',
      label: 'Counted by',
      values: ['server', 'client'],
      one: true,
      description: 'Both ends of a connection keep a record of an operation: which of them counts',
    }),
  ],
  rows: [now, when, who, refused, sensitive, changes, sessions, trail],
});
