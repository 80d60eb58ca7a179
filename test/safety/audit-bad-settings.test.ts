/** Invalid audit settings: each is reported in one line, and neither the application nor the trail stops. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Scratch, serve } from './audit-trails.js';
import { ROOT } from './child.js';

const V1 = 'test/fixtures/safety-server-v1.mjs';
const PRELOADS = ['--import', './test/fixtures/safety-own-logs.mjs', '--import', 'mcp-trail/register'];

const scratch = new Scratch();
afterAll(() => scratch.remove());

describe('an invalid setting', () => {
  const HEX = ['00112233', '44556677', '8899aabb', 'ccddeeff'].join('');
  const FOLDER = JSON.stringify(ROOT);
  const file = join(ROOT, 'package.json');
  const LISTED = 'otel, stderr, file, or several of them, separated by commas; or off';

  const PLACES = 'stderr, an https:// URL without user and password (http:// to this machine only), the path of a file';

  const cases: readonly (readonly [variable: string, value: string, says: string])[] = [
    ['MCP_TRAIL_AUDIT', 'fiel', `MCP_TRAIL_AUDIT is "fiel"; accepted: ${LISTED}. Using otel`],
    ['MCP_TRAIL_AUDIT', 'file,mail', `MCP_TRAIL_AUDIT is "file,mail"; accepted: ${LISTED}. Using otel`],
    [
      'MCP_TRAIL_AUDIT_FILE',
      ROOT,
      `audit records are lost: MCP_TRAIL_AUDIT_FILE: ${FOLDER} is not a valid file path; {pid} and {service} are allowed`,
    ],
    [
      'MCP_TRAIL_AUDIT_FILE',
      '/srv/{what}.jsonl',
      'audit records are lost: MCP_TRAIL_AUDIT_FILE: "/srv/{what}.jsonl" is not a valid file path; {pid} and {service} are allowed',
    ],
    [
      'MCP_TRAIL_AUDIT_FILE',
      join(file, 'audit.jsonl'),
      `audit records are lost: MCP_TRAIL_AUDIT_FILE: cannot write to ${JSON.stringify(join(file, 'audit.jsonl'))}: ENOTDIR: not a directory`,
    ],
    [
      'MCP_TRAIL_AUDIT_FILE',
      '/dev/full',
      'audit records are lost: MCP_TRAIL_AUDIT_FILE: cannot write to "/dev/full": ENOSPC: no space left on device',
    ],
    [
      'MCP_TRAIL_AUDIT_FILE_MAX_BYTES',
      '64MB',
      'MCP_TRAIL_AUDIT_FILE_MAX_BYTES is "64MB"; accepted: a whole number from 1024 to 1099511627776. Using 67108864',
    ],
    [
      'MCP_TRAIL_AUDIT_FILE_MAX_FILES',
      '0',
      'MCP_TRAIL_AUDIT_FILE_MAX_FILES is "0"; accepted: a whole number from 1 to 10000. Ignored',
    ],
    [
      'MCP_TRAIL_AUDIT_ATTEMPTS',
      'some',
      'MCP_TRAIL_AUDIT_ATTEMPTS is "some"; accepted: always, sensitive, never. Using always',
    ],
    [
      'MCP_TRAIL_AUDIT_SESSION_IDS',
      'raw',
      'MCP_TRAIL_AUDIT_SESSION_IDS is "raw"; accepted: digest, plain, none. Using digest',
    ],
    [
      'MCP_TRAIL_AUDIT_PATHS',
      '/mcp,mcp',
      'MCP_TRAIL_AUDIT_PATHS is "/mcp,mcp"; accepted: paths such as /mcp or /mcp/*, separated by commas. Ignored',
    ],
    [
      'MCP_TRAIL_AUDIT_HEADERS',
      'x y',
      'MCP_TRAIL_AUDIT_HEADERS is "x y"; accepted: names of response headers, separated by commas. Ignored',
    ],
    [
      'MCP_TRAIL_AUDIT_MESSAGES',
      'yes',
      'MCP_TRAIL_AUDIT_MESSAGES is "yes"; accepted: true, false, on, off, 1, 0. Using false',
    ],
    [
      'MCP_TRAIL_AUDIT_STATE_DIRECTORY',
      file,
      `MCP_TRAIL_AUDIT_STATE_DIRECTORY is ${JSON.stringify(file)}, which cannot be used (EEXIST); accepted: a directory that can be written to. The inventory and the key of digests are not kept`,
    ],
    [
      'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE',
      '/no/such/key',
      'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE is "/no/such/key", which cannot be read (ENOENT). Audit records are linked, but not signed until it holds a key; mcp-trail keygen FILE makes a key',
    ],
    [
      'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE',
      'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE (not shown, as it may be the key itself; accepted: the path of a file) cannot be read (ENOENT). Audit records are linked, but not signed until it holds a key; mcp-trail keygen FILE makes a key',
    ],
    ...['ftp://example.com/x', 'http://example.com/x', 'https:///'].map(
      (url) =>
        [
          'MCP_TRAIL_AUDIT_CHECKPOINTS',
          url,
          `MCP_TRAIL_AUDIT_CHECKPOINTS is "${/^\w+:\/\/[^/]*/.exec(url)}"; accepted: ${PLACES}. Ignored`,
        ] as const,
    ),
    [
      'MCP_TRAIL_AUDIT_CHECKPOINTS',
      'https://al:hunter2@h.io/',
      `MCP_TRAIL_AUDIT_CHECKPOINTS is "https://h.io"; accepted: ${PLACES}. Ignored`,
    ],
    ['MCP_TRAIL_AUDIT_CHECKPOINTS', 'stdout', `MCP_TRAIL_AUDIT_CHECKPOINTS is "stdout"; accepted: ${PLACES}. Ignored`],
    [
      'MCP_TRAIL_AUDIT_CHECKPOINTS',
      '/dev/full',
      'checkpoints of the audit trail are not in the second place: MCP_TRAIL_AUDIT_CHECKPOINTS: cannot write to "/dev/full": ENOSPC',
    ],
    [
      'MCP_TRAIL_AUDIT_CHECKPOINTS',
      'http://127.0.0.1:9/hidden?key=hidden',
      'checkpoints of the audit trail are not in the second place: MCP_TRAIL_AUDIT_CHECKPOINTS: cannot send to http://127.0.0.1:9: ECONNREFUSED',
    ],
    [
      'MCP_TRAIL_AUDIT_POLICY',
      '/no/such/policy.json',
      'MCP_TRAIL_AUDIT_POLICY: /no/such/policy.json: the policy cannot be read (ENOENT). There are no rules',
    ],
    [
      'MCP_TRAIL_AUDIT_POLICY',
      V1,
      `MCP_TRAIL_AUDIT_POLICY: ${V1}: the policy is not JSON at line 1, column 1. There are no rules`,
    ],
    [
      'MCP_TRAIL_AUDIT_POLICY',
      'package.json',
      'MCP_TRAIL_AUDIT_POLICY: package.json: version is "0.1.0"; accepted: 1. There are no rules',
    ],
    [
      'MCP_TRAIL_AUDIT_TOOL_LOCK',
      '/no/such/lock.json',
      'MCP_TRAIL_AUDIT_TOOL_LOCK: /no/such/lock.json: the tool lock cannot be read (ENOENT). There is no lock',
    ],
    [
      'MCP_TRAIL_AUDIT_TOOL_LOCK',
      'package.json',
      'MCP_TRAIL_AUDIT_TOOL_LOCK: package.json: version is "0.1.0"; accepted: 1. There is no lock',
    ],
    [
      'MCP_TRAIL_AUDIT_DIGEST_KEY',
      `no key ${HEX}`,
      'MCP_TRAIL_AUDIT_DIGEST_KEY is neither hex nor base64. Digests use a key of this process',
    ],
    [
      'MCP_TRAIL_AUDIT_DIGEST_KEY',
      HEX.slice(0, 30),
      'MCP_TRAIL_AUDIT_DIGEST_KEY is too short: 15 bytes; accepted: at least 16 bytes as hex or base64. Digests use a key of this process',
    ],
    [
      'MCP_TRAIL_AUDIT_DIGEST_KEY_ID',
      HEX + HEX,
      'MCP_TRAIL_AUDIT_DIGEST_KEY with MCP_TRAIL_AUDIT_DIGEST_KEY_ID has an id that is not 1 to 32 of A-Z a-z 0-9 . _ -. Digests use a key of this process',
    ],
  ];

  async function said(env: Record<string, string>): Promise<string[]> {
    const { stderr } = await serve([...PRELOADS, V1], {
      MCP_TRAIL_SDK: 'off',
      MCP_TRAIL_AUDIT_FILE: scratch.path(),
      ...scratch.signed,
      ...env,
    });
    // One of several deliveries needs no file.
    expect(stderr).toContain('mcp_audit.stopped');
    return stderr.split('\n').filter((line) => line.startsWith('mcp-trail: '));
  }

  it.each(cases)('is reported in one line, and the application runs on: %s=%s', async (variable, value, says) => {
    const good = { MCP_TRAIL_AUDIT: 'file,stderr', MCP_TRAIL_AUDIT_DIGEST_KEY: HEX };
    expect(await said({ ...good, [variable]: value })).toEqual([`mcp-trail: ${says}`]);
  });

  it('can be the id of a missing key', async () => {
    expect(await said({ MCP_TRAIL_AUDIT: 'file,stderr', MCP_TRAIL_AUDIT_DIGEST_KEY_ID: 'k1' })).toEqual([
      'mcp-trail: MCP_TRAIL_AUDIT_DIGEST_KEY_ID is set, but MCP_TRAIL_AUDIT_DIGEST_KEY is not. Ignored',
    ]);
  });
});
