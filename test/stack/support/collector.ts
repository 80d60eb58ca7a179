import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { configArguments, configFiles, startCollector } from '../../../collector-config/stack/collector.mjs';
import { freePort } from '../../../collector-config/stack/ports.mjs';
import { programs } from '../../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts } from '../../../collector-config/stack/stack.mjs';
import { scratch } from './scratch.js';

/** The files of a Collector. */
export interface Choice {
  readonly backends?: string[];
  readonly sources?: string[];
  readonly overlays?: string[];
  /** Paths below `collector-config/`, without extension. */
  readonly more?: readonly string[];
  /** Writes the output of the base configuration to files: see `sink.ts`. */
  readonly sink?: boolean;
}

type Env = Record<string, string | undefined>;
export type Running = Awaited<ReturnType<typeof startCollector>>;

/** Time limit for a start that is expected to fail. */
const TIMEOUT_MS = 60_000;
/** An endpoint without a listener. */
const NOWHERE = 'http://127.0.0.1:9';
const SINK = fileURLToPath(new URL('../fixtures/sink.yaml', import.meta.url));
const file = (path: string) => fileURLToPath(new URL(`../../../collector-config/${path}.yaml`, import.meta.url));

/**
 * A place for a Collector: a folder, free ports, and values for every variable, so that a test sets only what it tests. A variable
 * with the value `undefined` is not set.
 */
export async function collectorPlace() {
  const { otelcol } = await programs(['otelcol'], console.log);
  const { folder, remove } = await scratch();
  const secret = join(folder, 'api-key');
  await writeFile(secret, 'not-a-key-of-anybody');
  const headers = join(folder, 'headers');
  await writeFile(headers, 'x-api-key: not-a-key-of-anybody\n');
  const ca = join(folder, 'any-ca.pem');
  await writeFile(ca, rootCertificates[0] ?? '');
  const sink = join(folder, 'sink');
  await mkdir(sink);
  const ports = await freePorts();
  const defaults: Env = {
    ...(await collectorEnvironment(ports, folder)),
    MCP_TRACE_DECISION_WAIT: '1s',
    MCP_ELASTIC_ENDPOINT: NOWHERE,
    MCP_ELASTIC_API_KEY_FILE: secret,
    MCP_ELASTIC_RELAY_PORT: String(await freePort()),
    MCP_DATADOG_SITE: 'datadog.invalid',
    MCP_DATADOG_API_KEY_FILE: secret,
    MCP_SPLUNK_ENDPOINT: NOWHERE,
    MCP_SPLUNK_TOKEN_FILE: secret,
    MCP_OTLP_EXPORT_ENDPOINT: NOWHERE,
    MCP_OTLP_EXPORT_HEADERS_FILE: headers,
    MCP_SYSLOG_HOST: '127.0.0.1',
    MCP_SYSLOG_PORT: '9',
    MCP_SYSLOG_CA_FILE: ca,
    MCP_S3_BUCKET: 'trail',
    MCP_S3_ENDPOINT: NOWHERE,
    MCP_LOKI_ENDPOINT: NOWHERE,
    MCP_JAEGER_ENDPOINT: NOWHERE,
    MCP_PROMETHEUS_ENDPOINT: NOWHERE,
    // Otherwise AWS clients query the network for credentials.
    AWS_EC2_METADATA_DISABLED: 'true',
    SINK: sink,
  };
  const files = ({ backends = [], sources = [], overlays = [], more = [], sink = false }: Choice) => [
    ...configFiles({ backends, sources, overlays }),
    ...more.map(file),
    ...(sink ? [SINK] : []),
  ];
  const set = (env: Env) =>
    Object.fromEntries(Object.entries({ ...defaults, ...env }).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;

  return {
    otelcol: otelcol as string,
    folder,
    sink,
    ports,
    remove,
    files,
    env: set,
    otlp: `http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`,
    metrics: `http://127.0.0.1:${ports.MCP_SELF_METRICS_PORT}/metrics`,

    start: (choice: Choice, env: Env = {}): Promise<Running> =>
      startCollector({ otelcol: otelcol as string, files: files(choice), env: set(env) }),

    /** Exit code and output of `otelcol validate`, without info messages. */
    validate: (choice: Choice, env: Env = {}) => run(otelcol as string, ['validate', ...arguments_(choice)], set(env)),

    /** The same for a start that is expected to fail; the code is `null` if it did not exit. */
    failedStart: (choice: Choice, env: Env = {}) => run(otelcol as string, arguments_(choice), set(env)),
  };

  function arguments_(choice: Choice) {
    return configArguments(files(choice));
  }
}

export type Place = Awaited<ReturnType<typeof collectorPlace>>;

function run(program: string, args: string[], env: Record<string, string>) {
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
      const lines = (stdout + stderr).split('\n').filter((line) => !line.startsWith('{"level":"info"'));
      resolve({ code, output: lines.join('\n') });
    });
  });
}
