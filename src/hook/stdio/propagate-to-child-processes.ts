/**
 * The option `propagateToChildProcesses`: traces server processes that a client starts, without code in them. The MCP
 * SDKs pass only a short list of variables to child processes, without the preload and the exporter settings.
 */
import { existsSync } from 'node:fs';
import { registerUrl } from '../../lib/location.js';
import type { Undo } from '../replace-methods.js';

/** The parameters of a stdio client transport: those of the SDKs, and those of the AI SDK. */
const MEMBERS = ['_serverParams', 'serverParams'] as const;

type ServerParams = { readonly env?: Readonly<Record<string, string>> };

/** Adds our variables to the child process that a stdio client transport starts. */
export function propagateToChildProcess(transport: object): Undo {
  const member = MEMBERS.find((each) => each in transport);
  const stdio = transport as Record<string, ServerParams | undefined>;
  const params = member && stdio[member];
  if (member === undefined || typeof params !== 'object' || params === null) return () => {};
  // The parameters are the application's object: the transport gets a copy.
  stdio[member] = { ...params, env: childEnvironment(params.env) };
  return () => {
    stdio[member] = params;
  };
}

const PROPAGATED = /^(?:OTEL|MCP_TRAIL)_/;
/** Our preload, by name or as a file. A folder that merely has our name does not count. */
const REGISTERED = /mcp-trail\/(?:dist\/(?:esm|cjs)\/)?register/;

/** The child's variables. Those that the application chose win over ours. */
export function childEnvironment(
  chosen: Readonly<Record<string, string>> | undefined,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && PROPAGATED.test(name)) environment[name] = value;
  }
  Object.assign(environment, chosen);
  const nodeOptions = withRegister(chosen?.['NODE_OPTIONS']);
  if (nodeOptions !== undefined) environment['NODE_OPTIONS'] = nodeOptions;
  return environment;
}

/** `NODE_OPTIONS` with our preload, once, by its absolute URL: the child may run in any folder. */
function withRegister(options: string | undefined): string | undefined {
  const url = registerUrl();
  if (url === undefined || !existsSync(new URL(url))) return options;
  const preload = `--import=${url}`;
  if (options === undefined || options.trim() === '') return preload;
  return REGISTERED.test(options) ? options : `${options} ${preload}`;
}
