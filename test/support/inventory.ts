/** An inventory with its own clock, and tools to list. */

import type { InventoryOptions } from '../../src/inventory/inventory.js';
import { Inventory } from '../../src/inventory/inventory.js';
import type { InventoryChange } from '../../src/inventory/records.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.parse('2026-01-01T00:00:00Z');

export function clocked(options: Partial<InventoryOptions> = {}) {
  const clock = { time: START };
  const problems: string[] = [];
  const open = (more: Partial<InventoryOptions> = {}) =>
    new Inventory({ now: () => clock.time, onProblem: (text) => problems.push(text), ...options, ...more });
  return { clock, problems, open, inventory: open() };
}

export function tool(name: string, members: object = {}) {
  return {
    name,
    description: `does ${name}`,
    inputSchema: { type: 'object', properties: { q: { type: 'string' } } },
    ...members,
  };
}

/** A short form of changes: the change and its tool or server. */
export function told(changes: readonly InventoryChange[]): string[] {
  return changes.map(({ event, fields }) =>
    [
      event.replace('mcp_audit.', ''),
      fields['mcp_audit.tool.change'] ?? fields['mcp_audit.inventory.change'],
      fields['gen_ai.tool.name'],
    ]
      .filter((word) => word !== undefined)
      .join(' '),
  );
}
