/** What a list shows that is not as locked. */
import { describe, expect, it } from 'vitest';
import type { InventoryChange } from '../../../src/inventory/records.js';
import { ToolLock } from '../../../src/inventory/tool-lock.js';
import { clocked, HOUR, tool } from '../../support/inventory.js';
import { lockOf } from '../../support/tool-lock.js';

const FILES = { side: 'client', name: 'files' } as const;

/** A server whose tools are locked, in a process that has not seen it yet. */
function locked(tools: readonly unknown[], options = {}) {
  const all = clocked(options);
  all.inventory.lockTo(new ToolLock(lockOf('files', tools)));
  const { id } = all.inventory.observeServer(FILES);
  const page = (page: { tools: unknown; cursor?: string; nextCursor?: string }) =>
    differing(all.inventory.observeTools(id, page));
  return { ...all, id, page, list: (...listed: unknown[]) => page({ tools: listed }) };
}

/** Changes compared with the lock, in short. */
function differing(changes: readonly InventoryChange[]): string[] {
  return changes.flatMap(({ fields }) => {
    if (fields['mcp_audit.inventory.change'] === 'list_changed') return ['held back'];
    if (fields['mcp_audit.tool.compared_with'] !== 'lock') return [];
    const members = fields['mcp_audit.tool.changed_members'] ?? [];
    return [[fields['mcp_audit.tool.change'], fields['gen_ai.tool.name'], ...members].join(' ')];
  });
}

describe('a list', () => {
  it('that is as locked reports nothing, in any order and however often', () => {
    const { list } = locked([tool('read'), tool('write')]);
    expect(list(tool('read'), tool('write'))).toEqual([]);
    expect(list(tool('write'), tool('read'))).toEqual([]);
  });

  it('reports what is changed, new and missing, also when it is the first one', () => {
    const { list } = locked([tool('read'), tool('write'), tool('gone')]);
    expect(
      list(tool('read', { description: 'does read\u200b' }), tool('write', { title: 'T', 'x-more': 1 }), tool('new')),
    ).toEqual(['modified read description', 'modified write other title', 'added new', 'removed gone']);
  });

  it('has the hashes expected and found', () => {
    const { inventory, id } = locked([tool('read'), tool('gone')]);
    const changes = inventory.observeTools(id, { tools: [tool('read', { title: 'T' }), tool('new')] });
    const fields = (name: string) => changes.find((each) => each.fields['gen_ai.tool.name'] === name)?.fields ?? {};
    const HASH = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(fields('read')).toMatchObject({ 'mcp_audit.tool.hash': HASH, 'mcp_audit.tool.locked_hash': HASH });
    expect(fields('read')['mcp_audit.tool.hash']).not.toBe(fields('read')['mcp_audit.tool.locked_hash']);
    expect(fields('new')).not.toHaveProperty(['mcp_audit.tool.locked_hash']);
    expect(fields('gone')).not.toHaveProperty(['mcp_audit.tool.hash']);
    expect(fields('gone')).toMatchObject({ 'mcp_audit.tool.locked_hash': HASH });
    expect(fields('gone')).not.toHaveProperty(['mcp_audit.tool.previous_hash']);
  });

  it('reports a difference once, another one again, and one that returns again', () => {
    const { list } = locked([tool('read')]);
    const [evil, worse] = [tool('read', { title: 'evil' }), tool('read', { title: 'worse' })];
    expect(list(evil)).toEqual(['modified read title']);
    expect(list(evil)).toEqual([]);
    expect(list(worse)).toEqual(['modified read title']);
    expect(list(tool('read'))).toEqual([]);
    expect(list(worse)).toEqual(['modified read title']);
    expect(list()).toEqual(['removed read']);
    expect(list()).toEqual([]);
    expect(list(tool('read'), tool('new'))).toEqual(['added new']);
    expect(list(tool('read'))).toEqual([]);
    expect(list(tool('read'), tool('new'))).toEqual(['added new']);
  });

  it('is also compared with the one before it', () => {
    const { inventory, id, list } = locked([tool('read')]);
    list(tool('read', { title: 'evil' }));
    const [back, ...others] = inventory.observeTools(id, { tools: [tool('read')] });
    expect(back?.fields).toMatchObject({
      'mcp_audit.tool.compared_with': 'previous',
      'mcp_audit.tool.change': 'modified',
    });
    expect(others).toEqual([]);
  });

  it('with a name that differs in characters that are not kept, says so', () => {
    const { list } = locked([tool('read')]);
    expect(list({ ...tool('read'), name: 'rea\u0001d' })).toEqual(['modified rea\u0001d name']);
  });

  it('with two tools of one locked name is not as locked', () => {
    const { list } = locked([tool('read')]);
    expect(list(tool('read'), tool('read', { title: 'evil' }))[0]).toMatch(/^modified read .*other/);
  });

  it('with definitions that cannot be hashed is not as locked', () => {
    const deep: unknown = Array.from({ length: 200 }).reduce((inner) => ({ inner }), {});
    const { list } = locked([tool('read')]);
    expect(list(tool('read', { inputSchema: deep }))).toEqual(['modified read inputSchema']);
    expect(list(tool('read', { inputSchema: deep }))).toEqual([]);
  });

  it('takes names of tools for names', () => {
    const names = ['__proto__', 'constructor', 'a\nb', 'toString', '', '💥'];
    const { list } = locked(names.map((name) => tool(name)));
    expect(list(...names.map((name) => tool(name)))).toEqual([]);
    expect(list(...names.map((name) => tool(name, { title: 'T' })))).toHaveLength(names.length);
  });
});

describe('pages', () => {
  it('are compared one by one, and tools are missing from a whole list only', () => {
    const { page } = locked([tool('a'), tool('b'), tool('c')]);
    expect(page({ tools: [tool('a', { title: 'evil' })], nextCursor: '1' })).toEqual(['modified a title']);
    expect(page({ tools: [tool('b')], cursor: '1', nextCursor: '2' })).toEqual([]);
    expect(page({ tools: [tool('d')], cursor: '2' })).toEqual(['added d', 'removed c']);
  });

  it('of a list that never ends are compared', () => {
    const { page } = locked([tool('a')]);
    for (let at = 0; at < 100; at++)
      expect(page({ tools: [], ...(at > 0 && { cursor: `${at}` }), nextCursor: `${at + 1}` })).toEqual([]);
    expect(page({ tools: [tool('a', { title: 'evil' })], cursor: '100', nextCursor: '101' })).toEqual([
      'modified a title',
    ]);
  });

  it('of a list whose beginning was not seen are compared', () => {
    const { page } = locked([tool('a'), tool('b')]);
    expect(page({ tools: [tool('a', { title: 'evil' })], cursor: '7' })).toEqual(['modified a title']);
    expect(page({ tools: [tool('b')], cursor: '8', nextCursor: '9' })).toEqual([]);
  });

  it('without a beginning and with ever new names keep a bounded number of them', () => {
    const { page, clock } = locked([tool('a')]);
    for (let at = 0; at < 12; at++) {
      page({ tools: Array.from({ length: 1000 }, (_, each) => tool(`t${at}-${each}`)), cursor: `x${at}` });
      clock.time += HOUR;
    }
    expect(page({ tools: [tool('a', { title: 'evil' })], cursor: 'y' })).toEqual(['modified a title']);
  });
});

describe('a flood', () => {
  const decoys = Array.from({ length: 5000 }, (_, index) => tool(`decoy${index}`));

  it('of other tools does not hide a locked one', () => {
    const { list } = locked([tool('pay')]);
    expect(list(...decoys, tool('pay', { title: 'evil' }))).toContain('modified pay title');
    expect(list(...decoys)).toContain('removed pay');
  });

  it('of elements that are not all read does not say that a tool is missing', () => {
    const { page } = locked([tool('pay')]);
    expect(page({ tools: new Array(100_001).fill(null) })).toEqual([]);
    expect(page({ tools: new Array(100_000).fill(null) })).toEqual(['removed pay']);
  });

  it('of tools of other servers leaves room for the locked ones', () => {
    const { inventory } = clocked();
    inventory.lockTo(new ToolLock(lockOf('files', [tool('read')])));
    for (let at = 0; at < 10; at++) {
      const { id } = inventory.observeServer({ side: 'client', name: `other${at}` });
      inventory.observeTools(id, { tools: decoys.slice(0, 1000) });
    }
    const { id } = inventory.observeServer(FILES);
    const listed = { tools: [tool('read', { title: 'evil' })] };
    expect(differing(inventory.observeTools(id, listed))).toEqual(['modified read title']);
  });

  it('of tools with one name does not hide a locked one', () => {
    const { list } = locked([tool('pay')], { maxTools: 10 });
    const same = Array.from({ length: 1000 }, () => tool('decoy'));
    expect(list(...same, tool('pay', { title: 'evil' }))).toEqual([
      'added decoy',
      'modified pay description inputSchema',
    ]);
  });

  it('of large definitions does not make a locked one equal', () => {
    const { list } = locked([tool('pay')]);
    const large = Array.from({ length: 12 }, (_, index) => tool(`large${index}`, { description: 'x'.repeat(900_000) }));
    expect(list(...large, tool('pay')).filter((each) => each.includes('pay'))).not.toEqual([]);
  });

  it('of changes is reported ten times an hour per tool, and then as held back', () => {
    const { list, clock } = locked([tool('read')]);
    const told = Array.from({ length: 100 }, (_, index) => {
      clock.time += 1000;
      return list(tool('read', { title: `${index}` }));
    }).flat();
    expect(told.filter((each) => each === 'modified read title')).toHaveLength(10);
    expect(told.filter((each) => each === 'held back').length).toBeLessThanOrEqual(2);
    clock.time += HOUR;
    expect(list(tool('read', { title: '99' }))).toContain('modified read title');
  });

  it('of servers leaves room for the locked one', () => {
    const { inventory } = clocked({ maxServers: 5 });
    inventory.lockTo(new ToolLock(lockOf('files', [tool('read')])));
    for (let at = 0; at < 20; at++) inventory.observeServer({ side: 'client', name: `evil${at}` });
    const { id } = inventory.observeServer(FILES);
    expect(differing(inventory.observeTools(id, { tools: [tool('read', { title: 'evil' })] }))).toEqual([
      'modified read title',
    ]);
  });
});

describe('a server', () => {
  const of = (changes: readonly InventoryChange[]) => changes.map(({ fields }) => fields['mcp_audit.inventory.change']);

  it('that the lock does not have is reported once, and its tools are not', () => {
    const { inventory } = locked([tool('read')]);
    const other = { side: 'client', name: 'other' } as const;
    const { id, changes } = inventory.observeServer(other);
    expect(of(changes)).toEqual(['server_added', 'server_not_locked']);
    expect(of(inventory.observeServer(other).changes)).toEqual([]);
    expect(differing(inventory.observeTools(id, { tools: [tool('read', { title: 'evil' })] }))).toEqual([]);
  });

  it('is that of its endpoint where the lock tells endpoints apart', () => {
    const { inventory } = clocked();
    const [here] = lockOf('files', [tool('read')]).servers;
    const [there] = lockOf('files', [tool('read', { title: 'there' })]).servers;
    if (here === undefined || there === undefined) throw new Error('no servers');
    inventory.lockTo(
      new ToolLock({
        version: 1,
        servers: [
          { ...here, endpoint: 'a:1' },
          { ...there, endpoint: 'b:1' },
        ],
      }),
    );
    const at = (endpoint: string) => inventory.observeServer({ ...FILES, endpoint });
    expect(of(at('a:1').changes)).toEqual(['server_added']);
    expect(of(at('c:1').changes)).toEqual(['server_added', 'server_not_locked']);
    const listed = { tools: [tool('read', { title: 'there' })] };
    expect(differing(inventory.observeTools(at('b:1').id, listed))).toEqual([]);
    expect(differing(inventory.observeTools(at('a:1').id, listed))).toEqual(['modified read title']);
  });

  it('without a name has its own entry', () => {
    const { inventory } = clocked();
    inventory.lockTo(new ToolLock(lockOf(undefined, [tool('read')])));
    expect(of(inventory.observeServer({ side: 'client' }).changes)).toEqual(['server_added']);
  });

  it('is not compared without a lock', () => {
    const { inventory } = clocked();
    const { id, changes } = inventory.observeServer(FILES);
    expect(of(changes)).toEqual(['server_added']);
    inventory.observeTools(id, { tools: [tool('read')] });
    const [change, ...others] = inventory.observeTools(id, { tools: [tool('read', { title: 'T' })] });
    expect(change?.fields['mcp_audit.tool.compared_with']).toBe('previous');
    expect(others).toEqual([]);
  });
});
