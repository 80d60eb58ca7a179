/** What comes first: the version of Node.js, and the copies of this package. */
import { PACKAGE_VERSION } from '../lib/version.js';
import { type Findings, fail, ok, type Patient, warn } from './finding.js';
import { folderOf, versionOf } from './probe.js';
import { serverProcess } from './server.js';

/** What `engines` of package.json says; a test compares them. */
export const NODE_VERSIONS = '^20.19.0 || ^22.12.0 || >=24.0.0';

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
}

export function node({ server }: Patient): Findings {
  const [version, who] = [serverProcess(server)?.node, 'of the command'];
  const [found, whose] = version === undefined ? [process.version, ''] : [version, ` ${who}`];
  if (isSupported(found)) return [ok(`Node.js ${found}${whose}`)];
  return [fail(`Node.js ${found}${whose} is not supported. Accepted: ${NODE_VERSIONS}`)];
}

/** The copies that one process has loaded. */
export function copies({ server }: Patient): Findings {
  const files = serverProcess(server)?.ours ?? [];
  const found = new Map(files.map((file) => [folderOf(file), versionOf(file)]));
  if (found.size > 1) {
    const list = [...found].map(([folder, version]) => `${version} in ${folder}`).join(', ');
    return [warn(`the command loads several copies of mcp-trail: ${list}. Install one, beside the application`)];
  }
  const [version = PACKAGE_VERSION] = found.values();
  if (version === PACKAGE_VERSION) return [ok(`mcp-trail ${version}`)];
  return [warn(`the command loads mcp-trail ${version}, and this is ${PACKAGE_VERSION}: it may differ`)];
}
