/** Every variable of every file, set to nothing, and every address without a scheme. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { choices, configArguments } from '../../collector-config/stack/collector.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { certificates } from './support/certificates.js';
import { collectorPlace, type Place } from './support/collector.js';
import { CONFIG } from './support/rules.js';

const YOURS = fileURLToPath(new URL('./fixtures/yours.yaml', import.meta.url));
/** Files with components that the build lacks: their checks are tested alone. */
const NOT_BUILT = ['backends/datadog-apm', 'overlays/auth-oidc', 'overlays/kubernetes'];

const FILES = [
  'base',
  ...(['backends', 'overlays', 'tiers'] as const).flatMap((in_) => choices(in_).map((name) => `${in_}/${name}`)),
];
const text = (file: string) => readFileSync(join(CONFIG, `${file}.yaml`), 'utf8').replace(/^\s*#.*$/gm, '');
const variables = (file: string) => [
  ...new Set([...text(file).matchAll(/\$\{(?:env:)?(MCP_\w+)/g)].map(([, name]) => name as string)),
];
/** Read with the configuration, so that each of them ends the start alone. */
const isRead = (file: string, name: string) => text(file).includes(`\${file:\${env:${name}:-`);
/** The address of a gateway is one of gRPC, which needs no scheme. */
const isUrl = (name: string) => /_(ENDPOINT|URL)$/.test(name) && name !== 'MCP_GATEWAY_ENDPOINT';
const all = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]));

let place: Place;
let secured: Record<string, string>;
beforeAll(async () => {
  place = await collectorPlace();
  const {
    MCP_TLS_CLIENT_CA_FILE: ca = '',
    MCP_TLS_CERT_FILE: cert = '',
    MCP_TLS_KEY_FILE: key = '',
    ...rest
  } = (await certificates(place.folder)).server;
  const tls = (tier: string) => ({
    [`MCP_${tier}_CA_FILE`]: ca,
    [`MCP_${tier}_CERT_FILE`]: cert,
    [`MCP_${tier}_KEY_FILE`]: key,
  });
  secured = {
    ...rest,
    MCP_TLS_CLIENT_CA_FILE: ca,
    MCP_TLS_CERT_FILE: cert,
    MCP_TLS_KEY_FILE: key,
    MCP_GATEWAYS: '[127.0.0.1:1]',
    MCP_GATEWAY_ENDPOINT: '127.0.0.1:1',
    MCP_KAFKA_BROKERS: '[127.0.0.1:1]',
    ...tls('GATEWAY'),
    ...tls('KAFKA'),
  };
});
afterAll(() => place.remove());

/** `otelcol validate` of a file with the base and a backend for every signal. */
async function validate(file: string, env: Record<string, string> = {}) {
  const base = [join(CONFIG, 'base.yaml'), join(CONFIG, 'backends/debug.yaml')];
  return run(place.otelcol, [...base, await valid(file)], place.env({ ...secured, ...env }));
}

async function valid(file: string) {
  if (!NOT_BUILT.includes(file)) return join(CONFIG, `${file}.yaml`);
  const checks = join(place.folder, `${file.replace('/', '-')}.yaml`);
  const { exporters = {} } = parse(readFileSync(join(CONFIG, `${file}.yaml`), 'utf8'));
  if (!existsSync(checks)) await writeFile(checks, stringify({ exporters }));
  return checks;
}

function run(program: string, files: string[], env: Record<string, string>) {
  return new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(program, ['validate', ...configArguments(files)], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

/** The variables of whose checks the output tells. */
const named = (output: string, how: string) => {
  const found = output.matchAll(new RegExp(`exporters::\\w+/(MCP_\\w+): ${how}`, 'g'));
  return [...new Set([...found].map(([, name]) => name as string))].sort();
};
const EMPTY = '(?:path must be non-empty|at least one endpoint must be specified|invalid endpoint "": )';

/** Variables that a check component is named after. */
const checked = (file: string) =>
  variables(file)
    .filter((name) => !isRead(file, name))
    .sort();
const urls = (file: string) => checked(file).filter(isUrl);

describe('a variable that is set to nothing is refused by its name', () => {
  it.each(FILES.filter((file) => checked(file).length > 0))('in %s', async (file) => {
    const { code, output } = await validate(file, all(checked(file), ''));
    expect(named(output, EMPTY)).toEqual(checked(file));
    expect(code).toBe(1);
  });

  const read = FILES.flatMap((file) => variables(file).flatMap((name) => (isRead(file, name) ? [[file, name]] : [])));
  it.each(read as [string, string][])('in %s: %s, the path of a file that it reads', async (file, name) => {
    const { code, output } = await validate(file, { [name]: '' });
    expect(output).toContain(`unable to read the file file:/${name}/..`);
    expect(code).toBe(1);
  });
});

describe('an address without a scheme is refused by the name of its variable', () => {
  it.each(FILES.filter((file) => urls(file).length > 0))('in %s', async (file) => {
    const { code, output } = await validate(file, all(urls(file), 'localhost:3100'));
    expect(named(output, 'invalid endpoint "localhost:3100"')).toEqual(urls(file));
    expect(code).toBe(1);
  });
});

it('add-to-yours.yaml refuses every variable that is set to nothing, by its name', async () => {
  const files = [join(CONFIG, 'add-to-yours.yaml'), YOURS];
  const theirs = { THEIR_EXTENSIONS: '[health_check, file_storage/mcp_audit]' };
  expect(await run(place.otelcol, files, place.env(theirs))).toMatchObject({ code: 0 });
  const names = variables('add-to-yours').sort();
  const { code, output } = await run(place.otelcol, files, place.env({ ...theirs, ...all(names, '') }));
  expect(named(output, EMPTY)).toEqual(names);
  expect(code).toBe(1);
});

it('jaeger.yaml refuses every variable that is set to nothing, by its name', async () => {
  const { jaeger } = await programs(['jaeger']);
  const files = [join(CONFIG, 'jaeger/jaeger.yaml')];
  expect(await run(jaeger as string, files, {})).toMatchObject({ code: 0 });
  const names = variables('jaeger/jaeger').sort();
  const { code, output } = await run(jaeger as string, files, all(names, ''));
  expect(named(output, EMPTY)).toEqual(names);
  expect(code).toBe(1);
});
