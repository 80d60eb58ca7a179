/** The fields of the audit record for each change. */
import type { AuditFields } from '../semconv/audit-record.js';
import { MAX_RECORDED_TOOLS } from './bounds.js';
import { UNHASHABLE } from './hashes.js';
import type { AnnotationName, ServerState } from './state.js';
import type { ToolDifference } from './tool-lock.js';

/** A change to record. Its fields are the groups `server.*`, `tool.*` and `inventory.*`, and the name of a tool. */
export interface InventoryChange {
  readonly event: 'mcp_audit.server.observed' | 'mcp_audit.tool.changed' | 'mcp_audit.inventory.changed';
  /** When it happened, in milliseconds since 1970; undefined for now. */
  readonly at?: number | undefined;
  readonly fields: AuditFields;
}

type Change<K extends keyof AuditFields> = NonNullable<AuditFields[K]>;

/** A server as known now. @param reason absent if only time has passed */
export function serverObserved(server: ServerState, reason?: Change<'mcp_audit.inventory.change'>): InventoryChange {
  const { facts, lists } = server;
  return {
    event: 'mcp_audit.server.observed',
    fields: present({
      ...identity(server),
      'mcp_audit.server.title': facts.title,
      'mcp_audit.server.capabilities': facts.capabilities,
      'mcp_audit.server.protocol_versions': facts.protocolVersions,
      'mcp_audit.server.instructions_hash': facts.instructionsHash,
      ...toolSet(server),
      'mcp_audit.server.tools': listedTools(server),
      'mcp_audit.server.prompt_count': lists.get('prompts')?.count,
      'mcp_audit.server.resource_count': lists.get('resources')?.count,
      'mcp_audit.server.first_seen': isoTime(server.firstSeen),
      'mcp_audit.server.last_seen': isoTime(server.lastSeen),
      'mcp_audit.inventory.change': reason,
    }),
  };
}

/** A tool that was added, removed or modified since it was last reported. */
export function toolChanged(
  server: ServerState,
  name: string,
  change: Change<'mcp_audit.tool.change'>,
  how: { hash?: string | undefined; previousHash?: string | undefined; members?: readonly string[] | undefined },
): InventoryChange {
  return toolRecord(server, name, {
    'mcp_audit.tool.change': change,
    'mcp_audit.tool.compared_with': 'previous',
    'mcp_audit.tool.hash': how.hash,
    'mcp_audit.tool.previous_hash': how.previousHash,
    'mcp_audit.tool.changed_members': how.members,
  });
}

/** A tool that is not as locked. */
export function toolDiffers(server: ServerState, name: string, difference: ToolDifference): InventoryChange {
  return toolRecord(server, name, {
    'mcp_audit.tool.change': difference.change,
    'mcp_audit.tool.compared_with': 'lock',
    'mcp_audit.tool.hash': difference.hash,
    'mcp_audit.tool.locked_hash': difference.lockedHash,
    'mcp_audit.tool.changed_members': difference.members,
  });
}

function toolRecord(server: ServerState, name: string, how: Given): InventoryChange {
  return {
    event: 'mcp_audit.tool.changed',
    fields: present({
      ...identity(server),
      ...toolSet(server),
      'gen_ai.tool.name': name,
      ...how,
    }),
  };
}

/** Any other change of a server. */
export function inventoryChanged(
  server: ServerState,
  change: Change<'mcp_audit.inventory.change'>,
  more: AuditFields = {},
): InventoryChange {
  return {
    event: 'mcp_audit.inventory.changed',
    fields: present({
      ...identity(server),
      ...more,
      'mcp_audit.server.first_seen': isoTime(server.firstSeen),
      'mcp_audit.server.last_seen': isoTime(server.lastSeen),
      'mcp_audit.inventory.change': change,
    }),
  };
}

/** The field of each annotation. */
export const ANNOTATED = {
  addedBy: 'mcp_audit.inventory.annotation.added_by',
  approval: 'mcp_audit.inventory.annotation.approval',
  approver: 'mcp_audit.inventory.annotation.approver',
  notes: 'mcp_audit.inventory.annotation.notes',
  rejectionReason: 'mcp_audit.inventory.annotation.rejection_reason',
  removedBy: 'mcp_audit.inventory.annotation.removed_by',
  review: 'mcp_audit.inventory.annotation.review',
  reviewer: 'mcp_audit.inventory.annotation.reviewer',
} as const satisfies Record<AnnotationName, keyof AuditFields>;

/** New annotations: the names of the changed ones, and all annotations of the server. */
export function annotated(server: ServerState, changed: readonly AnnotationName[]): InventoryChange {
  const said = [...server.annotations].map(([name, { value }]) => [ANNOTATED[name], value]);
  const change = inventoryChanged(server, 'annotated', {
    'mcp_audit.inventory.annotations': changed,
    ...Object.fromEntries(said),
  });
  return { ...change, at: Math.max(...changed.map((name) => server.annotations.get(name)?.at ?? 0)) };
}

/** A list of a server has changed. */
export function listChanged(server: ServerState): InventoryChange {
  return inventoryChanged(
    server,
    'list_changed',
    present({
      ...toolSet(server),
      'mcp_audit.server.prompt_count': server.lists.get('prompts')?.count,
      'mcp_audit.server.resource_count': server.lists.get('resources')?.count,
    }),
  );
}

/** An instant in RFC 3339, UTC, with milliseconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

type Given = { [K in keyof AuditFields]: AuditFields[K] | undefined };

function identity({ id, facts }: ServerState): Given {
  return {
    'mcp_audit.server.id': id,
    'mcp_audit.server.name': facts.name,
    'mcp_audit.server.version': facts.version,
    'mcp_audit.server.endpoint': facts.endpoint,
  };
}

function toolSet({ lists }: ServerState): Given {
  const list = lists.get('tools');
  return { 'mcp_audit.server.tools_hash': list?.hash, 'mcp_audit.server.tool_count': list?.count };
}

/** Hash and name of each listed tool; undefined if there are too many for a record. */
function listedTools({ tools }: ServerState): readonly string[] | undefined {
  const listed = [...tools.values()].filter(({ status }) => status === 'listed');
  if (listed.length > MAX_RECORDED_TOOLS) return undefined;
  return listed.map(({ name, hash = UNHASHABLE }) => `${hash} ${name}`);
}

/** Removes empty values. */
function present(given: Given): AuditFields {
  const entries = Object.entries(given).filter(
    ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries);
}
