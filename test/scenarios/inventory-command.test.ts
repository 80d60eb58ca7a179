/** `mcp-trail inventory` and `mcp-trail annotate` beside server processes that use the state directory. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, it } from 'vitest';
import { publicJwk } from '../../src/chain/keys.js';
import { inventory } from '../../src/cli/inventory.js';
import type { InventorySnapshot } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { recordsIn, Scratch, story } from '../safety/audit-trails.js';
import { Child, type Ended, run } from '../safety/child.js';
import { HANDSHAKE } from '../safety/stdio-servers.js';
import { EXPORTS } from '../support/exports.js';
import { newKeyFile } from '../support/signing-key.js';
import { runCommand } from '../unit/cli/world.js';

const CLI = 'dist/cjs/cli.js';
const SERVER = ['--import', 'mcp-trail/register', 'test/fixtures/inventory-server.mjs'];

const scratch = new Scratch();
afterAll(() => scratch.remove());

interface Place {
  readonly state: string;
  readonly logs: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where annotations are recorded. */
  readonly annotations: string;
  /** Trusts the key of {@link env}. */
  readonly trust: string;
}

function place(): Place {
  const folder = dirname(scratch.path());
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const { path, key } = newKeyFile(folder);
  const trust = join(folder, 'trust.json');
  writeFileSync(trust, JSON.stringify(publicJwk(key)));
  const [state, logs] = [join(folder, 'state'), join(folder, 'logs')];
  const env = {
    OTEL_SERVICE_NAME: 'kept',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: join(logs, 'servers.jsonl'),
    MCP_TRAIL_AUDIT_STATE_DIRECTORY: state,
    MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: path,
    MCP_TRAIL_AUDIT_CHECKPOINTS: join(folder, 'pins.jsonl'),
  };
  return { state, logs, env, annotations: join(logs, 'annotations.jsonl'), trust };
}

class Served {
  readonly #child: Child;
  #id = 0;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start({ env }: Place, more: Readonly<Record<string, string>> = {}): Promise<Served> {
    const child = new Child(SERVER, { ...env, ...more });
    child.write(...HANDSHAKE);
    await child.printed('"id":"handshake"');
    return new Served(child);
  }

  async ask(method: string, params: object = {}): Promise<any> {
    const id = `asked-${++this.#id}`;
    this.#child.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    await this.#child.printed(`"id":"${id}"`);
    return this.#child.stdout
      .split('\n')
      .filter((line) => line.includes(`"id":"${id}"`))
      .map((line) => JSON.parse(line).result)[0];
  }

  call(name: string, args: object = {}): Promise<any> {
    return this.ask('tools/call', { name, arguments: args });
  }

  /** The inventory as the process itself has it. */
  async inventory(): Promise<InventorySnapshot> {
    const { content } = await this.call('inventory');
    return JSON.parse(content[0].text);
  }

  end(): Promise<Ended> {
    this.#child.endInput();
    return this.#child.ended;
  }
}

const annotate = ({ env, annotations }: Place, ...args: string[]): Promise<Ended> =>
  run([CLI, 'annotate', '--audit', annotations, ...args], { env });

async function rowsOf(...args: string[]): Promise<Record<string, string>[]> {
  const { code, stdout, stderr } = await run([CLI, 'inventory', '--output', 'csv', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return parse(stdout, { columns: true, record_delimiter: '\r\n' });
}

/** Of several chains, which {@link recordsIn} does not take. */
const recordsOfFile = (path: string): AuditRecord[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const snapshotIn = ({ state }: Place): InventorySnapshot =>
  JSON.parse(readFileSync(join(state, 'inventory.json'), 'utf8'));

async function expectProven({ env, logs, trust }: Place): Promise<void> {
  const pins = env['MCP_TRAIL_AUDIT_CHECKPOINTS'] as string;
  const { code, stdout, stderr } = await run([CLI, 'verify', logs, '--trust', trust, '--pin', pins, '--strict']);
  expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^intact/) });
}

it('the rows of a state directory are those of the records of the same servers', async () => {
  const at = place();
  const first = await Served.start(at);
  for (const method of ['tools/list', 'prompts/list']) await first.ask(method);
  await first.call('look', { q: 'a' });
  await first.call('break');
  await first.call('deny');
  await first.call('screen');
  await first.call('look', { sneaky: 1 });
  await first.ask('prompts/get', { name: 'none' });
  await first.end();
  expect((await annotate(at, 'kept', '--added-by', 'ada@example.com', '--review', 'review 12')).code).toBe(0);
  expect((await annotate(at, 'kept', '--rejected-by', 'eve@example.com', '--reason', 'no owner')).code).toBe(0);
  expect((await annotate(at, 'kept', '--removed-by', 'bob@example.com', '--note', 'ask, "bob"')).code).toBe(0);
  const second = await Served.start(at, { DESCRIPTION: 'looks elsewhere' });
  await second.ask('tools/list');
  await second.end();
  await expectProven(at);

  const [kept, rebuilt] = [await rowsOf('--state', at.state), await rowsOf(at.logs)];
  expect(kept).toMatchObject([
    {
      name: 'kept',
      tools: '5',
      prompts: '1',
      calls: expect.stringMatching(/^1\d$/),
      errors: '2',
      denials: '1',
      quarantines: '1',
    },
  ]);
  expect(kept[0]).toMatchObject({ approval: 'rejected', 'added-by': 'ada@example.com', notes: 'ask, "bob"' });
  expect(kept[0]?.['error-types']).toMatch(/^tool_error 1 \S+; -32602 1 \S+$/);
  expect(rebuilt).toEqual(kept);

  const lines = readdirSync(at.logs).flatMap((name) => readFileSync(join(at.logs, name), 'utf8').trimEnd().split('\n'));
  for (const [shape, exported] of Object.entries(EXPORTS)) {
    const { out } = await runCommand(inventory, ['-', '--output', 'csv'], exported(lines));
    expect({ shape, rows: parse(out, { columns: true, record_delimiter: '\r\n' }) }).toEqual({ shape, rows: kept });
  }

  const tools = await rowsOf('--state', at.state, '--tools');
  expect(tools.map(({ tool, status, hash }) => [tool, status, hash?.length])).toEqual(
    ['look', 'inventory', 'break', 'deny', 'screen'].map((name) => [name, 'listed', 64]),
  );
  // Of a tool, records have the time when they were written.
  const rough = (rows: typeof tools) => rows.map((row) => ({ ...row, added: '', changed: '', 'last-seen': '' }));
  const ofRecords = await rowsOf(at.logs, '--tools');
  expect(rough(ofRecords)).toEqual(rough(tools));
  tools.forEach((row, index) => {
    for (const name of ['added', 'changed', 'last-seen']) {
      const apart = Date.parse(ofRecords[index]?.[name] ?? '') - Date.parse(row[name] ?? '');
      expect(Math.abs(apart), `${row['tool']} ${name}`).toBeLessThan(10_000);
    }
  });
});

describe('an annotation of a server whose processes run', () => {
  it('is seen by them, stays when they save, and is in a trail that verifies', async () => {
    const at = place();
    await (await Served.start(at)).end();
    const running = await Served.start(at);
    expect((await running.inventory()).servers[0]?.annotations).toEqual({});
    const done = await annotate(at, 'kept', '--approved-by', 'ada@example.com', '--note', 'call bob@example.com');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout.replaceAll(/\d{4}-\d\d-\d\d \S+/g, 'TIME')).toMatch(
      /^kept \([0-9a-f]{32}\)\n {2}approval {4}TIME {2}approved\n {2}approver {4}TIME {2}ada@example.com\n {2}notes {7}TIME {2}call \[REDACTED:email\]\n$/,
    );
    const approved = { approval: { value: 'approved' }, approver: { value: 'ada@example.com' } };
    expect((await running.inventory()).servers[0]?.annotations).toMatchObject(approved);
    const before = snapshotIn(at).servers[0];
    await running.end();
    const after = snapshotIn(at).servers[0];
    expect(after?.annotations).toEqual(before?.annotations);
    expect(after?.usage.calls?.count).toBeGreaterThan(before?.usage.calls?.count ?? 0);
    const all = recordsIn(at.annotations);
    expect(story(all).at(-1)).toBe('checkpoint');
    const records = all.filter((each) => each.event_name !== 'mcp_audit.checkpoint');
    expect(story(records)).toEqual(['started', 'inventory.changed', 'stopped']);
    expect(records[1]).toMatchObject({
      'audit.actor.type': 'user',
      'mcp_audit.actor.source': 'os',
      'audit.actor.id': userInfo().username,
      'audit.target.id': 'kept',
      'mcp_audit.inventory.annotations': ['approval', 'approver', 'notes'],
      'mcp_audit.inventory.annotation.approver': 'ada@example.com',
    });
    await expectProven(at);
  });

  it('is one of several that are made at once, of which none is lost', async () => {
    const at = place();
    await (await Served.start(at)).end();
    const running = await Served.start(at);
    const options = ['--added-by', '--reviewed-by', '--review', '--approved-by', '--removed-by', '--note'];
    const all = await Promise.all(options.map((option) => annotate(at, 'kept', option, `by ${option}`, '--by', 'eve')));
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(options.map(() => [0, '']));
    await running.end();
    const { annotations } = snapshotIn(at).servers[0] ?? {};
    expect(Object.entries(annotations ?? {}).map(([name, { value }]) => [name, value])).toEqual(
      expect.arrayContaining([
        ['addedBy', 'by --added-by'],
        ['reviewer', 'by --reviewed-by'],
        ['review', 'by --review'],
        ['approver', 'by --approved-by'],
        ['removedBy', 'by --removed-by'],
        ['notes', 'by --note'],
      ]),
    );
    const said = recordsOfFile(at.annotations).filter((each) => each['mcp_audit.inventory.change'] === 'annotated');
    expect(said.map((each) => [each['audit.actor.id'], each['mcp_audit.actor.source']])).toEqual(
      options.map(() => ['eve', 'self_asserted']),
    );
    await expectProven(at);
  });

  it('is made again where it is already there: a review of each year has a record of its own', async () => {
    const at = place();
    await (await Served.start(at)).end();
    const review = () => annotate(at, 'kept', '--reviewed-by', 'ada');
    await review();
    const first = snapshotIn(at).servers[0]?.annotations.reviewer?.at ?? '';
    expect(await review()).toMatchObject({ code: 0 });
    expect(Date.parse(snapshotIn(at).servers[0]?.annotations.reviewer?.at ?? '')).toBeGreaterThan(Date.parse(first));
  });

  it('can be removed, and an approval removes the reason of a rejection', async () => {
    const at = place();
    await (await Served.start(at)).end();
    await annotate(at, 'kept', '--rejected-by', 'ada', '--note', 'x');
    expect((await annotate(at, 'kept', '--reason', 'no owner')).stdout).toContain('no owner');
    await annotate(at, 'kept', '--approved-by', 'bob', '--note', '');
    expect(await rowsOf('--state', at.state)).toMatchObject([
      { approval: 'approved', approver: 'bob', reason: '', notes: '' },
    ]);
    expect(await rowsOf(at.logs)).toMatchObject([{ approval: 'approved', approver: 'bob', reason: '', notes: '' }]);
    const late = await annotate(at, 'kept', '--reason', 'no owner');
    expect(late).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('and kept is not rejected') });
    expect(await rowsOf('--state', at.state)).toMatchObject([{ approval: 'approved', reason: '' }]);
  });

  it('is not said to be by somebody who decided something else before', async () => {
    const at = place();
    await (await Served.start(at)).end();
    await annotate(at, 'kept', '--rejected-by', 'eve');
    await annotate(at, 'kept', '--approval', 'approved');
    expect(await rowsOf('--state', at.state)).toMatchObject([{ approval: 'approved', approver: '' }]);
    expect(await rowsOf(at.logs)).toMatchObject([{ approval: 'approved', approver: '' }]);
  });
});

describe('a server that no process has met yet', () => {
  it('can be approved in advance, and is reported as added when it is met', async () => {
    const at = place();
    mkdirSync(at.state);
    expect(await annotate(at, 'kept', '--approved-by', 'ada')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^mcp-trail: no server in .* has the name or id kept\. .*--new notes one/),
    });
    expect(readdirSync(at.logs)).toEqual([]);
    expect(await annotate(at, 'kept', '--new', '--approved-by', 'ada')).toMatchObject({ code: 0, stderr: '' });
    expect(await rowsOf('--state', at.state)).toMatchObject([
      { name: 'kept', sides: '', approval: 'approved', calls: '0' },
    ]);
    const served = await Served.start(at);
    await served.ask('tools/list');
    await served.end();
    expect(await rowsOf('--state', at.state)).toMatchObject([
      { name: 'kept', version: '1.2.0', sides: 'server', approval: 'approved', tools: '5' },
    ]);
    const added = recordsIn(at.env['MCP_TRAIL_AUDIT_FILE'] as string).filter(
      (each) => each['mcp_audit.inventory.change'] === 'server_added',
    );
    expect(added).toHaveLength(1);
    expect(await rowsOf(at.logs)).toMatchObject([{ name: 'kept', version: '1.2.0', approval: 'approved', tools: '5' }]);
  });
});

describe('an annotation that cannot be made', () => {
  it('leaves state and trail as they are, and says why', async () => {
    const at = place();
    await (await Served.start(at)).end();
    const file = join(at.state, 'inventory.json');
    const before = readFileSync(file);
    const refused = async (code: number, problem: RegExp, ...args: string[]) => {
      const done = await run([CLI, 'annotate', ...args], { env: at.env });
      expect({ ...done, stderr: '' }).toMatchObject({ code, stdout: '', stderr: '' });
      expect(done.stderr).toMatch(problem);
      expect(readFileSync(file).equals(before)).toBe(true);
      expect(existsSync(at.annotations)).toBe(false);
    };
    const note = ['--note', 'x', '--audit', at.annotations];
    await refused(1, /no server in .* has the name or id kep\. Did you mean kept\?/, 'kep', ...note);
    await refused(1, /has the name or id kept at w\.example:1\./, 'kept', '--endpoint', 'w.example:1', ...note);
    const noRejection = /^mcp-trail: --reason is the reason of a rejection, and kept is not rejected: --rejected-by\n$/;
    await refused(3, noRejection, 'kept', '--reason', 'no owner', '--audit', at.annotations);
    await refused(3, /state directory \/none is not a folder/, 'kept', '--state', '/none', ...note);
    await refused(
      3,
      /record cannot be written \(file: E\w+\)/,
      'kept',
      '--note',
      'x',
      '--audit',
      '/dev/null/audit.jsonl',
    );
    const key = join(dirname(at.state), 'none.jwk');
    const unsigned = { ...at.env, MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: key };
    expect(await run([CLI, 'annotate', 'kept', ...note], { env: unsigned })).toMatchObject({
      code: 3,
      stderr: 'mcp-trail: the file that MCP_TRAIL_AUDIT_SIGNING_KEY_FILE names cannot be read (ENOENT)\n',
    });
    const { MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: ___, ...keyless } = at.env;
    expect(await run([CLI, 'annotate', 'kep', ...note], { env: keyless })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^mcp-trail: no server in .*\n$/),
    });
    const { MCP_TRAIL_AUDIT: _, MCP_TRAIL_AUDIT_FILE: __, ...nowhere } = at.env;
    expect(await run([CLI, 'annotate', 'kept', '--note', 'x'], { env: nowhere })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('needs a file for its record: --audit, MCP_TRAIL_AUDIT_FILE'),
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('does not replace a state that is damaged, and keeps a copy of one that is damaged in part', async () => {
    const at = place();
    await (await Served.start(at)).end();
    const file = join(at.state, 'inventory.json');
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.slice(0, 300));
    expect(await annotate(at, 'kept', '--note', 'x')).toMatchObject({
      code: 3,
      stderr: `mcp-trail: ${file} is not a valid inventory\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe(whole.slice(0, 300));
    writeFileSync(file, whole.replace('"servers":[', '"servers":[{"id":7},'));
    const done = await annotate(at, 'kept', '--note', 'x');
    expect(done).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/some servers in .* a copy of the file is .*\.corrupt-/),
    });
    expect(readdirSync(at.state).filter((name) => name.includes('.corrupt-'))).toHaveLength(1);
    expect(await rowsOf('--state', at.state)).toMatchObject([{ name: 'kept', notes: 'x' }]);
  });

  it('names the ids of several servers of one name', async () => {
    const at = place();
    mkdirSync(at.state);
    for (const endpoint of ['one.example:443', 'two.example:443']) {
      await annotate(at, 'twin', '--new', '--endpoint', endpoint, '--note', endpoint);
    }
    const several = await annotate(at, 'twin', '--note', 'x');
    expect(several).toMatchObject({ code: 3, stdout: '' });
    expect(several.stderr).toMatch(
      /^mcp-trail: 2 servers are called twin\. Name one by its id:\n {2}[0-9a-f]{32} {2}at one\.example:443, last seen .*\n {2}\w{32} {2}at two/,
    );
    const [, id = ''] = /([0-9a-f]{32}) {2}at two/.exec(several.stderr) ?? [];
    expect((await annotate(at, id, '--note', 'by id')).code).toBe(0);
    expect((await annotate(at, 'twin', '--endpoint', 'one.example:443', '--note', 'by endpoint')).code).toBe(0);
    expect((await rowsOf('--state', at.state)).map(({ notes }) => notes)).toEqual(['by endpoint', 'by id']);
  });
});

describe('servers with hostile names', () => {
  const NAMES = ['=cmd|calc', '__proto__', 'two\nlines', '\u001b]0;title\u0007\u001b[2Jx', 'a,"b";c'];

  it('are rows that nothing runs, and that no terminal obeys', async () => {
    const at = place();
    for (const name of NAMES) await (await Served.start(at, { SERVER_NAME: name })).end();
    for (const source of [['--state', at.state], [at.logs]]) {
      const rows = await rowsOf(...source);
      expect(rows.map(({ name }) => name)).toEqual([
        "'=cmd|calc",
        '__proto__',
        'two\ufffdlines',
        '\ufffd]0;title\ufffd\ufffd[2Jx',
        'a,"b";c',
      ]);
      for (const { id = '' } of rows) {
        const done = await annotate(at, id, '--note', '=1+1\u001b[2J\nx', '--added-by', '__proto__');
        expect(done).toMatchObject({ code: 0, stderr: '' });
        expect(done.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }
      for (const form of ['table', 'csv', 'json']) {
        const { stdout } = await run([CLI, 'inventory', ...source, '--output', form]);
        expect(stdout.replace(/\r?\n/g, '')).not.toMatch(/\p{Cc}/u);
      }
      expect((await rowsOf(...source))[0]?.['notes']).toMatch(/^'=1\+1/);
    }
    expect(await annotate(at, '__proto__', '--note', 'x')).toMatchObject({ code: 0 });
    const none = await annotate(at, '\u001b[2Jnone', '--note', 'x');
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('\\u{1b}[2Jnone') });
    await expectProven(at);
  });

  it('are cut where they are long, and found by what is left', async () => {
    const at = place();
    mkdirSync(at.state);
    const long = 'n'.repeat(100_000);
    expect((await annotate(at, long, '--new', '--note', 'x')).code).toBe(0);
    expect((await annotate(at, long, '--note', 'y')).code).toBe(0);
    const [row, ...others] = await rowsOf('--state', at.state);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ name: 'n'.repeat(256), notes: 'y' });
    expect(statSync(join(at.state, 'inventory.json')).size).toBeLessThan(10_000);
  });
});
