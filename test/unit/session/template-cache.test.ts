import { describe, expect, it } from 'vitest';
import { TemplateCache } from '../../../src/session/template-cache.js';
import { template } from '../build.js';

const PEER = { name: 'server' };

describe('the templates of a connection', () => {
  it('are not kept for names of more than 256 characters', () => {
    const cache = new TemplateCache();
    const [longest, tooLong] = ['x'.repeat(256), 'x'.repeat(257)] as [string, string];
    for (const method of [longest, tooLong]) cache.set('outbound', method, undefined, template());
    for (const target of [longest, tooLong]) cache.set('outbound', 'tools/call', target, template());
    expect(cache.get('outbound', longest, undefined)).toBeDefined();
    expect(cache.get('outbound', tooLong, undefined)).toBeUndefined();
    expect(cache.get('outbound', 'tools/call', longest)).toBeDefined();
    expect(cache.get('outbound', 'tools/call', tooLong)).toBeUndefined();
  });

  it('are 512 at most, across methods, targets and directions', () => {
    const cache = new TemplateCache();
    const kept = Array.from({ length: 1000 }, (_, each) => {
      const key = [
        each % 2 === 0 ? 'outbound' : 'inbound',
        each % 3 === 0 ? `method ${each}` : 'tools/call',
        `target ${each}`,
      ] as const;
      cache.set(...key, template());
      return cache.get(...key);
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
    for (let each = 0; each < 512; each++) cache.set('inbound', 'tools/call', `tool ${each}`, template());
    cache.expect(...facts);
    expect(cache.get('inbound', 'tools/call', 'tool 0')).toBeUndefined();
    const fresh = template();
    cache.set('inbound', 'tools/call', 'tool 600', fresh);
    expect(cache.get('inbound', 'tools/call', 'tool 600')).toBe(fresh);
  });

  it('are kept while nothing changes', () => {
    const cache = new TemplateCache();
    const kept = template();
    cache.expect('2025-11-25', 'session', '1.1', PEER);
    cache.set('outbound', 'tools/call', 'echo', kept);
    cache.expect('2025-11-25', 'session', '1.1', PEER);
    expect(cache.get('outbound', 'tools/call', 'echo')).toBe(kept);
  });

  it('are keyed by direction, method and target', () => {
    const cache = new TemplateCache();
    const kept = template();
    cache.set('outbound', 'tools/call', 'echo', kept);
    expect(cache.get('inbound', 'tools/call', 'echo')).toBeUndefined();
    expect(cache.get('outbound', 'prompts/get', 'echo')).toBeUndefined();
    expect(cache.get('outbound', 'tools/call', undefined)).toBeUndefined();
    expect(cache.get('outbound', 'tools/call', '__proto__')).toBeUndefined();
    expect(cache.get('outbound', 'tools/call', 'echo')).toBe(kept);
  });
});
