/** Applications with an OpenTelemetry API, and an SDK, of their own version. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT } from './child.js';

export const NEWER = '1.99.0';
export const OLDER = '1.8.0';

/** What the application's SDK consists of. Copied: a link would lead back to the API of this checkout. */
const COPIED = ['api', 'context-async-hooks', 'core', 'resources', 'sdk-trace', 'sdk-trace-base', 'sdk-trace-node'];
const LINKED = ['@opentelemetry/api-logs', '@opentelemetry/semantic-conventions', '@modelcontextprotocol', 'zod'];

/** An application that registers its own SDK, uses it, and serves MCP. */
const APPLICATION = `
import { trace } from '@opentelemetry/api';
import './safety-own-sdk.mjs';
const span = trace.getTracer('application').startSpan('own work');
process.stderr.write(\`recording: \${span.isRecording()}\\n\`);
span.end();
await import('./safety-server-v1.mjs');
`;

/** Uses the SDK that somebody else has registered. */
const WITHOUT_SDK = APPLICATION.replace("import './safety-own-sdk.mjs';", '');

/** Has what is used of `@opentelemetry/sdk-node`. */
const SDK_NODE = `
const { NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const exporter = {
  export(spans, done) {
    for (const { name } of spans) process.stderr.write(\`own SDK: \${name}\\n\`);
    done({ code: 0 });
  },
  async shutdown() {},
};
exports.NodeSDK = class {
  _tracerProvider;
  _loggerProvider;
  start() {
    this._tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    this._tracerProvider.register();
  }
};
`;

const folders: string[] = [];

export function removeApplications(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** An application with the servers of the tests. */
export function application(apiVersion: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-app-'));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
  for (const name of COPIED) {
    const path = `@opentelemetry/${name}`;
    cpSync(join(ROOT, 'node_modules', path), join(modules, path), { recursive: true });
  }
  for (const name of LINKED) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  setApiVersion(join(modules, '@opentelemetry/api'), apiVersion);
  for (const file of ['safety-own-sdk.mjs', 'safety-server-v1.mjs', 'safety-behaviour.mjs'])
    cpSync(join(ROOT, 'test/fixtures', file), join(folder, file));
  writeFileSync(join(folder, 'own-sdk.mjs'), APPLICATION);
  writeFileSync(join(folder, 'no-sdk.mjs'), WITHOUT_SDK);
  return folder;
}

function setApiVersion(api: string, version: string): void {
  const { version: before } = JSON.parse(readFileSync(join(api, 'package.json'), 'utf8')) as { version: string };
  for (const file of ['package.json', 'build/src/version.js', 'build/esm/version.js', 'build/esnext/version.js']) {
    const text = readFileSync(join(api, file), 'utf8');
    expect(text, file).toContain(before);
    writeFileSync(join(api, file), text.replaceAll(before, version));
  }
}

/** Adds what `mcp-trail/register` finds and starts. */
export function addSdkNode(folder: string, version = '0.223.0'): void {
  const at = join(folder, 'node_modules/@opentelemetry/sdk-node');
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@opentelemetry/sdk-node', version }));
  writeFileSync(join(at, 'index.js'), SDK_NODE);
}
