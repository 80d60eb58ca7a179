import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/session/connection.js';
import { operation } from '../build.js';

const MEGABYTE = 'x'.repeat(1024 * 1024);

function connection(transport: object = {}): Connection {
  return new Connection(transport, 'unknown');
}

describe('the open requests of a connection', () => {
  it('find no id that was not added', () => {
    const empty = connection();
    for (const id of ['__proto__', 'constructor', '', 0, Number.NaN, MEGABYTE])
      expect(empty.find('outbound', id)).toBeUndefined();
  });

  it('distinguish a number from the string of its digits', () => {
    const open = connection();
    const one = operation({ connection: open, id: 1 });
    open.add(one);
    expect([open.find('outbound', 1), open.find('outbound', '1')]).toEqual([one, undefined]);
  });

  it('distinguish outbound and inbound requests with the same id', () => {
    const open = connection();
    const sent = operation({ connection: open, id: 1, direction: 'outbound' });
    const received = operation({ connection: open, id: 1, direction: 'inbound' });
    expect([open.add(sent), open.add(received)]).toEqual([undefined, undefined]);
    expect([open.find('outbound', 1), open.find('inbound', 1)]).toEqual([sent, received]);
    expect(open.openRequests()).toEqual([sent, received]);
  });

  it('replace the first of two with the same id, and keep the second when the first is removed', () => {
    const open = connection();
    const first = operation({ connection: open, id: 'same' });
    const second = operation({ connection: open, id: 'same' });
    expect(open.add(first)).toBeUndefined();
    expect(open.add(second)).toBe(first);
    open.remove(first);
    expect(open.find('outbound', 'same')).toBe(second);
    open.remove(second);
    expect(open.openRequests()).toEqual([]);
  });

  it('give so many of the oldest that a peer has sent as are asked for, streams aside', () => {
    const open = connection();
    const add = (id: number, direction: 'inbound' | 'outbound', method = 'tools/call') => {
      const added = operation({ connection: open, id, direction, method });
      open.add(added);
      return added;
    };
    add(1, 'inbound', 'subscriptions/listen');
    add(2, 'outbound');
    const received = [3, 4, 5].map((id) => add(id, 'inbound'));
    expect(open.oldestInbound(2)).toEqual(received.slice(0, 2));
    expect(open.oldestInbound(9)).toEqual(received);
  });

  it('list operations without an id separately', () => {
    const open = connection();
    const notification = operation({ connection: open, id: undefined });
    expect(open.add(notification)).toBeUndefined();
    expect([open.openRequests(), open.openUnnumbered()]).toEqual([[], [notification]]);
    open.remove(notification);
    expect(open.openUnnumbered()).toEqual([]);
  });

  it('find ids of a megabyte, by length and start', () => {
    const open = connection();
    const ids = [MEGABYTE, `y${MEGABYTE.slice(1)}`, `${MEGABYTE}x`];
    const operations = ids.map((id) => operation({ connection: open, id }));
    expect(operations.map((each) => open.add(each))).toEqual([undefined, undefined, undefined]);
    // A fresh string of the same letters.
    const copies = ids.map((id) => Buffer.from(id).toString());
    expect(copies.map((id) => open.find('outbound', id))).toEqual(operations);
    for (const each of operations) open.remove(each);
    expect(open.openRequests()).toEqual([]);
  });

  it('never confuse a short id with a shortened one', () => {
    const open = connection();
    open.add(operation({ connection: open, id: MEGABYTE }));
    expect(open.find('outbound', `${MEGABYTE.length}:${MEGABYTE.slice(0, 256)}`)).toBeUndefined();
  });
});

describe('a connection', () => {
  it('keeps the role it knows', () => {
    const known = new Connection({}, 'client');
    known.narrow('server');
    expect(known.role).toBe('client');
  });

  it('has no endpoint once its role is server', () => {
    const transport = { _url: new URL('http://127.0.0.1:3000') };
    const unknown = connection(transport);
    expect(unknown.endpoint).toEqual({ address: '127.0.0.1', port: 3000 });
    unknown.narrow('server');
    expect(unknown).toMatchObject({ role: 'server', endpoint: undefined });
    expect(new Connection(transport, 'server').endpoint).toBeUndefined();
  });

  it.each([undefined, null, '', 7, {}])('has no session id while its transport has %o', (sessionId) => {
    expect(connection({ sessionId })).toMatchObject({ sessionId: undefined, hadSessionId: false });
  });

  it('reads the session id on demand, and remembers that there was one', () => {
    const transport = { sessionId: undefined as string | undefined };
    const late = connection(transport);
    expect(late.sessionId).toBeUndefined();
    transport.sessionId = 'abc';
    expect(late.sessionId).toBe('abc');
    transport.sessionId = undefined;
    expect(late).toMatchObject({ sessionId: undefined, hadSessionId: true });
  });
});
