/**
 * All fields that something is planted in, and which of them reach an output at all: what harmless text shows. A field
 * that is not planted any more, or leaves where it did not, makes the lists wrong.
 */
import type { Flavour } from '../../support/flavours.js';
import type { Mode } from './converse.js';

const ACTOR = ['id', 'name', 'role', 'organization', 'team'].map((part) => `actor ${part}`);

/** The application's own events, inside and outside a handler. */
const STATED = [
  ...ACTOR,
  ...['authentication method', 'authentication reason', 'authorization reason', 'changed item', 'guardrail reason'],
  ...['guardrail rule', 'guardrail version', 'policy id', 'policy version', 'reason of a change', 'rule name'],
];
/** Values of closed sets: others are not accepted. */
const NOT_STATED = ['authentication outcome', 'guardrail subject', 'kind of change'];

const twice = (fields: readonly string[]) => fields.flatMap((field) => [field, `outside: ${field}`]);

/** Names and ids, which make up traces and audit trails. They are exported after redaction. */
const NAMES = [
  ...twice(STATED),
  ...['URI as a whole', 'URI encoded path', 'URI of no authority', 'URI path'],
  ...['added by', 'notes', 'rejection reason', 'removed by', 'review', 'reviewer'].map(
    (field) => `annotation: ${field}`,
  ),
  ...['id', 'name', 'organization', 'role', 'team'].map((part) => `identity ${part}`),
  ...['approver id', 'approver name', 'delegate', 'grant'],
  ...['cancelled task id', 'client name', 'client version', 'completed prompt', 'correlation id'],
  ...['declared argument', 'declared version', 'error class', 'key for an unlisted tool', 'listed tool name', 'method'],
  ...['nested key for it', 'notification method'],
  ...['prompt name', 'request id', 'server name', 'server request id', 'server title', 'server version'],
  ...['status task id', 'task id', 'tool name', 'tracestate'],
];

/** Content that has an option, and names of undeclared arguments, which are only counted. */
const CONTENT = [
  ...[
    'JSON-RPC error message',
    'argument key',
    'argument value',
    'nested key',
    'captured argument',
    'embedded text',
    'error message',
  ],
  ...['image MIME type', 'linked URI', 'linked name', 'nested value', 'prompt variable', 'prompt variable value'],
  ...['result text', 'structured key', 'structured value', 'turn id', 'model of the turn'],
];

/** On 2026-07-28 a result can contain the server's requests and its name, which are exported with results. */
const CONTENT_OF_2026 = [
  ...['elicitation message', 'elicited description', 'elicited property', 'input request key', 'model hint'],
  ...['request state', 'sampling metadata key', 'sampling metadata value', 'sampling text', 'server website'],
  ...['stop sequence', 'system prompt'],
];

/** Never exported, whatever options are set. */
const NEVER = [
  ...twice(NOT_STATED),
  ...['URI encoded query', 'URI fragment', 'URI of data', 'URI query', 'URI template', 'URI user', '_meta key'],
  ...['_meta value', 'annotation: approval', 'argument description', 'baggage', 'cancellation reason', 'cancelled id'],
  ...['client capability', 'client title', 'completed URI', 'completed argument', 'completed value'],
  ...['completion context key', 'completion context value', 'completion value', 'content MIME type', 'content URI'],
  ...['custom key', 'custom result key', 'custom result value', 'custom value', 'elicited key'],
  ...['elicited value', 'error cause', 'error data key', 'error data value', 'error name', 'error stack', 'icon'],
  ...['approver type', 'intent of the user', 'reason of the call'],
  ...['identity type', 'isError text', 'listed prompt name', 'listed resource URI', 'listed resource name', 'log key'],
  ...['log value', 'logger name', 'message member', 'message member value', 'model', 'next cursor'],
  ...['notification key', 'notification value', 'odd elicitation', 'progress message', 'progress token'],
  ...['prompt argument description', 'prompt argument name', 'prompt description', 'prompt message'],
  ...['prompt password', 'prompt result description', 'prompt title', 'resource blob', 'resource text'],
  ...['result _meta key', 'result _meta value', 'root URI', 'root name', 'sampled text', 'second log'],
  ...['second logger', 'sent progress', 'server capability', 'server capability member', 'server instructions'],
  ...['status message', 'stop reason', 'template name', 'tool _meta key', 'tool _meta value', 'tool annotation'],
  ...['tool description', 'tool title', 'traceparent', 'unasked data', 'unasked error', 'unknown token'],
];

export interface Fields {
  readonly leaving: readonly string[];
  readonly never: readonly string[];
}

/** The expected fields of one protocol version, with the defaults or with every option set. */
export function fieldsOf({ protocolVersion }: Flavour, mode: Mode): Fields {
  const modern = protocolVersion === '2026-07-28';
  const optedIn = mode === 'opted in';
  // On older protocols a server's question is a separate request, and rounds have no state.
  const asked = modern ? CONTENT_OF_2026 : CONTENT_OF_2026.filter((field) => !/request (?:key|state)/.test(field));
  // Subscriptions and log levels were removed with sessions.
  const leaving = [NAMES, modern ? [] : ['subscribed URI', 'updated URI'], ['correlation id in baggage']];
  const never = [NEVER, modern ? [] : ['log level'], optedIn ? [] : ['error of the identity hook']];
  (optedIn ? leaving : never).push(CONTENT);
  (optedIn && modern ? leaving : never).push(asked);
  return { leaving: leaving.flat().sort(), never: never.flat().sort() };
}

const WELL_FORMED_ID = /^[A-Za-z0-9._:-]{8,128}$/;
const NO_URI_END = /^[^?#]*$/;
/** A dot within a name is escaped in a path of names. */
const NO_DOT = /^[^.]*$/;

/** Fields with a restricted format: other text is rejected or cut. */
export const FITS: Readonly<Record<string, RegExp>> = {
  'URI as a whole': NO_URI_END,
  'URI of no authority': NO_URI_END,
  'URI path': NO_URI_END,
  'correlation id': WELL_FORMED_ID,
  'correlation id in baggage': WELL_FORMED_ID,
  'declared argument': NO_DOT,
  'key for an unlisted tool': NO_DOT,
  'nested key for it': NO_DOT,
  'error class': /^[A-Za-z_$][\w$]{0,63}$/,
  tracestate: /^[^,=]*$/,
};
