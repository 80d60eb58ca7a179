/** Parts of queries and links that dashboards share. */
import { auditLabel, metricLabel } from './dashboard.mjs';

/** Client and server metrics; the choices of services, methods and tools come from these too. */
export const OPERATIONS = '{__name__=~"mcp_(server|client)_operation_duration_seconds_count"}';

const PLACE = 'service_name=~"$service", deployment_environment_name=~"$environment"';

/** Labels of metrics, for the choices of service, environment and tool. */
export const CHOSEN = `${PLACE}, gen_ai_tool_name=~"$tool"`;
/** The same without the tool, for sessions and other metrics that have none. */
export const PLACED = PLACE;

/** Audit records of the chosen services and environments. @param {string} events regular expression, without the `mcp_audit.` prefix */
export const audit = (events) => `{${PLACE}} | event_name=~"mcp_audit.(${events})"`;

/**
 * Completed operations, each once: if client and server are audited, there are two records of each.
 *
 * @param {string} [side] whose records count
 */
export const ended = (side = 'server') => `${audit('response')} | mcp_audit_side="${side}"`;

/** Refused operations: by status, or by an access decision of the application. */
export const REFUSED =
  '| (mcp_audit_status=~"denied|unauthenticated|rate_limited" or mcp_audit_access_decision="deny")';

/** Sensitive by the operator's policy; a server's own annotations do not count. */
export const SENSITIVE = '| (mcp_audit_sensitive="true" or mcp_audit_data_sensitivity=~".*restricted")';

/** Variables that dashboards share. */
export const VARIABLES = {
  service: metricLabel({
    name: 'service',
    label: 'Service',
    of: 'service_name',
    select: OPERATIONS,
    allValue: '.+',
    description: 'service.name of the reporting processes',
  }),
  auditedService: auditLabel({
    name: 'service',
    label: 'Service',
    of: 'service_name',
    allValue: '.+',
    description: 'service.name of the audited processes',
  }),
  environment: metricLabel({
    name: 'environment',
    label: 'Environment',
    of: 'deployment_environment_name',
    select: OPERATIONS,
    description: 'deployment.environment.name of the processes, if set',
  }),
  auditedEnvironment: auditLabel({
    name: 'environment',
    label: 'Environment',
    of: 'deployment_environment_name',
    description: 'deployment.environment.name of the processes, if set',
  }),
  tool: metricLabel({
    name: 'tool',
    label: 'Tool',
    of: 'gen_ai_tool_name',
    select: `{__name__=~"mcp_(server|client)_operation_duration_seconds_count", service_name=~"$service"}`,
    description:
      'Tools in metrics; you can type any other name. A tool has its own name in metrics after its first successful call, or once it was listed; until then it is _OTHER.',
  }),
};

const SERVICE = `&\${service:queryparam}`;

/** Links of table cells, with the time range of the dashboard. */
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
 * A link to Explore. Braces and quotes are encoded, except in variables that Grafana replaces.
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
