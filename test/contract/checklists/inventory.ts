/** The "Higher-Level Logs/Server Inventory" of MCP Manager's checklist, in the inventory and its records. */
import { expect } from 'vitest';
import type { InventorySnapshot } from '../../../src/index.js';
import type { Fields } from './expectation.js';
import type { Run, Selector } from './run.js';

type Server = InventorySnapshot['servers'][number];

export interface InventoryRow {
  /** Name in the checklist. */
  readonly field: string;
  /** Where the server's inventory entry has it, and the expected value. */
  readonly entry: (server: Server) => unknown;
  readonly is: unknown;
  /** The audit record that has it as well. */
  readonly record?: { readonly selector: Selector; readonly has: Fields };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HASH = /^[0-9a-f]{64}$/;
const COUNTED = { count: 1, last: expect.stringMatching(TIME) };

const OBSERVED: Selector = { event: 'mcp_audit.server.observed', side: 'server' };
const LISTED: Selector = { ...OBSERVED, where: { 'mcp_audit.server.tool_count': 8 } };
const ANNOTATED: Selector = {
  event: 'mcp_audit.inventory.changed',
  where: { 'mcp_audit.inventory.change': 'annotated' },
};
const said = (name: keyof Server['annotations']) => (server: Server) => server.annotations[name];

export const INVENTORY: readonly InventoryRow[] = [
  {
    field: 'Date the server was added',
    entry: ({ firstSeen }) => firstSeen,
    is: expect.stringMatching(TIME),
    record: {
      selector: OBSERVED,
      has: { 'mcp_audit.inventory.change': 'server_added', 'mcp_audit.server.first_seen': TIME },
    },
  },
  {
    field: 'Date the server was removed, as annotated; and when it was last seen',
    entry: ({ annotations, lastSeen }) => [annotations.removedBy, lastSeen],
    is: [{ value: 'bob@example.com', at: expect.stringMatching(TIME) }, expect.stringMatching(TIME)],
    record: {
      selector: ANNOTATED,
      has: {
        'mcp_audit.server.last_seen': TIME,
        'mcp_audit.inventory.annotation.removed_by': 'bob@example.com',
      },
    },
  },
  {
    field: 'Who added the server',
    entry: said('addedBy'),
    is: { value: 'ada@example.com', at: expect.stringMatching(TIME) },
    record: {
      selector: ANNOTATED,
      has: {
        'mcp_audit.inventory.annotations': [
          'addedBy',
          'approval',
          'approver',
          'notes',
          'rejectionReason',
          'removedBy',
          'review',
        ],
        'mcp_audit.inventory.annotation.added_by': 'ada@example.com',
      },
    },
  },
  {
    field: 'If the server was subject to a review and approval process',
    entry: said('review'),
    is: { value: 'security review 12', at: expect.stringMatching(TIME) },
    record: { selector: ANNOTATED, has: { 'mcp_audit.inventory.annotation.review': 'security review 12' } },
  },
  {
    field: 'Approval status, and who decided',
    entry: ({ annotations }) => [annotations.approval, annotations.approver],
    is: [
      { value: 'rejected', at: expect.stringMatching(TIME) },
      { value: 'eve@example.com', at: expect.stringMatching(TIME) },
    ],
    record: {
      selector: ANNOTATED,
      has: {
        'mcp_audit.inventory.annotation.approval': 'rejected',
        'mcp_audit.inventory.annotation.approver': 'eve@example.com',
      },
    },
  },
  {
    field: 'Approval notes',
    entry: said('notes'),
    is: { value: 'asked for an owner', at: expect.stringMatching(TIME) },
    record: { selector: ANNOTATED, has: { 'mcp_audit.inventory.annotation.notes': 'asked for an owner' } },
  },
  {
    field: 'Reason rejected',
    entry: said('rejectionReason'),
    is: { value: 'no owner', at: expect.stringMatching(TIME) },
    record: { selector: ANNOTATED, has: { 'mcp_audit.inventory.annotation.rejection_reason': 'no owner' } },
  },
  {
    field: 'Errors logged against the server: counts, timestamps and details',
    entry: ({ usage, errorTypes }) => [usage.errors, errorTypes],
    is: [
      { count: 3, last: expect.stringMatching(TIME) },
      [
        { type: 'tool_error', ...COUNTED },
        { type: '-32029', ...COUNTED },
        { type: '-32602', ...COUNTED },
      ],
    ],
    record: {
      selector: { event: 'mcp_audit.response', side: 'server', where: { 'error.type': '-32602' } },
      has: { 'mcp_audit.server.id': /^[0-9a-f]{32}$/, 'mcp_audit.status': 'error' },
    },
  },
  {
    field: 'Quarantined/sanitized prompts: counts, timestamps and details',
    entry: ({ usage }) => usage.quarantines,
    is: COUNTED,
    record: {
      selector: { event: 'mcp_audit.guardrail', side: 'server' },
      has: {
        'mcp_audit.guardrail.verdict': 'quarantine',
        'mcp_audit.guardrail.subject': 'prompt',
        'security_rule.name': 'injection',
        'security_rule.version': '7',
      },
    },
  },
  {
    field: 'Tool/feature count for this server',
    entry: ({ lists }) => [lists.tools?.count, lists.prompts?.count, lists.resources?.count],
    is: [8, 1, 2],
    record: { selector: LISTED, has: { 'mcp_audit.server.tool_count': 8, 'mcp_audit.server.tools_hash': HASH } },
  },
  {
    field: 'Tools served by this server, with version details',
    entry: ({ tools }) => tools.find(({ name }) => name === 'screen'),
    is: expect.objectContaining({ status: 'listed', hash: expect.stringMatching(HASH) }),
    record: {
      selector: { event: 'mcp_audit.tool.changed', side: 'server' },
      has: {
        'gen_ai.tool.name': 'screen',
        'mcp_audit.tool.change': 'modified',
        'mcp_audit.tool.changed_members': ['description'],
        'mcp_audit.tool.hash': HASH,
        'mcp_audit.tool.previous_hash': HASH,
      },
    },
  },
  {
    field: 'Last used',
    entry: ({ usage, tools }) => [usage.lastUsed?.at, tools.find(({ name }) => name === 'break')?.usage.lastUsed?.at],
    is: [expect.stringMatching(TIME), expect.stringMatching(TIME)],
  },
  {
    field: 'Last used by: username, user ID and team ID',
    entry: ({ usage }) => usage.lastUsed,
    is: expect.objectContaining({
      actorName: 'Ada L.',
      actor: 'u-8472',
      team: 'team-billing',
      organization: 'org-17',
    }),
  },
];

/** Fields of the same server that a client's inventory has without annotations. */
export function clientEntry({ inventories }: Run): Server {
  const [server] = inventories.client.servers;
  if (server === undefined) throw new Error('the inventory of the client is empty');
  return server;
}
