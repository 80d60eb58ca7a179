import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/session/connection-info.js';
import { TemplateCache, type TemplateCacheKey } from '../../../src/session/template-cache.js';
import { template } from '../build.js';

const PEER = { name: 'server' };

function key(method: string, target?: string, direction: Direction = 'outbound'): TemplateCacheKey {
  return { direction, row: { kind: 'request' }, method, target };
}

describe('the templates of a connection', () => {
  it('are not kept for names of more than 256 characters', () => {
    const cache = new TemplateCache();
    const [longest, tooLong] = ['x'.repeat(256), 'x'.repeat(257)] as [string, string];
    for (const method of [longest, tooLong]) cache.set(key(method), template());
    for (const target of [longest, tooLong]) cache.set(key('tools/call', target), template());
    expect(cache.get(key(longest))).toBeDefined();
    expect(cache.get(key(tooLong))).toBeUndefined();
    expect(cache.get(key('tools/call', longest))).toBeDefined();
    expect(cache.get(key('tools/call', tooLong))).toBeUndefined();
  });

  it('are 512 at most, across methods, targets and directions', () => {
    const cache = new TemplateCache();
    const kept = Array.from({ length: 1000 }, (_, each) => {
      const method = each % 3 === 0 ? `method ${each}` : 'tools/call';
      const one = key(method, `target ${each}`, each % 2 === 0 ? 'outbound' : 'inbound');
      cache.set(one, template());
      return cache.get(one);
    });
    expect(kept.filter((each) => each !== undefined)).toHaveLength(512);
    expect(kept.slice(0, 512)).not.toContain(undefined);
  });

  it.each<{ other: string; facts: Parameters<TemplateCache['expect']> }>([
    { other: 'protocol version', facts: ['2026-07-28', 'session', '1.1', PEER] },
    { other: 'session', facts: ['2025-11-25', 'other', '1.1', PEER] },
    { other: 'HTTP version', facts: ['2025-11-25', 'session', '2.0', PEER] },
    { other: 'peer', facts: ['2025-11-25', 'session', '1.1', { name: 'server' }] },
    { other: 'session: removed', facts: ['2025-11-25', undefined, '1.1', PEER] },
  ])('are dropped with another $other', ({ facts }) => {
    const cache = new TemplateCache();
    cache.expect('2025-11-25', 'session', '1.1', PEER);
    for (let each = 0; each < 512; each++) cache.set(key('tools/call', `tool ${each}`, 'inbound'), template());
    cache.expect(...facts);
    expect(cache.get(key('tools/call', 'tool 0', 'inbound'))).toBeUndefined();
    const fresh = template();
    cache.set(key('tools/call', 'tool 600', 'inbound'), fresh);
    expect(cache.get(key('tools/call', 'tool 600', 'inbound'))).toBe(fresh);
  });

  it('are kept while nothing changes', () => {
    const cache = new TemplateCache();
    const kept = template();
    cache.expect('2025-11-25', 'session', '1.1', PEER);
    cache.set(key('tools/call', 'echo'), kept);
    cache.expect('2025-11-25', 'session', '1.1', PEER);
    expect(cache.get(key('tools/call', 'echo'))).toBe(kept);
  });

  it('are keyed by direction, kind, method and target', () => {
    const cache = new TemplateCache();
    const kept = template();
    cache.set(key('tools/call', 'echo'), kept);
    expect(cache.get(key('tools/call', 'echo', 'inbound'))).toBeUndefined();
    expect(cache.get({ ...key('tools/call', 'echo'), row: { kind: 'notification' } })).toBeUndefined();
    expect(cache.get(key('prompts/get', 'echo'))).toBeUndefined();
    expect(cache.get(key('tools/call'))).toBeUndefined();
    expect(cache.get(key('tools/call', '__proto__'))).toBeUndefined();
    expect(cache.get(key('tools/call', 'echo'))).toBe(kept);
  });
});
