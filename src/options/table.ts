/** Every option: its environment variable, what it accepts, its default. `types.ts` and `audit-types.ts` say what each does. */

import type { AuditConfig, AuditDelivery } from '../audit-types.js';
import { METHOD_PATTERN } from '../protocol/method-patterns.js';
import type { McpInstrumentationConfig, SecretDetector } from '../types.js';
import { listOf, objectOf, recordOf, skippable } from './containers.js';
import { flag, func, type Kind, oneOf, type Refuse, someOf, text, valueThat, wholeNumber } from './kinds.js';
import { type CheckedSink, sinks } from './sinks.js';
import { ENABLED_VARIABLE } from './switch.js';

export interface Option<T> {
  /** Its environment variable; options without one are set in code only. */
  readonly env?: string;
  readonly kind: Kind<NonNullable<T>>;
  readonly default: T;
  /** The default in words, where it is not a fixed value. */
  readonly defaultText?: string;
  /** Replaces a refused value where the default would let out, or let pass, more than was meant. */
  readonly refused?: T;
}

export type Options<T> = { readonly [K in keyof T]: Option<T[K]> };

const anObject = (value: unknown) => typeof value === 'object' && value !== null;

const on = (env: string): Option<boolean> => ({ env, kind: flag, default: true });
const off = (env: string): Option<boolean> => ({ env, kind: flag, default: false });

/** A hook or another value without a variable and without a default. */
const inCode = <T>(kind: Kind<NonNullable<T>>): Option<T | undefined> => ({ kind, default: undefined });

const isDetector = (value: unknown): boolean => {
  const { id, detect } = Object(value) as Partial<Record<keyof SecretDetector, unknown>>;
  return typeof id === 'string' && typeof detect === 'function';
};
const detector = valueThat<SecretDetector>('an object with an id and a detect function', isDetector);
const detectors = listOf(skippable(detector, 'It is not used'), { accepts: 'a list of detectors' });
/** Also takes one without a list: refusing it would leave unhidden what it finds. */
const oneOrMoreDetectors: typeof detectors = {
  ...detectors,
  read: (value, path, refuse) => detectors.read(isDetector(value) ? [value] : value, path, refuse),
};

/** The options of an instrumentation. */
export type InstrumentationValues = {
  readonly [K in Extract<keyof McpInstrumentationConfig, string>]:
    | NonNullable<McpInstrumentationConfig[K]>
    | (K extends OptionalOption ? undefined : never);
};

type OptionalOption =
  | 'audit'
  | 'detectors'
  | 'metricsSizes'
  | 'propagateContext'
  | 'redact'
  | 'requestHook'
  | 'responseHook'
  | 'sessionIds';

export const INSTRUMENTATION: Options<InstrumentationValues> = {
  enabled: on(ENABLED_VARIABLE),
  trustIncomingContext: {
    env: 'MCP_TRAIL_TRUST_INCOMING_CONTEXT',
    kind: oneOf('parent', 'link'),
    default: 'parent',
  },
  sessionIds: {
    env: 'MCP_TRAIL_SESSION_IDS',
    kind: oneOf('plain', 'digest', 'none'),
    // Unset, spans and the audit trail differ.
    default: undefined,
  },
  reuseExecuteToolSpan: off('MCP_TRAIL_REUSE_EXECUTE_TOOL_SPAN'),
  captureArguments: off('MCP_TRAIL_CAPTURE_ARGUMENTS'),
  captureResults: off('MCP_TRAIL_CAPTURE_RESULTS'),
  capturePromptVariables: off('MCP_TRAIL_CAPTURE_PROMPT_VARIABLES'),
  captureInProduction: off('MCP_TRAIL_CAPTURE_IN_PRODUCTION'),
  captureErrorMessages: off('MCP_TRAIL_CAPTURE_ERROR_MESSAGES'),
  resourceUriInSpanName: off('MCP_TRAIL_RESOURCE_URI_IN_SPAN_NAME'),
  rpcStatusCodeAttribute: {
    env: 'MCP_TRAIL_RPC_STATUS_CODE_ATTRIBUTE',
    kind: oneOf('rpc.response.status_code', 'rpc.status_code', 'both'),
    default: 'rpc.response.status_code',
  },
  metricsSizes: {
    env: 'MCP_TRAIL_METRICS_SIZES',
    kind: flag,
    default: undefined,
    defaultText: 'what the audit trail measures',
  },
  trustProxy: off('MCP_TRAIL_TRUST_PROXY'),
  propagateToChildProcesses: off('MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES'),
  ignoreMethods: {
    env: 'MCP_TRAIL_IGNORE_METHODS',
    kind: textsOf(METHOD_PATTERN, 'a method such as ping or tasks/*', 'methods such as ping or tasks/*'),
    default: [],
  },
  standBack: off('MCP_TRAIL_STAND_BACK'),
  baggageTo: {
    env: 'MCP_TRAIL_BAGGAGE_TO',
    kind: textsOf(
      /^(?!.*:\/\/)./,
      'a host such as api.example.com:8443, a command such as npx, or *',
      'hosts such as api.example.com:8443, commands such as npx, or *',
    ),
    default: ['*'],
    refused: [],
  },
  bundles: { ...off('MCP_TRAIL_BUNDLES'), defaultText: 'false; true with `mcp-trail/register`' },
  maxPendingOperations: {
    env: 'MCP_TRAIL_MAX_PENDING_OPERATIONS',
    kind: wholeNumber(1, 1_000_000),
    default: 10_000,
  },
  audit: inCode(
    valueThat('true, false, an object of options', (value) => typeof value === 'boolean' || anObject(value)),
  ),
  propagateContext: inCode(func()),
  redact: inCode(func()),
  detectors: inCode(oneOrMoreDetectors),
  requestHook: inCode(func()),
  responseHook: inCode(func()),
};

const STATUSES = ['rate_limited', 'denied', 'unauthenticated', 'timeout', 'input_required'] as const;

type AuditOptions = Omit<Required<AuditConfig>, 'delivery' | 'sinks' | 'toolLock'> & {
  readonly delivery: readonly AuditDelivery[];
  readonly sinks: readonly CheckedSink[];
  /** The file is empty where there is a lock to enforce, and no file. */
  readonly toolLock: { readonly file: string; readonly enforce?: boolean };
};

export type AuditValues = {
  readonly [K in keyof AuditOptions]:
    | AuditOptions[K]
    | (K extends
        | 'fileMaxFiles'
        | 'identity'
        | 'policy'
        | 'digestKey'
        | 'stateDirectory'
        | 'signingKeyFile'
        | 'checkpoints'
        | 'toolLock'
        ? undefined
        : never);
};

const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);

const IS_URL = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Words for what is not a file: stdout belongs to the protocol. */
const NO_FILE = /^(?:|-|stdout)$/i;

/** A URL must not hold a password, which would be in the environment, and on stderr. */
const isSecondPlace = (value: string): boolean => {
  if (!IS_URL.test(value)) return !NO_FILE.test(value) && !value.includes('\0');
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
};

/** Of a URL only the host: user, path and query can hold a token. */
const shownPlace = (value: unknown): unknown => {
  const [scheme] = (typeof value === 'string' && IS_URL.exec(value.trim())) || [];
  if (scheme === undefined) return value;
  return URL.canParse(String(value)) ? `${scheme}${new URL(String(value)).host}` : scheme;
};

const anyPlace = text(
  4096,
  'stderr, an https:// URL without user and password (http:// to this machine only), the path of a file',
  isSecondPlace,
);

const secondPlace: Kind<string> = {
  ...anyPlace,
  shown: shownPlace,
  read(value, path, refuse) {
    const place = typeof value === 'string' ? value.trim() : value;
    if (typeof place === 'string' && /^stderr$/i.test(place)) return 'stderr';
    return anyPlace.read(place, path, () => refuse(path, shownPlace(place), anyPlace.accepts));
  },
};

/** What follows from a lock that is to be enforced and cannot be used. */
export const EVERY_CALL = 'Every tool call is refused';

const lockFile = text(4096, 'the path of a file');
const lockMembers = objectOf<AuditOptions['toolLock']>(
  { file: lockFile, enforce: flag },
  { required: ['file'], unknown: 'Ignored' },
);

const toolLock: Kind<AuditOptions['toolLock']> = {
  accepts: 'the path of a file, or an object with file',
  acceptsText: lockFile.accepts,
  read(value, path, refuse) {
    if (!anObject(value) || Array.isArray(value)) {
      const file = lockFile.read(value, path, () => refuse(path, value, toolLock.accepts));
      return file === undefined ? undefined : { file };
    }
    const { enforce = false } = value as { enforce?: unknown };
    if (enforce === false) return lockMembers.read(value, path, refuse);
    // Without a lock that can be read, no tool is as locked.
    const locksAll: Refuse = (at, found, accepts, consequence = EVERY_CALL) => refuse(at, found, accepts, consequence);
    return lockMembers.read(value, path, locksAll) ?? { file: '', enforce: true };
  },
};

const deliveries = someOf<AuditDelivery>('otel', 'stderr', 'file');

/** The options of the audit trail. */
export const AUDIT = {
  delivery: {
    env: 'MCP_TRAIL_AUDIT',
    kind: { ...deliveries, acceptsText: `${deliveries.acceptsText}; or off` },
    default: ['otel'],
    defaultText: 'otel; with `audit.sinks`, none',
  },
  sinks: { kind: sinks, default: [] },
  file: { env: 'MCP_TRAIL_AUDIT_FILE', kind: text(4096, 'a path'), default: 'mcp-audit.jsonl' },
  fileMaxBytes: { env: 'MCP_TRAIL_AUDIT_FILE_MAX_BYTES', kind: wholeNumber(1024, 2 ** 40), default: 67_108_864 },
  fileMaxFiles: {
    env: 'MCP_TRAIL_AUDIT_FILE_MAX_FILES',
    kind: wholeNumber(1, 10_000),
    default: undefined,
    defaultText: 'unlimited',
  },
  fileReserve: { env: 'MCP_TRAIL_AUDIT_FILE_RESERVE', kind: wholeNumber(0, 2 ** 40), default: 268_435_456 },
  // A misspelt value did not mean the default.
  fileSync: { env: 'MCP_TRAIL_AUDIT_FILE_SYNC', kind: oneOf('os', 'disk'), default: 'os', refused: 'disk' },
  onFailure: { env: 'MCP_TRAIL_AUDIT_ON_FAILURE', kind: oneOf('allow', 'block'), default: 'allow', refused: 'block' },
  attempts: { env: 'MCP_TRAIL_AUDIT_ATTEMPTS', kind: oneOf('always', 'sensitive', 'never'), default: 'always' },
  actorIds: {
    env: 'MCP_TRAIL_AUDIT_ACTOR_IDS',
    kind: oneOf('plain', 'digest', 'pseudonym'),
    default: 'plain',
    // A misspelt value did not mean the default.
    refused: 'digest',
  },
  actorDetails: { env: 'MCP_TRAIL_AUDIT_ACTOR_DETAILS', kind: oneOf('omit', 'pseudonym'), default: 'omit' },
  sessionIds: { env: 'MCP_TRAIL_AUDIT_SESSION_IDS', kind: oneOf('digest', 'plain', 'none'), default: 'digest' },
  paths: {
    env: 'MCP_TRAIL_AUDIT_PATHS',
    kind: textsOf(/^\/[^\s?#]{0,255}$/, 'a path such as /mcp or /mcp/*', 'paths such as /mcp or /mcp/*'),
    default: [],
  },
  headers: {
    env: 'MCP_TRAIL_AUDIT_HEADERS',
    kind: textsOf(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'the name of a response header', 'names of response headers'),
    default: [],
  },
  stateDirectory: {
    env: 'MCP_TRAIL_AUDIT_STATE_DIRECTORY',
    kind: text(4096, 'the path of a directory'),
    default: undefined,
  },
  signingKeyFile: {
    env: 'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE',
    kind: text(4096, 'the path of a file'),
    default: undefined,
  },
  checkpoints: {
    env: 'MCP_TRAIL_AUDIT_CHECKPOINTS',
    kind: secondPlace,
    default: undefined,
  },
  toolLock: { env: 'MCP_TRAIL_AUDIT_TOOL_LOCK', kind: toolLock, default: undefined },
  messages: off('MCP_TRAIL_AUDIT_MESSAGES'),
  aiInvocation: off('MCP_TRAIL_AUDIT_AI_INVOCATION'),
  policy: {
    env: 'MCP_TRAIL_AUDIT_POLICY',
    // What is in it is checked as a document: it may be refused in part.
    kind: {
      ...valueThat('the path of a policy file, or a policy', (value) => value !== null),
      acceptsText: 'the path of a policy file',
    },
    default: undefined,
  },
  digestKey: {
    env: 'MCP_TRAIL_AUDIT_DIGEST_KEY',
    // Checked where it is decoded, and never shown.
    kind: {
      ...valueThat('a text, or an object with id and key as texts', () => true),
      acceptsText: 'hex or base64 of 16 bytes or more',
    },
    default: undefined,
    defaultText: 'random',
  },
  identity: inCode(func()),
  errorCodes: {
    kind: recordOf(
      text(11, 'names that are JSON-RPC error codes', /^-?\d{1,10}$/),
      skippable(oneOf(...STATUSES), 'Ignored'),
      { accepts: 'an object with a status for each JSON-RPC error code' },
    ),
    default: {},
  },
} satisfies Options<AuditValues>;

/** Not an option by itself: in code, it is part of `toolLock`. */
export const TOOL_LOCK_ENFORCE: Option<boolean> = {
  ...off('MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE'),
  // A misspelt value did not mean the default.
  refused: true,
};

/** Not an option by itself: in code, it is part of `digestKey`. */
export const DIGEST_KEY_ID = {
  env: 'MCP_TRAIL_AUDIT_DIGEST_KEY_ID',
  acceptsText: '1 to 32 of A-Z a-z 0-9 . _ -',
  defaultText: 'made from the key',
} as const;

/** Settings of `mcp-trail/register`, by variable only. */
export const REGISTER = {
  crashReports: { env: 'MCP_TRAIL_CRASH_REPORTS', kind: oneOf('off', 'on'), default: 'off' },
  sdk: { env: 'MCP_TRAIL_SDK', kind: oneOf('auto', 'off'), default: 'auto' },
} satisfies Readonly<Record<string, Option<string>>>;

const ofActor = (env: string, accepts: string): Option<string | undefined> => ({
  env,
  kind: text(256, accepts),
  default: undefined,
});

/** Who acts, for `mcp-trail wrap`, by variable only. */
export const WRAP = {
  user: ofActor('MCP_TRAIL_USER', 'the id of a user'),
  userName: ofActor('MCP_TRAIL_USER_NAME', 'the name of a user'),
  userRoles: {
    env: 'MCP_TRAIL_USER_ROLES',
    kind: textsOf(/./, 'a role', 'roles'),
    default: undefined as readonly string[] | undefined,
  },
  organization: ofActor('MCP_TRAIL_ORGANIZATION', 'the id of an organization'),
  team: ofActor('MCP_TRAIL_TEAM', 'the id of a team'),
} satisfies Readonly<Record<string, Option<unknown>>>;

/** Stands for the default of an option that has to be given. */
export const REQUIRED = Symbol('required');

const onError = inCode(func());

const scalarText = valueThat<string | number>('a text or a number', (value) =>
  ['string', 'number'].includes(typeof value),
);

/** The options of `FileLogRecordExporter`. */
export const FILE_EXPORTER = {
  path: {
    kind: text(4096, 'the path of a file', (value) => value.trim() !== '' && !value.includes('\0')),
    default: REQUIRED,
  },
  placeholders: {
    kind: recordOf(
      valueThat('a name', () => true),
      scalarText,
    ),
    default: {},
    defaultText: 'pid',
  },
  maxBytes: { kind: AUDIT.fileMaxBytes.kind, default: AUDIT.fileMaxBytes.default },
  maxFiles: { kind: AUDIT.fileMaxFiles.kind, default: AUDIT.fileMaxFiles.default, defaultText: 'unlimited' },
  reserve: { kind: AUDIT.fileReserve.kind, default: AUDIT.fileReserve.default },
  onDeleted: { ...inCode(func<(name: string) => void>()), defaultText: 'nothing' },
  onError: { ...onError, defaultText: 'one line on stderr' },
  now: { kind: func<() => number>(), default: Date.now, defaultText: 'Date.now' },
} satisfies Readonly<Record<string, Option<unknown>>>;

const STDERR = 2;

/** Never descriptor 1, which belongs to the protocol of stdio servers. */
const stream: Kind<object> = {
  accepts: `a stream whose descriptor, if it has one, is ${STDERR} or more`,
  read: (value, path, refuse) => {
    const { write, fd = STDERR } = Object(value) as { readonly write?: unknown; readonly fd?: unknown };
    if (typeof value !== 'object' || typeof write !== 'function') refuse(path, value, 'a stream with a descriptor');
    else if (wholeNumber(STDERR).read(fd, `${path}.fd`, refuse) !== undefined) return value as object;
    return undefined;
  },
};

/** The options of `StderrLogRecordExporter`. */
export const STDERR_EXPORTER = {
  onError: { ...onError, defaultText: 'a warning in the diagnostics of OpenTelemetry' },
  stream: { kind: stream, default: undefined, defaultText: 'stderr of the process' },
} satisfies Readonly<Record<string, Option<unknown>>>;

/** A list of texts of one pattern. */
function textsOf(pattern: RegExp, one: string, several: string): Kind<readonly string[]> {
  return listOf(text(4096, one, pattern), {
    accepts: `a list of ${several}`,
    acceptsText: `${several}, separated by commas`,
  });
}
