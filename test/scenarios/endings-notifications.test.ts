import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { expectEndings, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { FLAVOURS } from '../support/flavours.js';
import { activeId, idOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();

class PaymentRefused extends Error {}

describe.each(FLAVOURS)('a notification, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const name = 'acme/poke';

  async function pairWith(handler: () => unknown) {
    const configure = (mcp: any) => dialect.onNotification(mcp.server, name, handler as () => void);
    const pair = await flavour.pair({ configure });
    await telemetry.startMeasuring();
    return pair;
  }

  it('ends without an error when its handler is done', async () => {
    const pair = await pairWith(() => {});
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: UNSET });
    await pair.close();
  });

  it('ends without an error when it has no handler', async () => {
    const pair = await flavour.pair();
    await telemetry.startMeasuring();
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: UNSET });
    await pair.close();
  });

  it('ends at its receiver when its handler has finished, not when it was called', async () => {
    const done = deferred();
    const pair = await pairWith(() => done.promise);
    await pair.client.notification({ method: name });
    expect(telemetry.all('client', name)).toHaveLength(1);
    expect(telemetry.open).toEqual([`SERVER ${name}`]);
    done.resolve();
    await expectEndings(telemetry, name, { client: UNSET, server: UNSET });
    await pair.close();
  });

  it('ends as connection_closed at its receiver when the connection closes before its handler has finished', async () => {
    const pair = await pairWith(() => new Promise(() => {}));
    await pair.client.notification({ method: name });
    await pair.close();
    await expectEndings(telemetry, name, { client: UNSET, server: failed('connection_closed') });
  });

  it('ends without an error when the connection closes right after it', async () => {
    const pair = await pairWith(async () => {
      for (let step = 0; step < 20; step++) await Promise.resolve();
    });
    void pair.client.notification({ method: name });
    await pair.close();
    await expectEndings(telemetry, name, { client: UNSET, server: UNSET });
  });

  it('ends under the class name of the error for its receiver when its handler throws', async () => {
    const pair = await pairWith(() => {
      throw new PaymentRefused('secret');
    });
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: failed('PaymentRefused') });
    await pair.close();
  });

  it('ends under the class name of the error for its receiver when its handler rejects', async () => {
    const pair = await pairWith(async () => {
      await Promise.resolve();
      throw new RangeError('secret');
    });
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: failed('RangeError') });
    await pair.close();
  });

  it('ends as _OTHER for its receiver when its handler throws a value that is not an error', async () => {
    const pair = await pairWith(() => {
      throw 'secret';
    });
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: failed('_OTHER') });
    await pair.close();
  });

  it('ends the same way when the handler that throws is the fallback, which is called once, with one argument', async () => {
    const calls: unknown[][] = [];
    const spans: unknown[] = [];
    const configure = (mcp: any) => {
      mcp.server.fallbackNotificationHandler = async (...args: unknown[]) => {
        calls.push(args);
        spans.push(activeId());
        throw new PaymentRefused('secret');
      };
    };
    const pair = await flavour.pair({ configure });
    await telemetry.startMeasuring();
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: failed('PaymentRefused') });
    const handled = calls.filter(([notification]) => (notification as { method: string }).method === name);
    expect(handled.map((args) => args.length)).toEqual([1]);
    expect(spans.at(-1)).toBe(idOf(telemetry.span('server', name)));
    await pair.close();
  });

  it('reports the error of a handler to the SDK as without mcp-trail', async () => {
    const errors: string[] = [];
    const pair = await pairWith(() => {
      throw new PaymentRefused('refused');
    });
    pair.server.onerror = (error: Error) => errors.push(error.message);
    await pair.client.notification({ method: name });
    await expectEndings(telemetry, name, { client: UNSET, server: failed('PaymentRefused') });
    expect(errors).toEqual(['Uncaught error in notification handler: Error: refused']);
    await pair.close();
  });
});
