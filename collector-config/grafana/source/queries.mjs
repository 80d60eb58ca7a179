/** Queries of panels, by data source. The panel assigns their letters. */

/** Data source variables of the dashboards, with their plugin and the provisioned data source. */
export const DATA_SOURCES = {
  prometheus: { type: 'prometheus', uid: 'mcp-prometheus', name: 'MCP metrics (Prometheus)', label: 'Metrics' },
  loki_audit: { type: 'loki', uid: 'mcp-loki-audit', name: 'MCP audit (Loki)', label: 'Audit records' },
  loki: { type: 'loki', uid: 'mcp-loki', name: 'MCP logs (Loki)', label: 'Logs' },
  jaeger: { type: 'jaeger', uid: 'mcp-jaeger', name: 'MCP traces (Jaeger)', label: 'Traces' },
};

/** @typedef {keyof typeof DATA_SOURCES} DataSource */
/** @typedef {Record<string, unknown> & { datasource: { type: string, uid: string } }} Query */

/** The data source reference of a panel, query, variable or annotation. @param {DataSource} name */
export const source = (name) => ({ type: DATA_SOURCES[name].type, uid: `\${${name}}` });

/**
 * PromQL over time.
 *
 * @param {string} expr
 * @param {string} [legendFormat]
 * @returns {Query}
 */
export const prom = (expr, legendFormat = '__auto') => ({
  datasource: source('prometheus'),
  editorMode: 'code',
  expr,
  legendFormat,
  range: true,
});

/** The same with exemplars. @type {typeof prom} */
export const promWithExemplars = (expr, legendFormat) => ({ ...prom(expr, legendFormat), exemplar: true });

/** Buckets of a histogram over time. @param {string} expr @returns {Query} */
export const promBuckets = (expr) => ({ ...prom(expr, '{{le}}'), format: 'heatmap' });

/** PromQL as an instant query over the whole time range: one row per series. @param {string} expr @returns {Query} */
export const promNow = (expr) => ({
  datasource: source('prometheus'),
  editorMode: 'code',
  expr,
  format: 'table',
  instant: true,
});

/**
 * Counts of audit records over time, or of other logs.
 *
 * @param {string} expr
 * @param {string} [legendFormat]
 * @param {DataSource} [from]
 * @returns {Query}
 */
export const loki = (expr, legendFormat = '', from = 'loki_audit') => ({
  datasource: source(from),
  editorMode: 'code',
  expr,
  legendFormat,
  queryType: 'range',
});

/** LogQL as an instant query over the whole time range: one row per series. @param {string} expr @returns {Query} */
export const lokiNow = (expr) => ({
  datasource: source('loki_audit'),
  editorMode: 'code',
  expr,
  queryType: 'instant',
});

/**
 * The records themselves, newest first unless `direction` is `forward`.
 *
 * @param {string} expr
 * @param {{ from?: DataSource, maxLines?: number, direction?: 'backward' | 'forward' }} [options]
 * @returns {Query}
 */
export const records = (expr, { from = 'loki_audit', maxLines = 200, direction = 'backward' } = {}) => ({
  datasource: source(from),
  direction,
  editorMode: 'code',
  expr,
  maxLines,
  queryType: 'range',
});

/** One trace. @param {string} query its id @returns {Query} */
export const traceById = (query) => ({ datasource: source('jaeger'), query });

/** Traces with a span of the service that has these tags. @param {string} service @param {string} tags @returns {Query} */
export const findTraces = (service, tags) => ({
  datasource: source('jaeger'),
  limit: 20,
  queryType: 'search',
  service,
  tags,
});
