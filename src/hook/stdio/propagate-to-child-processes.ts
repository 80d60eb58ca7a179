/**
 * The environment a server process needs to be traced without code of its own. The MCP SDKs hand children a short list
 * of variables only, and neither the preload nor the exporter settings are on it.
 */
import { existsSync } from 'node:fs';
import { registerUrl } from '../../lib/location.js';

const PASSED_ON = /^(?:OTEL|MCP_TRAIL)_/;
/** Our preload, by its name or as a file; a folder that is only called like us is somebody else's. */
const REGISTERED = /mcp-trail\/(?:dist\/(?:esm|cjs)\/)?register/;

/** The child's variables, with ours beneath what the application chose. */
export function childEnvironment(
  chosen: Readonly<Record<string, string>> | undefined,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && PASSED_ON.test(name)) environment[name] = value;
  }
  Object.assign(environment, chosen);
  const nodeOptions = withRegister(chosen?.['NODE_OPTIONS']);
  if (nodeOptions !== undefined) environment['NODE_OPTIONS'] = nodeOptions;
  return environment;
}

/** `NODE_OPTIONS` with our preload, once, and by its absolute URL: the child may run anywhere. */
function withRegister(options: string | undefined): string | undefined {
  const url = registerUrl();
  if (url === undefined || !existsSync(new URL(url))) return options;
  const preload = `--import=${url}`;
  if (options === undefined || options.trim() === '') return preload;
  return REGISTERED.test(options) ? options : `${options} ${preload}`;
}
