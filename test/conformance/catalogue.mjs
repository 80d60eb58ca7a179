/**
 * The tools, resources and prompts of the example server, with the names that the official suite expects.
 * One factory serves both revisions. Tools that need input from the client either send it a request (only up to 2025-11-25), or
 * return `inputRequired()` (which the SDK supports on both).
 */
import { randomBytes } from 'node:crypto';
import {
  acceptedContent,
  completable,
  createRequestStateCodec,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ask, capabilitiesOf, form, sample, say, text } from './handler-kit.mjs';
import { registerTasks, TASKS_EXTENSION } from './tasks.mjs';

/** @typedef {import('@modelcontextprotocol/server').ServerContext} ServerContext */

// The smallest valid PNG and WAV: one pixel, one silent sample.
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==';

const image = { type: /** @type {const} */ ('image'), data: PNG, mimeType: 'image/png' };
const audio = { type: /** @type {const} */ ('audio'), data: WAV, mimeType: 'audio/wav' };
const embedded = (/** @type {string} */ uri, /** @type {string} */ mimeType, /** @type {string} */ body) => ({
  type: /** @type {const} */ ('resource'),
  resource: { uri, mimeType, text: body },
});

/** Signs the state with a key of this process, so that clients cannot change or forge it. */
const state = createRequestStateCodec({ key: randomBytes(32) });

/** Every primitive type with a default value. */
const FORM_WITH_DEFAULTS = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const titled = (/** @type {string} */ noun) =>
  ['First', 'Second', 'Third'].map((nth, index) => ({ const: `value${index + 1}`, title: `${nth} ${noun}` }));

/** Every way to offer a choice, including the deprecated one. */
const FORM_WITH_CHOICES = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
  },
};

/** Keywords that a schema library would drop; the tool list must keep them. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'postal',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    address: { $ref: '#/$defs/address' },
    channel: { enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { channel: { const: 'phone' } }, required: ['channel'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** Arguments that the client repeats as HTTP headers. */
const SCHEMA_WITH_HEADERS = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, query: { type: 'string' } },
  required: ['region'],
};

/** @typedef {{ toolsChanged: () => void, promptsChanged: () => void }} Announce */
/**
 * @typedef {object} ToolSpec
 * @property {string} description
 * @property {any} [inputSchema]
 * @property {(args: any, ctx: ServerContext, announce: Announce) => any} run
 */

/** Tools that need no input. @type {Record<string, ToolSpec>} */
const plainTools = {
  test_simple_text: { description: 'Returns one line of text.', run: () => say('A simple line of text.') },
  test_image_content: { description: 'Returns a picture.', run: () => ({ content: [image] }) },
  test_audio_content: { description: 'Returns a sound.', run: () => ({ content: [audio] }) },
  test_embedded_resource: {
    description: 'Returns a resource within its result.',
    run: () => ({ content: [embedded('test://embedded-resource', 'text/plain', 'The body of the resource.')] }),
  },
  test_multiple_content_types: {
    description: 'Returns text, a picture and a resource.',
    run: () => ({
      content: [text('Three kinds:'), image, embedded('test://mixed-content-resource', 'application/json', '{"n":3}')],
    }),
  },
  test_error_handling: {
    description: 'Always fails.',
    run: () => {
      throw new Error('This tool fails on purpose.');
    },
  },
  test_tool_with_logging: {
    description: 'Logs while it works.',
    run: async (_args, ctx) => {
      for (const step of ['started', 'working', 'done']) await ctx.mcpReq.log('info', `Tool ${step}`, 'conformance');
      return say('Logged three times.');
    },
  },
  test_logging_tool: {
    description: 'Logs, if the request asked for it.',
    run: async (_args, ctx) => {
      await ctx.mcpReq.log('info', 'Only if requested.');
      return say('Logged if wanted.');
    },
  },
  test_tool_with_progress: {
    description: 'Reports progress while it works.',
    run: async (_args, ctx) => {
      for (const progress of [0, 50, 100]) await report(ctx, progress);
      return say('Reported progress.');
    },
  },
  test_reconnection: {
    description: 'Drops the event stream before it answers, so that the client must reconnect for the result.',
    run: (_args, ctx) => {
      ctx.http?.closeSSE?.();
      return say('Delivered on the second stream.');
    },
  },
  test_trigger_tool_change: {
    description: 'Announces that the list of tools changed.',
    run: (_args, _ctx, announce) => {
      announce.toolsChanged();
      return say('Announced.');
    },
  },
  test_trigger_prompt_change: {
    description: 'Announces that the list of prompts changed.',
    run: (_args, _ctx, announce) => {
      announce.promptsChanged();
      return say('Announced.');
    },
  },
  test_header_params: {
    description: 'Takes an argument that is also a header.',
    inputSchema: fromJsonSchema(SCHEMA_WITH_HEADERS),
    run: ({ region }) => say(`Region ${region}`),
  },
  json_schema_2020_12_tool: {
    description: 'Takes arguments described by newer JSON Schema keywords.',
    inputSchema: fromJsonSchema(SCHEMA_2020_12),
    run: () => say('Valid.'),
  },
};

/** Tools that send the client a request and wait for the response. @type {Record<string, ToolSpec>} */
const pushTools = {
  test_sampling: {
    description: 'Asks the model of the client.',
    inputSchema: z.object({ prompt: z.string() }),
    run: async ({ prompt }, ctx) => {
      const messages = [{ role: /** @type {const} */ ('user'), content: text(prompt) }];
      const { content } = await ctx.mcpReq.requestSampling({ messages, maxTokens: 100 });
      return say(`The model says: ${JSON.stringify(content)}`);
    },
  },
  test_elicitation: {
    description: 'Asks the user of the client.',
    inputSchema: z.object({ message: z.string() }),
    run: ({ message }, ctx) => elicit(ctx, message, form(['username', 'email'])),
  },
  test_elicitation_sep1034_defaults: {
    description: 'Asks for every primitive type, with defaults.',
    run: (_args, ctx) => elicit(ctx, 'Please check these values.', FORM_WITH_DEFAULTS),
  },
  test_elicitation_sep1330_enums: {
    description: 'Asks for every kind of choice.',
    run: (_args, ctx) => elicit(ctx, 'Please choose.', FORM_WITH_CHOICES),
  },
};

/** Tools that return the input that they need, and are called again with it. @type {Record<string, ToolSpec>} */
const roundTools = {
  test_input_required_result_elicitation: {
    description: 'Needs a name.',
    run: (_args, { mcpReq }) => {
      const answer = acceptedContent(mcpReq.inputResponses, 'user_name', z.object({ name: z.string() }));
      if (answer) return say(`Hello, ${answer.name}!`);
      return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  },
  test_input_required_result_sampling: {
    description: 'Needs the model.',
    run: (_args, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'capital_question');
      if (answer.kind === 'sampling') return say(`The model says: ${JSON.stringify(answer.result.content)}`);
      return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?') } });
    },
  },
  test_input_required_result_list_roots: {
    description: 'Needs the roots.',
    run: (_args, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'client_roots');
      if (answer.kind === 'roots') return say(`Roots: ${answer.roots.map((root) => root.uri).join(' ')}`);
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  },
  test_input_required_result_request_state: { description: 'Needs a yes, and its own state back.', run: confirm },
  test_input_required_result_tampered_state: { description: 'Refuses a state that was changed.', run: confirm },
  test_input_required_result_multiple_inputs: {
    description: 'Needs three things at once.',
    run: async (_args, { mcpReq }) => {
      const answers = mcpReq.inputResponses ?? {};
      if (mcpReq.requestState() && ['user_name', 'greeting', 'client_roots'].every((key) => key in answers))
        return say('All three arrived.');
      return inputRequired({
        inputRequests: {
          user_name: ask('What is your name?', 'name'),
          greeting: sample('Write a greeting.'),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await state.mint({ step: 1 }),
      });
    },
  },
  test_input_required_result_multi_round: {
    description: 'Needs one thing after the other.',
    run: async (_args, { mcpReq }) => {
      const { step = 0, name } = /** @type {{ step?: number, name?: string }} */ (mcpReq.requestState() ?? {});
      const first = acceptedContent(mcpReq.inputResponses, 'step1', z.object({ name: z.string() }));
      const second = acceptedContent(mcpReq.inputResponses, 'step2', z.object({ color: z.string() }));
      if (step === 2 && second) return say(`${name} likes ${second.color}.`);
      if (step === 1 && first)
        return inputRequired({
          inputRequests: { step2: ask('What is your favourite colour?', 'color') },
          requestState: await state.mint({ step: 2, name: first.name }),
        });
      return inputRequired({
        inputRequests: { step1: ask('What is your name?', 'name') },
        requestState: await state.mint({ step: 1 }),
      });
    },
  },
  test_input_required_result_capabilities: {
    description: 'Needs whatever the client can give.',
    run: (_args, ctx) => {
      if (ctx.mcpReq.inputResponses) return say('Thank you.');
      const { elicitation, sampling } = capabilitiesOf(ctx);
      const inputRequests = {
        ...(elicitation && { name: ask('What is your name?', 'name') }),
        ...(sampling && { greeting: sample('Write a greeting.') }),
      };
      return Object.keys(inputRequests).length > 0
        ? inputRequired({ inputRequests })
        : say('The client offers nothing.');
    },
  },
  test_missing_capability: {
    description: 'Cannot work for a client without a model.',
    run: () => inputRequired({ inputRequests: { question: sample('Can you hear me?') } }),
  },
  test_streaming_elicitation: {
    description: 'Reports progress, then needs a name.',
    run: async (_args, ctx) => {
      if (ctx.mcpReq.inputResponses) return say('Thank you.');
      await report(ctx, 50);
      return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  },
};

/** Asks for confirmation with signed state, which the SDK verifies before the second round. */
async function confirm(/** @type {unknown} */ _args, /** @type {ServerContext} */ { mcpReq }) {
  const answer = acceptedContent(mcpReq.inputResponses, 'confirm', z.object({ ok: z.boolean() }));
  if (answer && mcpReq.requestState()) return say(`state-ok, confirmed: ${answer.ok}`);
  return inputRequired({
    inputRequests: { confirm: ask('Is that right?', 'ok', 'boolean') },
    requestState: await state.mint({ asked: true }),
  });
}

async function elicit(
  /** @type {ServerContext} */ ctx,
  /** @type {string} */ message,
  /** @type {any} */ requestedSchema,
) {
  const { action, content } = await ctx.mcpReq.elicitInput({ mode: 'form', message, requestedSchema });
  return say(`The user chose ${action}: ${JSON.stringify(content ?? {})}`);
}

async function report(/** @type {ServerContext} */ { mcpReq }, /** @type {number} */ progress) {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
}

const message = (/** @type {any} */ content) => ({ role: /** @type {const} */ ('user'), content });
const startsWith =
  (/** @type {string[]} */ ...words) =>
  (/** @type {string} */ value) =>
    words.filter((word) => word.startsWith(value));

/** @param {McpServer} server */
function registerPrompts(server) {
  server.registerPrompt('test_simple_prompt', { description: 'One message.' }, () => ({
    messages: [message(text('A simple prompt.'))],
  }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'One message with two blanks.',
      argsSchema: z.object({
        arg1: completable(z.string(), startsWith('test', 'testing', 'tester')),
        arg2: completable(z.string(), startsWith('hello', 'world')),
      }),
    },
    ({ arg1, arg2 }) => ({ messages: [message(text(`First '${arg1}', then '${arg2}'.`))] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'A resource and a question about it.', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [message(embedded(resourceUri, 'text/plain', 'The body.')), message(text('What is this?'))],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A picture and a question about it.' }, () => ({
    messages: [message(image), message(text('What is this?'))],
  }));
  server.registerPrompt('test_input_required_result_prompt', { description: 'Needs a context.' }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user_context', z.object({ context: z.string() }));
    if (answer) return { messages: [message(text(`Context: ${answer.context}`))] };
    return inputRequired({ inputRequests: { user_context: ask('Which context?', 'context') } });
  });
}

/** @param {McpServer} server */
function registerResources(server) {
  const plain = { mimeType: 'text/plain' };
  const watched = new Set();

  server.registerResource('static-text', 'test://static-text', { description: 'Text.', ...plain }, (uri) => ({
    contents: [{ uri: uri.href, ...plain, text: 'The text of the resource.' }],
  }));
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { description: 'A picture.', mimeType: 'image/png' },
    (uri) => ({ contents: [{ uri: uri.href, mimeType: 'image/png', blob: PNG }] }),
  );
  server.registerResource(
    'watched-resource',
    'test://watched-resource',
    { description: 'A resource that clients may watch.', ...plain },
    (uri) => ({
      contents: [{ uri: uri.href, ...plain, text: watched.has(uri.href) ? 'You are watching.' : 'Nobody watches.' }],
    }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'A resource for each id.', mimeType: 'application/json' },
    (uri, { id }) => ({ contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id }) }] }),
  );

  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
}

/**
 * A server for one session (2025-11-25) or one request (2026-07-28).
 * List changes are announced to the session; without sessions, the request has ended and the HTTP handler notifies subscribers.
 * @param {Announce} [subscribers]
 */
export function createServer(subscribers) {
  const server = new McpServer(
    { name: 'conformance-server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
        ...(subscribers && { extensions: { [TASKS_EXTENSION]: {} } }),
      },
      requestState: { verify: state.verify },
    },
  );
  const announce = subscribers ?? {
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
  };
  // The SDK passes arguments only if there is a schema.
  for (const [name, { run, ...spec }] of Object.entries({ ...plainTools, ...pushTools, ...roundTools }))
    server.registerTool(
      name,
      spec,
      spec.inputSchema
        ? (/** @type {any} */ args, /** @type {any} */ ctx) => run(args, ctx, announce)
        : (/** @type {any} */ ctx) => run({}, ctx, announce),
    );
  registerResources(server);
  registerPrompts(server);
  if (subscribers) registerTasks(server);
  return server;
}
