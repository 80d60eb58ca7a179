/**
 * The server of all cells, for any SDK and module system: serves the tools on the given transport.
 */
const { randomUUID } = require('node:crypto');
const { createServer } = require('node:http');

const [transport] = process.argv.slice(2);

async function listen(handler) {
  const http = createServer(handler);
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  process.once('disconnect', () => process.exit(1)); // the client ended without stopping its server
  process.send({ url: `http://127.0.0.1:${http.address().port}/mcp` });
}

/** @type {Record<string, (sdk, makeServer) => Promise<unknown>>} */
const serve = {
  stdio: (sdk, makeServer) => makeServer().connect(new sdk.StdioServerTransport()),
  http: async (sdk, makeServer) => {
    const session = new sdk.HttpServerTransport({
      sessionIdGenerator: randomUUID,
    });
    await makeServer().connect(session);
    await listen((request, response) => session.handleRequest(request, response));
  },
  'stdio-modern': async (sdk, makeServer) => sdk.serveStdio(makeServer),
  'http-modern': (sdk, makeServer) => listen(sdk.toNodeHandler(sdk.createMcpHandler(makeServer))),
};

/**
 * @param sdk the classes of the MCP SDK, and `registerTools`
 * @param load imports a module in the module system of the application
 */
exports.runServer = async (sdk, load) => {
  const manual = process.env.MATRIX_MANUAL ? await load('mcp-trail') : undefined;
  const makeServer = () => {
    const server = new sdk.McpServer({
      name: 'matrix-server',
      version: '1.0.0',
    });
    sdk.registerTools(server, sdk);
    manual?.instrumentServer(server);
    return server;
  };
  await serve[transport](sdk, makeServer);
  if (process.env.MATRIX_EXIT) process.stdin.once('end', () => process.exit());
};
