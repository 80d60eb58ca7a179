/** `mcp-trail inventory --lock`: prints the lock of what a state directory has. */
import { makeToolLock } from '../../inventory/make-tool-lock.js';
import type { ServerKey, ToolLockDocument } from '../../inventory/tool-lock.js';
import { EXIT, type World } from '../command.js';
import { visible, visibleJson } from '../text.js';
import type { Found } from './source.js';

/** Resolves to the exit code. A lock that would lack something unseen is not printed. */
export function printLock({ servers, complete, nothing }: Found, { out, complain }: World): number {
  if (servers.length === 0) complain(nothing);
  if (!complete) return EXIT.USAGE;
  if (servers.length === 0) return EXIT.NOTHING_FOUND;
  const { document, unlockable } = makeToolLock({ servers });
  for (const { server, tool } of unlockable) {
    const what = tool === undefined ? 'tools that the inventory does not have' : `the tool ${visible(tool)}`;
    complain(`not locked: ${what}, of ${serverText(server)}`);
  }
  out.write(lockText(document));
  return EXIT.OK;
}

/** The text of a lock file: each member on a line of its own, so that a diff shows what changed. */
export function lockText(document: ToolLockDocument): string {
  return `${visibleJson(document)}\n`;
}

/** A server, for people. */
export function serverText({ name, endpoint }: ServerKey): string {
  const named = name === undefined ? 'a server without a name' : `the server ${visible(name)}`;
  return endpoint === undefined ? named : `${named} at ${visible(endpoint)}`;
}
