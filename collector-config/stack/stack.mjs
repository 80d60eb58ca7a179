/** Starts the Collector and backends together, on loopback: Loki, Prometheus and Jaeger, Elasticsearch, Zipkin. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startJaeger, startLoki, startPrometheus, startZipkin } from './backends.mjs';
import { configFiles, startCollector } from './collector.mjs';
import { createElasticsearch, installElastic } from './elasticsearch.mjs';
import { freePort } from './ports.mjs';
import { programs } from './programs.mjs';

/** Ports of the stack, by variable, with their defaults. */
export const PORTS = {
  MCP_OTLP_GRPC_PORT: 4317,
  MCP_OTLP_HTTP_PORT: 4318,
  MCP_HEALTH_PORT: 13133,
  MCP_SELF_METRICS_PORT: 8888,
  MCP_ELASTIC_RELAY_PORT: 4320,
  MCP_S3_RELAY_PORT: 4321,
  MCP_LOKI_HTTP_PORT: 3100,
  MCP_LOKI_GRPC_PORT: 9095,
  MCP_PROMETHEUS_PORT: 9090,
  MCP_JAEGER_QUERY_PORT: 16686,
  MCP_JAEGER_QUERY_GRPC_PORT: 16685,
  MCP_JAEGER_HEALTH_PORT: 14133,
  MCP_JAEGER_OTLP_GRPC_PORT: 14317,
  MCP_JAEGER_OTLP_HTTP_PORT: 14318,
  MCP_ELASTICSEARCH_PORT: 9200,
  MCP_ZIPKIN_PORT: 9411,
};

/** Programs to start for a backend. @type {Record<string, import('./programs.mjs').ProgramName[]>} */
const RUN_HERE = { loki: ['loki', 'prometheus', 'jaeger'], jaeger: ['jaeger'] };

/** A free port for each of {@link PORTS}. */
export async function freePorts() {
  /** @type {Record<string, number>} */
  const ports = {};
  for (const name of Object.keys(PORTS)) ports[name] = await freePort();
  return ports;
}

/**
 * Variables of the Collector's configuration: ports, backend addresses, folders, and a key, created on first use.
 *
 * @param {Record<string, number>} ports
 * @param {string} folder
 */
export async function collectorEnvironment(ports, folder) {
  const key = join(folder, 'redaction-hmac-key');
  await mkdir(folder, { recursive: true });
  // Keep an existing key, so that the same secrets keep their hashes.
  await writeFile(key, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return {
    ...asText(ports),
    MCP_QUEUE_DIR: join(folder, 'queue'),
    MCP_ARCHIVE_DIR: join(folder, 'archive'),
    MCP_REDACTION_HMAC_KEY_FILE: key,
    MCP_LOKI_ENDPOINT: `http://127.0.0.1:${ports.MCP_LOKI_HTTP_PORT}/otlp`,
    MCP_PROMETHEUS_ENDPOINT: `http://127.0.0.1:${ports.MCP_PROMETHEUS_PORT}/api/v1/otlp`,
    MCP_JAEGER_ENDPOINT: `http://127.0.0.1:${ports.MCP_JAEGER_OTLP_HTTP_PORT}`,
  };
}

/** @param {Record<string, number>} ports @returns {Record<string, string>} */
const asText = (ports) => Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));

/** @typedef {Awaited<ReturnType<typeof startStack>>} Stack */

/**
 * Starts the programs of the chosen backends, then the Collector, and waits until all are ready.
 *
 * @param {object} options
 * @param {string} options.folder for data, queues and keys
 * @param {string[]} [options.backends] default: loki
 * @param {string[]} [options.sources]
 * @param {string[]} [options.overlays]
 * @param {boolean} [options.elastic] adds the backend elastic, starts its Elasticsearch, and runs `elastic/install.sh`
 * @param {boolean} [options.page] starts Zipkin, which shows traces on a page
 * @param {Record<string, number>} [options.ports] default: free ones
 * @param {Record<string, string>} [options.env] more variables of the Collector, `MCP_*`
 * @param {import('./programs.mjs').Log} [options.log] receives build progress
 * @throws {Error} if something cannot be built or does not start; stops what was already started
 */
export async function startStack({
  folder,
  backends = ['loki'],
  sources = [],
  overlays = [],
  elastic = false,
  page = false,
  ports,
  env = {},
  log,
}) {
  const chosen = elastic ? [...new Set([...backends, 'elastic'])] : backends;
  const files = configFiles({ backends: chosen, sources, overlays });
  const here = [...new Set(chosen.flatMap((name) => RUN_HERE[name] ?? []))];
  if (elastic) here.push('elasticsearch');
  if (page) {
    here.push('zipkin');
    files.push(fileURLToPath(new URL('zipkin.yaml', import.meta.url)));
  }
  const paths = await programs(['otelcol', ...here], log);
  const all = ports ?? (await freePorts());
  const settings = { ...(await collectorEnvironment(all, folder)), ...env };
  /** @type {import('./elasticsearch.mjs').Elasticsearch | undefined} */
  let elasticsearch;

  const start = {
    loki: () => startLoki({ file: paths.loki, folder, env: asText(all) }),
    prometheus: () => startPrometheus({ file: paths.prometheus, folder, env: asText(all) }),
    jaeger: () => startJaeger({ file: paths.jaeger, folder, env: asText(all) }),
    zipkin: () => startZipkin({ file: paths.zipkin, folder, env: asText(all) }),
    elasticsearch: async () => {
      elasticsearch ??= await createElasticsearch({ program: paths.elasticsearch, port: all.MCP_ELASTICSEARCH_PORT });
      return elasticsearch.start();
    },
    otelcol: () => startCollector({ otelcol: paths.otelcol, files, env: settings }),
  };
  /** @type {Map<string, import('./process.mjs').RunningProgram>} */
  const running = new Map();
  const stop = async () => {
    await running.get('otelcol')?.stop(); // before the backends that it still sends to
    await Promise.all([...running.values()].map((program) => program.stop()));
    await elasticsearch?.remove();
  };
  const started = await Promise.allSettled(here.map(async (name) => running.set(name, await start[name]())));
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    if (elasticsearch) Object.assign(settings, await installElastic(elasticsearch));
    running.set('otelcol', await start.otelcol());
  } catch (error) {
    await stop();
    throw error;
  }

  const url = (/** @type {string} */ port) => `http://127.0.0.1:${all[port]}`;
  return {
    /** Addresses, whether or not the program runs here. */
    urls: {
      otlp: url('MCP_OTLP_HTTP_PORT'),
      otlpGrpc: url('MCP_OTLP_GRPC_PORT'),
      health: url('MCP_HEALTH_PORT'),
      metrics: `${url('MCP_SELF_METRICS_PORT')}/metrics`,
      loki: url('MCP_LOKI_HTTP_PORT'),
      prometheus: url('MCP_PROMETHEUS_PORT'),
      jaeger: url('MCP_JAEGER_QUERY_PORT'),
      zipkin: `${url('MCP_ZIPKIN_PORT')}/zipkin/`,
    },
    ports: all,
    /** Address and credentials of Elasticsearch, if it runs here. */
    elasticsearch,
    /** The running programs, by name: `otelcol`, `loki`, `prometheus`, `jaeger`, `elasticsearch`, `zipkin`. */
    running,
    /** Restarts a program that has ended, with the same data. @param {keyof typeof start} name */
    async start(name) {
      running.set(name, await start[name]());
    },
    stop,
  };
}
