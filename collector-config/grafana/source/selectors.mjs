/** Parts of queries and links that several dashboards share. */
import { auditLabel, metricLabel } from './dashboard.mjs';

/** Both ends of the connection; also what the choices of services, methods and tools are read from. */
export const OPERATIONS = '{__name__=~"mcp_(server|client)_operation_duration_seconds_count"}';

const PLACE = 'service_name=~"$service", deployment_environment_name=~"$environment"';

/** Labels of metrics, for the choices of service, environment and tool. */
export const CHOSEN = `${PLACE}, gen_ai_tool_name=~"$tool"`;
/** The same without the tool: sessions and the like have none. */
export const PLACED = PLACE;

/** Audit records of the chosen services and environments. @param {string} events a regular expression, without the prefix */
export const audit = (events) => `{${PLACE}} | event_name=~"mcp_audit.(${events})"`;

/**
 * Ends of operations, each once: with both ends of a connection instrumented there are two records of each.
 *
 * @param {string} [side] the end that counts
 */
export const ended = (side = 'server') => `${audit('response')} | mcp_audit_side="${side}"`;

/** Why somebody may not: the three refusals, and the decision of an application. */
export const REFUSED =
  '| (mcp_audit_status=~"denied|unauthenticated|rate_limited" or mcp_audit_access_decision="deny")';

/** What the operator's own classification calls sensitive, never what a server says of its tools. */
export const SENSITIVE = '| (mcp_audit_sensitive="true" or mcp_audit_data_sensitivity=~".*restricted")';

/** Variables of more than one dashboard. */
export const VARIABLES = {
  service: metricLabel({
    name: 'service',
    label: 'Service',
    of: 'service_name',
    select: OPERATIONS,
    allValue: '.+',
    description: 'service.name of the processes that report',
  }),
  auditedService: auditLabel({
    name: 'service',
    label: 'Service',
    of: 'service_name',
    allValue: '.+',
    description: 'service.name of the processes that keep the trail',
  }),
  environment: metricLabel({
    name: 'environment',
    label: 'Environment',
    of: 'deployment_environment_name',
    select: OPERATIONS,
    description: 'deployment.environment.name of the processes, where they say it',
  }),
  auditedEnvironment: auditLabel({
    name: 'environment',
    label: 'Environment',
    of: 'deployment_environment_name',
    description: 'deployment.environment.name of the processes, where they say it',
  }),
  tool: metricLabel({
    name: 'tool',
    label: 'Tool',
    of: 'gen_ai_tool_name',
    select: `{__name__=~"mcp_(server|client)_operation_duration_seconds_count", service_name=~"$service"}`,
    description:
      'Tools of the metrics; any other name can be typed. Metrics know a tool by name once a call of it succeeded or a list of tools named it; before that it is _OTHER.',
  }),
};

const SERVICE = `&\${service:queryparam}`;

/** Where a cell leads, with the time range of the dashboard. */
export const TO = {
  /** @param {string} column of the correlation id @param {string} [trace] column of the trace id */
  timeline: (column, trace) => ({
    title: 'Timeline of this correlation id',
    url: `/d/mcp-timeline/mcp-timeline?\${__url_time_range}&var-correlation=${field(column)}${trace ? `&var-trace=${field(trace)}` : ''}`,
  }),
  /** @param {string} column of the trace id */
  trace: (column) => ({ title: 'Trace in Jaeger', url: explore('jaeger', `"query":"${field(column)}"`) }),
  /** @param {string} column of the actor @param {string} [more] of the choices to keep */
  actor: (column, more = SERVICE) => ({
    title: 'Audit trail of this actor',
    url: `/d/mcp-audit/mcp-audit?\${__url_time_range}${more}&var-actor=%5E${field(column)}%24`,
  }),
  /** @param {string} column of the tool */
  tool: (column) => ({
    title: 'Audit trail of this tool',
    url: `/d/mcp-audit/mcp-audit?\${__url_time_range}${SERVICE}&var-tool=${field(column)}`,
  }),
};

/** @param {string} column */
const field = (column) => `\${__data.fields["${column}"]:percentencode}`;

/**
 * A link to Explore. Braces and quotes are encoded, what Grafana replaces is not.
 *
 * @param {import('./queries.mjs').DataSource} dataSource
 * @param {string} query members of the query, as JSON
 */
function explore(dataSource, query) {
  const panes = `{"mcp":{"datasource":"\${${dataSource}}","queries":[{"refId":"A",${query}}],"range":{"from":"\${__from}","to":"\${__to}"}}}`;
  const encoded = panes
    .split(/(\$\{[^}]*\})/)
    .map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part)))
    .join('');
  return `/explore?schemaVersion=1&panes=${encoded}`;
}
