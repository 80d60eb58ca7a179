/** A client with a canary in everything it sends. */
import { DIALECTS } from '../../support/dialects.js';
import type { Flavour, Pair } from '../../support/flavours.js';
import { asUri, plantedError } from './server-side.js';
import type { Sweep } from './sweep.js';

export function clientInfo(sweep: Sweep) {
  return {
    name: sweep.plant('client name'),
    version: sweep.plant('client version'),
    title: sweep.plant('client title'),
  };
}

export function clientOptions(sweep: Sweep) {
  return {
    capabilities: {
      sampling: {},
      elicitation: { form: {} },
      roots: { listChanged: true },
      experimental: { [sweep.plant('client capability')]: {} },
    },
  };
}

/** Answers the server's requests, and fails on its notifications. */
export function configureClient(client: any, flavour: Flavour, sweep: Sweep): void {
  const { onNotification, onRequest } = DIALECTS[flavour.sdk];
  onNotification(client, 'notifications/message', () => {
    throw plantedError(sweep);
  });
  onRequest(client, 'sampling/createMessage', () => ({
    role: 'assistant',
    model: sweep.plant('model'),
    stopReason: sweep.plant('stop reason'),
    content: { type: 'text', text: sweep.plant('sampled text') },
  }));
  onRequest(client, 'elicitation/create', () => ({
    action: 'accept',
    content: { [sweep.plant('elicited key')]: sweep.plant('elicited value') },
  }));
  onRequest(client, 'roots/list', () => ({
    roots: [
      { uri: sweep.plant('root URI', (text) => `file:///${encodeURIComponent(text)}`), name: sweep.plant('root name') },
    ],
  }));
}

/** Places in a URI, and the text around each. */
const URIS: Readonly<Record<string, (text: string) => string>> = {
  'URI as a whole': (text) => text,
  'URI user': (text) => `https://joe:${encodeURIComponent(text)}@example.com/a`,
  'URI query': (text) => `https://example.com/a?q=${text}`,
  'URI encoded query': (text) => `https://example.com/a?q=${encodeURIComponent(text)}`,
  'URI fragment': (text) => `https://example.com/a#${text}`,
  'URI path': (text) => `https://example.com/a/${text}`,
  'URI encoded path': asUri,
  'URI of no authority': (text) => `urn:example:${text}`,
  'URI of data': (text) => `data:text/plain,${text}`,
};

/** Sends everything, and goes on when an SDK or the peer rejects it. */
export async function talk({ client, clientTransport, server }: Pair, flavour: Flavour, sweep: Sweep): Promise<void> {
  const { request } = DIALECTS[flavour.sdk];
  const plant = (field: string) => sweep.plant(field);
  const say = (method: string, params?: object) => request(client, method, params).catch(() => {});
  const modern = flavour.protocolVersion === '2026-07-28';

  await say('tools/list');
  await say('tools/list', { cursor: plant('next cursor') });
  await request(
    client,
    'tools/call',
    {
      name: 'known',
      arguments: {
        [plant('argument key')]: 1,
        [plant('declared argument')]: 1,
        text: plant('argument value'),
        nested: { [plant('nested key')]: 1, list: [plant('nested value')] },
        captured: plant('captured argument'),
      },
      _meta: {
        [plant('_meta key')]: plant('_meta value'),
        'x-correlation-id': plant('correlation id'),
      },
    },
    { onprogress: () => {} },
  ).catch(() => {});
  await say('tools/call', {
    name: 'plain',
    arguments: { [plant('key for an unlisted tool')]: 1, in: { [plant('nested key for it')]: 1 } },
  });
  await say('tools/call', {
    name: 'plain',
    _meta: {
      'io.modelcontextprotocol/aiInvocation': {
        turnId: plant('turn id'),
        model: { name: plant('model of the turn') },
        userIntent: { text: plant('intent of the user') },
        invocationReason: { text: plant('reason of the call') },
      },
    },
  });
  await say('tools/call', { name: 'plain', arguments: {}, _meta: { traceparent: plant('traceparent') } });
  await say('tools/call', {
    name: 'plain',
    _meta: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: sweep.plant('tracestate', (text) => `vendor=${text}`),
      baggage: sweep.plant('baggage', (text) => `given=${encodeURIComponent(text)}`),
    },
  });
  await say('tools/call', {
    name: 'plain',
    _meta: {
      baggage: sweep.plant('correlation id in baggage', (text) => `x-correlation-id=${encodeURIComponent(text)}`),
    },
  });
  for (const name of ['failing', 'throwing', 'refusing', 'asking', plant('tool name')]) {
    await say('tools/call', { name, arguments: {} });
  }
  await say('prompts/list');
  await say('prompts/get', {
    name: plant('prompt name'),
    arguments: {
      [plant('prompt variable')]: '1',
      text: plant('prompt variable value'),
      ['pass'.concat('word')]: plant('prompt password'),
    },
  });
  await say('resources/list');
  await say('resources/templates/list');
  for (const [field, put] of Object.entries(URIS)) await say('resources/read', { uri: sweep.plant(field, put) });
  await say('completion/complete', {
    ref: { type: 'ref/prompt', name: plant('completed prompt') },
    argument: { name: plant('completed argument'), value: plant('completed value') },
    context: { arguments: { [plant('completion context key')]: plant('completion context value') } },
  });
  await say('completion/complete', {
    ref: { type: 'ref/resource', uri: sweep.plant('completed URI', asUri) },
    argument: { name: 'a', value: 'b' },
  });
  await say('acme/custom', { [plant('custom key')]: plant('custom value') });
  await say(plant('method'), { a: 1 });
  await say('tasks/get', { taskId: plant('task id') });
  await say('tasks/cancel', { taskId: plant('cancelled task id') });
  if (!modern) {
    await say('resources/subscribe', { uri: sweep.plant('subscribed URI', asUri) });
    await say('logging/setLevel', { level: plant('log level') });
  }

  // Without the SDKs, which number requests themselves and validate messages.
  const { clientSends, serverSends } = odd(sweep, modern);
  for (const message of clientSends) await clientTransport.send(message).catch(() => {});
  for (const message of serverSends) await server.transport.send(message).catch(() => {});
}

function odd(sweep: Sweep, modern: boolean): { clientSends: object[]; serverSends: object[] } {
  const plant = (field: string) => sweep.plant(field);
  const jsonrpc = '2.0';
  const notify = (method: string, params: object) => ({ jsonrpc, method, params });
  return {
    clientSends: [
      { jsonrpc, id: plant('request id'), method: 'tools/call', params: { name: 'plain', arguments: {} } },
      {
        jsonrpc,
        id: 'progress',
        method: 'tools/call',
        params: { name: 'known', _meta: { progressToken: plant('progress token') } },
      },
      {
        jsonrpc,
        id: 'version',
        method: 'tools/list',
        params: { _meta: { 'io.modelcontextprotocol/protocolVersion': plant('declared version') } },
        [plant('message member')]: plant('message member value'),
      },
      notify('notifications/cancelled', { requestId: plant('cancelled id'), reason: plant('cancellation reason') }),
      notify('notifications/progress', {
        progressToken: plant('unknown token'),
        progress: 1,
        message: plant('sent progress'),
      }),
      notify(plant('notification method'), { [plant('notification key')]: plant('notification value') }),
    ],
    serverSends: [
      // A client of 2026-07-28 gets only the notifications it listens to.
      ...(modern ? [] : [notify('notifications/resources/updated', { uri: sweep.plant('updated URI', asUri) })]),
      notify('notifications/tasks/status', {
        taskId: plant('status task id'),
        status: 'completed',
        statusMessage: plant('status message'),
      }),
      notify('notifications/message', { level: 'info', logger: plant('second logger'), data: plant('second log') }),
      {
        jsonrpc,
        id: plant('server request id'),
        method: 'elicitation/create',
        params: { message: plant('odd elicitation') },
      },
      { jsonrpc, id: 'unasked', error: { code: -32000, message: plant('unasked error'), data: plant('unasked data') } },
    ],
  };
}
