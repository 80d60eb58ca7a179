/**
 * The list: public packages from npm, chosen by downloads before anything was run (see README.md). A row says how to start the
 * server and what to ask beyond the lists and the two calls that fail. Answers must not depend on the network.
 *
 * @typedef {object} Row
 * @property {string} name of the package
 * @property {'server' | 'client'} side
 * @property {string} group the folder of `packages/` that pins it
 * @property {number} downloads in the month of `date`, or the count that stands for it
 * @property {string} date
 * @property {string} source
 * @property {string} [program] the file of `programs/` that uses the package; without it, the package's own command runs
 * @property {string} [package] whose command runs, if not the row's own
 * @property {boolean} [inGroup] runs in the folder of the group, where it was built
 * @property {string} [bin] which of the package's commands, if not the first
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 * @property {string} [http] the path of its endpoint, for a server that listens
 * @property {boolean} [modern] accepts no revision of the protocol before 2026-07-28
 * @property {boolean} [wrapped] runs under `mcp-trail wrap`
 * @property {string[]} [command] that starts it, for a server that is no program of Node
 * @property {Row} [behind] the wrapped server that a client uses, in place of server-everything
 * @property {'stdio' | 'http'} [upstream] how it reaches the server behind it, for a proxy
 * @property {Record<string, string>} [offline] answers in place of origins on the internet: see programs/offline.mjs
 * @property {readonly (readonly [string, object])[]} [calls] tools with arguments
 * @property {readonly (readonly [string, object])[]} [requests] other requests
 * @property {readonly (readonly [RegExp, string])[]} [varies] what differs between two runs without us, and why
 * @property {Record<string, string>} [files] of its working directory
 */

const DATE = '2026-11';
export const COUNTED = { date: DATE, source: 'npm, downloads a month' };

/** @param {string} name @param {number} downloads @param {Partial<Row>} [rest] @returns {Row} */
const server = (name, downloads, rest) => ({ name, side: 'server', group: 'servers', downloads, ...COUNTED, ...rest });
/** @param {string} name @param {number} downloads @param {Partial<Row>} [rest] */
const reference = (name, downloads, rest) =>
  server(`@modelcontextprotocol/server-${name}`, downloads, { group: 'reference', ...rest });
/** A library, used by a program of ours. @param {string} name @param {number} downloads @param {string} program @param {Partial<Row>} [rest] */
const framework = (name, downloads, program, rest) =>
  server(name, downloads, { group: 'frameworks', program, ...ECHO, ...rest });
/** A command with an MCP server among its features: few of its downloads are for that. @param {string} name @param {Partial<Row>} [rest] */
const feature = (name, rest) =>
  server(name, SMALLEST, { source: 'stands for an unknown part: the smallest count of the list', ...rest });
/** @param {string} name @param {number} downloads @param {Partial<Row>} [rest] @returns {Row} */
const client = (name, downloads, rest) => ({ name, side: 'client', group: 'clients', downloads, ...COUNTED, ...rest });

/** A server under `mcp-trail wrap`: its downloads do not count. @param {string} name @param {Partial<Row>} rest */
const wrapped = (name, rest) => server(name, 0, { group: 'wrapped', wrapped: true, source: 'not counted', ...rest });
/** A client in TypeScript, observed in its own process, that uses a wrapped server. @param {Row} row @returns {Row} */
const agentOf = (row) => ({
  ...COUNTED,
  source: 'not counted',
  downloads: 0,
  name: row.name,
  side: 'client',
  group: 'wrapped',
  program: 'agent.mjs',
  behind: row,
  env: { CALLS: JSON.stringify(row.calls ?? []) },
  varies: row.varies,
});

const SMALLEST = 3_670;
/** What the programs of `programs/` offer. @type {Partial<Row>} */
const ECHO = { calls: [['echo', { text: 'hello' }]] };
const EVERYTHING = /** @type {Partial<Row>} */ ({
  calls: [
    ['echo', { message: 'hello' }],
    ['get-sum', { a: 2, b: 3 }],
  ],
});
const CHROME = /** @type {Partial<Row>} */ ({
  args: ['--headless', '--no-usage-statistics'],
  env: {
    PUPPETEER_SKIP_DOWNLOAD: '1',
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
    CI: '1',
    CHROME_DEVTOOLS_MCP_NO_UPDATE_CHECKS: '1',
  },
});

/** Servers in other languages, and of Node those that are hardest to see from inside. */
const WRAPPED = [
  wrapped('mcp-server-time', {
    group: 'python',
    command: ['{installed}/venv/bin/python', '-m', 'mcp_server_time', '--local-timezone=UTC'],
    calls: [
      ['convert_time', { source_timezone: 'UTC', time: '12:00', target_timezone: 'Asia/Tokyo' }],
      ['get_current_time', { timezone: 'Mars/Olympus' }],
    ],
    varies: [[/\d{4}-\d\d-\d\dT[\d:.+]+|"\w+day"/g, 'the day']],
  }),
  wrapped('github.com/modelcontextprotocol/go-sdk', {
    group: 'go',
    command: ['{installed}/bin/everything'],
    calls: [
      ['greet', { name: 'Ada' }],
      ['ping', {}],
      ['log', {}],
      ['sample', {}],
      ['elicit (form)', {}],
      ['roots', {}],
    ],
    requests: [['prompts/get', { name: 'greet', arguments: { name: 'Ada' } }]],
  }),
  wrapped('tmcp', { program: 'tmcp.mjs', ...ECHO }),
  wrapped('chrome-devtools-mcp', CHROME),
  wrapped('@modelcontextprotocol/server-everything', { args: ['stdio'], ...EVERYTHING }),
];

/** @type {readonly Row[]} */
export const rows = [
  server('@playwright/mcp', 6_293_363, { args: ['--headless'], calls: [['browser_close', {}]] }),
  server('chrome-devtools-mcp', 1_848_520, CHROME),
  server('@upstash/context7-mcp', 1_425_541),
  server('mcp-proxy', 1_205_163, {
    group: 'frameworks',
    args: ['--port', '{port}', '--host', '127.0.0.1', '--server', 'stream', '--', '{upstream}'],
    http: '/mcp',
    upstream: 'stdio',
    ...EVERYTHING,
  }),
  reference('filesystem', 1_133_453, {
    args: ['{cwd}'],
    files: { 'hello.txt': 'hello\n' },
    calls: [
      ['read_text_file', { path: '{cwd}/hello.txt' }],
      ['write_file', { path: '{cwd}/new.txt', content: 'new' }],
      ['list_directory', { path: '{cwd}' }],
      ['read_text_file', { path: '/etc/passwd' }],
    ],
  }),
  framework('fastmcp', 1_050_013, 'fastmcp.mjs'),
  server('mcp-remote', 920_137, {
    group: 'frameworks',
    args: ['{upstream}', '--allow-http', '--transport', 'http-only'],
    upstream: 'http',
    ...EVERYTHING,
  }),
  framework('@storybook/mcp', 768_804, 'storybook.mjs', {
    http: '/mcp',
    calls: [
      ['docs-list', {}],
      ['docs-show', { id: 'button' }],
    ],
  }),
  framework('tmcp', 758_957, 'tmcp.mjs'),
  framework('@mastra/mcp', 565_957, 'mastra.mjs', { modern: true }),
  server('mcp-handler', 498_506, {
    group: 'next',
    package: 'next',
    args: ['start', '--port', '{port}', '--hostname', '127.0.0.1'],
    inGroup: true,
    http: '/api/mcp',
    ...ECHO,
  }),
  server('@pandacss/mcp', 371_341, { files: { 'panda.config.mjs': 'export default {};\n' } }),
  framework('@hono/mcp', 340_212, 'hono.mjs', { http: '/mcp' }),
  reference('sequential-thinking', 297_027, {
    calls: [['sequentialthinking', { thought: 'First', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }]],
  }),
  server('@azure-devops/mcp', 286_048, {
    args: ['field', '--authentication', 'envvar'],
    env: { ADO_MCP_AUTH_TOKEN: 'dummy' },
  }),
  framework('mcp-framework', 284_141, 'mcp-framework.mjs', { group: 'mcp-framework' }),
  server('@supabase/mcp-server-supabase', 283_780, { args: ['--access-token', 'sbp_dummy'] }),
  reference('github', 280_864, { env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'dummy' } }),
  reference('memory', 261_331, {
    env: { MEMORY_FILE_PATH: '{cwd}/memory.jsonl' },
    calls: [
      ['create_entities', { entities: [{ name: 'a', entityType: 'b', observations: ['c'] }] }],
      ['read_graph', {}],
    ],
  }),
  reference('postgres', 251_900, { args: ['postgresql://127.0.0.1:9/none'] }),
  server('@azure/mcp', 251_520, { args: ['server', 'start'], env: { AZURE_MCP_COLLECT_TELEMETRY: 'false' } }),
  reference('everything', 244_826, { args: ['stdio'], ...EVERYTHING }),
  server('@notionhq/notion-mcp-server', 239_565, { env: { NOTION_TOKEN: 'ntn_dummy' } }),
  framework('@rekog/mcp-nest', 219_042, 'nest.mjs', { http: '/mcp' }),
  reference('google-maps', 207_113, { env: { GOOGLE_MAPS_API_KEY: 'dummy' } }),
  framework('@redocly/mcp-typescript-sdk', 201_471, 'redocly.mjs'),
  server('@gongrzhe/server-gmail-autoauth-mcp', 199_486, {
    group: 'gmail',
    files: {
      'keys.json': JSON.stringify({
        installed: { client_id: 'dummy', client_secret: 'dummy', redirect_uris: ['http://127.0.0.1'] },
      }),
    },
    env: { GMAIL_OAUTH_PATH: '{cwd}/keys.json' },
  }),
  server('nx-mcp', 198_174),
  server('@circleci/mcp-server-circleci', 195_454, { env: { CIRCLECI_TOKEN: 'dummy' } }),
  server('n8n-mcp', 186_136, {
    env: { MCP_MODE: 'stdio', N8N_MCP_TELEMETRY_DISABLED: 'true', LOG_LEVEL: 'error', DISABLE_CONSOLE_OUTPUT: 'true' },
  }),
  server('cclsp', 183_220, {
    files: { 'cclsp.json': JSON.stringify({ servers: [{ extensions: ['ts'], command: ['true'], rootDir: '.' }] }) },
    env: { CCLSP_CONFIG_PATH: '{cwd}/cclsp.json' },
  }),
  server('next-devtools-mcp', 181_159, { env: { NEXT_TELEMETRY_DISABLED: '1' } }),
  server('expo-mcp', 165_926, {
    args: ['--dev-server-url', 'http://127.0.0.1:9', '--root', '{cwd}'],
    files: { 'package.json': '{"name":"app","dependencies":{"expo":"*"}}' },
  }),
  server('mongodb-mcp-server', 162_003, { env: { MDB_MCP_TELEMETRY: 'disabled' }, calls: [['list-databases', {}]] }),
  server('supergateway', 161_094, {
    group: 'frameworks',
    args: [
      '--stdio',
      '{upstream}',
      '--outputTransport',
      'streamableHttp',
      '--stateful',
      '--port',
      '{port}',
      '--logLevel',
      'none',
    ],
    http: '/mcp',
    upstream: 'stdio',
    ...EVERYTHING,
  }),
  server('@stripe/mcp', 144_352, {
    args: ['--api-key=sk_test_dummy'],
    offline: { 'https://mcp.stripe.com': '{upstream}' },
    upstream: 'http',
    ...EVERYTHING,
  }),
  server('tavily-mcp', 138_725, { env: { TAVILY_API_KEY: 'dummy' } }),
  reference('slack', 136_678, { env: { SLACK_BOT_TOKEN: 'dummy', SLACK_TEAM_ID: 'dummy' } }),
  server('@zereight/mcp-gitlab', 135_248, { env: { GITLAB_PERSONAL_ACCESS_TOKEN: 'dummy' } }),
  server('firecrawl-mcp', 128_690, { env: { FIRECRAWL_API_KEY: 'dummy' } }),
  server('@testsprite/testsprite-mcp', 108_041, { env: { API_KEY: 'dummy' } }),
  server('task-master-ai', 106_990, { group: 'task-master', bin: 'task-master-mcp' }),
  server('@wonderwhy-er/desktop-commander', 104_957, {
    args: ['--no-onboarding'],
    files: { 'hello.txt': 'hello\n' },
    calls: [['read_file', { path: '{cwd}/hello.txt' }]],
  }),
  server('@salesforce/mcp', 103_471, {
    args: ['--orgs', 'DEFAULT_TARGET_ORG', '--toolsets', 'core', '--no-telemetry'],
  }),
  reference('brave-search', 102_411, { env: { BRAVE_API_KEY: 'dummy' } }),
  server('@sentry/mcp-server', 94_958, { args: ['--access-token=dummy', '--sentry-dsn='] }),
  reference('puppeteer', 94_702, { calls: [['puppeteer_navigate', { url: 'about:blank' }]] }),
  server('@launchdarkly/mcp-server', 93_663, { args: ['start', '--api-key', 'dummy'] }),
  server('mcp-hello-world', 93_352),
  server('figma-developer-mcp', 83_826, {
    args: ['--stdio'],
    env: { FIGMA_API_KEY: 'dummy', FRAMELINK_TELEMETRY: 'off', DO_NOT_TRACK: '1' },
  }),
  server('@executeautomation/playwright-mcp-server', 77_326, {
    group: 'playwright-executeautomation',
    varies: [[/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'session ids']],
  }),
  server('@eslint/mcp', 77_255, {
    files: { 'a.js': 'let a = 1;\n', 'eslint.config.mjs': 'export default [];\n' },
    calls: [['lint-files', { filePaths: ['{cwd}/a.js'] }]],
  }),
  server('@mastra/mcp-docs-server', 75_559),
  server('@hubspot/mcp-server', 54_177, { env: { PRIVATE_APP_ACCESS_TOKEN: 'dummy' } }),
  server('@currents/mcp', 48_115, {
    env: { CURRENTS_API_KEY: 'dummy' },
    varies: [[/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'the present time as a default']],
  }),
  server('exa-mcp-server', 32_174, { env: { EXA_API_KEY: 'dummy' } }),
  server('@sveltejs/mcp', 20_481, { offline: { 'https://svelte.dev': '{}' } }),
  server('mcp-server-kubernetes', 19_771, {
    group: 'kubernetes',
    files: {
      config: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'none', cluster: { server: 'http://127.0.0.1:9' } }],
        users: [{ name: 'none', user: {} }],
        contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
        'current-context': 'none',
      }),
    },
    env: { KUBECONFIG: '{cwd}/config' },
  }),
  server('@heroku/mcp-server', 17_084, { env: { HEROKU_API_KEY: 'dummy' } }),
  server('@cloudflare/mcp-server-cloudflare', 12_852, {
    args: ['run', 'dummy'],
    env: { CLOUDFLARE_API_TOKEN: 'dummy' },
  }),
  server('@browserbasehq/mcp-server-browserbase', 9_165, {
    env: { BROWSERBASE_API_KEY: 'dummy', BROWSERBASE_PROJECT_ID: 'dummy', GEMINI_API_KEY: 'dummy' },
  }),
  server('@elastic/mcp-server-elasticsearch', 6_415, {
    group: 'elastic',
    env: { ES_URL: 'http://127.0.0.1:9', ES_API_KEY: 'dummy', OTEL_LOG_LEVEL: 'error' },
  }),
  server('mcp-fetch-server', SMALLEST),
  feature('shadcn', { args: ['mcp'] }),
  feature('@angular/cli', { bin: 'ng', args: ['mcp'], env: { NG_CLI_ANALYTICS: 'false' } }),

  client('@google/gemini-cli', 2_694_232, {
    program: 'gemini.mjs',
    bin: 'gemini',
    varies: [[/"progressToken": "[0-9a-f-]{36}"/g, 'progress tokens']],
  }),
  client('@ai-sdk/mcp', 1_759_021, { program: 'ai-sdk.mjs' }),
  client('@openai/agents', 1_571_871, { program: 'openai-agents.mjs' }),
  client('@langchain/mcp-adapters', 753_477, { program: 'langchain.mjs' }),
  client('@mastra/mcp', 565_957, { group: 'frameworks', program: 'mastra-client.mjs' }),
  client('@modelcontextprotocol/inspector', 490_586, {
    bin: 'mcp-inspector',
    args: ['--cli', '{server}', '--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hello'],
  }),
  client('mcporter', 342_641, { args: ['call', '--stdio', '{server}', 'echo', 'message=hello'] }),
  client('@genkit-ai/mcp', 9_683, { group: 'genkit', program: 'genkit.mjs' }),

  ...WRAPPED.flatMap((row) => [row, agentOf(row)]),
];
