/**
 * The OpenTelemetry conventions for MCP as data, restated from the upstream model: semantic-conventions v1.41.1 and
 * what semantic-conventions-genai has merged since (pull requests #136, #179, #220, #404). The extensions of this
 * package follow the same form.
 */

export type Level = 'required' | 'conditionally required' | 'recommended' | 'opt-in';

/** Everything that can have attributes. */
export const PLACES = [
  'client span',
  'server span',
  'mcp.client.operation.duration',
  'mcp.server.operation.duration',
  'mcp.client.session.duration',
  'mcp.server.session.duration',
] as const;
/** The metric of lost audit records, which belong to no operation. */
export const LOST = 'mcp_trail.audit.records.lost';
/** Metrics of ours that client and server share. */
export const SIZES = ['mcp_trail.request.size', 'mcp_trail.response.size'] as const;
export const ACTIVE = 'mcp_trail.operations.active';
export type Place = (typeof PLACES)[number] | (typeof SIZES)[number] | typeof ACTIVE | typeof LOST;

export interface Attribute {
  /** `any` is a structured value: a JSON string if spans allow simple values only. */
  readonly type: 'string' | 'int' | 'boolean' | 'any';
  /** Allowed places, with the requirement level. */
  readonly on: Readonly<Partial<Record<Place, Level>>>;
}

function on(places: readonly Place[], level: Level): Attribute['on'] {
  return Object.fromEntries(places.map((place) => [place, level]));
}

const SPANS = ['client span', 'server span'] as const;
const OPERATIONS = ['mcp.client.operation.duration', 'mcp.server.operation.duration'] as const;
const CLIENT_SIDE = ['client span', 'mcp.client.operation.duration', 'mcp.client.session.duration'] as const;
/** Places for what is known when an operation starts. */
const SHARED = [...SIZES, ACTIVE] as const;

/** By key; `<key>` is a placeholder for a dynamic name. */
export const MODEL: Readonly<Record<string, Attribute>> = {
  'mcp.method.name': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SHARED], 'required') },
  'mcp.protocol.version': { type: 'string', on: on([...PLACES, ...SHARED], 'recommended') },
  'mcp.resource.uri': {
    type: 'string',
    on: { ...on(SPANS, 'conditionally required'), ...on(OPERATIONS, 'opt-in') },
  },
  'mcp.session.id': { type: 'string', on: on(SPANS, 'recommended') },
  'gen_ai.operation.name': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SHARED], 'recommended') },
  'gen_ai.tool.name': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SHARED], 'conditionally required') },
  'gen_ai.prompt.name': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SHARED], 'conditionally required') },
  'gen_ai.tool.call.arguments': { type: 'any', on: on(SPANS, 'opt-in') },
  'gen_ai.tool.call.result': { type: 'any', on: on(SPANS, 'opt-in') },
  // The model inherits it on operation metrics too, where it would make user data a metric attribute.
  'gen_ai.prompt.variable.<key>': { type: 'string', on: on(SPANS, 'opt-in') },
  'jsonrpc.request.id': { type: 'string', on: on(SPANS, 'conditionally required') },
  'jsonrpc.protocol.version': { type: 'string', on: on(PLACES, 'recommended') },
  'rpc.response.status_code': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SIZES], 'conditionally required') },
  // The newer name of the same attribute in the general conventions.
  'rpc.status_code': { type: 'string', on: on([...SPANS, ...OPERATIONS, ...SIZES], 'conditionally required') },
  'error.type': {
    type: 'string',
    on: { ...on([...PLACES, ...SIZES], 'conditionally required'), ...on([LOST], 'required') },
  },
  'network.transport': { type: 'string', on: on([...PLACES, ...SHARED], 'recommended') },
  'network.protocol.name': { type: 'string', on: on([...PLACES, ...SHARED], 'recommended') },
  'network.protocol.version': { type: 'string', on: on([...PLACES, ...SHARED], 'recommended') },
  'server.address': { type: 'string', on: on([...CLIENT_SIDE, ...SHARED], 'recommended') },
  'server.port': { type: 'int', on: on([...CLIENT_SIDE, ...SHARED], 'recommended') },
  'client.address': { type: 'string', on: on(['server span'], 'recommended') },
  'client.port': { type: 'int', on: on(['server span'], 'recommended') },

  'mcp_trail.server.name': {
    type: 'string',
    on: on([...SPANS, ...OPERATIONS, ...SHARED, 'mcp.client.session.duration'], 'conditionally required'),
  },
  'mcp_trail.server.version': { type: 'string', on: on(SPANS, 'conditionally required') },
  'mcp_trail.client.name': {
    type: 'string',
    on: on([...SPANS, ...OPERATIONS, ...SHARED, 'mcp.server.session.duration'], 'conditionally required'),
  },
  'mcp_trail.client.version': { type: 'string', on: on(SPANS, 'conditionally required') },
  'mcp_trail.audit.sink': { type: 'string', on: on([LOST], 'required') },
  'mcp_trail.cancelled': { type: 'boolean', on: on(['server span'], 'conditionally required') },
  'mcp_trail.result.type': { type: 'string', on: on(SPANS, 'conditionally required') },
  'mcp_trail.round': { type: 'int', on: on(SPANS, 'conditionally required') },
  'mcp_trail.side': { type: 'string', on: on(SHARED, 'required') },
  'mcp_trail.task.id': { type: 'string', on: on(SPANS, 'conditionally required') },
  'mcp_trail.task.status': { type: 'string', on: on(SPANS, 'conditionally required') },
};

/** The row of an emitted key, with templates resolved. */
export function modelOf(key: string): Attribute | undefined {
  return MODEL[declaredAs(key)];
}

/** The declared key, with the placeholder of its template. */
export function declaredAs(key: string): string {
  return key.replace(/^(gen_ai\.prompt\.variable\.).+$/, '$1<key>');
}

/** Values of `mcp.method.name` in the conventions; other methods use other values. */
export const METHOD_NAMES = [
  'completion/complete',
  'elicitation/create',
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/roots/list_changed',
  'notifications/tools/list_changed',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'tools/call',
  'tools/list',
];

export const SIZE_BUCKETS = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216];
export const BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

interface Instrument {
  /** The SDK's data type: a counter is a sum. */
  readonly type: 'HISTOGRAM' | 'SUM';
  readonly unit: string;
}

export const INSTRUMENTS: Readonly<Record<string, Instrument>> = {
  'mcp.client.operation.duration': { type: 'HISTOGRAM', unit: 's' },
  'mcp.server.operation.duration': { type: 'HISTOGRAM', unit: 's' },
  'mcp.client.session.duration': { type: 'HISTOGRAM', unit: 's' },
  'mcp.server.session.duration': { type: 'HISTOGRAM', unit: 's' },
  'mcp_trail.request.size': { type: 'HISTOGRAM', unit: 'By' },
  'mcp_trail.response.size': { type: 'HISTOGRAM', unit: 'By' },
  [ACTIVE]: { type: 'SUM', unit: '{operation}' },
  [LOST]: { type: 'SUM', unit: '{record}' },
  'mcp_trail.operations.evicted': { type: 'SUM', unit: '{operation}' },
};
