import { beforeEach, describe, expect, it, vi } from 'vitest';

/** The module in a fresh process. */
async function fresh() {
  vi.resetModules();
  Reflect.deleteProperty(globalThis, Symbol.for('mcp-trail.quiet'));
  return import('../../../src/report/quiet.js');
}

let quiet: Awaited<ReturnType<typeof fresh>>;
const said: string[] = [];
const say = (text: string) => () => said.push(text);
beforeEach(async () => {
  said.length = 0;
  quiet = await fresh();
});

describe('a process that has been preloaded', () => {
  it('reports nothing until MCP is seen, and then everything in order', () => {
    quiet.keepQuiet();
    quiet.unlessQuiet(say('one'));
    quiet.unlessQuiet(say('two'));
    expect([quiet.isQuiet(), said]).toEqual([true, []]);
    quiet.mcpSeen();
    expect([quiet.isQuiet(), said]).toEqual([false, ['one', 'two']]);
  });

  it('reports at once from then on, and repeats nothing', () => {
    quiet.keepQuiet();
    quiet.mcpSeen();
    quiet.unlessQuiet(say('later'));
    quiet.mcpSeen();
    expect(said).toEqual(['later']);
  });

  it('sees MCP through another copy of the package, too', async () => {
    quiet.keepQuiet();
    quiet.unlessQuiet(say('held by one copy'));
    vi.resetModules();
    (await import('../../../src/report/quiet.js')).mcpSeen();
    expect(said).toEqual(['held by one copy']);
  });

  it('keeps a bounded number of lines', () => {
    quiet.keepQuiet();
    for (let line = 0; line < 10_000; line++) quiet.unlessQuiet(say(String(line)));
    quiet.mcpSeen();
    expect(said).toHaveLength(200);
  });

  it('passes no error of a waiting function on to the application', () => {
    quiet.keepQuiet();
    quiet.unlessQuiet(() => {
      throw new Error('broken');
    });
    quiet.unlessQuiet(say('after it'));
    expect(() => quiet.mcpSeen()).not.toThrow();
    expect(said).toEqual(['after it']);
  });
});

describe('a process whose code uses this package', () => {
  it('reports at once', () => {
    quiet.unlessQuiet(say('now'));
    expect([quiet.isQuiet(), said]).toEqual([false, ['now']]);
  });

  it('still waits for MCP with what only MCP needs', () => {
    quiet.whenMcpIsSeen(say('with MCP'));
    expect(said).toEqual([]);
    quiet.mcpSeen();
    quiet.whenMcpIsSeen(say('again'));
    expect(said).toEqual(['with MCP', 'again']);
  });
});
