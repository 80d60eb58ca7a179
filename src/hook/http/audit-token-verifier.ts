/** What token verifiers find out about callers, noted with the HTTP request: a refusal that follows can name them. */
import { types } from 'node:util';
import { asRecord, asString } from '../../protocol/jsonrpc.js';
import { guarded } from '../../report/guarded.js';
import type { AuthFacts, HttpFacts } from '../../session/peer.js';
import { isThenable } from '../application-call.js';
import type { AnyFunction } from '../replace-methods.js';
import { currentHttpRequest } from './current-request.js';

const VERIFY = 'verifyAccessToken';
const MAX_SCOPES = 256;

/** Delegates of ours: wrapping them again would add nothing. */
const delegates = new WeakSet<object>();

/**
 * Lets the audit trail know whom an access token was issued to, also where the request is refused afterwards, as for
 * lack of a scope. The client id, the scopes (the first 256) and `extra.sub` are noted; the token too, in memory, so
 * that it can be kept out of everything else.
 *
 * Returns an object that stands for the verifier: of the same class, with the same members, which are called on the
 * verifier itself. Results and rejections pass through as they are; a promise that is not one of JavaScript's own is
 * handed on as one that is. The verifier is not changed. Nothing is noted outside of a request to a Node.js HTTP server.
 *
 * @example requireBearerAuth({ verifier: auditTokenVerifier(verifier) })
 * @throws TypeError if the verifier is no object or has no `verifyAccessToken` method
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export function auditTokenVerifier<V extends { verifyAccessToken(token: string): Promise<unknown> }>(verifier: V): V {
  if (!isVerifier(verifier))
    throw new TypeError(`auditTokenVerifier: expected an object with a ${VERIFY} method, got ${describe(verifier)}`);
  if (delegates.has(verifier)) return verifier;
  const delegate = Object.create(verifier) as V;
  delegates.add(delegate);
  const target = verifier as Record<PropertyKey, unknown>;
  // A proxy could not stand for a frozen verifier, and private members are on the verifier alone.
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

/** What an SDK's `AuthInfo` says of the caller; nothing if it says nothing. Never throws. */
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
  // Whoever copies, prints or serialises the facts has nothing to leave out.
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

/** All members of an object and its classes, and whether they are enumerable on the object itself. */
function membersOf(object: object): Map<PropertyKey, boolean> {
  const members = new Map<PropertyKey, boolean>();
  for (let owner: object | null = object; isOwn(owner); owner = Object.getPrototypeOf(owner))
    for (const key of Reflect.ownKeys(owner)) {
      const inherited = owner !== object;
      // A delegate is of the verifier's class, and finds it where the verifier does.
      if (members.has(key) || (inherited && key === 'constructor')) continue;
      members.set(key, !inherited && Object.prototype.propertyIsEnumerable.call(owner, key));
    }
  // An object that answers for what it does not list.
  if (!members.has(VERIFY)) members.set(VERIFY, false);
  return members;
}

function isOwn(owner: object | null): owner is object {
  return owner !== null && owner !== Object.prototype && owner !== Function.prototype;
}

type Apply = (fn: AnyFunction, self: unknown, args: unknown[]) => unknown;

/** Has functions called another way, and leaves everything else as it is. The same function gives the same function. */
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

/** What a verifier returned, to be passed on: once it is there, the request says whom it names. */
function observed(result: unknown): unknown {
  const http = currentHttpRequest();
  if (http === undefined) return result;
  return (
    guarded('reading what a token verifier found', () => {
      // Asking somebody else's promise twice may do its work twice.
      const answer = isThenable(result) && !types.isPromise(result) ? Promise.resolve(result) : result;
      // Ours is the first reaction: a refusal that follows from the same promise knows.
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
