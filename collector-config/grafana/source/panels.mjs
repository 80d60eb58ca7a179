/** Panel types. Titles, queries and thresholds come from the dashboards. */

/** Colours, with the same meaning everywhere. */
export const OK = 'green';
export const NOTICE = 'yellow';
export const WARNING = 'orange';
export const BAD = 'red';
export const NEUTRAL = 'blue';

/** @typedef {import('./queries.mjs').Query} Query */
/** @typedef {{ value: number | null, color: string }[]} Steps */
/** @typedef {{ id: string, value: unknown }[]} Properties */
/** @typedef {{ matcher: { id: string, options: string }, properties: Properties }} Override */

/**
 * @typedef {object} Common
 * @property {string} title
 * @property {string} description what it shows and what to do about it
 * @property {string} [unit] Grafana's name of it
 * @property {string} [noValue] instead of "No data"
 * @property {Steps} [steps] thresholds, from low to high
 * @property {Override[]} [overrides]
 */

/** Thresholds: the base colour, then pairs of a value and the colour from that value on. @param {string} first @param {...[number, string]} rest @returns {Steps} */
export const steps = (first, ...rest) => [
  { color: first, value: null },
  ...rest.map(([value, color]) => ({ color, value })),
];

/** A failure ratio. */
export const RATIO_STEPS = steps(OK, [0.01, NOTICE], [0.05, WARNING], [0.2, BAD]);
/** Durations in seconds. */
export const DURATION_STEPS = steps(OK, [1, NOTICE], [5, WARNING], [10, BAD]);
/** A count that should be zero. */
export const NONE_STEPS = steps(OK, [1, BAD]);
/** A count that deserves attention above zero, but is not an error. */
export const FEW_STEPS = steps(OK, [1, WARNING]);
/** A neutral count. */
export const PLAIN_STEPS = steps(NEUTRAL);

/** A fixed colour for series or columns whose names match. @param {string} regex @param {string} color @returns {Override} */
export const paint = (regex, color) => ({
  matcher: { id: 'byRegexp', options: regex },
  properties: [{ id: 'color', value: { fixedColor: color, mode: 'fixed' } }],
});

/** Results of records, in these colours. Later rules override earlier ones. */
export const OUTCOME_COLOURS = [
  paint('/^(success|ok|allow|completed|started|login)$/', OK),
  paint('/^(unknown|input_required|not_evaluated)$/', NEUTRAL),
  paint('/^(cancelled|ended|logout)$/', 'purple'),
  paint('/^(rate_limited|unauthenticated|aborted|tool_error|sanitize)$/', WARNING),
  paint('/^(failure|error|timeout|denied|deny|block|quarantine|token_rejected)$/', BAD),
];

/** Numbers queries with letters, as Grafana does. @param {Query[]} queries */
const lettered = (queries) => queries.map((query, index) => ({ ...query, refId: String.fromCharCode(65 + index) }));

/**
 * @param {string} type
 * @param {Common} common
 * @param {Query[]} queries
 * @param {{ options: object, custom?: object, color?: object, transformations?: object[], defaults?: object }} rest
 */
function panel(type, common, queries, { options, custom, color, transformations, defaults }) {
  const {
    title,
    description,
    unit,
    noValue = 'Nothing in this time range',
    steps: thresholds,
    overrides = [],
  } = common;
  return {
    type,
    title,
    description,
    datasource: queries[0].datasource,
    targets: lettered(queries),
    fieldConfig: {
      defaults: {
        color: color ?? { mode: 'palette-classic-by-name' },
        ...(custom && { custom }),
        noValue,
        thresholds: { mode: 'absolute', steps: thresholds ?? PLAIN_STEPS },
        ...(unit && { unit }),
        ...defaults,
      },
      overrides,
    },
    options,
    ...(transformations && { transformations }),
  };
}

/**
 * A single number, in the colour of its threshold.
 *
 * @param {Common & { query: Query }} spec
 */
export const stat = ({ query, ...common }) =>
  panel('stat', { noValue: '0', ...common }, [query], {
    color: { mode: 'thresholds' },
    options: {
      colorMode: 'background_solid',
      graphMode: query.range ? 'area' : 'none',
      justifyMode: 'center',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: 'value',
      wideLayout: true,
    },
  });

/**
 * Lines over time; with `bars`, stacked counts per interval.
 *
 * @param {Common & { queries: Query[], bars?: boolean, max?: number, limit?: boolean }} spec `limit` draws the thresholds
 */
export const series = ({ queries, bars = false, max, limit = false, ...common }) =>
  panel('timeseries', common, queries, {
    custom: {
      axisSoftMin: 0,
      drawStyle: bars ? 'bars' : 'line',
      fillOpacity: bars ? 70 : 10,
      lineInterpolation: 'smooth',
      lineWidth: bars ? 0 : 2,
      showPoints: bars ? 'never' : 'auto',
      spanNulls: bars ? false : 300_000,
      stacking: { group: 'A', mode: bars ? 'normal' : 'none' },
      thresholdsStyle: { mode: limit ? 'dashed' : 'off' },
    },
    defaults: { min: 0, ...(max !== undefined && { max }) },
    options: {
      legend: {
        calcs: bars ? ['sum'] : ['lastNotNull', 'max'],
        displayMode: 'table',
        placement: 'bottom',
        showLegend: true,
      },
      tooltip: { hideZeros: true, mode: 'multi', sort: 'desc' },
    },
  });

/**
 * The distribution of durations over time.
 *
 * @param {Common & { query: Query }} spec
 */
export const heatmap = ({ query, ...common }) =>
  panel('heatmap', common, [query], {
    options: {
      calculate: false,
      cellGap: 1,
      color: { exponent: 0.5, mode: 'scheme', scale: 'exponential', scheme: 'Oranges', steps: 64 },
      exemplars: { color: 'rgba(255,0,255,0.7)' },
      filterValues: { le: 1e-9 },
      legend: { show: true },
      rowsFrame: { layout: 'auto' },
      tooltip: { mode: 'single', showColorScale: false, yHistogram: true },
      yAxis: { axisPlacement: 'left', reverse: false, unit: 's' },
    },
  });

/**
 * A column of a table.
 *
 * @typedef {object} Column
 * @property {string} from a label, or the letter of a query to show its value
 * @property {string} name
 * @property {string} [unit]
 * @property {number} [width]
 * @property {'gauge' | 'colour'} [cell] how to draw the value
 * @property {Steps} [steps]
 * @property {number} [max] upper end of the gauge
 * @property {{ title: string, url: string }[]} [links]
 * @property {[string, string[]][]} [colours] with the cell texts that have them
 */

/**
 * Colours of result texts.
 *
 * @type {[string, string[]][]}
 */
export const TEXT_COLOURS = [
  [OK, ['success', 'ok', 'allow', 'started', 'INFO']],
  [NEUTRAL, ['unknown', 'input_required', 'not_evaluated']],
  ['purple', ['cancelled', 'ended']],
  [
    WARNING,
    ['rate_limited', 'unauthenticated', 'aborted', 'tool_error', 'sanitize', 'WARN', 'confidential', 'restricted'],
  ],
  [BAD, ['failure', 'error', 'timeout', 'denied', 'deny', 'block', 'quarantine', 'ERROR', 'highly_restricted']],
];

/**
 * Of all columns: otherwise the text of an empty panel fills every empty cell.
 *
 * @type {Override}
 */
const EMPTY_CELL = { matcher: { id: 'byRegexp', options: '/.*/' }, properties: [{ id: 'noValue', value: '–' }] };

/** @param {Column} column @returns {Override} */
function columnOverride({ from, name, unit, width, cell, steps: thresholds, max, links, colours }) {
  const mappings = colours?.map(([color, texts], index) => {
    return { type: 'regex', options: { pattern: `^(${texts.join('|')})$`, result: { color, index } } };
  });
  /** @type {[string, unknown][]} */
  const properties = [
    // A missing count is zero.
    ['noValue', /^[A-Z]$/.test(from) && unit === 'short' ? '0' : undefined],
    ['unit', unit],
    ['custom.width', width],
    [
      'custom.cellOptions',
      cell === 'gauge' ? { mode: 'gradient', type: 'gauge', valueDisplayMode: 'text' } : undefined,
    ],
    ['custom.cellOptions', cell === 'colour' || colours ? { type: 'color-text' } : undefined],
    ['color', cell === 'gauge' && !thresholds ? { fixedColor: NEUTRAL, mode: 'fixed' } : undefined],
    ['thresholds', thresholds && { mode: 'absolute', steps: thresholds }],
    ['min', cell === 'gauge' ? 0 : undefined],
    ['max', max],
    ['links', links],
    ['mappings', mappings],
  ];
  return {
    matcher: { id: 'byName', options: name },
    properties: properties.filter(([, value]) => value !== undefined).map(([id, value]) => ({ id, value })),
  };
}

/** @param {Column[]} columns @param {Query[]} queries */
function organize(columns, queries) {
  // A single Prometheus query names its value "Value", several queries "Value #A"; Loki always uses the latter.
  const names = (/** @type {Column} */ { from }) =>
    /^[A-Z]$/.test(from) ? [`Value #${from}`, ...(queries.length === 1 ? ['Value'] : [])] : [from];
  const shown = columns.flatMap((column, index) => names(column).map((name) => ({ name, index, column })));
  return {
    id: 'organize',
    options: {
      excludeByName: columns.some(({ from }) => from === 'Time') ? {} : { Time: true },
      indexByName: Object.fromEntries(shown.map(({ name, index }) => [name, index])),
      renameByName: Object.fromEntries(shown.map(({ name, column }) => [name, column.name])),
    },
  };
}

/** @param {Common} common @param {Query[]} queries @param {Column[]} columns @param {object[]} transformations @param {string} sort @param {boolean} desc */
const tablePanel = (common, queries, columns, transformations, sort, desc) => {
  const special = columns.map(columnOverride).filter(({ properties }) => properties.length > 0);
  return panel('table', { ...common, overrides: [EMPTY_CELL, ...special, ...(common.overrides ?? [])] }, queries, {
    color: { mode: 'thresholds' },
    custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true, inspect: false },
    options: { cellHeight: 'sm', showHeader: true, sortBy: [{ desc, displayName: sort }] },
    transformations,
  });
};

/**
 * One row per series of instant queries that share their labels.
 *
 * @param {Common & { queries: Query[], columns: Column[], sort: string }} spec
 */
export const table = ({ queries, columns, sort, ...common }) =>
  tablePanel(
    common,
    queries,
    columns,
    [...(queries.length > 1 ? [{ id: 'merge', options: {} }] : []), organize(columns, queries)],
    sort,
    true,
  );

/**
 * One row per record, with its attributes as columns. The logs panel shows the body, which repeats them.
 *
 * @param {Common & { query: Query, columns: Column[] }} spec
 */
export const recordTable = ({ query, columns, ...common }) =>
  tablePanel(
    common,
    [query],
    columns,
    [
      { id: 'extractFields', options: { format: 'auto', keepTime: true, replace: true, source: 'labels' } },
      { id: 'filterFieldsByName', options: { include: { names: columns.map(({ from }) => from) } } },
      organize(columns, [query]),
    ],
    'Time',
    query.direction !== 'forward',
  );

/** Raw records. @param {Common & { query: Query }} spec */
export const logs = ({ query, ...common }) =>
  panel('logs', common, [query], {
    options: {
      dedupStrategy: 'none',
      enableLogDetails: true,
      prettifyLogMessage: true,
      showCommonLabels: false,
      showLabels: false,
      showTime: true,
      sortOrder: query.direction === 'forward' ? 'Ascending' : 'Descending',
      wrapLogMessage: false,
    },
  });

/** A trace as a waterfall. @param {Common & { query: Query }} spec */
export const trace = ({ query, ...common }) => panel('traces', common, [query], { options: {} });

/** Search results for traces, each with Grafana's own link. @param {Common & { query: Query }} spec */
export const traceList = ({ query, ...common }) =>
  panel('table', common, [query], {
    color: { mode: 'thresholds' },
    custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true },
    options: { cellHeight: 'sm', showHeader: true },
  });
