/** A signal has the same effect as without mcp-trail, whatever handles it, and recorded telemetry arrives. */
import { describe, expect, it } from 'vitest';
import type { Child } from './child.js';
import { endApp, exportTo, REGISTER, UsedReceiver } from './endings.js';

const receiver = new UsedReceiver();
const exporting = () => exportTo(receiver.url);

describe('SIGTERM ends an application as without mcp-trail', () => {
  it.each([
    ['that has no handler', 'nothing'],
    ['that drains', 'drain'],
    ['that drains, and listens once', 'drain once'],
    ['that drains, and is the first to be called', 'drain, first of all'],
    ['that cleans up and raises the signal again', 'clean up and raise'],
    ['that cleans up and raises the signal again later', 'clean up and raise later'],
    ['with signal-exit 3', 'signal-exit 3'],
    ['with signal-exit 4', 'signal-exit 4'],
    ['with both', 'signal-exit 3 + signal-exit 4'],
    ['with signal-exit that drains', 'signal-exit 4 + drain'],
    ['that counts listeners', 'look + drain'],
    ['that is asked once', 'count and drain'],
  ])('%s', async (_what, ending) => {
    const plain = await endApp({ ending });
    const traced = await endApp({ ending, preload: REGISTER, env: exporting() });
    expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
    expect(receiver.calls).toBe(1);
    expect(receiver.logs).toHaveLength(1);
    expect(receiver.metrics.length).toBeGreaterThan(0);
  });

  it('and its last call is observed', async () => {
    const ended = await endApp({ ending: 'call and drain', preload: REGISTER, env: exporting() });
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(receiver.calls).toBe(2);
    expect(receiver.logs).toHaveLength(2);
  });
});

it('a handler that reloads runs each time, and the process goes on', async () => {
  const by = async (child: Child) => {
    for (const times of [1, 2, 3]) {
      child.kill('SIGHUP');
      await child.printed('reloaded\n', 'stdout', times);
    }
    child.kill('SIGTERM');
  };
  const plain = await endApp({ ending: 'reload', by });
  const traced = await endApp({ ending: 'reload', by, preload: REGISTER, env: exporting() });
  expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
  expect(receiver.calls).toBe(1);
});

it('an emitted event without a listener ends nothing', async () => {
  const by = async (child: Child) => {
    await child.printed('went on\n');
    child.kill('SIGTERM');
  };
  const plain = await endApp({ ending: 'emit itself', by });
  const traced = await endApp({ ending: 'emit itself', by, preload: REGISTER, env: exporting() });
  expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
  expect(receiver.calls).toBe(1);
});

describe('an application that finds more to do at every beforeExit', () => {
  it.each([
    ['is seen in all of it', {}],
    [
      'is measured in all of it, where only metrics are exported',
      { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
    ],
  ])('%s', async (_what, env) => {
    const ended = await endApp({
      preload: REGISTER,
      env: { ...exporting(), ...env, ENDING_BEFORE_EXIT: 'second,third,fourth' },
      by: async () => {},
    });
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const counted = receiver.metrics.filter(({ name }) => name === 'application.calls');
    expect(counted.at(-1)?.dataPoints).toHaveLength(4);
    if (Object.keys(env).length > 0) return;
    expect(receiver.calls).toBe(4);
    expect(receiver.logs.map(({ body }) => body)).toEqual(['first', 'second', 'third', 'fourth']);
  });
});
