import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pipeline } from '../../../../src/emit/pipeline.js';
import { BUNDLE_HOOK } from '../../../../src/hook/bundle/rewrite.js';
import { watchBundles } from '../../../../src/hook/bundle/watch-bundles.js';
import { type Attachment, attachmentOf } from '../../../../src/hook/transport/attachment.js';
import { resolveConfig } from '../../../../src/options/instrumentation.js';

type Hook = (kind: string, subject: object) => object;

/** What a rewritten bundle does with its objects. */
function handOver(kind: string, subject: object): void {
  (globalThis as unknown as Record<symbol, Hook>)[Symbol.for(BUNDLE_HOOK)]?.(kind, subject);
}

const INSTALLED = Symbol.for('mcp-trail.bundle-loader');
const stops: (() => void)[] = [];

/** Starts an instrumentation of bundles, and returns its pipeline and how to stop it. */
function watch() {
  const pipeline = new Pipeline({ config: resolveConfig() });
  const stop = watchBundles(pipeline, new WeakSet());
  stops.push(() => {
    stop();
    pipeline.shutdown();
  });
  return { pipeline, stop };
}

beforeEach(() => {
  // The hooks for files are not under test, and would stay in this process.
  (globalThis as Record<symbol, unknown>)[INSTALLED] = true;
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  delete (globalThis as Record<symbol, unknown>)[INSTALLED];
});

const newTransport = () => ({ onmessage: undefined, send: async () => {}, close: async () => {} });

/** A class as in an SDK. */
function newBase() {
  return class Base {
    async connect(transport: object): Promise<object> {
      return transport;
    }
  };
}

describe('of two instrumentations, the one enabled last observes', () => {
  it('a protocol instance', async () => {
    watch();
    const { pipeline } = watch();
    const instance = new (newBase())();
    handOver('protocol', instance);
    const transport = newTransport();
    await instance.connect(transport);
    expect((attachmentOf(transport) as Attachment).pipeline).toBe(pipeline);
  });

  it('a transport', () => {
    watch();
    const { pipeline } = watch();
    const transport = newTransport();
    handOver('client', transport);
    expect((attachmentOf(transport) as Attachment).pipeline).toBe(pipeline);
  });
});

describe('classes of their own for each instance', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');

  /** Hands over an instance of a new subclass, and connects it. */
  async function serve(Base: ReturnType<typeof newBase>): Promise<WeakRef<object>> {
    class Own extends Base {
      override async connect(transport: object): Promise<object> {
        return super.connect(transport);
      }
    }
    const instance = new Own();
    handOver('protocol', instance);
    await instance.connect(newTransport());
    return new WeakRef(Own.prototype);
  }

  async function serveMany(Base: ReturnType<typeof newBase>): Promise<number> {
    const classes: WeakRef<object>[] = [];
    for (let count = 0; count < 200; count++) classes.push(await serve(Base));
    await nextTurn();
    collect();
    return classes.filter((each) => each.deref() !== undefined).length;
  }

  it('are not kept', async () => {
    watch();
    expect(await serveMany(newBase())).toBeLessThan(20);
  });

  it('leave the patch of their parent class, which goes away at the end', async () => {
    const Base = newBase();
    const { connect } = Base.prototype;
    const { stop } = watch();
    await serveMany(Base);
    expect(Base.prototype.connect).not.toBe(connect);
    stop();
    expect(Base.prototype.connect).toBe(connect);
  });
});
