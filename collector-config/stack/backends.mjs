/** Starts Loki, Prometheus and Jaeger, the backends of Grafana, and Zipkin, for its page. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from './process.mjs';

/** @param {string} path below `collector-config/` */
const config = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** OTLP, exemplars, and counters that start at zero, so that `increase` sees the first error of a series. */
export const PROMETHEUS_FLAGS = [
  '--web.enable-otlp-receiver',
  '--enable-feature=exemplar-storage,created-timestamp-zero-ingestion',
];

/**
 * @typedef {object} Place
 * @property {string} file path of the program
 * @property {string} folder for its data
 * @property {Record<string, string>} env ports and other variables of the program's configuration
 */

/** @param {Place} place */
export async function startLoki({ file, folder, env }) {
  const dir = join(folder, 'loki');
  await mkdir(dir, { recursive: true });
  return startProgram({
    name: 'Loki',
    file,
    args: [`-config.file=${config('loki/loki.yaml')}`, '-config.expand-env=true'],
    env: { MCP_LOKI_DIR: dir, MCP_LOKI_RULES_DIR: config('loki/rules'), ...env },
    readyUrl: `http://127.0.0.1:${env.MCP_LOKI_HTTP_PORT}/ready`,
  });
}

/** @param {Place} place */
export function startPrometheus({ file, folder, env }) {
  const address = `127.0.0.1:${env.MCP_PROMETHEUS_PORT}`;
  return startProgram({
    name: 'Prometheus',
    file,
    args: [
      `--config.file=${config('prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      ...PROMETHEUS_FLAGS,
    ],
    env,
    readyUrl: `http://${address}/-/ready`,
  });
}

/** @param {Place} place */
export function startJaeger({ file, env }) {
  return startProgram({
    name: 'Jaeger',
    file,
    args: ['--config', config('jaeger/jaeger.yaml')],
    env,
    readyUrl: `http://127.0.0.1:${env.MCP_JAEGER_HEALTH_PORT}/status`,
  });
}

/** For a few traces and runs of minutes: a small heap, and half the processor time until the page is there. */
const SMALL_JAVA = ['-Xmx160m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** @param {Place} place */
export async function startZipkin({ file, env }) {
  const port = env.MCP_ZIPKIN_PORT;
  const [jar = ''] = await readdir(join(file, 'lib'));
  return startProgram({
    name: 'Zipkin',
    file: 'java',
    args: [
      ...SMALL_JAVA,
      '-jar',
      join(file, 'lib', jar),
      // By the settings of its server: its own variables know no address.
      `--armeria.ports[0].port=${port}`,
      '--armeria.ports[0].ip=127.0.0.1',
      '--armeria.ports[0].protocols[0]=http',
    ],
    readyUrl: `http://127.0.0.1:${port}/health`,
    readyTimeoutMs: 180_000,
  });
}
