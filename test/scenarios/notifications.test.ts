import { describe, expect, it } from 'vitest';
import { DIALECTS } from '../support/dialects.js';
import { expectEndings, scenarioTelemetry, UNSET } from '../support/endings.js';
import { ABOUT_CLIENT, ABOUT_SERVER, FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { activeId, countTraces, idOf, parentIdOf } from '../support/spans.js';
import { until } from '../support/telemetry.js';

const telemetry = scenarioTelemetry();
const LEGACY = FLAVOURS.filter(({ protocolVersion }) => protocolVersion !== '2026-07-28');

describe.each(FLAVOURS)('progress, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const REPORT = { progress: 1, total: 2, message: 'half', _meta: { 'acme.example/colour': 'green' } };

  /** A tool that reports progress once, and its progress messages on the wire. */
  async function pairThatReports(options: PairOptions = {}) {
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      const params = { progressToken: dialect.progressToken(raw), ...REPORT };
      await dialect.notifyWithin(raw, 'notifications/progress', params);
      return text('done');
    };
    const onWire: any[] = [];
    const wrapTransports = (client: any, server: any): [any, any] => {
      const send = server.send.bind(server);
      server.send = (message: any, sendOptions: unknown) => {
        if (message.method === 'notifications/progress') onWire.push(message.params);
        return send(message, sendOptions);
      };
      return [client, server];
    };
    const pair = await flavour.pair({ ...options, wrapTransports, tools: [{ name: 'report', handler }] });
    return { pair, onWire };
  }

  it('is a client span below the server span of the request, and a server span below its client span', async () => {
    const { pair } = await pairThatReports();
    telemetry.reset();
    await telemetry.under('agent', () => dialect.callTool(pair.client, 'report', { onprogress: () => {} }));
    await expectEndings(telemetry, 'notifications/progress', { client: UNSET, server: UNSET });
    const sent = telemetry.span('client', 'notifications/progress');
    const received = telemetry.span('server', 'notifications/progress');
    expect(parentIdOf(sent)).toBe(idOf(telemetry.span('server', 'tools/call report')));
    expect(parentIdOf(received)).toBe(idOf(telemetry.span('client', 'tools/call report')));
    expect(sent.attributes['jsonrpc.request.id']).toBeUndefined();
    expect(telemetry.spans).toHaveLength(5);
    expect(countTraces(telemetry.spans)).toBe(1);
    await pair.close();
  });

  it('is reported to the caller in the caller’s context', async () => {
    const { pair } = await pairThatReports();
    const seen: unknown[] = [];
    let caller: string | undefined;
    await telemetry.under('agent', () => {
      caller = activeId();
      return dialect.callTool(pair.client, 'report', { onprogress: () => seen.push(activeId()) });
    });
    expect(seen).toEqual([caller]);
    await pair.close();
  });

  it('is reported to the caller exactly as without mcp-trail, with nothing added on the wire', async () => {
    const reports: Record<string, unknown[]> = { both: [], none: [] };
    const wires: Record<string, unknown[]> = {};
    for (const instrument of ['both', 'none'] as const) {
      const { pair, onWire } = await pairThatReports({ instrument });
      await telemetry.under('agent', () =>
        dialect.callTool(pair.client, 'report', { onprogress: (report) => reports[instrument]?.push(report) }),
      );
      wires[instrument] = onWire;
      await pair.close();
    }
    expect(reports['none']).toEqual([REPORT]);
    expect(reports['both']).toEqual(reports['none']);
    expect(wires['both']).toEqual(wires['none']);
  });

  it('for a request that has ended is still one span on each side, and none stays open', async () => {
    const { pair } = await pairThatReports();
    const params = { progressToken: 4711, progress: 1 };
    await pair.server.notification({ method: 'notifications/progress', params });
    await expectEndings(telemetry, 'notifications/progress', { client: UNSET, server: UNSET });
    await pair.close();
  });
});

describe.each(LEGACY)('a notification of a server to its client, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const ROWS = [
    { method: 'notifications/message', params: { level: 'info', data: 'secret' } },
    { method: 'notifications/tools/list_changed', params: undefined },
    { method: 'notifications/resources/updated', params: { uri: 'file:///notes' } },
  ];

  it.each(ROWS)(
    '$method is a client span at the server, and a server span at the client, active in its handler',
    async ({ method, params }) => {
      const handledIn: unknown[] = [];
      const configureClient = (client: any) =>
        dialect.onNotification(client, method, () => {
          handledIn.push(activeId());
        });
      const configure = ({ server }: any) => server.registerCapabilities({ resources: { subscribe: true } });
      const pair = await flavour.pair({ configure, configureClient });
      telemetry.reset();
      await telemetry.under('application', () => pair.server.notification({ method, params }));
      await until(() => handledIn.length > 0, 'the handler to be called');
      await expectEndings(telemetry, method, { client: UNSET, server: UNSET });
      const [sent, received] = [telemetry.span('client', method), telemetry.span('server', method)];
      const application = telemetry.spans.find(({ name }) => name === 'application');
      expect(parentIdOf(sent)).toBe(idOf(application));
      expect(parentIdOf(received)).toBe(idOf(sent));
      expect(handledIn).toEqual([idOf(received)]);
      const attributes: Record<string, unknown> = {
        'mcp.method.name': method,
        'mcp.protocol.version': flavour.protocolVersion,
      };
      if (params?.uri !== undefined) attributes['mcp.resource.uri'] = params.uri;
      expect(sent.attributes).toEqual({ ...attributes, ...ABOUT_CLIENT });
      expect(received.attributes).toEqual({ ...attributes, ...ABOUT_SERVER });
      await pair.close();
    },
  );

  it('is one span when the SDK merges several into one message', async () => {
    const options = { debouncedNotificationMethods: ['notifications/tools/list_changed'] };
    const pair = await flavour.pair({
      configure: ({ server }: any) => {
        server._options = { ...server._options, ...options };
      },
    });
    telemetry.reset();
    await Promise.all([1, 2, 3].map(() => pair.server.sendToolListChanged()));
    await expectEndings(telemetry, 'notifications/tools/list_changed', { client: UNSET, server: UNSET });
    await pair.close();
  });

  it('is the same the other way around: a client whose roots have changed', async () => {
    const handledIn: unknown[] = [];
    const method = 'notifications/roots/list_changed';
    const pair = await flavour.pair({
      clientOptions: { capabilities: { roots: { listChanged: true } } },
      configure: (mcp) => {
        dialect.onNotification(mcp.server, method, () => {
          handledIn.push(activeId());
        });
      },
    });
    await pair.client.sendRootsListChanged();
    await until(() => handledIn.length > 0, 'the handler to be called');
    await expectEndings(telemetry, method, { client: UNSET, server: UNSET });
    const received = telemetry.span('server', method);
    expect(parentIdOf(received)).toBe(idOf(telemetry.span('client', method)));
    expect(handledIn).toEqual([idOf(received)]);
    await pair.close();
  });
});
