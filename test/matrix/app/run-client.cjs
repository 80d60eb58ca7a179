/**
 * The client of all cells, for any SDK and module system: starts a server process, calls three tools inside its own span, ends
 * both, and prints the results. Arguments: the transport and the server file.
 */
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { trace } = require('@opentelemetry/api');

const [transport, serverFile] = process.argv.slice(2);
const modern = transport?.endsWith('-modern');

/** Revision 2026-07-28 has no server-to-client requests. */
const calls = [
  { name: 'add', arguments: { a: 2, b: 3 } },
  { name: 'fail', arguments: {} },
  ...(modern ? [] : [{ name: 'ask', arguments: {} }]),
];

/** Arguments of the runtime for the server. */
const execArgv = JSON.parse(process.env.MATRIX_SERVER_ARGS);

/** `propagate` tests that the preload and the endpoint reach the server without help from the application. */
function overStdio({ StdioClientTransport }) {
  const service = { OTEL_SERVICE_NAME: 'matrix-server' };
  const propagated = process.env.MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES === 'true';
  const clientTransport = new StdioClientTransport({
    command: process.execPath,
    args: [...execArgv, serverFile, transport],
    env: propagated ? service : { ...process.env, ...service },
  });
  return { clientTransport, end: async () => {} };
}

async function overHttp({ StreamableHTTPClientTransport }) {
  const server = fork(serverFile, [transport], {
    execArgv,
    env: { ...process.env, OTEL_SERVICE_NAME: 'matrix-server' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(server, 'exit');
  const url = await Promise.race([
    once(server, 'message').then(([message]) => new URL(message.url)),
    exited.then(([code]) => Promise.reject(new Error(`the HTTP server ended with code ${code} before it listened`))),
  ]);
  return {
    clientTransport: new StreamableHTTPClientTransport(url),
    end: async () => {
      // Deno's `server.kill` also closes the channel, which the server would take for the end of its client.
      process.kill(server.pid, 'SIGTERM');
      const [code, signal] = await exited;
      return signal ?? code;
    },
  };
}

/**
 * @param sdk the classes of the MCP SDK, and `samplingMethod`, its name of a sampling request
 * @param load imports a module in the module system of the application
 */
exports.runClient = async (sdk, load) => {
  const client = new sdk.Client(
    { name: 'matrix-client', version: '1.0.0' },
    {
      capabilities: { sampling: {} },
      ...(modern && { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    },
  );
  client.setRequestHandler(sdk.samplingMethod, () => ({
    model: 'matrix',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }));
  if (process.env.MATRIX_MANUAL) (await load('mcp-trail')).instrumentClient(client);

  const { clientTransport, end } = await (transport.startsWith('http') ? overHttp(sdk) : overStdio(sdk));
  await client.connect(clientTransport);
  await client.listTools();
  const results = await trace.getTracer('matrix').startActiveSpan('agent', async (span) => {
    const answers = {};
    for (const call of calls) answers[call.name] = await client.callTool(call);
    span.end();
    return answers;
  });
  await client.close();
  const serverEnd = await end();
  const { bun, deno, node } = process.versions;
  process.stdout.write(JSON.stringify({ version: bun ?? deno ?? node, results, serverEnd }), () => {
    if (process.env.MATRIX_EXIT) process.exit();
  });
};
