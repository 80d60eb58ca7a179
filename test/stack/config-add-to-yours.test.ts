import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { startCollector } from '../../collector-config/stack/collector.mjs';
import { type Backend, startBackend } from './support/backend.js';
import { collectorPlace, type Place } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { hex, logsRequest, post, tracesRequest } from './support/otlp.js';
import { CONFIG } from './support/rules.js';
import { logsFile, readLogs, readSpans, tracesFile } from './support/sink.js';

const FILES = ['../../collector-config/add-to-yours.yaml', './fixtures/yours.yaml'];
const files = FILES.map((path) => fileURLToPath(new URL(path, import.meta.url)));

const text = (path: string) => readFileSync(join(CONFIG, path), 'utf8');

let place: Place;
let loki: Backend;

beforeAll(async () => {
  place = await collectorPlace();
  loki = await startBackend();
});
afterAll(async () => {
  await loki?.stop();
  await place.remove();
});

const start = (extensions: string) => {
  const env = { MCP_LOKI_ENDPOINT: `${loki.url}/otlp`, THEIR_EXTENSIONS: extensions };
  return startCollector({ otelcol: place.otelcol, files, env: place.env(env) });
};

it('adds the audit trail to a running Collector and changes nothing else', async () => {
  let running = await start('[health_check, file_storage/mcp_audit]');
  try {
    loki.state.status = 503;
    const traceId = hex(16);
    const records = [{ eventName: 'mcp_audit.response', body: '<an audit record>' }, { body: '<a log>' }];
    expect(await post(place.otlp, '/v1/logs', logsRequest(records))).toMatchObject({ status: 200 });
    await post(place.otlp, '/v1/traces', tracesRequest([{ name: 'tools/call', traceId }]));
    const theirs = await eventually('their log', () => readLogs(logsFile(place.sink)), {
      accept: (all) => all.length > 0,
    });
    expect(theirs.map(({ body }) => body.stringValue)).toEqual(['<a log>']);
    await eventually('their span', () => readSpans(tracesFile(place.sink)), {
      accept: ([span]) => span?.traceId === traceId,
    });

    await running.kill();
    loki.state.status = 200;
    running = await start('[health_check, file_storage/mcp_audit]');
    await eventually('the record', () => loki.counts(['<an audit record>', 'mcp_audit.response', '<a log>']), {
      accept: ([record, name]) => record === 1 && name === 2, // as the event name, and as the attribute for Loki
    });
    expect(loki.counts(['<a log>'])).toEqual([0]);
  } finally {
    await running.kill();
  }
});

describe('operator.yaml', () => {
  const [collector, instrumentation] = parseAllDocuments(text('operator.yaml')).map((document) => document.toJS());
  const { config } = collector.spec;

  it('has the lines of add-to-yours.yaml', () => {
    const ours = parse(text('add-to-yours.yaml').replace(/\$\{env:\w+:-([^}]*)\}/g, '$1'));
    ours.exporters['otlp_http/mcp_audit'].endpoint = config.exporters['otlp_http/mcp_audit'].endpoint;
    for (const id of Object.keys(ours.exporters)) if (/\/MCP_/.test(id)) delete ours.exporters[id];
    ours.service.extensions = config.service.extensions;
    expect(config).toMatchObject(ours);
  });

  it('has the image of compose.yaml, its queue on the volume, and the address of its own service', () => {
    expect(text('compose.yaml')).toContain(`image: ${collector.spec.image}\n`);
    const [{ mountPath }] = collector.spec.volumeMounts;
    expect(config.extensions['file_storage/mcp_audit'].directory).toContain(`${mountPath}/`);
    expect(instrumentation.spec.exporter.endpoint).toBe(
      `http://${collector.metadata.name}-collector.observability:4318`,
    );
  });

  it('delivers audit records apart from everything else', async () => {
    const { MCP_OTLP_HTTP_PORT, MCP_OTLP_GRPC_PORT, MCP_HEALTH_PORT } = place.ports;
    const here = JSON.stringify(config)
      .replace('0.0.0.0:4317', `127.0.0.1:${MCP_OTLP_GRPC_PORT}`)
      .replace('0.0.0.0:4318', `127.0.0.1:${MCP_OTLP_HTTP_PORT}`)
      .replace('0.0.0.0:13133', `127.0.0.1:${MCP_HEALTH_PORT}`)
      .replace('http://loki:3100', loki.url)
      .replace('/var/lib/otelcol', place.folder);
    const file = join(place.folder, 'operator.json');
    await writeFile(file, here);
    const running = await startCollector({ otelcol: place.otelcol, files: [file], env: place.env({}) });
    try {
      const records = [{ eventName: 'mcp_audit.response', body: '<from a pod>' }, { body: '<a log of a pod>' }];
      expect(await post(place.otlp, '/v1/logs', logsRequest(records))).toMatchObject({ status: 200 });
      await eventually('the record', () => loki.counts(['<from a pod>', '<a log of a pod>']), {
        accept: ([record]) => record === 1,
      });
      expect(loki.counts(['<a log of a pod>'])).toEqual([0]);
    } finally {
      await running.kill();
    }
  });
});

it('reports a missing queue extension', async () => {
  await expect(start('[health_check]')).rejects.toThrow(/otlp_http\/mcp_audit.*(storage|extension)/s);
});
