/** Who acts, as far as the environment of the process says: a host starts a server for one user. */
import { userInfo } from 'node:os';
import type { Identity } from '../audit-types.js';
import { attempt } from '../lib/attempt.js';
import { type Environment, resolve } from '../options/resolve.js';
import { WRAP } from '../options/table.js';

/** The user that the environment names, or that of the process; undefined if neither is known or wanted. */
export function identityIn(env: Environment, osUser: boolean): Identity | undefined {
  const values = Object.entries(WRAP).map(
    ([name, option]) => [name, resolve<unknown>(name, option, undefined, env)] as const,
  );
  const { user, userName, userRoles, organization, team } = Object.fromEntries(values) as {
    readonly [K in keyof typeof WRAP]?: (typeof WRAP)[K]['default'];
  };
  const id = user ?? (osUser ? attempt(() => userInfo().username) : undefined);
  const identity = { id, name: userName, roles: userRoles, organization, team };
  const known = Object.entries(identity).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
