/**
 * Scenarios, played in this order on one connection per cell; the first one also connects.
 * Add new ones at the end, because request ids continue from one scenario to the next.
 */
import { expect } from 'vitest';
import type { Dialect } from '../support/dialects.js';
import type { Flavour, FlavourName } from '../support/flavours.js';

export interface Stage {
  readonly flavour: Flavour;
  readonly dialect: Dialect;
  /** Each request has its own server: later messages about it reach another one. */
  readonly stateless: boolean;
  /** Connected. */
  readonly client: any;
  /** Waits until the server has reported this many spans of that name, for work that the client does not wait for. */
  serverReported(name: string, count?: number): Promise<unknown>;
}

export interface Scenario {
  /** Also the name of the folder of golden files. */
  readonly name: string;
  /** Whether it applies; default: always. */
  readonly flavours?: readonly FlavourName[];
  play(stage: Stage): Promise<void>;
}

/** Long enough to deliver the request on any machine before the timeout. */
const TIMEOUT_MS = 1000;
const MODERN = '2026-07-28';

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'connecting',
    async play({ client, flavour, serverReported }) {
      await client.listTools();
      if (flavour.protocolVersion === MODERN) await serverReported('server/discover');
      else await client.ping();
    },
  },
  {
    name: 'tool-results',
    async play({ client, dialect }) {
      await client.callTool({ name: 'greet', arguments: { name: 'the text of an argument is content' } });
      expect(await dialect.callTool(client, 'refuse')).toMatchObject({ isError: true });
      expect(await dialect.callTool(client, 'break')).toMatchObject({ isError: true });
    },
  },
  {
    name: 'unknown-names',
    async play({ client, dialect, flavour }) {
      const unknownTool = dialect.callTool(client, 'nobody');
      // SDK v1 returns this error as a result since 1.22.
      if (flavour.sdk === 'v1') expect(await unknownTool).toMatchObject({ isError: true });
      else await expect(unknownTool).rejects.toMatchObject({ code: -32602 });
      await expect(client.getPrompt({ name: 'nobody' })).rejects.toMatchObject({ code: -32602 });
      // Over HTTP, from 2026-07-28 on, the response has status 404 and the client does not read its body.
      await expect(dialect.request(client, 'acme/unheard')).rejects.toThrow();
    },
  },
  {
    name: 'resources-and-prompts',
    async play({ client }) {
      await client.listResources();
      await client.readResource({ uri: 'notes://today' });
      await expect(client.readResource({ uri: 'notes://nowhere' })).rejects.toMatchObject({ code: -32602 });
      await client.listPrompts();
      await client.getPrompt({ name: 'compose', arguments: { topic: 'the text of a variable is content' } });
      const ref = { type: 'ref/prompt', name: 'compose' };
      await client.complete({ ref, argument: { name: 'topic', value: 'win' } });
    },
  },
  {
    name: 'asking-the-client',
    async play({ client, dialect, stateless }) {
      // A server that has not seen the handshake does not know the client's capabilities.
      const { isError = false } = await dialect.callTool(client, 'consult');
      expect(isError).toBe(stateless);
    },
  },
  {
    name: 'progress-and-log',
    async play({ client, dialect, flavour }) {
      if (flavour.protocolVersion !== MODERN) await client.setLoggingLevel('info');
      await dialect.callTool(client, 'count', { onprogress: () => {} });
    },
  },
  {
    name: 'giving-up',
    async play({ client, dialect, stateless, serverReported }) {
      // A server that does not get the cancellation works on until the connection closes.
      const noticed = stateless ? 'notifications/cancelled' : 'tools/call wait';
      const controller = new AbortController();
      const abort = () => controller.abort();
      const aborted = dialect.callTool(client, 'wait', { signal: controller.signal, onprogress: abort });
      await expect(aborted).rejects.toThrow();
      await serverReported(noticed, 1);
      await expect(dialect.callTool(client, 'wait', { timeout: TIMEOUT_MS })).rejects.toThrow();
      await serverReported(noticed, 2);
    },
  },
  {
    name: 'listening',
    flavours: ['v2 2026-07-28'],
    async play({ client, dialect, serverReported }) {
      const announced = new Promise<void>((resolve) => {
        client.setNotificationHandler('notifications/tools/list_changed', () => resolve());
      });
      const subscription = await client.listen({ toolsListChanged: true });
      await dialect.callTool(client, 'announce');
      await announced;
      await subscription.close();
      await serverReported('subscriptions/listen');
    },
  },
];
