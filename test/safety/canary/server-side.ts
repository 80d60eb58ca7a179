/** A server with a canary in everything it sends. Its handlers are low-level: nothing validates or completes their answers. */
import { DIALECTS } from '../../support/dialects.js';
import type { Flavour } from '../../support/flavours.js';
import type { Sweep } from './sweep.js';

const CAPABILITIES = {
  logging: {},
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
};

/** Puts text into a URI. */
export const asUri = (text: string) => `https://example.com/${encodeURIComponent(text)}`;

export function serverInfo(sweep: Sweep) {
  return {
    name: sweep.plant('server name'),
    version: sweep.plant('server version'),
    title: sweep.plant('server title'),
    websiteUrl: sweep.plant('server website', asUri),
  };
}

export function serverOptions(sweep: Sweep) {
  return {
    capabilities: {
      ...CAPABILITIES,
      experimental: { [sweep.plant('server capability')]: { [sweep.plant('server capability member')]: true } },
    },
    instructions: sweep.plant('server instructions'),
  };
}

/** An error with every member that an error can have. */
export function plantedError(sweep: Sweep): Error {
  const name = sweep.plantLocally('error class');
  const Class = { [name]: class extends Error {} }[name] as ErrorConstructor;
  const error = new Class(sweep.plant('error message'));
  error.name = sweep.plantLocally('error name');
  error.stack = sweep.plantLocally('error stack');
  error.cause = new Error(sweep.plantLocally('error cause'));
  return Object.assign(error, { data: { [sweep.plant('error data key')]: sweep.plant('error data value') } });
}

export function configureServer(mcp: any, flavour: Flavour, sweep: Sweep, record: () => void): void {
  const dialect = DIALECTS[flavour.sdk];
  const plant = (field: string, put?: (text: string) => string) => sweep.plant(field, put);
  const on = (method: string, answer: (params: any, raw: any) => unknown) =>
    dialect.onRequest(mcp.server, method, answer);
  const modern = flavour.protocolVersion === '2026-07-28';

  on('tools/list', ({ cursor } = {}) => ({
    tools: [tool('known', sweep), { ...tool('listed', sweep), name: plant('listed tool name') }],
    ...(cursor === undefined && { nextCursor: plant('next cursor') }),
    _meta: { [plant('result _meta key')]: plant('result _meta value') },
  }));
  on('tools/call', async ({ name, inputResponses }, raw) => {
    const { progressToken } = raw._meta ?? raw.mcpReq?._meta ?? {};
    if (name === 'known') {
      record();
      const notify = (method: string, params: object) => dialect.notifyWithin(raw, method, params);
      await notify('notifications/message', {
        level: 'info',
        logger: plant('logger name'),
        data: { [plant('log key')]: plant('log value') },
      });
      if (progressToken !== undefined) {
        await notify('notifications/progress', { progressToken, progress: 1, message: plant('progress message') });
      }
      return result(sweep);
    }
    if (name === 'failing') return { isError: true, content: [{ type: 'text', text: plant('isError text') }] };
    if (name === 'throwing') throw plantedError(sweep);
    if (name === 'refusing') throw dialect.error(-32029, plant('JSON-RPC error message'));
    if (name === 'asking' && modern) return inputResponses === undefined ? questions(sweep) : result(sweep);
    if (name === 'asking') return ask(raw, flavour, sweep);
    return result(sweep);
  });
  on('prompts/list', () => ({
    prompts: [
      {
        name: plant('listed prompt name'),
        title: plant('prompt title'),
        description: plant('prompt description'),
        arguments: [{ name: plant('prompt argument name'), description: plant('prompt argument description') }],
      },
    ],
  }));
  on('prompts/get', () => ({
    description: plant('prompt result description'),
    messages: [{ role: 'user', content: { type: 'text', text: plant('prompt message') } }],
  }));
  on('resources/list', () => ({
    resources: [{ uri: plant('listed resource URI', asUri), name: plant('listed resource name') }],
  }));
  on('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: plant('URI template', asUri), name: plant('template name') }],
  }));
  on('resources/read', () => ({
    contents: [
      { uri: plant('content URI', asUri), mimeType: plant('content MIME type'), text: plant('resource text') },
      { uri: 'test://blob', blob: Buffer.from(sweep.plantLocally('resource blob')).toString('base64') },
    ],
  }));
  on('completion/complete', () => ({ completion: { values: [plant('completion value')] } }));
  on('acme/custom', () => ({ [plant('custom result key')]: plant('custom result value') }));
  if (modern) return;
  on('resources/subscribe', () => ({}));
  on('resources/unsubscribe', () => ({}));
  on('logging/setLevel', () => ({}));
}

function tool(name: string, sweep: Sweep): object {
  const plant = (field: string) => sweep.plant(field);
  return {
    name,
    title: plant('tool title'),
    description: plant('tool description'),
    inputSchema: {
      type: 'object',
      properties: { [plant('declared argument')]: { type: 'string', description: plant('argument description') } },
    },
    annotations: { title: plant('tool annotation') },
    icons: [{ src: sweep.plant('icon', asUri) }],
    _meta: { [plant('tool _meta key')]: plant('tool _meta value') },
  };
}

function result(sweep: Sweep): object {
  const plant = (field: string) => sweep.plant(field);
  return {
    content: [
      { type: 'text', text: plant('result text'), annotations: { audience: ['user'] } },
      { type: 'image', data: 'AAAA', mimeType: plant('image MIME type') },
      { type: 'resource_link', uri: sweep.plant('linked URI', asUri), name: plant('linked name') },
      { type: 'resource', resource: { uri: 'test://embedded', text: plant('embedded text') } },
    ],
    structuredContent: { [plant('structured key')]: 1, deep: [plant('structured value')] },
  };
}

const sampling = (sweep: Sweep) => ({
  messages: [{ role: 'user', content: { type: 'text', text: sweep.plant('sampling text') } }],
  systemPrompt: sweep.plant('system prompt'),
  stopSequences: [sweep.plant('stop sequence')],
  modelPreferences: { hints: [{ name: sweep.plant('model hint') }] },
  metadata: { [sweep.plant('sampling metadata key')]: 1, text: sweep.plant('sampling metadata value') },
  maxTokens: 5,
});

const elicitation = (sweep: Sweep) => ({
  mode: 'form',
  message: sweep.plant('elicitation message'),
  requestedSchema: {
    type: 'object',
    properties: {
      [sweep.plant('elicited property')]: { type: 'string' },
      text: { type: 'string', description: sweep.plant('elicited description') },
    },
  },
});

/** Requests within a result, on 2026-07-28. */
function questions(sweep: Sweep): object {
  return {
    resultType: 'input_required',
    inputRequests: {
      model: { method: 'sampling/createMessage', params: sampling(sweep) },
      form: { method: 'elicitation/create', params: elicitation(sweep) },
      [sweep.plant('input request key')]: { method: 'roots/list' },
    },
    requestState: sweep.plant('request state'),
  };
}

/** Requests of the server. */
async function ask(raw: any, flavour: Flavour, sweep: Sweep): Promise<object> {
  const { requestWithin } = DIALECTS[flavour.sdk];
  await requestWithin(raw, 'sampling/createMessage', sampling(sweep));
  await requestWithin(raw, 'elicitation/create', elicitation(sweep));
  await requestWithin(raw, 'roots/list');
  return result(sweep);
}
