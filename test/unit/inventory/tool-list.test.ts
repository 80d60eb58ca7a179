import { describe, expect, it } from 'vitest';
import { clocked, told, tool } from '../../support/inventory.js';

function observed(options = {}) {
  const all = clocked(options);
  const { id } = all.inventory.observeServer({ side: 'client', name: 'files' });
  const list = (tools: unknown) => all.inventory.observeTools(id, { tools });
  const server = () => all.inventory.snapshot().servers[0];
  const names = () => server()?.tools.map(({ name }) => name);
  return { ...all, id, list, server, names };
}

const { proxy, revoke } = Proxy.revocable([], {});
revoke();

describe('a value that is not a list of tools', () => {
  it('is not an empty list', () => {
    const { list, names } = observed();
    list([tool('a')]);
    for (const tools of [undefined, null, 'tools', 7, {}, { length: 1 }, () => [], proxy]) {
      expect(list(tools)).toEqual([]);
    }
    expect(names()).toEqual(['a']);
  });

  it('can have elements that are not tools', () => {
    const { list, names, server } = observed();
    list([null, 1, 'a', [], {}, { name: 7 }, proxy, undefined, tool('a')]);
    expect(names()).toEqual(['a']);
    expect(server()?.lists.tools?.count).toBe(1);
  });

  it('can be endless', () => {
    const { list, server } = observed();
    list(new Array(2 ** 32 - 1));
    expect(server()?.tools).toEqual([]);
  });
});

describe('a list of too many tools', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => tool(`t${index}`));

  it('is counted, and kept up to the limit', () => {
    const { list, server } = observed();
    expect(list(many)).toHaveLength(1);
    expect(server()?.tools).toHaveLength(1000);
    expect(server()?.lists.tools?.count).toBe(100_000);
  });

  it('still compares known tools, and reports no tool that is not kept', () => {
    const { list } = observed();
    list(many);
    expect(list(many.toReversed())).toEqual([]);
    const evil = [...many.slice(0, 3), tool('t3', { title: 'evil' }), ...many.slice(5)];
    expect(told(list(evil))).toEqual([
      'tool.changed modified t3',
      'tool.changed removed t4',
      'inventory.changed list_changed',
    ]);
  });

  it('has room again after tools are removed', () => {
    const { list, names } = observed({ maxTools: 2 });
    list([tool('a'), tool('b')]);
    expect(told(list([tool('b'), tool('c')]))).toEqual(['tool.changed removed a']);
    expect(told(list([tool('b'), tool('c')]))).toEqual(['tool.changed added c']);
    expect(names()).toEqual(['b', 'c']);
  });

  it('leaves room for other servers: 10,000 tools are kept in all', () => {
    const { inventory } = observed();
    for (let server = 0; server < 12; server++) {
      const { id } = inventory.observeServer({ side: 'client', name: `s${server}` });
      inventory.observeTools(id, { tools: many.slice(0, 1000) });
    }
    const kept = inventory.snapshot().servers.reduce((sum, { tools }) => sum + tools.length, 0);
    expect(kept).toBe(10_000);
  });
});

describe('a hostile definition', () => {
  it('is unhashable if cyclic, too deep or too large, and reported when it becomes so', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const { list, server } = observed();
    list([tool('a'), tool('b'), tool('c')]);
    const large = 'x'.repeat(2 ** 20);
    const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 1]));
    const changes = list([
      tool('a', { inputSchema: cycle }),
      tool('b', { inputSchema: { description: large } }),
      tool('c', wide),
    ]);
    expect(changes.map(({ fields }) => fields['mcp_audit.tool.hash'])).toEqual(new Array(3).fill('unhashable'));
    expect(changes[0]?.fields['mcp_audit.tool.changed_members']).toEqual(['inputSchema']);
    expect(server()?.tools[0]?.memberHashes?.['inputSchema']).toBe('unhashable');
    expect(list([tool('a', { inputSchema: cycle }), tool('b', { x: large }), tool('c', wide)])).toEqual([]);
  });

  it('can have getters, which are not called', () => {
    const { list } = observed();
    const trap = (key: string) =>
      Object.defineProperty({ name: 'a' }, key, {
        enumerable: true,
        get() {
          throw new Error('called');
        },
      });
    list([trap('inputSchema'), trap('icons'), trap('name'), tool('b', { icons: [trap('src'), null, 7] })]);
    expect(told(list([tool('b')]))).toContain('tool.changed removed a');
  });

  it('can be large together with others: the work for one list is bounded', () => {
    const { list, server } = observed();
    const large = { description: 'x'.repeat(1_000_000) };
    list(Array.from({ length: 100 }, (_, index) => tool(`t${index}`, large)));
    const hashes = server()?.tools.map(({ hash }) => hash) ?? [];
    expect(hashes.slice(0, 4).every((hash) => hash !== 'unhashable')).toBe(true);
    expect(hashes.slice(10).every((hash) => hash === 'unhashable')).toBe(true);
  });

  it('can have the name of an inherited member, or a strange one', () => {
    const { list, names } = observed();
    const lone = String.fromCharCode(0xd800);
    const strange = ['__proto__', 'constructor', 'toString', '', `a\u0000b`, lone, 'x'.repeat(1e6)];
    list([tool('first')]);
    list(strange.map((name) => tool(name)));
    expect(names()).toEqual(['first', '__proto__', 'constructor', 'toString', '', 'ab', '\ufffd', 'x'.repeat(256)]);
    expect(({} as any).status).toBeUndefined();
  });

  it('can share its name with others: a change of any of them is a change, their order is not', () => {
    const { list, server } = observed();
    const [one, two] = [tool('a', { title: '1' }), tool('a', { title: '2' })];
    list([one, two]);
    expect(server()?.tools).toHaveLength(1);
    expect(list([two, one])).toEqual([]);
    expect(told(list([one, tool('a', { title: '3' })]))).toEqual(['tool.changed modified a']);
    expect(told(list([one]))).toEqual(['tool.changed modified a']);
    expect(list([one])).toEqual([]);
    list(new Array(5000).fill(one));
    expect(server()?.lists.tools?.count).toBe(5000);
  });

  it('stays unchanged, frozen or not', () => {
    const { list } = observed();
    const frozen = Object.freeze(tool('a', { icons: Object.freeze([Object.freeze({ src: 's', sizes: [] })]) }));
    const before = JSON.stringify(frozen);
    list(Object.freeze([frozen]));
    expect(JSON.stringify(frozen)).toBe(before);
  });
});

describe('an ordinary definition', () => {
  it('has the hash of its canonical JSON, which others can reproduce', async () => {
    const { createHash } = await import('node:crypto');
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const { list, server } = observed();
    list([
      { name: 'b', icons: [{ src: 'i.png', mimeType: 'image/png' }], description: 'B', _meta: { x: 1 } },
      { name: 'a', inputSchema: { type: 'object', properties: {} } },
    ]);
    const a = sha256('{"inputSchema":{"properties":{},"type":"object"},"name":"a"}');
    const b = sha256('{"description":"B","icons":["i.png"],"name":"b"}');
    expect(server()?.tools.map(({ hash }) => hash)).toEqual([b, a]);
    expect(server()?.lists.tools?.hash).toBe(sha256(`a:${a}\nb:${b}`));
  });
});
