/**
 * THE TABLE: how each MCP method is recorded. Shared code never names a method: it reads the row. A new method is a new row.
 *
 * @see https://modelcontextprotocol.io/specification
 */
import { ATTR_GEN_AI_PROMPT_NAME, ATTR_GEN_AI_TOOL_NAME } from '../semconv/attributes.js';

/** The row of one method. Absent members are off. */
export interface MethodRow {
  /** Requests have responses, notifications do not. */
  readonly kind: 'request' | 'notification';
  /** Who may send it. */
  readonly from: 'client' | 'server' | 'either';
  /** The protocol versions that have the method, unless all do. */
  readonly era?: 'legacy' | 'modern';
  /** The param that names the target of the operation, and the attribute for it. */
  readonly target?: { readonly path: readonly string[]; readonly attribute: TargetAttribute };
  /** `gen_ai.operation.name`. */
  readonly operationName?: 'execute_tool';
  /** The params have a resource URI in `uri`. */
  readonly resource?: true;
  /** Which opt-in content attributes apply. */
  readonly content?: 'tool' | 'prompt';
  /** What a successful result shows; `task` also applies to a notification's params. */
  readonly result?: 'session' | 'task' | { readonly lists: string; readonly attribute: TargetAttribute };
  /** The result names the server in `serverInfo`. */
  readonly introduces?: true;
  /** The response ends a stream that can stay open for hours: a span, but no duration. */
  readonly stream?: true;
  /** The params name another request of the same sender. */
  readonly refersTo?: 'requestId' | 'progressToken';
  /** Whether the result can be a task, or the params name one. */
  readonly task?: 'makes' | 'names';
  /** `_meta` of this message reaches application callbacks: nothing is added to it. */
  readonly inject?: false;
  /** How the method is audited; absent if it is not. */
  readonly audit?: AuditRow;
}

/** How a method is audited: with a record at its beginning and one at its end, or only one. */
export interface AuditRow {
  readonly action: 'CONNECT' | 'LIST' | 'EXECUTE' | 'READ' | 'REQUEST_INPUT' | 'UPDATE';
  /** The target, if the params name no tool, prompt or resource. */
  readonly target?: 'mcp.server' | 'mcp.client' | 'mcp.task' | 'mcp.method';
  /** The server's list of which the result is a page, and the member with the page. */
  readonly lists?: 'tools' | 'prompts' | 'resources';
  /** A single record at the end: a task is `over`, or a list has `changed`. */
  readonly only?: 'over' | 'changed';
}

/** Attributes that can hold the target of an operation. */
export type TargetAttribute = typeof ATTR_GEN_AI_TOOL_NAME | typeof ATTR_GEN_AI_PROMPT_NAME;

const TOOL = { path: ['name'], attribute: ATTR_GEN_AI_TOOL_NAME } as const;
const PROMPT = { path: ['name'], attribute: ATTR_GEN_AI_PROMPT_NAME } as const;

const CONNECT: AuditRow = { action: 'CONNECT', target: 'mcp.server' };
const LIST: AuditRow = { action: 'LIST', target: 'mcp.server' };
const READ: AuditRow = { action: 'READ', target: 'mcp.server' };
const EXECUTE: AuditRow = { action: 'EXECUTE', target: 'mcp.server' };
const ASK: AuditRow = { action: 'REQUEST_INPUT', target: 'mcp.client' };
const TASK: AuditRow = { action: 'READ', target: 'mcp.task' };
const TASK_OVER: AuditRow = { ...TASK, only: 'over' };
const CHANGED: AuditRow = { action: 'UPDATE', target: 'mcp.server', only: 'changed' };
/** For unknown methods, which can do anything. */
const UNKNOWN: AuditRow = { action: 'EXECUTE', target: 'mcp.method' };

const TABLE = {
  initialize: {
    kind: 'request',
    from: 'client',
    era: 'legacy',
    result: 'session',
    introduces: true,
    audit: CONNECT,
  },
  'server/discover': { kind: 'request', from: 'client', era: 'modern', introduces: true, audit: CONNECT },
  ping: { kind: 'request', from: 'either', era: 'legacy' },
  'tools/list': {
    kind: 'request',
    from: 'client',
    result: { lists: 'tools', attribute: ATTR_GEN_AI_TOOL_NAME },
    audit: { ...LIST, lists: 'tools' },
  },
  'tools/call': {
    kind: 'request',
    from: 'client',
    target: TOOL,
    operationName: 'execute_tool',
    content: 'tool',
    task: 'makes',
    audit: EXECUTE,
  },
  'resources/list': { kind: 'request', from: 'client', audit: { ...LIST, lists: 'resources' } },
  'resources/templates/list': { kind: 'request', from: 'client', audit: LIST },
  'resources/read': { kind: 'request', from: 'client', resource: true, audit: READ },
  'resources/subscribe': { kind: 'request', from: 'client', era: 'legacy', resource: true, audit: READ },
  'resources/unsubscribe': { kind: 'request', from: 'client', era: 'legacy', resource: true, audit: READ },
  'prompts/list': {
    kind: 'request',
    from: 'client',
    result: { lists: 'prompts', attribute: ATTR_GEN_AI_PROMPT_NAME },
    audit: { ...LIST, lists: 'prompts' },
  },
  'prompts/get': { kind: 'request', from: 'client', target: PROMPT, content: 'prompt', audit: READ },
  'completion/complete': {
    kind: 'request',
    from: 'client',
    target: { path: ['ref', 'name'], attribute: ATTR_GEN_AI_PROMPT_NAME },
    audit: READ,
  },
  'logging/setLevel': { kind: 'request', from: 'client', era: 'legacy' },
  'subscriptions/listen': { kind: 'request', from: 'client', era: 'modern', stream: true, audit: READ },
  'sampling/createMessage': { kind: 'request', from: 'server', task: 'makes', audit: ASK },
  'elicitation/create': { kind: 'request', from: 'server', task: 'makes', audit: ASK },
  'roots/list': { kind: 'request', from: 'server', audit: ASK },
  'tasks/get': { kind: 'request', from: 'either', result: 'task', task: 'names', audit: TASK_OVER },
  'tasks/result': { kind: 'request', from: 'either', era: 'legacy', task: 'names', audit: TASK },
  'tasks/list': { kind: 'request', from: 'either', era: 'legacy', audit: { ...TASK, action: 'LIST' } },
  'tasks/cancel': {
    kind: 'request',
    from: 'either',
    result: 'task',
    task: 'names',
    audit: { ...TASK, action: 'UPDATE' },
  },
  'tasks/update': {
    kind: 'request',
    from: 'client',
    era: 'modern',
    task: 'names',
    audit: { ...TASK, action: 'UPDATE' },
  },
  'skills/list': { kind: 'request', from: 'client', era: 'modern', audit: LIST },
  'skills/get': { kind: 'request', from: 'client', era: 'modern', audit: READ },
  'resources/directory/read': { kind: 'request', from: 'client', era: 'modern', resource: true, audit: LIST },
  'notifications/initialized': { kind: 'notification', from: 'client', era: 'legacy' },
  'notifications/cancelled': { kind: 'notification', from: 'either', refersTo: 'requestId' },
  'notifications/progress': { kind: 'notification', from: 'either', refersTo: 'progressToken', inject: false },
  'notifications/message': { kind: 'notification', from: 'server' },
  'notifications/resources/updated': { kind: 'notification', from: 'server', resource: true },
  'notifications/resources/list_changed': { kind: 'notification', from: 'server', audit: CHANGED },
  'notifications/prompts/list_changed': { kind: 'notification', from: 'server', audit: CHANGED },
  'notifications/tools/list_changed': { kind: 'notification', from: 'server', audit: CHANGED },
  'notifications/roots/list_changed': { kind: 'notification', from: 'client', era: 'legacy' },
  'notifications/elicitation/complete': { kind: 'notification', from: 'server', era: 'legacy' },
  'notifications/subscriptions/acknowledged': { kind: 'notification', from: 'server', era: 'modern' },
  'notifications/tasks': {
    kind: 'notification',
    from: 'server',
    era: 'modern',
    result: 'task',
    task: 'names',
    audit: TASK_OVER,
  },
  'notifications/tasks/status': {
    kind: 'notification',
    from: 'either',
    era: 'legacy',
    result: 'task',
    task: 'names',
    audit: TASK_OVER,
  },
} as const satisfies Record<string, MethodRow>;

/** Every known method by its name. */
export const METHODS: ReadonlyMap<string, MethodRow> = new Map(Object.entries(TABLE));

const UNKNOWN_REQUEST: MethodRow = { kind: 'request', from: 'either', audit: UNKNOWN };
const UNKNOWN_NOTIFICATION: MethodRow = { kind: 'notification', from: 'either' };

/** The row of a method. An unknown method is traced under its own name, and its params are not read. */
export function methodRow(method: string, kind: 'request' | 'notification'): MethodRow {
  const row = METHODS.get(method);
  if (row?.kind === kind) return row;
  return kind === 'request' ? UNKNOWN_REQUEST : UNKNOWN_NOTIFICATION;
}

/** The target that the params name, if any. */
export function targetOf(row: MethodRow, params: unknown): string | undefined {
  if (row.target === undefined) return undefined;
  let value: unknown = params;
  for (const key of row.target.path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? value : undefined;
}
