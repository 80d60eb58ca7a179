/** Runs a real Elasticsearch for tests, on loopback, with security and Elastic's templates. Its data is always temporary. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BUILT_IN, COMPONENTS, TEMPLATES } from './elasticsearch-templates.mjs';
import { startProgram } from './process.mjs';

const USER = 'elastic';
/** User and group without rights, for a caller that is root: a server has no need for them. */
const NOBODY = '65534';
const HEAP = '-Xmx1g';
/** For runs of minutes: half the processor time until the first request is answered. */
const SHORT_RUN = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const READY_TIMEOUT_MS = 180_000;
const INSTALL = fileURLToPath(new URL('../elastic/install.sh', import.meta.url));

/** @typedef {Awaited<ReturnType<typeof createElasticsearch>>} Elasticsearch */

/**
 * Prepares a folder for a node, with a password. `start` runs the node, and runs it again with the same data after its end.
 *
 * @param {object} options
 * @param {string} options.program folder of the built program
 * @param {number} options.port
 * @param {string} [options.password] default: a random one
 */
export async function createElasticsearch({ program, port, password = randomBytes(16).toString('hex') }) {
  const asRoot = process.getuid?.() === 0;
  // Where another user can enter: TMPDIR of root may be root's own.
  const home = await mkdtemp(join(asRoot ? '/tmp' : tmpdir(), 'mcp-trail-elasticsearch-'));
  const [config, passwordFile] = [join(home, 'config'), join(home, 'password')];
  await mkdir(config);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await writeFile(join(config, 'elasticsearch.yml'), JSON.stringify(settings(home, port)));
  let files = program;
  if (asRoot) {
    // The cache is in root's home, which no other user can enter.
    files = join(home, 'program');
    await cp(program, files, { recursive: true });
    await promisify(execFile)('chown', ['-R', `${NOBODY}:${NOBODY}`, home]);
  }
  const java = [
    ...['java', HEAP, ...SHORT_RUN, '--add-opens', 'java.base/java.lang=ALL-UNNAMED'],
    ...['-cp', [join(files, 'classes'), join(files, 'lib', '*')].join(':'), 'org.elasticsearch.node.StackNode'],
    ...[config, passwordFile],
  ];
  const [file, ...args] = asRoot ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', ...java] : java;

  const url = `http://127.0.0.1:${port}`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  return {
    url,
    user: USER,
    password,
    passwordFile,
    /** For the Collector's key. */
    keyFile: join(home, 'collector-key'),

    async start() {
      const running = await startProgram({
        name: 'Elasticsearch',
        file: String(file),
        args,
        cwd: home,
        readyUrl: `${url}/_cluster/health?wait_for_status=yellow&timeout=1s`,
        readyHeaders: headers,
        readyTimeoutMs: READY_TIMEOUT_MS,
      });
      await putTemplates(url, headers, join(files, 'resources')).catch(async (error) => {
        await running.stop();
        throw error;
      });
      return running;
    },

    /** Removes its folder; only after its end. */
    remove: () => rm(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/**
 * Runs `elastic/install.sh`, and returns the variables of the Collector's `backends/elastic.yaml`.
 *
 * @param {Elasticsearch} elasticsearch
 */
export async function installElastic({ url, user, passwordFile, keyFile }) {
  const env = { MCP_ELASTIC_ENDPOINT: url, MCP_ELASTIC_API_KEY_FILE: keyFile };
  await promisify(execFile)('bash', [INSTALL], {
    env: {
      PATH: String(process.env.PATH),
      ...env,
      MCP_ELASTIC_USER: user,
      MCP_ELASTIC_PASSWORD_FILE: passwordFile,
    },
  });
  return env;
}

/** @param {string} home @param {number} port */
const settings = (home, port) => ({
  'cluster.name': 'mcp-trail-stack',
  'node.name': 'stack',
  'path.home': home,
  'network.host': '127.0.0.1',
  'http.port': port,
  'transport.port': 0,
  'discovery.type': 'single-node',
  'cluster.routing.allocation.disk.threshold_enabled': false, // a full disk of a developer is no reason to wait
  'xpack.license.self_generated.type': 'trial',
  'xpack.security.enabled': true,
  'xpack.security.http.ssl.enabled': false,
  'xpack.security.transport.ssl.enabled': false,
});

/** @param {string} url @param {Record<string, string>} headers @param {string} resources */
async function putTemplates(url, headers, resources) {
  /** @param {string} path @param {unknown} body */
  const put = async (path, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(new URL(path, url), { method: 'PUT', headers, body: text });
    if (!response.ok) throw new Error(`Elasticsearch refused ${path}: ${await response.text()}`);
  };
  for (const name of BUILT_IN) {
    const text = await readFile(join(resources, `${name}.json`), 'utf8');
    const variables = { version: '1', deprecated: 'false' };
    await put(
      `_component_template/${name}`,
      text.replace(
        /\$\{xpack\.stack\.template\.(version|deprecated)\}/g,
        (_, key) => /** @type {any} */ (variables)[key],
      ),
    );
  }
  // `logs@settings` names it. Its processors have no jar, and change nothing that the Collector sends.
  await put('_ingest/pipeline/logs@default-pipeline', { processors: [] });
  for (const [name, template] of Object.entries(COMPONENTS)) await put(`_component_template/${name}`, { template });
  for (const [name, template] of Object.entries(TEMPLATES)) await put(`_index_template/${name}`, template);
}
