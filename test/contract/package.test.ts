/** What the package promises from outside: its entries in both module formats, its dependencies, its documented options. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../src/lib/version.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Every value that can be imported. A name that goes is a breaking change, one that comes is a promise. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  'mcp-trail': [
    'FileLogRecordExporter',
    'McpInstrumentation',
    'StderrLogRecordExporter',
    'annotate',
    'auditTokenVerifier',
    'instrumentClient',
    'instrumentHandler',
    'instrumentServer',
    'instrumentTransport',
    'inventory',
    'recordAuthentication',
    'recordAuthorization',
    'recordConfigChange',
    'recordGuardrail',
  ],
  'mcp-trail/register': [],
  'mcp-trail/semconv': [
    'ATTR_CLIENT_ADDRESS',
    'ATTR_CLIENT_PORT',
    'ATTR_ERROR_TYPE',
    'ATTR_GEN_AI_OPERATION_NAME',
    'ATTR_GEN_AI_PROMPT_NAME',
    'ATTR_GEN_AI_PROMPT_VARIABLE',
    'ATTR_GEN_AI_TOOL_CALL_ARGUMENTS',
    'ATTR_GEN_AI_TOOL_CALL_RESULT',
    'ATTR_GEN_AI_TOOL_NAME',
    'ATTR_JSONRPC_PROTOCOL_VERSION',
    'ATTR_JSONRPC_REQUEST_ID',
    'ATTR_MCP_METHOD_NAME',
    'ATTR_MCP_PROTOCOL_VERSION',
    'ATTR_MCP_RESOURCE_URI',
    'ATTR_MCP_SESSION_ID',
    'ATTR_MCP_TRAIL_AUDIT_SINK',
    'ATTR_MCP_TRAIL_CANCELLED',
    'ATTR_MCP_TRAIL_CLIENT_NAME',
    'ATTR_MCP_TRAIL_CLIENT_VERSION',
    'ATTR_MCP_TRAIL_RESULT_TYPE',
    'ATTR_MCP_TRAIL_ROUND',
    'ATTR_MCP_TRAIL_SERVER_NAME',
    'ATTR_MCP_TRAIL_SERVER_VERSION',
    'ATTR_MCP_TRAIL_SIDE',
    'ATTR_MCP_TRAIL_TASK_ID',
    'ATTR_MCP_TRAIL_TASK_STATUS',
    'ATTR_NETWORK_PROTOCOL_NAME',
    'ATTR_NETWORK_PROTOCOL_VERSION',
    'ATTR_NETWORK_TRANSPORT',
    'ATTR_RPC_RESPONSE_STATUS_CODE',
    'ATTR_RPC_STATUS_CODE',
    'ATTR_SERVER_ADDRESS',
    'ATTR_SERVER_PORT',
    'AUDIT_EVENTS',
    'AUDIT_EVENT_DETAILS',
    'AUDIT_FIELDS',
    'AUDIT_SCHEMA_VERSION',
    'ERROR_TYPE_VALUE_AUDIT_UNAVAILABLE',
    'ERROR_TYPE_VALUE_CANCELLED',
    'ERROR_TYPE_VALUE_CONNECTION_CLOSED',
    'ERROR_TYPE_VALUE_INVALID_RESULT',
    'ERROR_TYPE_VALUE_NOT_CONNECTED',
    'ERROR_TYPE_VALUE_OTHER',
    'ERROR_TYPE_VALUE_SEND_FAILED',
    'ERROR_TYPE_VALUE_TIMEOUT',
    'ERROR_TYPE_VALUE_TOOL_ERROR',
    'ERROR_TYPE_VALUE_TOOL_NOT_LOCKED',
    'GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL',
    'MCP_DURATION_BUCKETS',
    'MCP_METHOD_NAME_VALUE_COMPLETION_COMPLETE',
    'MCP_METHOD_NAME_VALUE_ELICITATION_CREATE',
    'MCP_METHOD_NAME_VALUE_INITIALIZE',
    'MCP_METHOD_NAME_VALUE_LOGGING_SET_LEVEL',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_CANCELLED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_ELICITATION_COMPLETE',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_INITIALIZED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_MESSAGE',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_PROGRESS',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_PROMPTS_LIST_CHANGED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_RESOURCES_LIST_CHANGED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_RESOURCES_UPDATED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_ROOTS_LIST_CHANGED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_SUBSCRIPTIONS_ACKNOWLEDGED',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TASKS',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TASKS_STATUS',
    'MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TOOLS_LIST_CHANGED',
    'MCP_METHOD_NAME_VALUE_PING',
    'MCP_METHOD_NAME_VALUE_PROMPTS_GET',
    'MCP_METHOD_NAME_VALUE_PROMPTS_LIST',
    'MCP_METHOD_NAME_VALUE_RESOURCES_DIRECTORY_READ',
    'MCP_METHOD_NAME_VALUE_RESOURCES_LIST',
    'MCP_METHOD_NAME_VALUE_RESOURCES_READ',
    'MCP_METHOD_NAME_VALUE_RESOURCES_SUBSCRIBE',
    'MCP_METHOD_NAME_VALUE_RESOURCES_TEMPLATES_LIST',
    'MCP_METHOD_NAME_VALUE_RESOURCES_UNSUBSCRIBE',
    'MCP_METHOD_NAME_VALUE_ROOTS_LIST',
    'MCP_METHOD_NAME_VALUE_SAMPLING_CREATE_MESSAGE',
    'MCP_METHOD_NAME_VALUE_SERVER_DISCOVER',
    'MCP_METHOD_NAME_VALUE_SKILLS_GET',
    'MCP_METHOD_NAME_VALUE_SKILLS_LIST',
    'MCP_METHOD_NAME_VALUE_SUBSCRIPTIONS_LISTEN',
    'MCP_METHOD_NAME_VALUE_TASKS_CANCEL',
    'MCP_METHOD_NAME_VALUE_TASKS_GET',
    'MCP_METHOD_NAME_VALUE_TASKS_LIST',
    'MCP_METHOD_NAME_VALUE_TASKS_RESULT',
    'MCP_METHOD_NAME_VALUE_TASKS_UPDATE',
    'MCP_METHOD_NAME_VALUE_TOOLS_CALL',
    'MCP_METHOD_NAME_VALUE_TOOLS_LIST',
    'MCP_PROTOCOL_VERSIONS',
    'MCP_SERVER_NON_ERROR_CODES',
    'MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED',
    'MCP_TRAIL_RESULT_TYPE_VALUE_TASK',
    'MCP_TRAIL_SIDE_VALUE_CLIENT',
    'MCP_TRAIL_SIDE_VALUE_SERVER',
    'MCP_TRAIL_SIZE_BUCKETS',
    'METRIC_MCP_CLIENT_OPERATION_DURATION',
    'METRIC_MCP_CLIENT_SESSION_DURATION',
    'METRIC_MCP_SERVER_OPERATION_DURATION',
    'METRIC_MCP_SERVER_SESSION_DURATION',
    'METRIC_MCP_TRAIL_AUDIT_RECORDS_LOST',
    'METRIC_MCP_TRAIL_OPERATIONS_ACTIVE',
    'METRIC_MCP_TRAIL_OPERATIONS_EVICTED',
    'METRIC_MCP_TRAIL_REQUEST_SIZE',
    'METRIC_MCP_TRAIL_RESPONSE_SIZE',
    'NETWORK_TRANSPORT_VALUE_PIPE',
    'NETWORK_TRANSPORT_VALUE_QUIC',
    'NETWORK_TRANSPORT_VALUE_TCP',
    'NETWORK_TRANSPORT_VALUE_UNIX',
    'REQUIRED_AUDIT_FIELDS',
  ],
  'mcp-trail/mappings': [
    'ECS_VERSION',
    'LOKRYN_VERSION',
    'OCSF_VERSION',
    'toCef',
    'toDatadog',
    'toEcs',
    'toLokryn',
    'toOcsf',
  ],
};

/** Types that the main entry exports beside its values. */
const PUBLIC_TYPES = [
  'Annotations',
  'Approver',
  'ArgumentPredicate',
  'AuditConfig',
  'AuditDelivery',
  'AuditRecord',
  'AuditSink',
  'AuthenticationEvent',
  'AuthorizationDecision',
  'CaptureRule',
  'ClassificationRule',
  'ConfigChange',
  'Delegation',
  'FetchHandler',
  'FileLogRecordExporterOptions',
  'GuardrailVerdict',
  'Identity',
  'IdentityContext',
  'Instrumented',
  'InventorySnapshot',
  'McpInstrumentationConfig',
  'McpOperationInfo',
  'McpPeer',
  'McpPeerInfo',
  'McpServerHolder',
  'PolicyDocument',
  'SecretDetector',
  'ServerSelector',
  'ServerSnapshot',
  'StderrLogRecordExporterOptions',
  'ToolCapture',
];

const LOADERS = {
  ESM: { flag: '--input-type=module', load: 'await import(entry)' },
  CommonJS: { flag: '--input-type=commonjs', load: 'require(entry)' },
} as const;

/** Names that each entry exports, seen by a process of its own that finds the package by its name. */
async function exportsBy(format: keyof typeof LOADERS): Promise<Record<string, string[]>> {
  const { flag, load } = LOADERS[format];
  const code = `
    const names = {};
    for (const entry of ${JSON.stringify(Object.keys(ENTRIES))}) names[entry] = Object.keys(${load}).sort();
    console.log(JSON.stringify(names));
  `;
  // The register entry does nothing at all then.
  return JSON.parse(await printed([flag, '-e', code], { OTEL_SDK_DISABLED: 'true' }));
}

/** What Node prints in the checkout. */
async function printed(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
  return stdout;
}

describe('the built package', () => {
  it('is there, and newer than the source', () => {
    const built = modifiedAt('dist/cjs/package.json');
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const newer = files.map((path) => join('src', path)).filter((path) => modifiedAt(path) > built);
    expect(newer, 'dist/ is missing or older than src/: npm run build').toEqual([]);
  });

  it('has the entries that package.json names, and no other', () => {
    const entries = Object.keys(manifest.exports).filter((path) => !path.endsWith('.json'));
    expect(entries.map((path) => path.replace(/^\./, 'mcp-trail'))).toEqual(Object.keys(ENTRIES));
  });

  it.each(['ESM', 'CommonJS'] as const)('exports as %s what it promises', async (format) => {
    const promised = Object.entries(ENTRIES).map(([entry, names]) => [entry, [...names].sort()]);
    expect(await exportsBy(format)).toEqual(Object.fromEntries(promised));
  });

  it('declares the types it promises, once for both formats', () => {
    const declarations = readFileSync(join(ROOT, 'dist/cjs/index.d.ts'), 'utf8');
    const names = [...declarations.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
      .flatMap(([, list = '']) => list.split(','))
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '');
    expect(names.sort()).toEqual([...(ENTRIES['mcp-trail'] as string[]), ...PUBLIC_TYPES].sort());
  });

  it('has one state per process, however it is loaded', async () => {
    const code = `
      const { createRequire } = await import('node:module');
      const [imported, required] = [await import('mcp-trail'), createRequire(import.meta.url)('mcp-trail')];
      console.log(JSON.stringify(Object.keys(imported).filter((name) => imported[name] !== required[name])));
    `;
    expect(await printed(['--input-type=module', '-e', code])).toBe('[]\n');
  });

  it('reads the switches before it loads anything', async () => {
    const loaded = 'console.log(Object.keys(require.cache).length)';
    const register = ['--require', 'mcp-trail/register', '-e', loaded];
    for (const [name, value] of Object.entries({ MCP_TRAIL_ENABLED: 'off', OTEL_SDK_DISABLED: 'true' })) {
      expect(await printed(register, { [name]: value })).toBe('1\n');
    }
  });

  it.each([
    ['off', false],
    ['stderr', true],
  ])('loads the audit trail only where it is kept: %s', async (MCP_TRAIL_AUDIT, isLoaded) => {
    const loaded = "console.log(Object.keys(require.cache).some((file) => file.endsWith('/dist/cjs/core/audit.js')))";
    const register = ['--require', 'mcp-trail/register', '-e', loaded];
    expect(await printed(register, { MCP_TRAIL_AUDIT, MCP_TRAIL_SDK: 'off' })).toBe(`${isLoaded}\n`);
  });

  it('finds its register entry beside the file that looks for it', () => {
    const core = join(ROOT, 'dist/cjs/core');
    const files = readdirSync(core).filter((name) => name.endsWith('.js'));
    const locating = files.filter((name) => readFileSync(join(core, name), 'utf8').includes('// src/lib/location.ts'));
    expect(locating).toHaveLength(1);
  });
});

/** Infinity for a file that is missing. */
function modifiedAt(path: string): number {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

describe('package.json', () => {
  it('has the name and version that the instrumentation scope carries', () => {
    expect({ name: PACKAGE_NAME, version: PACKAGE_VERSION }).toEqual({
      name: manifest.name,
      version: manifest.version,
    });
  });

  it('depends at run time on the two module hooks, on what starts a process on Windows, and on nothing else', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      'cross-spawn',
      'import-in-the-middle',
      'require-in-the-middle',
    ]);
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(manifest.bundleDependencies ?? manifest.bundledDependencies).toBeUndefined();
  });

  it('has the OpenTelemetry API as its only peer, of every version from 1.9 on, and one that encrypted archives alone need', () => {
    expect(manifest.peerDependencies).toEqual({ '@opentelemetry/api': '^1.9.0', 'age-encryption': '^0.3.1' });
    expect(manifest.peerDependenciesMeta).toEqual({ 'age-encryption': { optional: true } });
  });

  it('says what opens encrypted archives where that peer is not installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-package-'));
    try {
      cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
      cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
      const identity = await generateX25519Identity();
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(identity));
      writeFileSync(join(folder, 'a.age'), await encrypter.encrypt('{}'));
      writeFileSync(join(folder, 'id'), identity, { mode: 0o600 });
      const args = [join(folder, 'dist/cjs/cli.js'), 'query', join(folder, 'a.age'), '--identity', join(folder, 'id')];
      const ran = await promisify(execFile)(process.execPath, args).catch((error) => error);
      expect(ran).toMatchObject({ code: 3, stdout: '' });
      expect(ran.stderr).toContain(
        'it is encrypted, and the package age-encryption is not installed: npm install age-encryption\n',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names every package that its declarations import', () => {
    const declarations = readFileSync(join(ROOT, 'dist/cjs/types.d.ts'), 'utf8');
    const imported = [...declarations.matchAll(/(?:from|import\()\s*['"]([^.'"][^'"]*)['"]/g)]
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('node:'));
    const named = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect([...new Set(imported)].filter((name) => !named.includes(name))).toEqual([]);
    expect(imported).toContain('@opentelemetry/api');
  });

  it('says which files have side effects: the register entry, in both formats', () => {
    expect(manifest.sideEffects).toEqual(['./dist/esm/register.js', './dist/cjs/register.js']);
  });
});

describe('the options in docs/options.md', () => {
  it('are all that the types have, the hooks included', () => {
    const types = readFileSync(join(ROOT, 'src/types.ts'), 'utf8');
    const body = /interface McpInstrumentationConfig \{([\s\S]*?)^\}/m.exec(types)?.[1] ?? '';
    const declared = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
    expect(declared).not.toEqual([]);
    // In the table, or as the signature of a function.
    expect(declared.filter((name) => !new RegExp(`\`${name}[\`(]`).test(page()))).toEqual([]);
  });

  it('are all that the types of the audit trail have, its hooks included', () => {
    const types = readFileSync(join(ROOT, 'src/audit-types.ts'), 'utf8');
    const body = /interface AuditConfig \{([\s\S]*?)^\}/m.exec(types)?.[1] ?? '';
    const declared = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
    expect(declared).not.toEqual([]);
    expect(declared.filter((name) => !new RegExp(`\`audit\\.${name}[\`(]`).test(page()))).toEqual([]);
  });
});

function page(): string {
  const path = join(ROOT, 'docs/options.md');
  return existsSync(path) ? readFileSync(path, 'utf8') : expect.fail('docs/options.md is missing');
}

it('the declarations of every entry compile, their dependencies checked too', async () => {
  const entries = ['index', 'register', 'semconv', 'mappings'].map((name) => join(ROOT, `dist/cjs/${name}.d.ts`));
  const settings = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', 'false', '--types', 'node'];
  const modules = ['--module', 'nodenext', '--target', 'es2022'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const compiled = promisify(execFile)(process.execPath, [tsc, ...settings, ...modules, ...entries], { cwd: ROOT });
  await expect(compiled).resolves.toMatchObject({ stdout: '' });
});
