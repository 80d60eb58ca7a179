import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG } from './support/rules.js';
import { scratch } from './support/scratch.js';

const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib';

/** Components that are not in the build, with the configuration schemas published in their modules. */
const COMPONENTS = [
  {
    file: 'overlays/kubernetes.yaml',
    at: ['processors', 'k8s_attributes'],
    module: `${CONTRIB}/processor/k8sattributesprocessor@v0.155.0`,
    schema: 'config.schema.yaml',
    definition: undefined,
  },
  {
    // The nearest published version to 0.155.0.
    file: 'overlays/auth-oidc.yaml',
    at: ['extensions', 'oidc/ingest'],
    module: `${CONTRIB}/extension/oidcauthextension@v0.159.0`,
    schema: 'config.schema.yaml',
    definition: undefined,
  },
  {
    // The connector is not published as a module, but its configuration is.
    file: 'backends/datadog-apm.yaml',
    at: ['connectors', 'datadog/connector'],
    module: `${CONTRIB}/pkg/datadog@v0.155.0`,
    schema: 'config/config.schema.yaml',
    definition: 'connector_component_config',
  },
];

let place: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  place = await scratch();
});
afterAll(() => place.remove());

async function schemaOf(module: string, path: string): Promise<any> {
  const options = { cwd: place.folder, env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod' } };
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], options);
  return parse(readFileSync(join(JSON.parse(stdout).Dir, path), 'utf8'));
}

/** Validates a value against a schema: unknown names and wrong types. */
function faults(value: any, schema: any, root: any, at = ''): string[] {
  if (schema.$ref) {
    const definition = root.$defs[schema.$ref];
    if (!definition) throw new Error(`${at}: cannot follow ${schema.$ref}`);
    return faults(value, definition, root, at);
  }
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return [`${at} is not a list`];
    return value.flatMap((item, index) => faults(item, schema.items, root, `${at}[${index}]`));
  }
  if (schema.type === 'object') {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [`${at} is not a mapping`];
    const properties = allProperties(schema, root);
    return Object.entries(value).flatMap(([key, member]) =>
      properties[key] ? faults(member, properties[key], root, `${at}.${key}`) : [`${at}.${key} is unknown`],
    );
  }
  return typeof value === schema.type ? [] : [`${at} is not of the type ${schema.type}`];
}

/** Properties of an object, including embedded ones. Definitions of other modules are skipped: we use none. */
function allProperties(schema: any, root: any): Record<string, any> {
  const parts = (schema.allOf ?? []).map(({ $ref }: any) => root.$defs[$ref]).filter(Boolean);
  return Object.assign({}, ...parts.map((part: any) => allProperties(part, root)), schema.properties);
}

describe.each(COMPONENTS)('$file', ({ file, at, module, schema, definition }) => {
  it(`matches the schema of ${module}`, async () => {
    const root = await schemaOf(module, schema);
    const wanted = definition ? root.$defs[definition] : root;
    const config = at.reduce((value, key) => value[key], parse(readFileSync(join(CONFIG, file), 'utf8')));
    expect(Object.keys(config)).not.toEqual([]);
    expect(faults(config, wanted, root)).toEqual([]);
    // The check does find errors.
    expect(faults({ ...config, no_such_setting: 1 }, wanted, root)).toEqual(['.no_such_setting is unknown']);
    const [first] = Object.keys(config);
    expect(faults({ ...config, [first as string]: 7 }, wanted, root)).toHaveLength(1);
  });
});
