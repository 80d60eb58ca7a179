/** Secrets that are put together at run time, so that no scanner finds one in this repository, and look-alikes. */

import type { TokenShape } from '../../../src/redact/secret-formats.js';

/** Letters and digits in a fixed, irregular order. */
export function noise(
  length: number,
  alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
): string {
  let state = 42;
  let text = '';
  while (text.length < length) {
    state = (state * 1103515245 + 12345) % 2147483648;
    text += alphabet[Math.floor(state / 65536) % alphabet.length];
  }
  return text;
}

export const hex = (length: number) => noise(length, '0123456789abcdef');
const upper = (length: number) => noise(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
/** Keeps a URL with a password from being one literal. */
export const AT = '@';

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const join = (...parts: string[]) => parts.join('');

export const jwt = [base64url({ alg: 'HS256', typ: 'JWT' }), base64url({ sub: 'someone', iat: 1 }), noise(43)].join(
  '.',
);
export const githubToken = join('gh', 'p_', noise(36));
export const privateKey = [
  join('-----BEGIN RSA ', 'PRIVATE KEY-----'),
  noise(64),
  noise(64),
  join('-----END RSA ', 'PRIVATE KEY-----'),
].join('\n');

/** Name → the part that must not appear, in a text that contains it. */
export const SECRETS: Record<string, { secret: string; text?: string }> = {
  'private key': { secret: noise(64), text: privateKey },
  'private key in JSON': {
    secret: noise(64),
    text: JSON.stringify({ pem: privateKey }),
  },
  'private key cut off': { secret: noise(64), text: privateKey.slice(0, 110) },
  jwt: { secret: jwt },
  'AWS access key id': { secret: join('AK', 'IA', upper(16)) },
  'AWS secret key': {
    secret: noise(40),
    text: `aws_secret_access_key = ${noise(40)}`,
  },
  'GCP API key': { secret: join('AI', 'za', noise(35)) },
  'GCP access token': { secret: join('ya', '29.', noise(60)) },
  'Azure client secret': { secret: join('abc', '8Q', '~', noise(34)) },
  'Azure account key': {
    secret: `${noise(86)}==`,
    text: `AccountName=x;AccountKey=${noise(86)}==;Endpoint=y`,
  },
  'Azure SAS': {
    secret: noise(43),
    text: `https://x.example.com/c?sv=2022&sig=${noise(43)}%3D`,
  },
  GitHub: { secret: githubToken },
  'GitHub fine-grained': {
    secret: join('github', '_pat_', noise(22), '_', noise(59)),
  },
  GitLab: { secret: join('gl', 'pat-', noise(20)) },
  Slack: { secret: join('xo', 'xb-', '123456789012-', noise(24)) },
  'Slack webhook': {
    secret: noise(24),
    text: `https://hooks.slack${join('.com/services/', 'T0000/B0000/')}${noise(24)}`,
  },
  Stripe: { secret: join('sk', '_live_', noise(24)) },
  'Stripe webhook': { secret: join('wh', 'sec_', noise(32)) },
  Anthropic: { secret: join('sk', '-ant-', 'api03-', noise(93)) },
  OpenAI: { secret: join('sk', '-proj-', noise(48)) },
  'OpenAI legacy': { secret: join('sk', '-', noise(48)) },
  npm: { secret: join('np', 'm_', noise(36)) },
  PyPI: { secret: join('py', 'pi-AgEIcHlwaS5vcmc', noise(60)) },
  'Hugging Face': { secret: join('h', 'f_', noise(34)) },
  SendGrid: { secret: join('S', 'G.', noise(22), '.', noise(43)) },
  Twilio: { secret: join('S', 'K', hex(32)) },
  Shopify: { secret: join('shp', 'at_', hex(32)) },
  DigitalOcean: { secret: join('do', 'p_v1_', hex(64)) },
  Databricks: { secret: join('da', 'pi', hex(32)) },
  Vault: { secret: join('hv', 's.', noise(24)) },
  bearer: { secret: noise(32), text: `sent with Bearer ${noise(32)} today` },
  'authorization header': {
    secret: noise(32),
    text: `authorization: Token ${noise(32)}`,
  },
  basic: {
    secret: Buffer.from('joe:hunter2').toString('base64'),
    text: `Basic ${Buffer.from('joe:hunter2').toString('base64')}`,
  },
  'basic in a path': {
    secret: Buffer.from('joe:hunter2').toString('base64'),
    text: `/run/Basic ${Buffer.from('joe:hunter2').toString('base64')}/state/file.json`,
  },
  cookie: { secret: noise(20), text: `Cookie: theme=dark; sid=${noise(20)}` },
  'URL with userinfo': {
    secret: 'hunter2',
    text: `postgres://joe:hunter2${AT}db.example.com:5432/app`,
  },
  'environment line': { secret: 'hunter2', text: 'DB_PASSWORD=hunter2' },
  'JSON member': {
    secret: 'hunter2',
    text: '{"user": "joe", "password": "hunter2", "n": 1}',
  },
  'JSON in JSON': {
    secret: 'hunter2',
    text: JSON.stringify({ body: JSON.stringify({ clientSecret: 'hunter2' }) }),
  },
  'JSON with an escaped quote': {
    secret: 'second-half',
    text: JSON.stringify({ password: 'first"second-half' }),
  },
  'JSON array of secrets': {
    secret: 'hunter2',
    text: '{"tokens": ["hunter1", "hunter2"]}',
  },
  'YAML member': { secret: 'hunter2', text: 'name: joe\npassword: hunter2\n' },
  'query parameter': {
    secret: 'hunter2',
    text: 'https://x.example.com/a?user=joe&access_token=hunter2&n=1',
  },
  'encoded query parameter': {
    secret: 'hunter2',
    text: 'next=%2Fa%3Fpassword%3Dhunter2',
  },
  'spoken key name': { secret: 'hunter2', text: 'the API key: hunter2' },
  'command line': { secret: 'hunter2', text: 'mysql --user joe --password hunter2 app' },
  'command line with a sign': { secret: 'hunter2', text: 'login --token=hunter2 --verbose' },
  'command line in quotes': { secret: 'hunter two', text: "login --password 'hunter two' --verbose" },
  'command line with one dash': { secret: 'hunter2', text: 'keytool -storepass x -password hunter2' },
  'list of arguments': { secret: 'hunter2', text: '["--api-key", "hunter2", "--verbose"]' },
  'list of arguments in JSON': { secret: 'hunter2', text: JSON.stringify('["--api-key","hunter2"]') },
  'XML element': { secret: 'hunter2', text: '<user>joe</user><password>hunter2</password>' },
  'XML element with prefix and attributes': {
    secret: 'hunter2',
    text: '<wsse:Password Type="#text">hunter2</wsse:Password>',
  },
  'XML element of CDATA': { secret: 'hunter<2', text: '<clientSecret><![CDATA[hunter<2]]></clientSecret>' },
  'XML element of CDATA cut off': { secret: 'hunter<2', text: '<secret><![CDATA[hunter<2' },
  'XML element in JSON': { secret: 'hunter2', text: '{"body": "<password>hunter2<\\/password>"}' },
  'pair of name and value': { secret: 'hunter2', text: '[{"name": "password", "value": "hunter2"}]' },
  'pair in JSON': { secret: 'hunter2', text: JSON.stringify('{"key":"X-Api-Key","value":"hunter2"}') },
  'pair in lines': { secret: 'hunter2', text: JSON.stringify({ key: 'DB_PASSWORD', value: 'hunter2' }, null, 2) },
  'pair in YAML': { secret: 'hunter2', text: 'env:\n  - name: DB_PASSWORD\n    value: hunter2\n' },
  'e-mail': { secret: 'joe.doe+x@example.com' },
  'e-mail, encoded': { secret: 'joe.doe%40example.com' },
  card: { secret: join('4111', '1111', '1111', '1111') },
  'card in groups': { secret: ['5555', '5555', '5555', '4444'].join(' ') },
  'card of 15 digits': { secret: ['3782', '822463', '10005'].join('-') },
  IBAN: { secret: join('DE89', '3704', '0044', '0532', '0130', '00') },
  'IBAN in groups': {
    secret: ['GB29', 'NWBK', '6016', '1331', '9268', '19'].join(' '),
  },
  SSN: { secret: ['123', '45', '6789'].join('-') },
  phone: { secret: ['+44', '20', '7946', '0958'].join(' ') },
  'phone in one run': { secret: join('+1415', '5550132') },
};

/** The shortest string of a format: the first choice everywhere, and the fewest repetitions. */
export function shortest({ marks, rest, before = '' }: TokenShape): string {
  return shortestOf(before) + marks[0] + shortestOf(rest);
}

function shortestOf(source: string): string {
  const set = '\\[(?:\\\\.|[^\\]\\\\])*\\]|\\\\.|[^()|?]';
  let text = source.replace(/\(\?<?[=!](?:\[[^\]]*\]|[^()[\]])*\)/g, '');
  // From the innermost group outwards: drop optional parts, and take the first alternative.
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\(\?:((?:\[[^\]]*\]|\\.|[^()[\]\\])*)\)(\?)?/, (_, inner: string, optional?: string) =>
      optional === undefined ? (new RegExp(`^(?:${set}|\\?)*`).exec(inner)?.[0] ?? '') : '',
    );
  }
  return text.replace(
    new RegExp(`(${set})(?:\\{(\\d+)(?:,\\d*)?\\}|(\\?))?`, 'g'),
    (_, one: string, count?: string, optional?: string) =>
      optional === undefined ? runOf(one, Number(count ?? 1)) : '',
  );
}

/** Digits, small letters and capitals in turns, as far as the set has them. */
function runOf(set: string, length: number): string {
  if (!/^(?:\[|\\[wd])/.test(set)) return set.replace('\\', '').repeat(length);
  const regex = new RegExp(set);
  const characters = [...'7aAXBD-'].filter((character) => regex.test(character)).slice(0, 3);
  return Array.from({ length }, (_, index) => characters[index % characters.length]).join('');
}

/** Nothing in here is secret. */
export const LOOK_ALIKES: readonly string[] = [
  '6f1c2a7e-1b2c-4d3e-8f90-0123456789ab',
  '12345678-1234-4234-8234-123456789012',
  '41111111-1111-1111-1111-111111111111',
  hex(40),
  hex(64),
  hex(128),
  `sha256:${hex(64)}`,
  `task-${hex(32)}`,
  'SELECT id, password_hash FROM users WHERE email = $1 AND token = ? ORDER BY created_at DESC LIMIT 10',
  "INSERT INTO t (a, b) VALUES ('x', 42)",
  'total_tokens: 512, max_tokens=4096, "completion_tokens": 17, maxOutputTokens=8192, token_count=3',
  'max output tokens: 4096',
  'tokenizer: cl100k_base',
  'https://example.com/a/b?page=2&sort=name#top',
  'https://example.com:8080/@scope/package@1.2.3',
  'arn:aws:iam::123456789012:role/reader',
  'arn:aws:s3:::bucket/key/with/parts',
  '2025-06-18T12:34:56.789Z',
  '2025-06-18 12:34:56+02:00',
  '1718000000000',
  '1718000000000000000',
  'v1.2.3-beta.4+build.5678',
  '@modelcontextprotocol/sdk@1.32.2',
  '/usr/local/lib/node_modules/pkg/index.js:12:34',
  'C:\\Users\\someone\\file.txt',
  Buffer.from('hello world').toString('base64'),
  Buffer.from('get_weather').toString('base64'),
  base64url({ offset: 10 }),
  '0.4111111111111111',
  '192.168.0.1:8080',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'git@github.com:owner/repo.git',
  'ssh://git@github.com/owner/repo.git',
  'bearer authentication and basic authentication are schemes',
  'auth:token:refresh secrets:list',
  'the-risk-assessment-of-something-rather-long-winded',
  'disk-usage-and-task-management-for-everyone-involved',
  'mcp__github__create_pull_request_review_comment',
  'password: null, secret: undefined, token: string',
  'primary_key=id, foreign key: user_id, keyboard=qwerty, monkey: banana',
  'key: value, public_key_path=/etc/ssl/a.pem, token_endpoint=https://a.example.com/token',
  'author=Jane, authored: today, passenger=3, compass: north, secretary=Joe',
  'x = a + 1234567 - 89',
  'Pass the --token flag, or use --password PASSWORD; --api-key is required.',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's
  'login --password $PASSWORD --token <token> --secret ${SECRET} --api-key %KEY%',
  'usage: tool [--password PASSWORD] [--token] [--auth basic|digest] --no-auth 42',
  'run --max-tokens 4096 --key-name 7a --secret-name app/7 --token-type jwt7 --password-file /run/p7',
  'parser.add_argument("--token", required=True, help="the token")',
  ".option('--password <password>', 'what you log in with')",
  '.option("--api-key", "the key you got")',
  '["--password", "--verbose"]',
  'a long-token 42 and a re-auth 7 times, well-kept secret 5',
  'Replace <token> with yours, and <password> by <secret> 42',
  '<password></password><token/><session> </session><secret>null</secret>',
  '<name>password</name><count>7</count><h1>Token 7</h1><input type="password" name="password">',
  '[{"name": "city", "value": "Paris7"}, {"name": "max_tokens", "value": 4096}, {"name": "token", "value": null}]',
  '{"name": "password", "in": "query", "required": true, "values": 7}',
  'env: - name: LOG_LEVEL value: debug7',
];
