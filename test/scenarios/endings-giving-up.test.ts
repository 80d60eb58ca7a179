import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { type CallOptions, DIALECTS } from '../support/dialects.js';
import { CANCELLED_BY_PEER, expectEndings, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { countTraces } from '../support/spans.js';

const telemetry = scenarioTelemetry();

describe.each(FLAVOURS)('a request whose caller stops waiting, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  /** A tool that answers only when it is aborted, and a promise of its call. */
  async function pairThatHangs(options: PairOptions = {}) {
    const called = deferred();
    const handler = (_args: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(text('too late')));
        called.resolve();
      });
    const pair = await flavour.pair({ ...options, tools: [{ name: 'hang', handler }] });
    const call = (callOptions: CallOptions) => dialect.callTool(pair.client, 'hang', callOptions);
    return { ...pair, called: called.promise, call };
  }

  it('ends as timeout for the caller, and as cancelled for the server, when no answer comes in time', async () => {
    const { call, close } = await pairThatHangs();
    await expect(call({ timeout: 20 })).rejects.toThrow('timed out');
    await expectEndings(telemetry, 'tools/call hang', { client: failed('timeout'), server: CANCELLED_BY_PEER });
    await close();
  });

  it('ends as cancelled for the caller, and as cancelled for the server, when the caller aborts', async () => {
    const { call, called, close } = await pairThatHangs();
    const controller = new AbortController();
    const result = call({ signal: controller.signal });
    await called;
    controller.abort(new Error('secret'));
    await expect(result).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call hang', { client: failed('cancelled'), server: CANCELLED_BY_PEER });
    await close();
  });

  it('ends as timeout for the caller when the signal that aborts is one of AbortSignal.timeout', async () => {
    const { call, close } = await pairThatHangs();
    await expect(call({ signal: AbortSignal.timeout(20) })).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call hang', { client: failed('timeout'), server: CANCELLED_BY_PEER });
    await close();
  });

  it('ends as cancelled for the caller, and never reaches the server, when it is aborted before it is sent', async () => {
    const { call, close } = await pairThatHangs();
    await expect(call({ signal: AbortSignal.abort() })).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call hang', { client: failed('cancelled') });
    await close();
  });

  it('notifies the server with a separate span, which belongs to the trace of the request', async () => {
    const { call, close } = await pairThatHangs();
    telemetry.reset();
    await telemetry.under('agent', () => expect(call({ timeout: 20 })).rejects.toThrow('timed out'));
    await expectEndings(telemetry, 'notifications/cancelled', { client: UNSET, server: UNSET });
    expect(telemetry.spans).toHaveLength(5);
    expect(countTraces(telemetry.spans)).toBe(1);
    await close();
  });

  it('ends as cancelled for a server whose client is not instrumented', async () => {
    const { call, close } = await pairThatHangs({ instrument: 'server' });
    await expect(call({ timeout: 20 })).rejects.toThrow('timed out');
    await expectEndings(telemetry, 'tools/call hang', { server: CANCELLED_BY_PEER });
    await close();
  });

  it('ends as timeout for a caller whose server is not instrumented', async () => {
    const { call, close } = await pairThatHangs({ instrument: 'client' });
    await expect(call({ timeout: 20 })).rejects.toThrow('timed out');
    await expectEndings(telemetry, 'tools/call hang', { client: failed('timeout') });
    await close();
  });

  it('ends as timeout for the caller when maxTotalTimeout is over despite progress, and the late answer is not counted', async () => {
    const finished = deferred();
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      const progressToken = dialect.progressToken(raw);
      const report = () => dialect.notifyWithin(raw, 'notifications/progress', { progressToken, progress: 1 });
      const timer = setInterval(() => report().catch(() => {}), 5);
      await finished.promise;
      clearInterval(timer);
      return text('too late');
    };
    const pair = await flavour.pair({ tools: [{ name: 'crawl', handler }] });
    const limits = { timeout: 10_000, maxTotalTimeout: 30, resetTimeoutOnProgress: true };
    const result = dialect.callTool(pair.client, 'crawl', { ...limits, onprogress: () => {} });
    await expect(result).rejects.toThrow('Maximum total timeout exceeded');
    finished.resolve();
    await expectEndings(telemetry, 'tools/call crawl', { client: failed('timeout'), server: UNSET });
    await pair.close();
  });
});
