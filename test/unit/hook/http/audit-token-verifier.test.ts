import { EventEmitter } from 'node:events';
import { ProxyOAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/providers/proxyProvider.js';
import { describe, expect, it, vi } from 'vitest';
import { auditTokenVerifier, authFactsOf } from '../../../../src/hook/http/audit-token-verifier.js';
import { currentHttpRequest, watchHttpServer } from '../../../../src/hook/http/current-request.js';
import type { AuthFacts } from '../../../../src/session/peer.js';
import { ask, serve, undoing } from './http-servers.js';

const later = undoing();
const TOKEN = ['access', 'token'].join('-');
const INFO = { token: TOKEN, clientId: 'client-1', scopes: ['a', 'b'], extra: { sub: 'user-7' } };
const FACTS = { clientId: 'client-1', subject: 'user-7', scopes: ['a', 'b'] };

const thrower = () => {
  throw new Error('secret');
};

/** All its members throw, except `then`. */
const throwing = new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : thrower()) });

const resolving = <T>(info: T) => ({ verifyAccessToken: async (_token: string) => info });

/** The notes of a request whose handler does this. */
async function notedBy(handle: () => unknown): Promise<AuthFacts | undefined> {
  later(watchHttpServer());
  let auth: AuthFacts | undefined;
  const port = await serve(async (_, response) => {
    try {
      await handle();
    } catch {
      // The handler deals with it.
    }
    auth = currentHttpRequest()?.notes.auth;
    response.end();
  }, later);
  await ask(port);
  return auth;
}

describe('an invalid verifier', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['verifier', 'string'],
    [{}, 'an object of class Object'],
    [Object.create(null), 'an object of class (none)'],
    [new Map(), 'an object of class Map'],
    [{ verifyAccessToken: 7 }, 'an object of class Object'],
    [() => {}, 'function'],
  ])('is rejected: %o', (verifier, got) => {
    expect(() => auditTokenVerifier(verifier as never)).toThrow(
      new TypeError(`auditTokenVerifier: expected an object with a verifyAccessToken method, got ${got}`),
    );
  });
});

describe('an audited verifier', () => {
  it('passes a rejection on and notes no caller', async () => {
    const failure = new Error('unknown token');
    const rejected: Promise<unknown>[] = [];
    const verifier = auditTokenVerifier({
      verifyAccessToken(_token: string) {
        const promise = Promise.reject<unknown>(failure);
        rejected.push(promise);
        return promise;
      },
    });
    const auth = await notedBy(async () => {
      const promise = verifier.verifyAccessToken(TOKEN);
      expect(promise).toBe(rejected[0]);
      await expect(promise).rejects.toBe(failure);
    });
    expect(auth).toBeUndefined();
  });

  it('passes a thrown error on', async () => {
    const verifier = auditTokenVerifier({ verifyAccessToken: (_token: string): Promise<unknown> => thrower() });
    expect(await notedBy(() => expect(() => verifier.verifyAccessToken(TOKEN)).toThrow('secret'))).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'user-7'],
    ['an object that says nothing', { extra: { name: 'x' } }],
    ['an object that throws', throwing],
  ])('notes no caller if it resolves with %s, and resolves with that', async (_, info) => {
    const verifier = auditTokenVerifier(resolving(info));
    const auth = await notedBy(async () => expect((await verifier.verifyAccessToken(TOKEN)) === info).toBe(true));
    expect(auth).toBeUndefined();
  });

  it('notes the caller before any other reaction runs, and returns the same promise', async () => {
    const promise = Promise.resolve(INFO);
    const verifier = auditTokenVerifier({ verifyAccessToken: (_token: string) => promise });
    const auth = await notedBy(async () => {
      const given = verifier.verifyAccessToken(TOKEN);
      expect(given).toBe(promise);
      expect(await given).toBe(INFO);
      expect(currentHttpRequest()?.notes.auth).toEqual(FACTS);
    });
    expect(auth?.token).toBe(TOKEN);
  });

  it('notes each request of several that share a promise', async () => {
    const promise = Promise.resolve(INFO);
    const verifier = auditTokenVerifier({ verifyAccessToken: (_token: string) => promise });
    for (let time = 0; time < 2; time++) expect(await notedBy(() => verifier.verifyAccessToken(TOKEN))).toEqual(FACTS);
  });

  it('works outside an HTTP request, where it notes nothing', async () => {
    const promise = Promise.resolve(INFO);
    expect(auditTokenVerifier({ verifyAccessToken: (_token: string) => promise }).verifyAccessToken(TOKEN)).toBe(
      promise,
    );
  });

  it('accepts a result that is not a promise', async () => {
    const verifier = auditTokenVerifier({ verifyAccessToken: (() => INFO) as never as () => Promise<typeof INFO> });
    expect(await notedBy(() => expect(verifier.verifyAccessToken()).toBe(INFO))).toEqual(FACTS);
  });

  it('calls `then` of a foreign thenable only once, because that may do the work', async () => {
    // biome-ignore lint/suspicious/noThenProperty: what query builders return.
    const lazy = { then: vi.fn((resolve: (info: unknown) => void) => resolve(INFO)) };
    const verifier = auditTokenVerifier({ verifyAccessToken: (() => lazy) as never as () => Promise<typeof INFO> });
    expect(await notedBy(async () => expect(await verifier.verifyAccessToken()).toBe(INFO))).toEqual(FACTS);
    expect(lazy.then).toHaveBeenCalledTimes(1);
  });

  it('stays as it is if it is audited already', () => {
    const once = auditTokenVerifier(resolving(INFO));
    expect(auditTokenVerifier(once)).toBe(once);
  });
});

describe('the stand-in for a verifier', () => {
  class Base {
    inherited() {
      return this;
    }
  }
  class Store extends Base {
    static kinds = ['memory'];
    readonly #secret = 'private';
    #limit = 1;
    issued = 0;
    arrow = () => this.#secret;
    get limit() {
      return this.#limit;
    }
    set limit(value: number) {
      this.#limit = value;
    }
    async verifyAccessToken(token: string) {
      this.issued++;
      return { token, clientId: this.#secret };
    }
    self() {
      return this;
    }
    [Symbol.iterator]() {
      return [this.#secret].values();
    }
  }

  it('calls everything on the verifier, which has the private members', async () => {
    const store = new Store();
    const audited = auditTokenVerifier(store);
    expect(await audited.verifyAccessToken(TOKEN)).toEqual({ token: TOKEN, clientId: 'private' });
    expect([audited.self(), audited.inherited(), audited.arrow(), [...audited]]).toEqual([
      store,
      store,
      'private',
      ['private'],
    ]);
    audited.limit = 5;
    audited.issued += 10;
    expect([audited.limit, store.limit, store.issued]).toEqual([5, 5, 11]);
  });

  it('is of the same class, with the same members', () => {
    const store = new Store();
    const audited = auditTokenVerifier(store);
    expect(audited).toBeInstanceOf(Store);
    expect(audited.constructor).toBe(Store);
    expect(Object.keys(audited)).toEqual(Object.keys(store));
    expect('limit' in audited && 'inherited' in audited).toBe(true);
    expect('revokeToken' in audited).toBe(false);
    expect(audited.self).toBe(audited.self);
    expect(audited.self.name).toBe('self');
  });

  it('sees members that are added to the verifier later', () => {
    const verifier: Record<string, any> = { verifyAccessToken: async () => INFO };
    const audited: Record<string, any> = auditTokenVerifier(verifier as never);
    verifier['revokeToken'] = () => 'revoked';
    verifier['verifyAccessToken'] = async () => 'other';
    expect(audited['revokeToken']()).toBe('revoked');
    return expect(audited['verifyAccessToken']()).resolves.toBe('other');
  });

  it('keeps the receiver of a method that is called on another object', () => {
    const other = new Store();
    expect(auditTokenVerifier(new Store()).self.call(other)).toBe(other);
  });

  it('does not change the verifier', () => {
    const store = new Store();
    const before = Object.getOwnPropertyDescriptors(store);
    auditTokenVerifier(store);
    expect(Object.getOwnPropertyDescriptors(store)).toEqual(before);
    expect(Object.getPrototypeOf(store)).toBe(Store.prototype);
  });

  it('works for a frozen verifier, and when it is frozen itself', async () => {
    const verifier = Object.freeze({ realm: 'x', verifyAccessToken: async () => INFO });
    const audited = Object.freeze(auditTokenVerifier(verifier));
    expect(await notedBy(() => audited.verifyAccessToken())).toEqual(FACTS);
    expect({ ...audited }.realm).toBe('x');
    expect(() => {
      (audited as { realm: string }).realm = 'y';
    }).toThrow(TypeError);
  });

  it('works for an emitter, a class with static members, an object without a class, and a proxy', async () => {
    class Emitter extends EventEmitter {
      async verifyAccessToken() {
        this.emit('verified');
        return INFO;
      }
    }
    // biome-ignore lint/complexity/noStaticOnlyClass: what applications have.
    class Static {
      static async verifyAccessToken() {
        return INFO;
      }
    }
    const bare = Object.assign(Object.create(null), { verifyAccessToken: async () => INFO });
    const anything = new Proxy({}, { get: (_, key) => (key === 'verifyAccessToken' ? async () => INFO : undefined) });
    for (const verifier of [new Emitter(), Static, bare, anything] as { verifyAccessToken(): Promise<unknown> }[])
      expect(await notedBy(() => auditTokenVerifier(verifier).verifyAccessToken())).toEqual(FACTS);
    const listener = vi.fn();
    const emitter = auditTokenVerifier(new Emitter());
    emitter.on('verified', listener);
    await emitter.verifyAccessToken();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('serves the SDK as a provider', async () => {
    const provider = auditTokenVerifier(
      new ProxyOAuthServerProvider({
        endpoints: {
          authorizationUrl: 'https://as.example/a',
          tokenUrl: 'https://as.example/t',
          registrationUrl: 'https://as.example/r',
        },
        verifyAccessToken: async () => ({ ...INFO, expiresAt: 1 }),
        getClient: async (id) => ({ client_id: id, redirect_uris: [] }),
      }),
    );
    expect(await notedBy(() => provider.verifyAccessToken(TOKEN))).toEqual(FACTS);
    expect(await provider.clientsStore.getClient('c')).toMatchObject({ client_id: 'c' });
    expect(provider.skipLocalPkceValidation).toBe(true);
    expect(provider.revokeToken).toBeUndefined();
  });
});

describe('the facts of an AuthInfo', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a string', 'user-7'],
    ['a function', () => {}],
    ['an empty object', {}],
    ['a list', []],
    ['an object with the wrong things', { clientId: 7, scopes: 'a b', extra: 'sub', token: {} }],
    ['an object that throws', throwing],
  ])('are missing in %s', (_, info) => {
    expect(authFactsOf(info)).toBeUndefined();
  });

  it('are read one by one, without those that throw or have the wrong type', () => {
    const info = Object.defineProperties(
      { clientId: 'client-1', scopes: ['a', 7, null, 'b'] },
      { extra: { get: thrower } },
    );
    expect(authFactsOf(info)).toEqual({ clientId: 'client-1', scopes: ['a', 'b'] });
  });

  it('hold 256 scopes at most', () => {
    expect(authFactsOf({ scopes: Array(100_000).fill('s') })?.scopes).toHaveLength(256);
  });

  it('do not change when the application changes its scopes', () => {
    const scopes = ['a'];
    const facts = authFactsOf({ scopes });
    scopes.push('b');
    expect(facts?.scopes).toEqual(['a']);
  });

  it('have the token as a member that is not enumerable', () => {
    const facts = authFactsOf(INFO);
    expect(facts?.token).toBe(TOKEN);
    expect(JSON.stringify([facts, { ...facts }])).not.toContain(TOKEN);
    expect(facts).toEqual(FACTS);
  });
});
