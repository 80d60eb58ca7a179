/** Notes whom an access token was issued to with the HTTP request, so that the record of a refusal can name the caller. */
import { types } from 'node:util';
import { asRecord, asString } from '../../protocol/jsonrpc.js';
import { guarded } from '../../report/guarded.js';
import type { AuthFacts, HttpFacts } from '../../session/peer.js';
import { isThenable } from '../application-call.js';
import type { AnyFunction } from '../replace-methods.js';
import { currentHttpRequest } from './current-request.js';

const VERIFY = 'verifyAccessToken';
const MAX_SCOPES = 256;

/** Our own delegates, which are not wrapped again. */
const delegates = new WeakSet<object>();

/**
 * Lets the audit trail name the caller that an access token was issued to, also if the request is refused afterwards, for
 * example for lack of a scope. Notes the client id, the first 256 scopes and `extra.sub`. The token is kept in memory so
 * that it can be redacted everywhere else.
 *
 * Returns a stand-in for the verifier: of the same class, with the same members, which are called on the verifier itself.
 * Results and rejections are passed through; a thenable that is not a native promise becomes one. The verifier is not
 * changed. Outside a request to a Node.js HTTP server, nothing is noted.
 *
 * @example requireBearerAuth({ verifier: auditTokenVerifier(verifier) })
 * @throws TypeError if the verifier is not an object with a `verifyAccessToken` method
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export function auditTokenVerifier<V extends { verifyAccessToken(token: string): Promise<unknown> }>(verifier: V): V {
  if (!isVerifier(verifier))
    throw new TypeError(`auditTokenVerifier: expected an object with a ${VERIFY} method, got ${describe(verifier)}`);
  if (delegates.has(verifier)) return verifier;
  const delegate = Object.create(verifier) as V;
  delegates.add(delegate);
  const target = verifier as Record<PropertyKey, unknown>;
  // A proxy of a frozen verifier could not return other members, and only the verifier itself has its private members.
  const onVerifier = (fn: AnyFunction, self: unknown, args: unknown[]): unknown =>
    Reflect.apply(fn, self === delegate ? verifier : self, args);
  const forward = wrapping(onVerifier);
  const observe = wrapping((fn, self, args) => observed(onVerifier(fn, self, args)));
  for (const [key, enumerable] of membersOf(verifier)) {
    const wrap = key === VERIFY ? observe : forward;
    Object.defineProperty(delegate, key, {
      get: () => wrap(target[key]),
      set: (value: unknown) => {
        target[key] = value;
      },
      enumerable,
      configurable: true,
    });
  }
  return delegate;
}

/** The facts about the caller in an SDK's `AuthInfo`; undefined if there are none. Never throws. */
export function authFactsOf(authInfo: unknown): AuthFacts | undefined {
  const info = asRecord(authInfo);
  if (info === undefined) return undefined;
  const clientId = guarded('reading what a token verifier found', () => asString(info['clientId']));
  const subject = guarded('reading what a token verifier found', () => asString(asRecord(info['extra'])?.['sub']));
  const scopes = guarded('reading what a token verifier found', () => scopesOf(info['scopes']));
  const token = guarded('reading what a token verifier found', () => asString(info['token']));
  const extra = guarded('reading what a token verifier found', () => asRecord(info['extra']));
  if ([clientId, subject, scopes, token].every((fact) => fact === undefined)) return undefined;
  const facts: AuthFacts = {
    ...(clientId !== undefined && { clientId }),
    ...(subject !== undefined && { subject }),
    ...(scopes !== undefined && { scopes }),
  };
  // Not enumerable, so that copying, printing and serialising the facts leaves these out.
  if (extra !== undefined) Object.defineProperty(facts, 'extra', { value: extra });
  return token === undefined ? facts : Object.defineProperty(facts, 'token', { value: token });
}

function isVerifier(value: unknown): boolean {
  const mayHaveMembers = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayHaveMembers && typeof (value as { [VERIFY]?: unknown })[VERIFY] === 'function';
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return `an object of class ${value.constructor?.name ?? '(none)'}`;
}

/** All members of an object and its classes, and whether each is an enumerable member of the object itself. */
function membersOf(object: object): Map<PropertyKey, boolean> {
  const members = new Map<PropertyKey, boolean>();
  for (let owner: object | null = object; isOwn(owner); owner = Object.getPrototypeOf(owner))
    for (const key of Reflect.ownKeys(owner)) {
      const inherited = owner !== object;
      // A delegate inherits from the verifier, so it has the same constructor.
      if (members.has(key) || (inherited && key === 'constructor')) continue;
      members.set(key, !inherited && Object.prototype.propertyIsEnumerable.call(owner, key));
    }
  // A proxy may have members that it does not list.
  if (!members.has(VERIFY)) members.set(VERIFY, false);
  return members;
}

function isOwn(owner: object | null): owner is object {
  return owner !== null && owner !== Object.prototype && owner !== Function.prototype;
}

type Apply = (fn: AnyFunction, self: unknown, args: unknown[]) => unknown;

/** Wraps functions so that `apply` calls them. The same function gets the same wrapper; other values stay as they are. */
function wrapping(apply: Apply): (member: unknown) => unknown {
  const wrapped = new WeakMap<AnyFunction, AnyFunction>();
  return (member) => {
    if (typeof member !== 'function') return member;
    const fn = member as AnyFunction;
    const wrapper = wrapped.get(fn) ?? new Proxy(fn, { apply });
    wrapped.set(fn, wrapper);
    return wrapper;
  };
}

/** Notes the result with the request when it is available. Returns the result for the caller. */
function observed(result: unknown): unknown {
  const http = currentHttpRequest();
  if (http === undefined) return result;
  return (
    guarded('reading what a token verifier found', () => {
      // A foreign thenable may do its work again for each `then`.
      const answer = isThenable(result) && !types.isPromise(result) ? Promise.resolve(result) : result;
      // Our reaction comes first, so that a refusal that follows from this promise can name the caller.
      if (types.isPromise(answer)) Promise.prototype.then.call(answer, (info) => note(http, info), ignore);
      else note(http, answer);
      return answer;
    }) ?? result
  );
}

function ignore(): void {}

function note(http: HttpFacts, authInfo: unknown): void {
  const facts = authFactsOf(authInfo);
  if (facts !== undefined) http.notes.auth = facts;
}

function scopesOf(scopes: unknown): string[] | undefined {
  if (!Array.isArray(scopes)) return undefined;
  return scopes.slice(0, MAX_SCOPES).filter((scope) => typeof scope === 'string');
}
