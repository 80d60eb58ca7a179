/** What is said of a crash: one line of JSON without anything of the error's message. Pure. */

import { types } from 'node:util';
import { attempt } from '../lib/attempt.js';
import { ownValue } from '../lib/foreign.js';
import { type FrameRules, framesOf } from './crash-report-stack.js';

/** By what an error came to the top, as Node.js calls it. */
export type CrashOrigin = NodeJS.UncaughtExceptionOrigin;

/** What else goes into a line. */
export interface CrashContext extends FrameRules {
  /** RFC 3339 with nine digits of a second. */
  readonly time: string;
  readonly serviceName: string | undefined;
}

const MAX_SERVICE_CHARS = 256;
/** How far up its classes a name is looked for. */
const MAX_CLASSES = 10;

/** The line for something that was thrown, which may be anything; without a line feed at its end. Never throws. */
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

/** Errors of any realm, and those of the web platform. Looking at a proxy would run code of the application. */
function asError(thrown: unknown): object | undefined {
  if (typeof thrown !== 'object' || thrown === null || types.isProxy(thrown)) return undefined;
  const isError = types.isNativeError(thrown) || attempt(() => thrown instanceof DOMException) === true;
  return isError ? thrown : undefined;
}

/** The name of the nearest class that has one. Classes are code, but may be made and named at run time. */
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

/** `ENOENT`, `ERR_INVALID_ARG_TYPE` and the like: a constant, and no sentence. */
function errorCode(error: object, hide: (name: string) => string): string | undefined {
  const code = dataOf(error, 'code');
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) && hide(code) === code ? code : undefined;
}

/** Runs neither getters nor the traps of a proxy. */
function dataOf(object: object, key: string): unknown {
  return types.isProxy(object) ? undefined : ownValue(object, key);
}
