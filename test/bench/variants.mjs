/**
 * The compared variants: whether OpenTelemetry is set up, whether every call must be recorded, and what to add to the
 * application.
 *
 * @typedef {object} Variant
 * @property {string} title
 * @property {boolean} opentelemetry whether an SDK with providers is registered
 * @property {boolean} recorded whether each call records two spans and two measurements; otherwise none
 * @property {() => Promise<Partial<import('./application.mjs').Addition>>} load
 */

/** @type {Record<string, Variant>} */
export const variants = {
  bare: {
    title: 'bare',
    opentelemetry: false,
    recorded: false,
    load: async () => ({}),
  },
  sdk: {
    title: 'OpenTelemetry SDK only',
    opentelemetry: true,
    recorded: false,
    load: async () => ({}),
  },
  floor: {
    title: 'floor',
    opentelemetry: true,
    recorded: true,
    load: () => import('./floor.mjs'),
  },
  control: {
    title: 'floor again (control)',
    opentelemetry: true,
    recorded: true,
    load: () => import('./floor.mjs'),
  },
  disabled: {
    title: 'mcp-trail disabled',
    opentelemetry: true,
    recorded: false,
    load: () => import('./trail-disabled.mjs'),
  },
  trail: {
    title: 'mcp-trail',
    opentelemetry: true,
    recorded: true,
    load: () => import('./trail.mjs'),
  },
  audit: {
    title: 'mcp-trail with audit',
    opentelemetry: true,
    recorded: true,
    load: () => import('./trail-audit.mjs'),
  },
};

/** The application on each line of the MCP SDK. */
export const sdks = {
  v1: () => import('./sdk-v1.mjs'),
  v2: () => import('./sdk-v2.mjs'),
};
