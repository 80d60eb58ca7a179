/** Locks of given tools. */
import { makeToolLock } from '../../src/inventory/make-tool-lock.js';
import type { ToolLockDocument } from '../../src/inventory/tool-lock.js';
import { clocked } from './inventory.js';

/** The lock of one server that lists these tools. */
export function lockOf(name: string | undefined, tools: readonly unknown[]): ToolLockDocument {
  const { inventory } = clocked();
  const { id } = inventory.observeServer({ side: 'client', ...(name !== undefined && { name }) });
  inventory.observeTools(id, { tools });
  return makeToolLock(inventory.snapshot()).document;
}
