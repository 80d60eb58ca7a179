/** Runs both clients with both ways to pass variables to their servers, and checks the spans. Exits with code 1 if any is missing. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { checkTracedRun } from './traced-run.mjs';

const registerUrl = import.meta.resolve('mcp-trail/register');
if (!existsSync(fileURLToPath(registerUrl))) {
  console.error('mcp-trail is not built: run `npm run build` first');
  process.exit(1);
}
const registerFile = createRequire(import.meta.url).resolve('mcp-trail/register');

/** Arguments of each client, and the equivalent `NODE_OPTIONS` with an absolute path, because a server can run anywhere. */
const moduleSystems = {
  'ESM (SDK v2)': {
    command: ['--import', 'mcp-trail/register', 'client.mjs'],
    nodeOptions: `--import=${registerUrl}`,
  },
  'CommonJS (SDK v1)': {
    command: ['--require', 'mcp-trail/register', 'client.cjs'],
    nodeOptions: `--require=${JSON.stringify(registerFile)}`,
  },
};

/** How the server gets its preload and exporter: more variables for the client, and those that it passes on. */
const ways = {
  propagated: () => ({
    clientEnv: { MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES: 'true' },
    serverEnv: { OTEL_SERVICE_NAME: 'weather' },
  }),
  'by env': (nodeOptions, exporter) => ({
    clientEnv: {},
    serverEnv: { OTEL_SERVICE_NAME: 'weather', NODE_OPTIONS: nodeOptions, ...exporter },
  }),
};

const expected = {
  prints: 'It is sunny in Lisbon.',
  service: 'weather',
  operations: ['initialize', 'notifications/initialized', 'tools/call get_weather'],
};

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.chdir(import.meta.dirname); // The commands name files of this folder, and resolve mcp-trail from it.

for (const [system, { command, nodeOptions }] of Object.entries(moduleSystems)) {
  for (const [way, environments] of Object.entries(ways)) {
    const client = (exporter) => {
      const { clientEnv, serverEnv } = environments(nodeOptions, exporter);
      return { args: [...command, JSON.stringify(serverEnv)], env: { OTEL_SERVICE_NAME: 'agent', ...clientEnv } };
    };
    try {
      console.log(`ok      ${system}, ${way}: ${await checkTracedRun(client, expected)}`);
    } catch (error) {
      console.log(`failed  ${system}, ${way}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
