/**
 * The example client of the conformance comparison. The suite starts it once per scenario, with its server's URL as the last argument
 * and everything else in the environment. Exits with a non-zero code if the scenario did not complete.
 */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { createProvider } from './oauth.mjs';

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const url = new URL(/** @type {string} */ (process.argv.at(-1)));

/** Bounds consent requests if the server never accepts. */
const MAX_CONSENTS = 3;

/** @type {ReturnType<typeof createProvider> | undefined} */
const provider = scenario.startsWith('auth/') ? createProvider(scenario, context) : undefined;

/**
 * Attempts something that may need the user's consent, and repeats it after each consent.
 * @template T
 * @param {() => StreamableHTTPClientTransport} transportOf the transport that asked
 * @param {() => Promise<T>} attempt
 */
async function withConsent(transportOf, attempt) {
  for (let consents = 1; ; consents += 1)
    try {
      return await attempt();
    } catch (error) {
      const callback = provider?.takeCallback?.();
      if (!callback || consents === MAX_CONSENTS || !UnauthorizedError.isInstance(error)) throw error;
      await transportOf().finishAuth(callback);
    }
}

async function connect() {
  /** @type {StreamableHTTPClientTransport} */
  let transport;
  const client = await withConsent(
    () => transport,
    async () => {
      transport = new StreamableHTTPClientTransport(url, provider && { authProvider: provider });
      const fresh = new Client(
        { name: 'conformance-client', version: '1.0.0' },
        {
          capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
          ...(revision === '2026-07-28' && { versionNegotiation: { mode: 'auto' } }),
        },
      );
      fresh.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
      fresh.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///workspace' }] }));
      fresh.setRequestHandler('sampling/createMessage', () => ({
        model: 'none',
        role: 'assistant',
        content: { type: 'text', text: 'Paris' },
      }));
      await fresh.connect(transport);
      return fresh;
    },
  );
  return {
    client,
    close: () => client.close(),
    listTools: () =>
      withConsent(
        () => transport,
        async () => (await client.listTools()).tools,
      ),
    call: (/** @type {string} */ name, /** @type {Record<string, unknown>} */ args = {}) =>
      withConsent(
        () => transport,
        () => client.callTool({ name, arguments: args }),
      ),
  };
}

/** @typedef {Awaited<ReturnType<typeof connect>>} Connection */

/** The steps of each scenario after connecting and listing tools. @type {Record<string, (connection: Connection, tools: any[]) => Promise<unknown>>} */
const scenarios = {
  initialize: async () => {},
  'json-schema-ref-no-deref': async () => {},
  tools_call: ({ call }) => call('add_numbers', { a: 19, b: 23 }),
  'elicitation-sep1034-client-defaults': ({ call }) => call('test_client_elicitation_defaults'),
  'sse-retry': ({ call }) => call('test_reconnection'),
  'request-metadata': ({ call }) => call('any_tool'),
  'sep-2322-client-request-state': async ({ call }) => {
    await Promise.all(['test_mrtr_echo_state', 'test_mrtr_unrelated', 'test_mrtr_no_state'].map((name) => call(name)));
    // The result has no type; however the client handles it, it must not ask again.
    await call('test_mrtr_no_result_type').catch(() => {});
  },
  'http-standard-headers': async ({ client, call }, tools) => {
    for (const { name } of tools) await call(name);
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  },
  'http-custom-headers': async ({ call }) => {
    for (const { name, arguments: args } of context.toolCalls) await call(name, args);
  },
  // The client has removed tools with bad annotations from this list.
  'http-invalid-tool-headers': async ({ call }, tools) => {
    for (const { name } of tools) await call(name, { region: 'north' });
  },
  'json-schema-2020-12-preservation': ({ call }, tools) => {
    const { inputSchema } = tools.find(({ name }) => name === 'json_schema_2020_12_tool');
    return call('json_schema_echo', { schema: inputSchema });
  },
};

const play = scenarios[scenario] ?? (provider && (({ call }) => call('test-tool')));
try {
  if (!play) throw new Error(`No such scenario: ${scenario}`);
  const connection = await connect();
  try {
    await play(connection, await connection.listTools());
  } finally {
    await connection.close();
  }
} catch (error) {
  // Some scenarios must fail. Let the process end by itself, so that exit handlers run.
  console.error(error);
  process.exitCode = 1;
}
