import { describe, expect, it } from 'vitest';
import type { Annotations } from '../../../src/inventory/annotations.js';
import type { ServerFacts } from '../../../src/inventory/state.js';
import { AUDIT_FIELDS } from '../../../src/semconv/audit-record.js';
import { clocked, DAY, HOUR, START, told, tool } from '../../support/inventory.js';

const FACTS: ServerFacts = {
  side: 'client',
  name: 'files',
  version: '1.0.0',
  title: 'Files',
  endpoint: 'files.example:443',
  protocolVersions: ['2025-11-25'],
  capabilities: ['tools', 'prompts'],
  instructionsHash: 'abc',
};

describe('a server that was never observed', () => {
  it('has no tools, uses or annotations, whatever is reported about it', () => {
    const { inventory } = clocked();
    const id = '0'.repeat(32);
    expect(inventory.observeTools(id, { tools: [tool('a')] })).toEqual([]);
    expect(inventory.observeList(id, 'prompts', { count: 1 })).toEqual([]);
    expect(inventory.annotate(id, { notes: 'x' })).toEqual([]);
    expect(inventory.declaredArguments(id, 'a')).toBeUndefined();
    inventory.used(id, { at: START, status: 'ok' });
    expect(inventory.snapshot()).toEqual({ servers: [] });
  });
});

describe('a new server', () => {
  it('is reported with all known facts', () => {
    const { inventory } = clocked();
    const { id, changes } = inventory.observeServer(FACTS);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(changes).toEqual([
      {
        event: 'mcp_audit.server.observed',
        fields: {
          'mcp_audit.server.id': id,
          'mcp_audit.server.name': 'files',
          'mcp_audit.server.version': '1.0.0',
          'mcp_audit.server.endpoint': 'files.example:443',
          'mcp_audit.server.title': 'Files',
          'mcp_audit.server.capabilities': ['prompts', 'tools'],
          'mcp_audit.server.protocol_versions': ['2025-11-25'],
          'mcp_audit.server.instructions_hash': 'abc',
          'mcp_audit.server.first_seen': '2026-01-01T00:00:00.000Z',
          'mcp_audit.server.last_seen': '2026-01-01T00:00:00.000Z',
          'mcp_audit.inventory.change': 'server_added',
        },
      },
    ]);
  });

  it('has no fields for unknown facts', () => {
    const { inventory } = clocked();
    const [change] = inventory.observeServer({ side: 'server', capabilities: [] }).changes;
    expect(Object.keys(change?.fields ?? {}).sort()).toEqual([
      'mcp_audit.inventory.change',
      'mcp_audit.server.first_seen',
      'mcp_audit.server.id',
      'mcp_audit.server.last_seen',
    ]);
  });

  it('is identified by name and endpoint, from either side', () => {
    const { inventory } = clocked();
    const id = (facts: Partial<ServerFacts>) => inventory.observeServer({ ...FACTS, ...facts }).id;
    expect(id({ side: 'server', version: '2' })).toBe(id({}));
    expect(id({ endpoint: 'other.example:443' })).not.toBe(id({}));
    expect(id({ name: 'other' })).not.toBe(id({}));
    expect(inventory.snapshot().servers[0]?.sides).toEqual(['client', 'server']);
  });

  it('is not kept if the inventory is full, which is reported once', () => {
    const { inventory, problems } = clocked({ maxServers: 2 });
    for (const name of ['a', 'b', 'c', 'd']) inventory.observeServer({ side: 'client', name });
    expect(inventory.observeServer({ side: 'client', name: 'e' }).changes).toEqual([]);
    expect(inventory.snapshot().servers.map(({ name }) => name)).toEqual(expect.arrayContaining(['a', 'b']));
    expect(inventory.snapshot().servers).toHaveLength(2);
    expect(problems).toHaveLength(1);
  });

  it('replaces a stale one without annotations', () => {
    const { inventory, clock } = clocked({ maxServers: 2 });
    const { id } = inventory.observeServer({ side: 'client', name: 'noted' });
    inventory.annotate(id, { notes: 'keep' });
    inventory.observeServer({ side: 'client', name: 'old' });
    clock.time += 31 * DAY;
    inventory.sweep();
    expect(told(inventory.observeServer({ side: 'client', name: 'new' }).changes)).toEqual([
      'server.observed server_added',
    ]);
    expect(inventory.snapshot().servers.map(({ name }) => name)).toEqual(['noted', 'new']);
  });
});

describe('a known server', () => {
  it('is reported again after 24 hours, and not before', () => {
    const { inventory, clock } = clocked();
    inventory.observeServer(FACTS);
    clock.time += DAY - 1;
    expect(inventory.observeServer(FACTS).changes).toEqual([]);
    clock.time += 1;
    const { changes } = inventory.observeServer(FACTS);
    expect(told(changes)).toEqual(['server.observed']);
    expect(changes[0]?.fields).toMatchObject({
      'mcp_audit.server.first_seen': '2026-01-01T00:00:00.000Z',
      'mcp_audit.server.last_seen': '2026-01-02T00:00:00.000Z',
    });
    expect(inventory.observeServer(FACTS).changes).toEqual([]);
  });

  it('is reported when its claims change', () => {
    const { inventory } = clocked();
    inventory.observeServer(FACTS);
    const { changes } = inventory.observeServer({ ...FACTS, version: '1.1.0' });
    expect(told(changes)).toEqual(['server.observed server_changed']);
    expect(changes[0]?.fields['mcp_audit.server.version']).toBe('1.1.0');
    expect(told(inventory.observeServer({ ...FACTS, version: '1.1.0', capabilities: ['tools'] }).changes)).toHaveLength(
      1,
    );
  });

  it('has not changed if it claims less, or in another order', () => {
    const { inventory } = clocked();
    inventory.observeServer(FACTS);
    expect(inventory.observeServer({ side: 'client', name: 'files', endpoint: 'files.example:443' }).changes).toEqual(
      [],
    );
    expect(inventory.observeServer({ ...FACTS, capabilities: ['prompts', 'tools', 'tools'] }).changes).toEqual([]);
  });

  it('collects its protocol versions', () => {
    const { inventory } = clocked();
    inventory.observeServer(FACTS);
    const other = { ...FACTS, protocolVersions: ['2025-06-18'] };
    expect(told(inventory.observeServer(other).changes)).toEqual(['server.observed server_changed']);
    expect(inventory.observeServer(FACTS).changes).toEqual([]);
    expect(inventory.snapshot().servers[0]?.protocolVersions).toEqual(['2025-06-18', '2025-11-25']);
  });

  it('that changes all the time is reported ten times an hour, and once as still changing', () => {
    const { inventory, clock } = clocked();
    inventory.observeServer(FACTS);
    const changes = Array.from({ length: 1000 }, (_, index) => {
      clock.time += 10;
      return inventory.observeServer({ ...FACTS, version: String(index % 2) }).changes;
    }).flat();
    expect(told(changes)).toEqual([
      ...new Array(10).fill('server.observed server_changed'),
      'inventory.changed server_changed',
    ]);
    clock.time += HOUR;
    expect(inventory.observeServer({ ...FACTS, version: '9' }).changes[0]?.fields['mcp_audit.server.version']).toBe(
      '9',
    );
  });
});

describe('a server that is no longer seen', () => {
  it('is stale after 30 days, once, and returns', () => {
    const { inventory, clock } = clocked();
    inventory.observeServer(FACTS);
    clock.time += 30 * DAY - 1;
    expect(told(inventory.sweep())).toEqual([]);
    clock.time += 1;
    expect(told(inventory.sweep())).toEqual(['inventory.changed server_stale']);
    expect(told(inventory.sweep())).toEqual([]);
    expect(inventory.snapshot().servers[0]?.staleSince).toBe('2026-01-31T00:00:00.000Z');
    expect(told(inventory.observeServer(FACTS).changes)).toEqual([
      'inventory.changed server_returned',
      'server.observed',
    ]);
    expect(inventory.snapshot().servers[0]?.staleSince).toBeUndefined();
    expect(told(inventory.sweep())).toEqual([]);
  });

  it('returns when used, which the next sweep reports', () => {
    const { inventory, clock } = clocked({ staleAfterMs: DAY });
    const { id } = inventory.observeServer(FACTS);
    clock.time += DAY;
    inventory.sweep();
    inventory.used(id, { at: clock.time, status: 'ok' });
    expect(told(inventory.sweep())).toEqual(['inventory.changed server_returned', 'server.observed']);
    expect(told(inventory.sweep())).toEqual([]);
  });

  it('is not one in use on a long-lived connection, which is reported every 24 hours', () => {
    const { inventory, clock } = clocked();
    const { id } = inventory.observeServer(FACTS);
    for (let day = 0; day < 60; day++) {
      clock.time += DAY;
      inventory.used(id, { at: clock.time, status: 'ok' });
      expect(told(inventory.sweep())).toEqual(['server.observed']);
    }
  });
});

describe('the clock', () => {
  it('can go backwards or be invalid', () => {
    const { inventory, clock } = clocked();
    const { id } = inventory.observeServer(FACTS);
    for (const time of [START - DAY, Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300]) {
      clock.time = time;
      inventory.observeServer(FACTS);
      inventory.used(id, { at: time, status: 'error' });
      inventory.sweep();
      expect(() => inventory.snapshot()).not.toThrow();
    }
  });
});

describe('annotations', () => {
  it('are kept, and recorded with the changed ones and all others', () => {
    const { clock, inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    const changes = inventory.annotate(id, { notes: 'looked at it', approval: 'approved', addedBy: 'ann@example.com' });
    expect(told(changes)).toEqual(['inventory.changed annotated']);
    expect(changes[0]?.fields['mcp_audit.inventory.annotations']).toEqual(['addedBy', 'approval', 'notes']);
    expect(changes[0]?.fields).toMatchObject({
      'mcp_audit.inventory.annotation.added_by': 'ann@example.com',
      'mcp_audit.inventory.annotation.approval': 'approved',
      'mcp_audit.inventory.annotation.notes': 'looked at it',
    });
    clock.time += 1;
    const [later] = inventory.annotate(id, { approval: null, reviewer: 'bob' });
    expect(later?.fields['mcp_audit.inventory.annotations']).toEqual(['approval', 'reviewer']);
    expect(later?.fields).toMatchObject({
      'mcp_audit.inventory.annotation.reviewer': 'bob',
      'mcp_audit.inventory.annotation.notes': 'looked at it',
    });
    expect(Object.keys(later?.fields ?? {})).not.toContain('mcp_audit.inventory.annotation.approval');
    clock.time += 1;
    inventory.annotate(id, { approval: 'approved', reviewer: null });
    expect(inventory.snapshot().servers[0]?.annotations).toEqual({
      addedBy: { value: 'ann@example.com', at: '2026-01-01T00:00:00.000Z' },
      approval: { value: 'approved', at: '2026-01-01T00:00:00.002Z' },
      notes: { value: 'looked at it', at: '2026-01-01T00:00:00.000Z' },
      reviewer: { at: '2026-01-01T00:00:00.002Z' },
    });
  });

  it('apply to the selected servers, by id, name or other members', () => {
    const { inventory } = clocked();
    const add = (name: string, endpoint: string, version: string) =>
      inventory.observeServer({ side: 'client', name, endpoint, version }).id;
    const one = add('files', 'one.example:443', '1');
    const two = add('files', 'two.example:443', '2');
    const other = add('other', 'one.example:443', '1');
    expect(inventory.find(one)).toEqual([one]);
    expect(inventory.find('files')).toEqual([one, two]);
    expect(inventory.find({ name: 'files', version: '2' })).toEqual([two]);
    expect(inventory.find({ endpoint: 'one.example:443' })).toEqual([one, other]);
    expect(inventory.find({ id: one, name: 'other' })).toEqual([]);
    for (const nobody of ['none', '', {}, { name: '' }]) expect(inventory.find(nobody)).toEqual([]);
  });

  it('are made after those that they replace, also where the clock was set back', () => {
    const { clock, inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    inventory.annotate(id, { approval: 'approved' });
    clock.time -= HOUR;
    const [change] = inventory.annotate(id, { approval: 'rejected' });
    expect(inventory.snapshot().servers[0]?.annotations.approval?.at).toBe('2026-01-01T00:00:00.001Z');
    expect(change?.at).toBe(START + 1);
  });

  it('with a new verdict are not credited to who decided before, nor explained by that reason', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    const verdictAfter = (annotations: Annotations) => {
      inventory.annotate(id, annotations);
      const { approval, approver, rejectionReason } = inventory.snapshot().servers[0]?.annotations ?? {};
      return [approval?.value, approver?.value, rejectionReason?.value];
    };
    const NO = { approval: 'rejected', approver: 'eve', rejectionReason: 'no owner' } as const;
    expect(verdictAfter(NO)).toEqual(['rejected', 'eve', 'no owner']);
    expect(verdictAfter({ approval: 'rejected' })).toEqual(['rejected', 'eve', 'no owner']);
    expect(verdictAfter({ approval: 'perhaps' } as never)).toEqual(['rejected', 'eve', 'no owner']);
    expect(verdictAfter({ approval: 'approved' })).toEqual(['approved', undefined, undefined]);
    verdictAfter(NO);
    expect(verdictAfter({ approval: 'pending', approver: 7 } as never)).toEqual(['pending', undefined, undefined]);
    verdictAfter(NO);
    expect(verdictAfter({ approval: null })).toEqual([undefined, undefined, undefined]);
    verdictAfter(NO);
    expect(verdictAfter({ approval: 'approved', approver: 'ada' })).toEqual(['approved', 'ada', undefined]);
    expect(verdictAfter({ approval: 'rejected' })).toEqual(['rejected', undefined, undefined]);
    expect(verdictAfter({ approver: 'bob' })).toEqual(['rejected', 'bob', undefined]);
  });

  it('that are equal or invalid are not a change', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    inventory.annotate(id, { review: 'done' });
    expect(inventory.annotate(id, { review: 'done' })).toEqual([]);
    expect(inventory.annotate(id, { approval: 'perhaps', notes: 7, unknown: 'x' } as never)).toEqual([]);
  });

  it('can be removed, and are cut', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    inventory.annotate(id, { rejectionReason: 'x'.repeat(1e6), notes: 'n' });
    inventory.annotate(id, { notes: null });
    const { annotations } = inventory.snapshot().servers[0] as { annotations: Record<string, { value?: string }> };
    expect(annotations['rejectionReason']?.value).toHaveLength(2000);
    expect(annotations['notes']?.value).toBeUndefined();
  });
});

describe('prompts and resources', () => {
  it('are counted across pages, and their number and its change are reported', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    expect(inventory.observeList(id, 'resources', { count: 50, nextCursor: 'c' })).toEqual([]);
    const first = inventory.observeList(id, 'resources', { count: 7, cursor: 'c' });
    expect(told(first)).toEqual(['server.observed']);
    expect(first[0]?.fields).toMatchObject({ 'mcp_audit.server.resource_count': 57 });
    expect(told(inventory.observeList(id, 'prompts', { count: 3 }))).toEqual(['server.observed']);
    expect(inventory.observeList(id, 'prompts', { count: 3 })).toEqual([]);
    const changes = inventory.observeList(id, 'prompts', { count: 4 });
    expect(told(changes)).toEqual(['inventory.changed list_changed']);
    expect(changes[0]?.fields).toMatchObject({
      'mcp_audit.server.prompt_count': 4,
      'mcp_audit.server.resource_count': 57,
    });
  });

  it('whose number changes with every list are reported eleven times an hour, after the first', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    inventory.observeList(id, 'resources', { count: 1000 });
    const changes = Array.from({ length: 100 }, (_, index) => inventory.observeList(id, 'resources', { count: index }));
    expect(changes.flat()).toHaveLength(11);
  });

  it('with an invalid number are ignored', () => {
    const { inventory } = clocked();
    const { id } = inventory.observeServer(FACTS);
    for (const count of [-1, 1.5, Number.NaN, '3' as never]) inventory.observeList(id, 'prompts', { count });
    expect(inventory.snapshot().servers[0]?.lists).toEqual({});
  });
});

describe('the fields of all changes', () => {
  it('are fields of the record in the groups of the inventory', () => {
    const { inventory, clock } = clocked();
    const { id, changes } = inventory.observeServer(FACTS);
    changes.push(...inventory.observeTools(id, { tools: [tool('a'), tool('b')] }));
    changes.push(...inventory.observeTools(id, { tools: [tool('a', { title: 'A' }), tool('c')] }));
    changes.push(...inventory.annotate(id, { notes: 'x' }));
    inventory.observeList(id, 'prompts', { count: 1 });
    changes.push(...inventory.observeList(id, 'prompts', { count: 2 }));
    clock.time += 40 * DAY;
    changes.push(...inventory.sweep(), ...inventory.observeServer(FACTS).changes);
    expect(changes.length).toBeGreaterThan(8);
    for (const [key, value] of changes.flatMap(({ fields }) => Object.entries(fields))) {
      expect(Object.keys(AUDIT_FIELDS)).toContain(key);
      expect(key).toMatch(/^(mcp_audit\.(server|tool|inventory)\.|gen_ai\.tool\.name$)/);
      const { type } = AUDIT_FIELDS[key as keyof typeof AUDIT_FIELDS];
      expect(type).toBe(Array.isArray(value) ? 'string[]' : typeof value === 'number' ? 'int' : typeof value);
    }
  });
});
