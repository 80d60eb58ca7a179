/**
 * The meaning of records in other schemas, by method and event. A new method or event is a new row; without a row, its
 * `audit.action` decides.
 */
import type { AuditEventName, AuditFields, AuditKey } from '../semconv/audit-record.js';
import { lookUp } from './convert.js';
import type { Fields } from './fields.js';

/** The kinds of OCSF events; `ocsf-classes.ts` has the class of each. */
export type OcsfKind = 'api' | 'authentication' | 'trail' | 'inventory' | 'configuration';

/** The meaning of one record in three schemas. */
export interface Meaning {
  readonly kind: OcsfKind;
  /** OCSF `activity_id` and its caption in the class; 99 is Other, with our name. */
  readonly activity: readonly [id: number, name: string];
  /** ECS `event.category` and `event.type`. */
  readonly category: readonly string[];
  readonly type: readonly string[];
  /** `EventType` of the lokryn schema 0.2. */
  readonly lokryn: number;
}

type Action = NonNullable<AuditFields['audit.action']>;

const API = { kind: 'api', category: ['api'], type: ['access'] } as const;
const SESSION = { kind: 'api', category: ['api', 'session'] } as const;

/** By `audit.action`: for methods without a row, and the defaults of the others. */
export const ACTIONS: Readonly<Record<Action, Meaning>> = {
  CONNECT: { ...SESSION, activity: [99, 'Connect'], type: ['start'], lokryn: 30 },
  DISCONNECT: { ...SESSION, activity: [99, 'Disconnect'], type: ['end'], lokryn: 2 },
  LIST: { ...API, activity: [2, 'Read'], lokryn: 12 },
  EXECUTE: { ...API, activity: [99, 'Execute'], lokryn: 20 },
  READ: { ...API, activity: [2, 'Read'], lokryn: 12 },
  REQUEST_INPUT: { ...API, activity: [99, 'Request Input'], type: ['info'], lokryn: 38 },
  AUTHENTICATE: {
    kind: 'authentication',
    activity: [1, 'Logon'],
    category: ['authentication'],
    type: ['start'],
    lokryn: 1,
  },
  AUTHORIZE: { ...API, activity: [99, 'Authorize'], type: ['info'], lokryn: 5 },
  EVALUATE: { ...API, activity: [99, 'Evaluate'], type: ['info'], lokryn: 26 },
  UPDATE: { ...API, activity: [3, 'Update'], type: ['change'], lokryn: 12 },
};

/** For an unknown method and action. */
export const UNKNOWN: Meaning = { ...API, activity: [99, 'Other'], type: ['info'], lokryn: 0 };

/** The meaning of a method. */
export interface MethodMeaning {
  readonly action: Action;
  /** `EventType` of lokryn, if it has one for the method. */
  readonly lokryn?: number;
  /** The same for the record at the end. */
  readonly answered?: number;
}

export const METHODS: Readonly<Record<string, MethodMeaning>> = {
  initialize: { action: 'CONNECT' },
  'server/discover': { action: 'CONNECT' },
  ping: { action: 'READ', lokryn: 32 },
  'tools/list': { action: 'LIST', lokryn: 34 },
  'tools/call': { action: 'EXECUTE' },
  'resources/list': { action: 'LIST', lokryn: 35 },
  'resources/templates/list': { action: 'LIST', lokryn: 35 },
  'resources/read': { action: 'READ', lokryn: 37 },
  'resources/directory/read': { action: 'READ', lokryn: 37 },
  'resources/subscribe': { action: 'READ', lokryn: 37 },
  'resources/unsubscribe': { action: 'READ' },
  'subscriptions/listen': { action: 'READ' },
  'prompts/list': { action: 'LIST', lokryn: 36 },
  'prompts/get': { action: 'READ', lokryn: 25 },
  'completion/complete': { action: 'READ' },
  'logging/setLevel': { action: 'UPDATE', lokryn: 6 },
  'sampling/createMessage': { action: 'REQUEST_INPUT', answered: 39 },
  'elicitation/create': { action: 'REQUEST_INPUT', answered: 39 },
  'roots/list': { action: 'LIST' },
  'tasks/get': { action: 'READ' },
  'tasks/result': { action: 'READ' },
  'tasks/list': { action: 'LIST' },
  'tasks/cancel': { action: 'UPDATE' },
  'tasks/update': { action: 'UPDATE' },
  'skills/list': { action: 'LIST' },
  'skills/get': { action: 'READ' },
};

/** The verb that the operator's rules give a tool is more specific than that it ran. The tool's own claim does not count. */
export const TOOL_VERBS: Readonly<Record<string, Pick<Meaning, 'activity' | 'type'>>> = {
  read: { activity: [2, 'Read'], type: ['access'] },
  write: { activity: [3, 'Update'], type: ['change'] },
  delete: { activity: [4, 'Delete'], type: ['deletion'] },
};

const IDENTITY = { kind: 'authentication', category: ['authentication'] } as const;
const INVENTORY = { kind: 'inventory', category: ['configuration'] } as const;
const CHANGED = { ...INVENTORY, activity: [8, 'Update'], type: ['change'], lokryn: 6 } as const;
const OF_THE_TRAIL = {
  kind: 'trail',
  activity: [99, 'Verify'],
  category: ['process'],
  type: ['info'],
  lokryn: 0,
} as const;
const CONFIGURED = { kind: 'configuration', category: ['configuration'], lokryn: 6 } as const;

/** The meaning of an event by the value of one field, and by default; `method` is the meaning of its method. */
export interface EventMeaning {
  readonly by?: AuditKey;
  readonly values?: Readonly<Record<string, Meaning>>;
  readonly otherwise: Meaning | 'method';
  /** An action whose `EventType` of lokryn the record has, if it is its own, instead of that of its method. */
  readonly ifAction?: Action;
}

export const EVENTS: Readonly<Record<AuditEventName, EventMeaning>> = {
  'mcp_audit.started': {
    otherwise: { kind: 'trail', activity: [3, 'Start'], category: ['process'], type: ['start'], lokryn: 9 },
  },
  'mcp_audit.stopped': {
    otherwise: { kind: 'trail', activity: [4, 'Stop'], category: ['process'], type: ['end'], lokryn: 10 },
  },
  'mcp_audit.request': { otherwise: 'method' },
  'mcp_audit.response': { otherwise: 'method' },
  'mcp_audit.response.undelivered': { otherwise: 'method' },
  'mcp_audit.authorization': { otherwise: 'method', ifAction: 'AUTHORIZE' },
  'mcp_audit.authentication': {
    by: 'mcp_audit.authentication.event',
    values: {
      login: { ...IDENTITY, activity: [1, 'Logon'], type: ['start'], lokryn: 1 },
      logout: { ...IDENTITY, activity: [2, 'Logoff'], type: ['end'], lokryn: 2 },
      token_issued: { ...IDENTITY, activity: [99, 'Token Issued'], type: ['info'], lokryn: 1 },
      token_refreshed: { ...IDENTITY, activity: [99, 'Token Refreshed'], type: ['info'], lokryn: 1 },
      token_revoked: { ...IDENTITY, activity: [99, 'Token Revoked'], type: ['info'], lokryn: 2 },
      token_rejected: { ...IDENTITY, activity: [1, 'Logon'], type: ['start'], lokryn: 1 },
      identified: { ...IDENTITY, activity: [99, 'Identified'], type: ['info'], lokryn: 1 },
    },
    otherwise: { ...IDENTITY, activity: [0, 'Unknown'], type: ['info'], lokryn: 1 },
  },
  'mcp_audit.session': {
    by: 'mcp_audit.session.state',
    values: {
      started: { ...ACTIONS.CONNECT, lokryn: 40 },
      ended: { ...ACTIONS.DISCONNECT, lokryn: 41 },
    },
    otherwise: { ...SESSION, activity: [0, 'Unknown'], type: ['info'], lokryn: 12 },
  },
  'mcp_audit.guardrail': { otherwise: ACTIONS.EVALUATE },
  'mcp_audit.config.changed': {
    by: 'mcp_audit.config.change',
    values: {
      create: { ...CONFIGURED, activity: [1, 'Create'], type: ['creation'] },
      update: { ...CONFIGURED, activity: [3, 'Update'], type: ['change'] },
      delete: { ...CONFIGURED, activity: [4, 'Delete'], type: ['deletion'] },
    },
    otherwise: { ...CONFIGURED, activity: [0, 'Unknown'], type: ['info'] },
  },
  'mcp_audit.server.observed': {
    otherwise: { ...INVENTORY, activity: [99, 'Observe'], type: ['info'], lokryn: 12 },
  },
  'mcp_audit.tool.changed': { otherwise: CHANGED },
  'mcp_audit.inventory.changed': {
    by: 'mcp_audit.inventory.change',
    values: {
      server_added: { ...CHANGED, activity: [1, 'Install'], type: ['creation'] },
      server_changed: CHANGED,
      server_stale: { ...CHANGED, activity: [99, 'Stale'], type: ['info'] },
      server_returned: { ...CHANGED, activity: [99, 'Return'], type: ['info'] },
      server_not_locked: { ...CHANGED, activity: [99, 'Not Locked'], type: ['info'] },
      list_changed: CHANGED,
      annotated: { ...CHANGED, activity: [99, 'Annotate'], type: ['info'] },
    },
    otherwise: { ...CHANGED, activity: [0, 'Unknown'], type: ['info'] },
  },
  'mcp_audit.gap': {
    otherwise: { kind: 'trail', activity: [99, 'Lose Records'], category: ['process'], type: ['info'], lokryn: 0 },
  },
  'mcp_audit.retention': { otherwise: { ...OF_THE_TRAIL, activity: [99, 'Delete Files'] } },
  'mcp_audit.erasure': { otherwise: { ...OF_THE_TRAIL, activity: [99, 'Erase Identity'] } },
  'mcp_audit.unobserved': {
    otherwise: {
      kind: 'trail',
      activity: [99, 'Detect Unobserved Traffic'],
      category: ['process'],
      type: ['info'],
      lokryn: 0,
    },
  },
  'mcp_audit.checkpoint': { otherwise: { ...OF_THE_TRAIL, activity: [99, 'Sign Checkpoint'] } },
  'mcp_audit.key.rotated': { otherwise: { ...OF_THE_TRAIL, activity: [99, 'Rotate Key'] } },
  'mcp_audit.verified': { otherwise: OF_THE_TRAIL },
};

/** The meaning of a record, by its event, else its method, else its action. */
export function meaningOf(fields: Fields): Meaning {
  const event = lookUp(EVENTS, fields.get('event_name'));
  if (event === undefined || event.otherwise === 'method') {
    const ofMethod = methodMeaning(fields);
    const action = event?.ifAction;
    return action !== undefined && fields.get('audit.action') === action
      ? { ...ofMethod, lokryn: ACTIONS[action].lokryn }
      : ofMethod;
  }
  const value = event.by === undefined ? undefined : fields.get(event.by);
  return lookUp(event.values ?? {}, value) ?? event.otherwise;
}

function methodMeaning(fields: Fields): Meaning {
  const method = lookUp(METHODS, fields.get('mcp.method.name'));
  const action = lookUp(ACTIONS, method?.action ?? fields.get('audit.action')) ?? UNKNOWN;
  const verb = action === ACTIONS.EXECUTE ? lookUp(TOOL_VERBS, fields.get('mcp_audit.tool.verb')) : undefined;
  const answered = fields.get('event_name') === 'mcp_audit.response' ? method?.answered : undefined;
  return { ...action, ...verb, lokryn: answered ?? method?.lokryn ?? action.lokryn };
}
