import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/session/connection.js';
import { Tasks } from '../../../src/session/tasks.js';
import { spanContext } from '../build.js';

const connection = () => new Connection({}, 'server');

describe('the call that made a task', () => {
  it('is kept per direction', () => {
    const tasks = new Tasks();
    const here = connection();
    tasks.remember(here, 'outbound', 'task', spanContext(1));
    tasks.remember(here, 'inbound', 'task', spanContext(2));
    expect(tasks.madeBy(here, 'outbound', 'task')).toEqual(spanContext(1));
    expect(tasks.madeBy(here, 'inbound', 'task')).toEqual(spanContext(2));
  });

  it('is known on other connections if it was inbound, not if outbound', () => {
    const tasks = new Tasks();
    tasks.remember(connection(), 'outbound', 'sent', spanContext(1));
    tasks.remember(connection(), 'inbound', 'received', spanContext(2));
    expect(tasks.madeBy(connection(), 'outbound', 'sent')).toBeUndefined();
    expect(tasks.madeBy(connection(), 'inbound', 'received')).toEqual(spanContext(2));
  });

  it('is unknown on other connections if two calls made tasks with one id', () => {
    const tasks = new Tasks();
    const one = connection();
    tasks.remember(one, 'inbound', 'task', spanContext(1));
    tasks.remember(connection(), 'inbound', 'task', spanContext(2));
    expect(tasks.madeBy(connection(), 'inbound', 'task')).toBeUndefined();
    expect(tasks.madeBy(one, 'inbound', 'task')).toEqual(spanContext(1));
  });

  it('is forgotten with its connection, and on clear', () => {
    const tasks = new Tasks();
    const here = connection();
    for (const direction of ['outbound', 'inbound'] as const) tasks.remember(here, direction, 'task', spanContext(1));
    here.forget();
    tasks.clear();
    for (const direction of ['outbound', 'inbound'] as const)
      expect(tasks.madeBy(here, direction, 'task')).toBeUndefined();
  });

  it('is bounded at 256 per connection and process; ids of more than 256 characters are not kept', () => {
    const tasks = new Tasks();
    const here = connection();
    for (let each = 0; each < 1000; each++) tasks.remember(here, 'inbound', `task ${each}`, spanContext(each));
    tasks.remember(here, 'inbound', 'x'.repeat(257), spanContext(1));
    expect(here.tasks('inbound').size).toBe(256);
    const known = (at: Connection) =>
      [743, 744, 999].map((each) => tasks.madeBy(at, 'inbound', `task ${each}`) !== undefined);
    expect(known(here)).toEqual([false, true, true]);
    expect(known(connection())).toEqual([false, true, true]);
    expect(tasks.madeBy(here, 'inbound', 'x'.repeat(257))).toBeUndefined();
  });
});
