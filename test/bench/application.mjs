/**
 * The application under measurement: a client and a server with one tool, joined by an in-memory transport.
 *
 * @typedef {{ name: string, arguments: object, _meta?: object }} CallParams
 * @typedef {(args: any, extra: any) => any} ToolHandler
 *
 * @typedef {object} Sdk what differs between the two lines of the MCP SDK
 * @property {string[]} packages
 * @property {string} protocolVersion the negotiated version
 * @property {() => [any, any]} createTransports
 * @property {() => any} createClient
 * @property {(echo: ToolHandler) => any} createServer
 * @property {(extra: any) => string | number} requestId
 * @property {(extra: any) => Record<string, unknown> | undefined} requestMeta
 *
 * @typedef {object} Addition what a variant adds to the application
 * @property {(client: any, server: any) => void} attach
 * @property {(name: string, handler: ToolHandler, sdk: Sdk) => ToolHandler} tool
 * @property {(client: any, sdk: Sdk) => (params: CallParams) => Promise<any>} caller
 * @property {(calls: number) => void} [verify] throws unless this many calls were fully recorded
 */

/** @type {Addition} */
const nothing = {
  attach: () => {},
  tool: (_name, handler) => handler,
  caller: (client) => (params) => client.callTool(params),
};

/** 20 bytes of payload. @type {CallParams} */
const params = { name: 'echo', arguments: { text: 'twenty bytes of text' } };

/**
 * @param {Sdk} sdk
 * @param {Partial<Addition>} addition
 */
export async function startApplication(sdk, addition) {
  const { attach, tool, caller } = { ...nothing, ...addition };
  /** Called inside the tool during the telemetry check; unset in timed runs. @type {((extra: any) => void) | undefined} */
  let witness;

  const echo = async ({ text }, extra) => {
    witness?.(extra);
    return { content: [{ type: 'text', text }] };
  };
  const client = sdk.createClient();
  const server = sdk.createServer(tool(params.name, echo, sdk));
  attach(client, server);
  const [clientSide, serverSide] = sdk.createTransports();
  await server.connect(serverSide);
  await client.connect(clientSide);
  const callOnce = caller(client, sdk);

  return {
    /** Makes `count` calls, one at a time. */
    async call(count) {
      for (let i = 0; i < count; i++) await callOnce(params);
    },
    /** Makes one call and returns its result, calling `inTool` from inside the tool. */
    async callWitnessed(inTool) {
      witness = inTool;
      try {
        return await callOnce(params);
      } finally {
        witness = undefined;
      }
    },
    async close() {
      await client.close();
      await server.close();
    },
  };
}
