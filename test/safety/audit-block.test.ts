/** `MCP_TRAIL_AUDIT_ON_FAILURE=block` in processes of which no code knows of it, over stdio. */
import { afterAll, describe, expect, it } from 'vitest';
import { recordsIn, Scratch, story } from './audit-trails.js';
import { run } from './child.js';
import { callEcho, HANDSHAKE, SERVERS } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const CONVERSATION = [...HANDSHAKE, callEcho('only')].join('\n');
const TMCP = {
  name: 'tmcp',
  file: 'test/fixtures/tmcp-server.mjs',
  preload: ['--import', 'mcp-trail/register'],
  args: ['stdio'],
};

/** What was answered, by id: the reason of a refusal, or `ok`. */
function answersIn(stdout: string): Record<string, unknown> {
  const messages = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return Object.fromEntries(messages.map(({ id, error }) => [id, error === undefined ? 'ok' : error]));
}

const REFUSED = {
  code: -32603,
  message: 'Refused: the audit record of this request cannot be kept',
  data: { reason: 'audit_unavailable' },
};

function serve(
  { file, preload, args = [] }: { file: string; preload: readonly string[]; args?: readonly string[] },
  env: object,
) {
  const fixed = { MCP_TRAIL_SDK: 'off', ...scratch.signed, MCP_TRAIL_AUDIT_ON_FAILURE: 'block' };
  return run([...preload, file, ...args], { env: { ...fixed, ...env }, input: CONVERSATION });
}

describe.each([...SERVERS, TMCP])('with block, a server on $name', (server) => {
  it('answers every request on a full disk with an error, and ends as before', async () => {
    const { stdout, stderr, code } = await serve(server, {
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: '/dev/full',
    });
    expect(answersIn(stdout)).toEqual({ handshake: REFUSED, 'echo only': REFUSED });
    expect(code).toBe(0);
    expect(stderr).toContain('cannot write to "/dev/full": ENOSPC');
  });
});

describe.each([...SERVERS, TMCP])('with records on disk, a server on $name', (server) => {
  it('answers as without mcp-trail, and ends once everything is answered', async () => {
    const file = scratch.path();
    const on = { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file, MCP_TRAIL_AUDIT_FILE_SYNC: 'disk' };
    const { args = [] } = server as { args?: readonly string[] };
    const [ended, plain] = await Promise.all([serve(server, on), run([server.file, ...args], { input: CONVERSATION })]);
    expect([ended.code, ended.stdout]).toEqual([plain.code, plain.stdout]);
    expect(story(recordsIn(file))).toEqual(expect.arrayContaining(['request initialize', 'response initialize ok']));
  });
});

describe('with block, where nothing keeps records', () => {
  it.each([
    [{ MCP_TRAIL_AUDIT: 'stderr' }, 'needs audit.delivery (MCP_TRAIL_AUDIT) with file, or a sink with durable: true'],
    [{}, 'needs audit.delivery (MCP_TRAIL_AUDIT) with file, or a sink with durable: true'],
    [
      { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_ATTEMPTS: 'never' },
      'needs audit.attempts (MCP_TRAIL_AUDIT_ATTEMPTS) always',
    ],
  ])('%j, every request is refused, and one line says why', async (env, why) => {
    const file = scratch.path();
    const { stdout, stderr } = await serve(SERVERS[0] as never, { MCP_TRAIL_AUDIT_FILE: file, ...env });
    expect(answersIn(stdout)).toEqual({ handshake: REFUSED, 'echo only': REFUSED });
    const said = stderr.split('\n').filter((line) => line.includes('MCP_TRAIL_AUDIT_ON_FAILURE'));
    expect(said).toEqual([
      `mcp-trail: MCP_TRAIL_AUDIT_ON_FAILURE is "block", which ${why}. Every request that would be recorded is refused`,
    ]);
  });

  it('auditing that is off stays off', async () => {
    const { stdout } = await serve(SERVERS[0] as never, { MCP_TRAIL_AUDIT: 'off' });
    expect(Object.values(answersIn(stdout))).toEqual(['ok', 'ok']);
  });
});
