/** The README and docs/: links resolve, names exist, and every snippet is taken from a file that is run. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { knownVariables } from '../../src/options/unknown-variables.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import * as semconv from '../../src/semconv/index.js';
import { parse } from '../support/audit.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAX_README_WORDS = 1200;

const DOCS = readdirSync(`${ROOT}docs`)
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const PAGES = ['README.md', ...DOCS];
/** All pages of the project: their links are checked. */
const LINKING = [
  ...PAGES,
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...['collector-config', 'examples', 'src', 'test'].flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => `${folder}/${path}`),
  ),
];

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const README = read('README.md');
const MANIFEST = JSON.parse(read('package.json'));

interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
  /** The comment before it, such as `snippet: FILE`. */
  readonly note: string | undefined;
}

const BLOCKS: readonly Block[] = PAGES.flatMap((page) =>
  [...read(page).matchAll(/(?:<!-- ([^\n]*?) -->\n)?```(\w*)\n([\s\S]*?)```/g)].map(
    ([, note, language = '', code = '']) => ({ page, language, code, note }),
  ),
);
const SNIPPETS = BLOCKS.filter(({ note }) => note?.startsWith('snippet: ')).map((block) => ({
  ...block,
  file: block.note?.slice('snippet: '.length) ?? '',
}));

function words(code: string): string {
  return code.replace(/\s+/g, ' ').trim();
}

/** What is written for people: no code, no tables, no comments. */
function prose(markdown: string): string {
  return markdown
    .replace(/```[\s\S]*?```/g, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^\|.*$/gm, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  const headings = [
    ...read(path)
      .replace(/```[\s\S]*?```/g, '')
      .matchAll(/^#+ (.*)$/gm),
  ];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The record without the fields that change from run to run. */
function stable(record: AuditRecord): Record<string, unknown> {
  const changing = /(?:time|_ms|_pid|correlation\.id|operation\.id|record\.id|chain\.id|hash)$/;
  return Object.fromEntries(Object.entries(record).filter(([key]) => !changing.test(key)));
}

/** Printed spans without ids and times. */
function withoutIds(printed: string): string {
  return printed
    .replace(/'[0-9a-f]{16,32}'/g, "'…'")
    .replace(/(timestamp|duration): [\d.]+/g, '$1: …')
    .trim();
}

const environment = (more: Record<string, string>) => ({ PATH: process.env['PATH'] ?? '', ...more });

/** The relative links of a text, without the code in it. */
function linksOf(markdown: string): string[] {
  return [...markdown.replace(/```[\s\S]*?```/g, '').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
    ([, link = '']) => link,
  );
}

/** The file that a relative link leads to. */
function targetOf(page: string, link: string): string {
  const [path = ''] = link.split('#');
  return path === '' ? page : posix.normalize(posix.join(dirname(page), path)).replace(/\/$/, '');
}

describe.each(LINKING)('%s', (page) => {
  const links = linksOf(read(page));

  it('links to files and headings that exist', () => {
    const broken = links.filter((link) => {
      const [, anchor] = link.split('#');
      const target = targetOf(page, link);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('the package', () => {
  const answer = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  // A list up to npm 11, keyed by name since.
  const [packed] = Object.values<{ files: readonly { path: string }[] }>(answer);
  const files = (packed?.files ?? []).map(({ path }) => path);

  it.each(files.filter((path) => path.endsWith('.md')))(
    '%s links to files of the package, or says that they are in the repository',
    (page) => {
      const loose = read(page)
        .replace(/```[\s\S]*?```/g, '')
        .split('\n\n')
        .filter((part) => !/\brepository\b/.test(part))
        .flatMap(linksOf)
        .filter((link) => {
          const target = targetOf(page, link);
          return !files.some((file) => file === target || file.startsWith(`${target}/`));
        });
      expect(loose).toEqual([]);
    },
  );
});

describe('CONTRIBUTING.md', () => {
  it('is right that no test is skipped', () => {
    const skipping = /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo|only|fails)\b|\.skip\(/;
    const tests = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.test.ts'),
    );
    expect(tests.length).toBeGreaterThan(100);
    expect(tests.filter((path) => skipping.test(read(`test/${path}`)))).toEqual([]);
  });
});

describe('the README', () => {
  it(`has at most ${MAX_README_WORDS} words of prose`, () => {
    expect(prose(README).split(/\s+/).length).toBeLessThanOrEqual(MAX_README_WORDS);
  });

  it('links to every page of docs/', () => {
    expect(DOCS.filter((page) => !README.includes(`](${page})`))).toEqual([]);
  });

  it('prints what its first example prints', async () => {
    const shown = BLOCKS.find(({ note }) => note === 'output: test/fixtures/readme-hello.mjs')?.code ?? '';
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'mcp-trail/register', 'test/fixtures/readme-hello.mjs'],
      { cwd: ROOT, env: environment({ OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none' }) },
    );
    expect(stdout).toBe('');
    expect(stderr.match(/instrumentationScope/g)).toHaveLength(6);
    expect(withoutIds(stderr)).toContain(withoutIds(shown));
  });

  it('draws a trace of spans that the demo checks', () => {
    const drawn = BLOCKS.find(({ page, code }) => page === 'README.md' && code.includes('plan a weekend'))?.code ?? '';
    const spans = drawn
      .trim()
      .split('\n')
      .map((line) => {
        const [, name, service, kind, rest = ''] = /^[│├└─ ]*(.+?) {2,}(\w+) +(\w+) +(.*)$/.exec(line) ?? [];
        const error = /ERROR (\S+)/.exec(rest)?.[1];
        return `${service} ${kind?.toUpperCase()} ${name}${error === undefined ? '' : ` !${error}`}\n`;
      });
    expect(spans.length).toBeGreaterThan(5);
    const checked = read('examples/demo/expected.mjs');
    expect(spans.filter((span) => !checked.includes(span))).toEqual([]);
  });

  it('has a configuration of a host that traces the server it starts in any folder', async () => {
    const json = BLOCKS.find(({ note }) => note === 'run: host')?.code ?? '';
    const here = json
      .replace('/srv/weather/node_modules/mcp-trail/', ROOT)
      .replace('/srv/weather/server.mjs', `${ROOT}examples/zero-code/server.mjs`);
    const { command, args, env } = JSON.parse(here).mcpServers.weather;
    expect(command).toBe('node');
    const receiver = await startOtlpReceiver();
    try {
      const transport = new StdioClientTransport({
        command: process.execPath,
        args,
        env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
        cwd: '/',
      });
      const client = new Client({ name: 'host', version: '1.0.0' });
      await client.connect(transport);
      await client.callTool({ name: 'get_weather', arguments: { city: 'Lisbon' } });
      await receiver.waitFor(({ spans }) => spans.some(({ name }) => name === 'tools/call get_weather'), {
        timeoutMs: 50_000,
        what: "the server's span",
      });
      await client.close();
    } finally {
      await receiver.close();
    }
  });

  it('sets up NodeSDK in a way that works', async () => {
    const receiver = await startOtlpReceiver();
    try {
      const child = spawn(
        process.execPath,
        ['--import', './test/fixtures/readme-node-sdk.mjs', 'test/fixtures/readme-hello.mjs'],
        {
          cwd: ROOT,
          env: environment({
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
            OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          }),
        },
      );
      await receiver.waitFor(({ spans }) => spans.length === 6, { timeoutMs: 50_000, what: 'six spans' });
      child.kill();
    } finally {
      await receiver.close();
    }
  });
});

describe('the pages', () => {
  it('take every JavaScript snippet from a file', () => {
    const loose = BLOCKS.filter(({ language, note }) => /^(?:js|ts)$/.test(language) && !note?.startsWith('snippet: '));
    expect(loose.map(({ page, code }) => `${page}: ${code.slice(0, 60)}`)).toEqual([]);
    expect(SNIPPETS.length).toBeGreaterThan(0);
  });

  it.each(SNIPPETS)('$page shows what is in $file', ({ file, code }) => {
    expect(words(read(file))).toContain(words(code));
  });

  it('have JSON and YAML that can be read', () => {
    for (const { language, code } of BLOCKS) {
      if (language === 'json') JSON.parse(code);
      if (language === 'yaml') parseYaml(code);
    }
  });

  it('name scripts and files that exist', () => {
    const text = [...LINKING.map(read)].join('\n');
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect([...new Set(scripts)].filter((name) => MANIFEST.scripts[name] === undefined)).toEqual([]);
    const files = [
      ...text.matchAll(/(?<=[`\s])(?:src|test|examples|collector-config)\/[\w./-]+\.(?:ts|mjs|md|yaml|json)\b/g),
    ].map(([file]) => file);
    expect([...new Set(files)].filter((file) => !file.includes('NAME') && !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('name variables that exist', () => {
    const text = PAGES.map(read).join('\n');
    const named = text.match(/\bMCP_TRAIL_[A-Z_]*[A-Z]\b/g) ?? [];
    expect([...new Set(named)].filter((name) => !knownVariables().includes(name))).toEqual([]);
  });

  it('name attributes and fields that exist', () => {
    const { AUDIT_EVENTS, AUDIT_FIELDS, ...constants } = semconv;
    const ofCollector = ['mcp_audit.damaged_line']; // no event of ours: sources/audit-files.yaml
    const known = JSON.stringify([AUDIT_EVENTS, AUDIT_FIELDS, constants, ofCollector]);
    const text = PAGES.map(read).join('\n');
    const named =
      text.match(
        /`(?:mcp_audit|mcp_trail|mcp|gen_ai|jsonrpc|audit(?=\.(?:action|actor|outcome|record|schema|target)))(?:\.[a-z_]+)+`/g,
      ) ?? [];
    const keys = [...new Set(named)].map((name) => name.slice(1, -1));
    expect(keys.filter((key) => !known.includes(`"${key}"`))).toEqual([]);
  });
});

describe('docs/deployment.md', () => {
  const commands = BLOCKS.filter(({ page, language }) => page === 'docs/deployment.md' && language === 'sh');
  /** The variables that a command sets. */
  const settings = (part: string) => {
    const command = commands.find(({ code }) => code.includes(part))?.code ?? '';
    return Object.fromEntries([...command.matchAll(/\b(OTEL_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  };
  const run = (script: string, env: Record<string, string>) =>
    promisify(execFile)(process.execPath, ['--import', 'mcp-trail/register', '--input-type=module', '--eval', script], {
      cwd: ROOT,
      env: environment(env),
    });

  it('samples as it says', async () => {
    const variables = settings('OTEL_TRACES_SAMPLER');
    expect(variables).toEqual({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' });
    const env = { ...variables, OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none' };
    const spans = async (ratio: string) => {
      const { stderr } = await run("await import('./test/fixtures/readme-hello.mjs')", {
        ...env,
        OTEL_TRACES_SAMPLER_ARG: ratio,
      });
      return stderr.match(/instrumentationScope/g)?.length ?? 0;
    };
    expect([await spans('0'), await spans('1')]).toEqual([0, 6]);
  });

  it('has Prometheus scrape the process', async () => {
    const variables = settings('OTEL_METRICS_EXPORTER=prometheus');
    const port = String(await freePort());
    const script = `
      await import('./test/fixtures/readme-hello.mjs');
      const answer = await fetch('http://127.0.0.1:${port}/metrics');
      process.stdout.write(await answer.text(), () => process.exit());
    `;
    const { stdout } = await run(script, {
      ...variables,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
    });
    expect(stdout).toMatch(/^mcp_server_operation_duration_count\{.*gen_ai_tool_name="get_weather"/m);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the snippets', () => {
  it('trace a server over stdio that a client starts', async () => {
    const receiver = await startOtlpReceiver();
    try {
      await promisify(execFile)(process.execPath, [`${ROOT}test/fixtures/readme-client.mjs`], {
        cwd: `${ROOT}examples/zero-code`,
        env: environment({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
      });
      const isServerSpan = ({ name, resource }: { name: string; resource: Record<string, unknown> }) =>
        name === 'tools/call get_weather' && resource['service.name'] === 'weather';
      await receiver.waitFor(({ spans }) => spans.some(isServerSpan), {
        timeoutMs: 50_000,
        what: "the server's span",
      });
    } finally {
      await receiver.close();
    }
  });

  it('audit a server whose record of a denied call is the one in docs/audit.md', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [`${ROOT}test/fixtures/readme-audit.mjs`],
      env: { MCP_TRAIL_AUDIT: 'stderr', OTEL_SERVICE_NAME: 'sights' },
      stderr: 'pipe',
    });
    let lines = '';
    transport.stderr?.on('data', (chunk) => {
      lines += chunk;
    });
    const client = new Client({ name: 'planner', version: '1.0.0' });
    await client.connect(transport);
    await client.callTool({ name: 'delete_sight', arguments: { id: 'eiffel-tower' } });
    await client.close();

    const records = lines.trim().split('\n').map(parse);
    const ended = records.find((each) => each.event_name === 'mcp_audit.response' && each['gen_ai.tool.name']);
    const shown = parse(/^\{"audit\.action".*$/m.exec(read('docs/audit.md'))?.[0] ?? '');
    expect(Object.keys(ended ?? {})).toEqual(Object.keys(shown));
    expect(stable(ended as AuditRecord)).toEqual(stable(shown));
  });
});
