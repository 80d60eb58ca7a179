/** Asks the application who acts. */
import type { Identity, IdentityContext } from '../audit-types.js';
import { membersOf } from '../lib/foreign.js';
import { asString } from '../protocol/jsonrpc.js';
import { isCredentialHeader } from '../redact/headers.js';
import { callHook } from '../report/guarded.js';
import { warnOperator } from '../report/report.js';
import type { Implementation } from '../session/connection-info.js';
import { senderRole } from '../session/implementations.js';
import type { Operation } from '../session/operation.js';
import type { HttpFacts, Peer } from '../session/peer.js';
import { readIdentity } from './actor.js';

export type IdentityHook = (context: IdentityContext) => Identity | undefined;

/** The hook's answer; undefined for requests of a server, which acts for itself. */
export function identify(
  hook: IdentityHook | undefined,
  operation: Operation,
  client: Implementation | undefined,
  peer: Peer | undefined,
): Identity | undefined {
  if (hook === undefined || senderRole(operation) === 'server') return undefined;
  const answer = callHook('the identity hook', hook, contextOf(operation, client, peer));
  if (answer === undefined || answer === null) return undefined;
  const promised = isPromise(answer);
  if (typeof answer === 'object' && !promised) return readIdentity(answer);
  const found = promised ? 'a promise' : `a value of type ${typeof answer}`;
  warnOperator(`the identity hook returned ${found}; accepted: an object or undefined, synchronously. Ignored`);
  return undefined;
}

function contextOf(operation: Operation, client: Implementation | undefined, peer: Peer | undefined): IdentityContext {
  const { auth = peer?.http?.notes.auth } = peer ?? {};
  const certificate = peer?.http?.certificate();
  const name = asString(client?.name);
  const version = asString(client?.version);
  const { target } = operation.template.facts;
  return {
    side: operation.direction === 'outbound' ? 'client' : 'server',
    method: operation.method,
    ...(target !== undefined && { target }),
    ...(name !== undefined && { client: { name, ...(version !== undefined && { version }) } }),
    ...(auth !== undefined && { auth: withoutToken(auth) }),
    ...(peer?.address !== undefined && { address: peer.address }),
    ...(certificate?.authorized && { certificateSubject: certificate.subject }),
    ...(peer?.http !== undefined && {
      get headers() {
        return harmless(peer.http as HttpFacts);
      },
    }),
  };
}

function withoutToken({
  clientId,
  subject,
  scopes,
  extra,
}: NonNullable<Peer['auth']>): NonNullable<IdentityContext['auth']> {
  return {
    ...(clientId !== undefined && { clientId }),
    ...(subject !== undefined && { subject }),
    ...(scopes !== undefined && { scopes }),
    ...(extra !== undefined && { extra }),
  };
}

function harmless(http: HttpFacts): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(http.headers())) {
    if (value !== undefined && !isCredentialHeader(name.toLowerCase())) headers[name] = String(value);
  }
  return headers;
}

/** Promises of other realms and libraries count. */
function isPromise(answer: unknown): boolean {
  return typeof membersOf<{ then: unknown }>(answer, ['then']).then === 'function';
}
