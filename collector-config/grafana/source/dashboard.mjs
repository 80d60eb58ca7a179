/** Builds a dashboard from rows of panels: layout, variables, links. */
import { DATA_SOURCES, source } from './queries.mjs';

/** Grafana's grid. */
const COLUMNS = 24;

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {number} height of its panels, in units of the grid
 * @property {[number, object][]} panels widths and panels in reading order, wrapped at the width of the grid
 */

/** @param {Row[]} rows */
function layout(rows) {
  const placed = [];
  let id = 1;
  let y = 0;
  for (const { title, height, panels } of rows) {
    placed.push({ id: id++, type: 'row', title, collapsed: false, gridPos: { h: 1, w: COLUMNS, x: 0, y }, panels: [] });
    y += 1;
    let x = 0;
    for (const [w, panel] of panels) {
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
      }
      placed.push({ id: id++, ...panel, gridPos: { h: height, w, x, y } });
      x += w;
    }
    y += height;
  }
  return placed;
}

/**
 * A data source variable, with the provisioned one as its default.
 *
 * @param {import('./queries.mjs').DataSource} name
 */
function dataSourceVariable(name) {
  const { type, uid, name: text, label } = DATA_SOURCES[name];
  return {
    type: 'datasource',
    name,
    label,
    query: type,
    current: { selected: true, text, value: uid },
    hide: 0,
    includeAll: false,
    multi: false,
    options: [],
    refresh: 1,
    regex: '',
  };
}

/** Multiple choice with "All". @param {string} allValue regular expression for "All" */
const many = (allValue) => ({
  allValue,
  current: { selected: true, text: ['All'], value: ['$__all'] },
  includeAll: true,
  multi: true,
  options: [],
});

/**
 * Values of a label of metrics.
 *
 * @param {{ name: string, label: string, of: string, select: string, allValue?: string, one?: boolean, description: string }} spec
 */
export const metricLabel = ({ name, label, of, select, allValue = '.*', one = false, description }) => ({
  type: 'query',
  name,
  label,
  description,
  datasource: source('prometheus'),
  definition: `label_values(${select}, ${of})`,
  query: { qryType: 5, query: `label_values(${select}, ${of})`, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
  refresh: 2,
  regex: '',
  sort: 1,
  ...(one ? { current: {}, includeAll: false, multi: false, options: [] } : many(allValue)),
});

/**
 * Values of a label of audit records. Loki lists index labels only.
 *
 * @param {{ name: string, label: string, of: string, allValue?: string, description: string }} spec
 */
export const auditLabel = ({ name, label, of, allValue = '.*', description }) => ({
  type: 'query',
  name,
  label,
  description,
  datasource: source('loki_audit'),
  definition: `label_values(${of})`,
  query: { label: of, refId: 'LokiVariableQueryEditor-VariableQuery', stream: '', type: 1 },
  refresh: 2,
  regex: '',
  sort: 1,
  ...many(allValue),
});

/**
 * A choice from a fixed list: any number of values or, with `one`, exactly one.
 *
 * @param {{ name: string, label: string, values: readonly string[], one?: boolean, description: string }} spec
 */
export const choice = ({ name, label, values, one = false, description }) => ({
  type: 'custom',
  name,
  label,
  description,
  query: values.join(','),
  ...(one ? { includeAll: false, multi: false } : many('.*')),
  ...(one && { current: { selected: true, text: values[0], value: values[0] } }),
  options: values.map((value, index) => ({ selected: one && index === 0, text: value, value })),
});

/** A text input. @param {{ name: string, label: string, value?: string, description: string }} spec */
export const text = ({ name, label, value = '', description }) => ({
  type: 'textbox',
  name,
  label,
  description,
  query: value,
  current: { selected: true, text: value, value },
  options: [{ selected: true, text: value, value }],
});

/**
 * Marks in the graphs, from audit records that explain a change.
 *
 * @param {{ name: string, expr: string, iconColor: string, titleFormat: string, textFormat: string, tagKeys: string }} spec
 */
export const marks = (spec) => ({
  ...spec,
  datasource: source('loki_audit'),
  enable: true,
  hide: false,
  maxLines: 100,
});

/**
 * @param {object} spec
 * @param {string} spec.uid
 * @param {string} spec.title
 * @param {string} spec.description
 * @param {import('./queries.mjs').DataSource[]} spec.uses
 * @param {object[]} spec.variables
 * @param {Row[]} spec.rows
 * @param {object[]} [spec.annotations]
 * @param {string} [spec.from] start of the time range, which ends now
 */
export const dashboard = ({ uid, title, description, uses, variables, rows, annotations = [], from = 'now-6h' }) => ({
  uid,
  title,
  description,
  tags: ['mcp'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  graphTooltip: 1,
  refresh: '1m',
  time: { from, to: 'now' },
  timepicker: {},
  timezone: 'browser',
  annotations: { list: annotations },
  links: [
    {
      type: 'dashboards',
      title: 'MCP',
      tags: ['mcp'],
      asDropdown: false,
      icon: 'external link',
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      tooltip: 'Other dashboards, with the same time range and choices',
      url: '',
    },
  ],
  // Frequent choices first.
  templating: { list: [...variables, ...uses.map(dataSourceVariable)] },
  panels: layout(rows),
});
