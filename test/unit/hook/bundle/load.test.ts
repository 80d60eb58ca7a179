import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { rewriteFile, rewriteLoaded } from '../../../../src/hook/bundle/load.js';

const SDK = 'class P { constructor() { this._requestHandlerAbortControllers = new Map(); } onmessage() {} }';
const REWRITTEN = expect.stringContaining(';function ');
const decoded = (source: unknown) => new TextDecoder().decode(source as Uint8Array);
const ignore = () => {};

describe('a file of an SDK', () => {
  it.each([
    '/app/node_modules/@modelcontextprotocol/sdk/dist/esm/shared/protocol.js',
    '/app/node_modules/.pnpm/@modelcontextprotocol+sdk@1.32.2/node_modules/@modelcontextprotocol/sdk/dist/cjs/x.js',
    'C:\\app\\node_modules\\@modelcontextprotocol\\server\\dist\\index.mjs',
    'file:///deno/npm/registry.example/@modelcontextprotocol/sdk/1.32.2/dist/esm/shared/protocol.js',
  ])('stays as it is where module hooks see it: %s', (file) => {
    expect(rewriteFile(file, SDK, ignore)).toBeUndefined();
  });

  it.each([
    '/app/vendor/@modelcontextprotocol/sdk/dist/cjs/shared/protocol.js',
    'file:///app/vendor/@modelcontextprotocol/server/dist/index.mjs',
    '/app/dist/server.js',
  ])('is rewritten anywhere else: %s', (file) => {
    expect(rewriteFile(file, SDK, ignore)).toEqual(REWRITTEN);
  });
});

describe('a loaded file', () => {
  it.each(['module', 'commonjs', 'module-typescript', 'commonjs-typescript'])('is rewritten as %s', (format) => {
    const loaded = { format, source: SDK, shortCircuit: true };
    expect(rewriteLoaded('file:///a', loaded, ignore)).toEqual({ ...loaded, source: REWRITTEN });
  });

  it.each(['json', 'wasm', 'builtin', null, undefined])('is not touched as %s', (format) => {
    const loaded = { format, source: SDK };
    expect(rewriteLoaded('file:///a', loaded, ignore)).toBe(loaded);
  });

  const bytes = new TextEncoder().encode(SDK);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const elsewhere: Uint8Array = runInNewContext('Uint8Array.from(bytes)', { bytes });

  it.each([
    ['bytes', bytes],
    ['a buffer', Buffer.from(SDK)],
    ['a part of memory', Buffer.from(`"${SDK}"`).subarray(1, -1)],
    ['other views of memory', new DataView(bytes.buffer)],
    ['memory', bytes.buffer],
    ['shared memory', shared.buffer],
    ['bytes in shared memory', shared],
    ['bytes of another context', elsewhere],
    ['memory of another context', elsewhere.buffer],
  ])('is rewritten from %s to bytes, and keeps its own as they were', (_, source) => {
    expect(decoded(rewriteLoaded('file:///a', { format: 'module', source }, ignore).source)).toEqual(REWRITTEN);
    expect(Buffer.from(bytes).toString()).toBe(SDK);
  });

  it.each([undefined, null, 1, {}, []])('without text stays as it is: %j', (source) => {
    const loaded = { format: 'commonjs', source };
    expect(rewriteLoaded('file:///a', loaded, ignore)).toBe(loaded);
  });

  it('is reported if it has an SDK and stays as it is', () => {
    const onFailed = vi.fn();
    const loaded = { format: 'module', source: `${SDK} "` };
    expect(rewriteLoaded('file:///a', loaded, onFailed)).toBe(loaded);
    expect(onFailed.mock.calls).toEqual([['file:///a', expect.stringContaining('certainty')]]);
  });
});
