import { describe, expect, it } from 'vitest';
import { McpPaths } from '../../../../src/hook/http/mcp-paths.js';

describe('the paths of MCP', () => {
  it.each([
    [[], '/'],
    [[], undefined],
    [['/mcp'], '/mcp/'],
    [['/mcp'], '/MCP'],
    [['/mcp'], ''],
    [['/mcp/*'], '/mcp'],
    [['*'], undefined],
    [['/a*b'], '/ab'],
  ] as const)('%o do not contain %s', (paths, path) => {
    expect(new McpPaths(paths).has(path)).toBe(false);
  });

  it.each([
    [['/', '/mcp'], '/mcp'],
    [['/mcp*'], '/mcp'],
    [['/mcp/*'], '/mcp/tenant/7'],
    [['*'], '/anything'],
  ] as const)('%o contain %s', (paths, path) => {
    expect(new McpPaths(paths).has(path)).toBe(true);
  });

  it('are learned, up to the last 256', () => {
    const endpoints = new McpPaths(['/named']);
    for (let index = 0; index < 257; index++) endpoints.learn(`/${index}`);
    expect(endpoints.has('/0')).toBe(false);
    for (const path of ['/1', '/256', '/named']) expect(endpoints.has(path), path).toBe(true);
  });

  it('are not learned from a missing or an overlong path', () => {
    const endpoints = new McpPaths([]);
    const endless = `/${'x'.repeat(1024)}`;
    endpoints.learn(undefined);
    endpoints.learn(endless);
    expect([endpoints.has(undefined), endpoints.has(endless)]).toEqual([false, false]);
  });
});
