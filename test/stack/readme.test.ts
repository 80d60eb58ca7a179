/** Runs the commands of `collector-config/README.md`: its sample, and its first start. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts, PORTS, type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { collectorMetric } from './support/collector-metrics.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { queryLines } from './support/loki.js';
import { CONFIG } from './support/rules.js';
import { scratch } from './support/scratch.js';

const top = new URL('../../', import.meta.url);
const readme = await readFile(join(CONFIG, 'README.md'), 'utf8');
const place = await scratch();
afterAll(() => place.remove());

/** The commands of a section with their documented output. */
const examples = (heading: string) =>
  [...part(heading).matchAll(/```console\n\$ (.*)\n([\s\S]*?)```/g)].map(([, command, output]) => ({
    command: command as string,
    output: output as string,
  }));

function part(heading: string) {
  const text = readme.split(/^## /m).find((section) => section.startsWith(`${heading}\n`));
  if (text === undefined) throw new Error(`no part "${heading}"`);
  return text;
}

const sh = async (command: string) => (await promisify(execFile)('sh', ['-c', command], { cwd: top })).stdout;

/** Ids differ in each run. */
const withoutIds = (text: string) => text.replace(/[0-9a-f]{32}/g, '<trace id>');

describe('the sample', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ folder: place.folder, env: { MCP_TRACE_DECISION_WAIT: '1s' } });
  });
  afterAll(() => stack?.stop());

  /** The command with the ports of this stack. */
  const here = (command: string) =>
    command.replace(/(?<=127\.0\.0\.1:)\d+/g, (port) => {
      const [name] = Object.entries(PORTS).find(([, usual]) => String(usual) === port) ?? [];
      if (name === undefined) throw new Error(`nothing of the stack listens on port ${port}`);
      return String(stack.ports[name]);
    });

  it('is sent, and appears everywhere as documented', async () => {
    const all = examples('Send a sample');
    expect(all).toHaveLength(4);
    let sent = '';
    for (const [index, { command, output }] of all.entries()) {
      // The first command sends, the others poll.
      const shown = await (index === 0
        ? sh(here(command))
        : eventually(command, () => sh(here(command)).catch(String), {
            accept: (text) => withoutIds(text) === withoutIds(output),
          }));
      expect(withoutIds(shown)).toBe(withoutIds(output));
      sent ||= /[0-9a-f]{32}/.exec(shown)?.[0] as string;
      for (const [id] of shown.matchAll(/[0-9a-f]{32}/g)) expect(id).toBe(sent);
    }
  });

  it('is a valid audit record', async () => {
    const schema = JSON.parse(await readFile(new URL('src/semconv/registry/audit-record.schema.json', top), 'utf8'));
    const [line] = await eventually('sample', () => queryLines(stack.urls.loki, '{service_name="sample"}'), {
      accept: (lines) => lines.length > 0,
    });
    const validate = new Ajv2020({ strict: false }).compile(schema);
    const record = JSON.parse(line?.text ?? '');
    validate(record);
    expect(validate.errors ?? []).toEqual([]);
    expect(line?.text).toBe(JSON.stringify(Object.fromEntries(Object.entries(record).sort())));
  });
});

describe('the first start', () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'close');
    }
  });

  it('archives the sample', async () => {
    const folder = join(place.folder, 'first');
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    await symlink((await programs(['otelcol'])).otelcol as string, join(bin, 'otelcol-contrib'));
    const [commands] = /(?<=```sh\n)[\s\S]*?(?=```)/.exec(part('Start')) ?? [];
    const ports = await freePorts();
    const child = spawn('sh', ['-c', (commands as string).replace('otelcol-contrib', 'exec otelcol-contrib')], {
      cwd: CONFIG,
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        TMPDIR: folder,
        ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      },
      stdio: 'ignore',
    });
    children.push(child);
    await eventually('health', () => fetch(`http://127.0.0.1:${ports.MCP_HEALTH_PORT}`).then(({ status }) => status), {
      accept: (status) => status === 200,
    });
    const answer = await sh(`sh collector-config/sample.sh http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`);
    const trace = /trace\s+(\S+)/.exec(answer)?.[1] as string;
    const [data] = (await readdir(folder)).filter((name) => name !== 'bin');
    const archive = join(folder, data as string, 'archive/mcp-audit.jsonl');
    expect(JSON.parse(await readFile(archive, 'utf8')).resourceLogs[0].scopeLogs[0].logRecords[0].traceId).toBe(trace);
    expect(await sh(`node dist/cjs/cli.js timeline ${trace} ${archive}`)).toMatch(/response tools\/call +alice +ok/);
  });
});

it('a record takes as many bytes in the queue as documented', async () => {
  const [, size] = /A record of the demo takes ([\d,]+) bytes/.exec(readme) ?? [];
  const said = Number(size?.replaceAll(',', ''));
  const ports = await freePorts();
  // Nothing listens on Loki's port.
  const collector = await startCollector({
    otelcol: (await programs(['otelcol'])).otelcol as string,
    files: configFiles({ backends: ['loki'] }),
    env: await collectorEnvironment(ports, join(place.folder, 'queue')),
  });
  try {
    const { records } = await runDemo(`http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`);
    const metrics = `http://127.0.0.1:${ports.MCP_SELF_METRICS_PORT}/metrics`;
    const labels = ['exporter="otlp_http/loki_audit"'];
    const bytes = await eventually('queue', () => collectorMetric(metrics, 'otelcol_exporter_queue_size', labels));
    expect(bytes / records.length).toBeGreaterThan(said * 0.9);
    expect(bytes / records.length).toBeLessThan(said * 1.1);
  } finally {
    await collector.stop();
  }
});
