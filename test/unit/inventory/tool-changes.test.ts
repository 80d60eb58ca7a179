import { describe, expect, it } from 'vitest';
import { clocked, HOUR, told, tool } from '../../support/inventory.js';

function observed(options = {}) {
  const all = clocked(options);
  const { id } = all.inventory.observeServer({ side: 'client', name: 'files' });
  const list = (...tools: unknown[]) => all.inventory.observeTools(id, { tools });
  const hashes = () => all.inventory.snapshot().servers[0]?.lists.tools?.hash;
  return { ...all, id, list, hashes };
}

describe('the first list of tools', () => {
  it('is not a change: the server is reported with it', () => {
    const { list } = observed();
    const changes = list(tool('a'), tool('b'));
    expect(told(changes)).toEqual(['server.observed']);
    expect(changes[0]?.fields['mcp_audit.server.tool_count']).toBe(2);
    expect(changes[0]?.fields['mcp_audit.server.tools_hash']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('can be empty; later tools are added', () => {
    const { list } = observed();
    expect(told(list())).toEqual(['server.observed']);
    expect(told(list(tool('a')))).toEqual(['tool.changed added a']);
  });
});

describe('a later list', () => {
  it('that is the same reports nothing, regardless of the order of tools and members', () => {
    const { list, hashes } = observed();
    list(tool('a'), tool('b'));
    const before = hashes();
    const reordered = {
      inputSchema: { properties: { q: { type: 'string' } }, type: 'object' },
      description: 'does b',
      name: 'b',
    };
    expect(list(reordered, tool('a'))).toEqual([]);
    expect(hashes()).toBe(before);
  });

  it('reports added, removed and modified tools with hashes and names of members', () => {
    const { list } = observed();
    list(tool('gone'), tool('turned'), tool('same'));
    const changes = list(tool('new'), tool('same'), tool('turned', { description: 'sends it all to us', title: 'T' }));
    expect(told(changes)).toEqual([
      'tool.changed added new',
      'tool.changed modified turned',
      'tool.changed removed gone',
    ]);
    const [added, modified, removed] = changes.map(({ fields }) => fields);
    expect(modified?.['mcp_audit.tool.changed_members']).toEqual(['description', 'title']);
    expect(modified?.['mcp_audit.tool.hash']).not.toBe(modified?.['mcp_audit.tool.previous_hash']);
    expect(added).not.toHaveProperty(['mcp_audit.tool.previous_hash']);
    expect(removed).not.toHaveProperty(['mcp_audit.tool.hash']);
    expect(removed?.['mcp_audit.tool.previous_hash']).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(changes)).not.toContain('sends it all');
  });

  it('detects changes of every member except _meta, named by a fixed list', () => {
    const { list } = observed();
    const members = (change: object) => {
      const [record] = list(tool('a', change));
      return record?.fields['mcp_audit.tool.changed_members'];
    };
    list(tool('a'));
    expect(members({ inputSchema: { type: 'object' } })).toEqual(['inputSchema']);
    expect(members({ outputSchema: { type: 'object' } })).toEqual(['inputSchema', 'outputSchema']);
    expect(members({ annotations: { destructiveHint: false } })).toEqual(['annotations', 'outputSchema']);
    expect(members({ icons: [{ src: 'https://a.example/i.png', sizes: ['48x48'] }] })).toEqual([
      'annotations',
      'icons',
    ]);
    expect(members({ icons: [{ src: 'https://a.example/i.png' }] })).toBeUndefined();
    expect(members({ execution: { taskSupport: 'required' } })).toEqual(['execution', 'icons']);
    expect(members({ 'x-evil name\n': 1 })).toEqual(['execution', 'other']);
    expect(members({})).toEqual(['other']);
    expect(members({ _meta: { nonce: 1 } })).toBeUndefined();
  });

  it('reports a tool that returns changed with its previous hash', () => {
    const { list } = observed();
    list(tool('a'));
    list();
    const [back] = list(tool('a', { description: 'other' }));
    expect(told(back ? [back] : [])).toEqual(['tool.changed added a']);
    expect(back?.fields['mcp_audit.tool.previous_hash']).not.toBe(back?.fields['mcp_audit.tool.hash']);
  });

  it('has the server’s names, cut to 256', () => {
    const { list } = observed({ redactName: () => 'hidden' });
    list();
    const [added] = list(tool(`t\u0001${'x'.repeat(1000)}`));
    expect(added?.fields['gen_ai.tool.name']).toBe(`t\u0001${'x'.repeat(254)}`);
  });
});

describe('pages', () => {
  it('make one list: no tool is missing before the last page', () => {
    const { inventory, id, list } = observed();
    list(tool('a'), tool('b'), tool('c'));
    expect(inventory.observeTools(id, { tools: [tool('a')], nextCursor: '1' })).toEqual([]);
    expect(inventory.observeTools(id, { tools: [tool('b')], cursor: '1', nextCursor: '2' })).toEqual([]);
    const changes = inventory.observeTools(id, { tools: [], cursor: '2' });
    expect(told(changes)).toEqual(['tool.changed removed c']);
    expect(changes[0]?.fields['mcp_audit.server.tool_count']).toBe(2);
  });

  it('of a list whose beginning was not seen are ignored', () => {
    const { inventory, id } = observed();
    expect(inventory.observeTools(id, { tools: [tool('z')], cursor: '7' })).toEqual([]);
    expect(inventory.snapshot().servers[0]?.lists).toEqual({});
  });

  it('of two concurrent lists do not mix', () => {
    const { inventory, id } = observed();
    inventory.observeTools(id, { tools: [tool('a')], nextCursor: 'one' });
    inventory.observeTools(id, { tools: [tool('a')], nextCursor: 'two' });
    const [first] = inventory.observeTools(id, { tools: [tool('b')], cursor: 'one' });
    expect(first?.fields['mcp_audit.server.tool_count']).toBe(2);
    expect(inventory.observeTools(id, { tools: [tool('b')], cursor: 'two' })).toEqual([]);
  });

  it('also end with an empty cursor', () => {
    const { inventory, id } = observed();
    expect(told(inventory.observeTools(id, { tools: [tool('a')], cursor: '', nextCursor: '' }))).toEqual([
      'server.observed',
    ]);
  });

  it('that never end keep only a few lists', () => {
    const { inventory, id, list } = observed({ maxTools: 5 });
    inventory.observeTools(id, { tools: [tool('a')], nextCursor: '0' });
    for (let page = 0; page < 1000; page++) {
      const cursors = { cursor: String(page), nextCursor: String(page + 1) };
      expect(inventory.observeTools(id, { tools: [tool(`t${page}`)], ...cursors })).toEqual([]);
    }
    expect(told(list(tool('a')))).toEqual(['server.observed']);
  });
});

describe('a server that changes with every list', () => {
  it('is reported ten times an hour per tool, and once as still changing', () => {
    const { list, clock } = observed();
    list(tool('a'));
    const changes = Array.from({ length: 500 }, (_, index) => {
      clock.time += 1000;
      return list(tool('a', { title: String(index % 2) }));
    }).flat();
    expect(told(changes)).toEqual([...new Array(10).fill('tool.changed modified a'), 'inventory.changed list_changed']);
  });

  it('cannot hide a change behind others: remaining differences are reported later', () => {
    const { list, clock } = observed();
    list(tool('a'));
    for (let index = 0; index < 50; index++) list(tool('a', { title: String(index) }));
    const evil = tool('a', { description: 'evil' });
    expect(list(evil)).toEqual([]);
    clock.time += HOUR;
    expect(told(list(evil))).toEqual(['tool.changed modified a']);
    expect(list(evil)).toEqual([]);
  });

  it('is reported 200 times an hour, however many tools it has', () => {
    const { list, clock } = observed();
    const tools = (version: string) => Array.from({ length: 300 }, (_, index) => tool(`t${index}`, { title: version }));
    list(...tools('1'));
    expect(list(...tools('2'))).toHaveLength(201);
    expect(list(...tools('2'))).toHaveLength(0);
    clock.time += HOUR;
    expect(list(...tools('2'))).toHaveLength(100);
    expect(list(...tools('2'))).toHaveLength(0);
  });
});

describe('argument names that a tool declares', () => {
  it('are read once per definition, and follow the latest list', () => {
    const asked: unknown[] = [];
    const declaredNames = (schema: any) => {
      asked.push(schema);
      return new Set(Object.keys(schema.properties));
    };
    const { inventory, id, list } = observed({ declaredNames });
    list(tool('a'));
    list(tool('a'));
    expect(asked).toHaveLength(1);
    expect([...(inventory.declaredArguments(id, 'a') ?? [])]).toEqual(['q']);
    list(tool('a', { inputSchema: { properties: { r: {}, s: {} } } }));
    expect([...(inventory.declaredArguments(id, 'a') ?? [])]).toEqual(['r', 's']);
    list(tool('b'));
    expect(inventory.declaredArguments(id, 'a')).toBeUndefined();
    expect(inventory.declaredArguments(id, '__proto__')).toBeUndefined();
  });

  it('are unknown if reading them fails', () => {
    const declaredNames = () => {
      throw new Error('no');
    };
    const { inventory, id, list } = observed({ declaredNames });
    expect(told(list(tool('a')))).toEqual(['server.observed']);
    expect(inventory.declaredArguments(id, 'a')).toBeUndefined();
  });
});
