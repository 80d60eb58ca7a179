/** A real Elasticsearch, set up by `elastic/install.sh`, and the real Collector with `backends/elastic.yaml` in front of it. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createElasticsearch } from '../../../collector-config/stack/elasticsearch.mjs';
import { freePort } from '../../../collector-config/stack/ports.mjs';
import { programs } from '../../../collector-config/stack/programs.mjs';
import { type Stack, startStack } from '../../../collector-config/stack/stack.mjs';
import { startKibana } from '../stand-ins/kibana.mjs';
import { scratch } from '../support/scratch.js';
import { startFaults } from './faults.js';

const INSTALL = fileURLToPath(new URL('../../../collector-config/elastic/install.sh', import.meta.url));

/** All data streams of audit records. */
export const AUDIT = 'logs-mcp.audit.otel-*';

/** A stored document. */
export interface Stored {
  /** Its data stream. */
  readonly stream: string;
  /** Its backing index. */
  readonly index: string;
  readonly id: string;
  readonly source: any;
  /** Fields whose values are stored, but cannot be searched. */
  readonly ignored: readonly string[];
}

export type ElasticPlace = Awaited<ReturnType<typeof startElasticPlace>>;

export async function startElasticPlace() {
  const place = await scratch();
  const { elasticsearch: program } = await programs(['elasticsearch']);
  const server = await createElasticsearch({
    program: program as string,
    port: await freePort(),
    password: 'a "quoted" password',
  });
  const began = performance.now();
  let running = await server.start();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const kibana = await startKibana(server);
  const faults = await startFaults(server.url);
  const keyFile = join(place.folder, 'collector-key');
  const passwordFile = join(place.folder, 'password');
  await writeFile(passwordFile, `${server.password}\n`); // with a newline, as from an editor

  const settings: Record<string, string> = {
    MCP_ELASTIC_ENDPOINT: server.url,
    MCP_ELASTIC_USER: server.user,
    MCP_ELASTIC_PASSWORD_FILE: passwordFile,
    MCP_ELASTIC_API_KEY_FILE: keyFile,
    MCP_KIBANA_ENDPOINT: kibana.url,
  };
  const install = (env: Record<string, string> = settings) =>
    promisify(execFile)('bash', [INSTALL], {
      cwd: place.folder,
      env: { PATH: String(process.env['PATH']), ...env },
    }).then(
      ({ stdout }) => ({ ok: true, text: stdout }),
      (error) => ({ ok: false, text: String(error.stderr) }),
    );

  /** Requests with these credentials. */
  const as = (authorization: string) => async (method: string, path: string, body?: unknown) => {
    const lines = Array.isArray(body);
    const text = lines ? body.map((line) => `${JSON.stringify(line)}\n`).join('') : JSON.stringify(body);
    const response = await fetch(new URL(path, server.url), {
      method,
      headers: { authorization, 'content-type': lines ? 'application/x-ndjson' : 'application/json' },
      ...(body === undefined ? {} : { body: text }),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const admin = as(basic(server.user, server.password));

  /** Documents that match a query. */
  async function search(index: string, query: object = { match_all: {} }): Promise<Stored[]> {
    await admin('POST', `${index}/_refresh?ignore_unavailable=true`);
    const { status, body } = await admin('POST', `${index}/_search?ignore_unavailable=true`, { query, size: 5_000 });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.hits.hits.map((hit: any) => ({
      stream: /^\.ds-(.+)-\d{4}\.\d\d\.\d\d-\d{6}$/.exec(hit._index)?.[1],
      index: hit._index,
      id: hit._id,
      source: hit._source,
      ignored: hit._ignored ?? [],
    }));
  }

  /** Documents with exactly these values. */
  const having = (index: string, values: Record<string, unknown>) =>
    search(index, { bool: { filter: Object.entries(values).map(([name, value]) => ({ term: { [name]: value } })) } });

  let stack: Stack | undefined;
  return {
    folder: place.folder,
    server,
    kibana,
    faults,
    settings,
    install,
    keyFile,
    as,
    basic,
    admin,
    search,
    having,
    writer: async () => as(`ApiKey ${(await readFile(keyFile, 'utf8')).trim()}`),
    get stack() {
      if (!stack) throw new Error('the Collector was not started');
      return stack;
    },

    /** Kills Elasticsearch, and starts it again with its data. */
    async outage(during: () => Promise<void>) {
      await running.kill();
      await during();
      running = await server.start();
    },

    async startCollector() {
      stack = await startStack({
        folder: place.folder,
        backends: ['elastic', 'archive-file'],
        env: { ...settings, MCP_ELASTIC_ENDPOINT: faults.url, MCP_TRACE_DECISION_WAIT: '1s' },
      });
    },

    async stop() {
      await stack?.stop();
      const resident = /VmRSS:\s+(\d+)/.exec(
        await readFile(`/proc/${running.pid}/status`, 'utf8').catch(() => ''),
      )?.[1];
      console.log(
        `Elasticsearch: ready in ${seconds} s, ${Math.round(Number(resident) / 1024)} MB resident at the end`,
      );
      await running.stop();
      await server.remove();
      await faults.stop();
      await kibana.stop();
      await place.remove();
    },
  };
}
