/** Worker threads have their own telemetry. It is not lost at the end of the process, and does not delay it. */
import { describe, expect, it } from 'vitest';
import { Child, type Ended } from './child.js';
import { DeadEndpoints, exportTo, REGISTER, UsedReceiver } from './endings.js';

const receiver = new UsedReceiver();
const dead = new DeadEndpoints();

/** Without mcp-trail, this takes no time; an exporter's timeout is ten seconds. */
const IN_TIME_MS = 9000;

async function endThreads(
  threads: string,
  url: string,
  end: (child: Child) => void = (child) => child.kill('SIGTERM'),
): Promise<Ended & { readonly took: number }> {
  const child = new Child([...REGISTER, 'test/fixtures/ending-threads.mjs'], {
    ENDING_THREADS: threads,
    ...exportTo(url),
    MCP_TRAIL_AUDIT: 'otel',
  });
  await child.printed('all are ready\n');
  const start = performance.now();
  end(child);
  const ended = await child.ended;
  return { ...ended, took: performance.now() - start };
}

const records = (name: string) => receiver.logs.filter(({ eventName }) => eventName === name).length;

describe('threads', () => {
  it.each([
    ['when SIGTERM ends the process', 'nothing', 'SIGTERM'],
    ['of a thread, when SIGTERM ends the process', 'inside', 'SIGTERM'],
    ['that end naturally when SIGTERM is handled', 'end naturally', null],
  ])('deliver %s', async (_when, threads, signal) => {
    const ended = await endThreads(threads, receiver.url);
    expect(ended).toMatchObject({ code: signal === null ? 0 : null, signal, stderr: '' });
    expect(receiver.calls).toBe(2);
    // Client and server of a call both have records.
    expect(records('mcp_audit.response')).toBe(records('mcp_audit.request'));
    expect(records('mcp_audit.stopped')).toBe(2);
  });

  it('deliver when the main thread has nothing left to do', async () => {
    const ended = await endThreads('stay while the main thread ends', receiver.url, () => {});
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(receiver.calls).toBe(2);
  });

  it.each([
    ['that are busy', 'block', () => receiver.url],
    ['whose endpoint is dead', 'nothing', () => dead.url('black hole')],
  ])('%s do not delay the end of the process', async (_which, threads, url) => {
    const ended = await endThreads(threads, url());
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(ended.took).toBeLessThan(IN_TIME_MS);
  });
});
