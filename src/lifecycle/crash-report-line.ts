/** The report of a crash: one line of JSON without anything from the error's message. Pure. */
import { types } from 'node:util';
import { attempt } from '../lib/attempt.js';
import { ownValue } from '../lib/foreign.js';
import { framesOf, type StackRules } from './crash-report-stack.js';

/** How an error became uncaught, in Node's words. */
export type CrashOrigin = NodeJS.UncaughtExceptionOrigin;

/** What a line needs besides the error. */
export interface CrashContext extends StackRules {
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly serviceName: string | undefined;
}

const MAX_SERVICE_CHARS = 256;
/** How many classes up the prototype chain are searched for a name. */
const MAX_CLASSES = 10;

/** The line for a thrown value of any type, without a line feed. Never throws. */
export function crashLine(thrown: unknown, origin: CrashOrigin, context: CrashContext): string {
  const { time, serviceName, hide } = context;
  const error = asError(thrown);
  const frames = error === undefined ? [] : (attempt(() => framesOf(error, context)) ?? []);
  return JSON.stringify({
    time,
    event_name: 'mcp_trail.crash',
    severity_number: 21,
    severity_text: 'FATAL',
    'service.name': serviceName?.slice(0, MAX_SERVICE_CHARS),
    'error.type': error === undefined ? typeof thrown : (attempt(() => className(error, hide)) ?? 'Error'),
    'error.code': error && attempt(() => errorCode(error, hide)),
    'exception.origin': origin,
    'code.stacktrace': frames.length === 0 ? undefined : frames,
  });
}

/** Errors of any realm, and of the web platform. Inspecting a proxy would run code of the application. */
function asError(thrown: unknown): object | undefined {
  if (typeof thrown !== 'object' || thrown === null || types.isProxy(thrown)) return undefined;
  const isError = types.isNativeError(thrown) || attempt(() => thrown instanceof DOMException) === true;
  return isError ? thrown : undefined;
}

/** The name of the nearest class that has one. Classes can be named at run time, so the name is redacted, too. */
function className(error: object, hide: (name: string) => string): string | undefined {
  let prototype = error;
  for (let depth = 0; depth < MAX_CLASSES; depth++) {
    prototype = Object.getPrototypeOf(prototype);
    if (prototype === null || types.isProxy(prototype)) return undefined;
    const owner = dataOf(prototype, 'constructor');
    const name = typeof owner === 'function' ? dataOf(owner, 'name') : undefined;
    if (typeof name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(name) && hide(name) === name) return name;
  }
  return undefined;
}

/** A constant such as `ENOENT` or `ERR_INVALID_ARG_TYPE`, not free text. */
function errorCode(error: object, hide: (name: string) => string): string | undefined {
  const code = dataOf(error, 'code');
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) && hide(code) === code ? code : undefined;
}

/** Runs neither getters nor the traps of a proxy. */
function dataOf(object: object, key: string): unknown {
  return types.isProxy(object) ? undefined : ownValue(object, key);
}
