import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/session/connection.js';
import { Tasks } from '../../../src/session/tasks.js';
import { spanContext } from '../build.js';

const connection = () => new Connection({}, 'server');

describe('the call that made a task', () => {
  it('is told apart by who sent it', () => {
    const tasks = new Tasks();
    const here = connection();
    tasks.remember(here, true, 'task', spanContext(1));
    tasks.remember(here, false, 'task', spanContext(2));
    expect(tasks.madeBy(here, true, 'task')).toEqual(spanContext(1));
    expect(tasks.madeBy(here, false, 'task')).toEqual(spanContext(2));
  });

  it('is known on another connection where it was received, and not where it was sent', () => {
    const tasks = new Tasks();
    tasks.remember(connection(), true, 'sent', spanContext(1));
    tasks.remember(connection(), false, 'received', spanContext(2));
    expect(tasks.madeBy(connection(), true, 'sent')).toBeUndefined();
    expect(tasks.madeBy(connection(), false, 'received')).toEqual(spanContext(2));
  });

  it('is not known on another connection where two calls made tasks of one id', () => {
    const tasks = new Tasks();
    const one = connection();
    tasks.remember(one, false, 'task', spanContext(1));
    tasks.remember(connection(), false, 'task', spanContext(2));
    expect(tasks.madeBy(connection(), false, 'task')).toBeUndefined();
    expect(tasks.madeBy(one, false, 'task')).toEqual(spanContext(1));
  });

  it('is forgotten with its connection, and at the end', () => {
    const tasks = new Tasks();
    const here = connection();
    for (const sent of [true, false]) tasks.remember(here, sent, 'task', spanContext(1));
    here.forget();
    tasks.clear();
    for (const sent of [true, false]) expect(tasks.madeBy(here, sent, 'task')).toBeUndefined();
  });

  it('is one of 256, on a connection and in the process; an id of more than 256 letters is not kept', () => {
    const tasks = new Tasks();
    const here = connection();
    for (let each = 0; each < 1000; each++) tasks.remember(here, false, `task ${each}`, spanContext(each));
    tasks.remember(here, false, 'x'.repeat(257), spanContext(1));
    expect(here.tasks(false).size).toBe(256);
    const known = (at: Connection) =>
      [743, 744, 999].map((each) => tasks.madeBy(at, false, `task ${each}`) !== undefined);
    expect(known(here)).toEqual([false, true, true]);
    expect(known(connection())).toEqual([false, true, true]);
    expect(tasks.madeBy(here, false, 'x'.repeat(257))).toBeUndefined();
  });
});
