import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { query } from '../../../../src/cli/query.js';
import { toDatadog, toEcs, toLokryn, toOcsf } from '../../../../src/mapping/index.js';
import { smallTrail } from '../../../support/small-trail.js';
import { at, call, type Fields, jsonLines, otlpLine, record } from '../records.js';
import { runCommand } from '../world.js';
import { found, queryFiles } from './query-run.js';

const SMALL = Object.fromEntries(Object.entries(smallTrail()).map(([name, lines]) => [name, `${lines.join('\n')}\n`]));

/** A call of a server by somebody, at a second. */
function calls(actor: string, second: number, tool = 'search', fields: Fields = {}): Fields[] {
  return call('weather', {
    side: 'server',
    from: second * 1000,
    to: second * 1000 + 40,
    tool,
    fields: { 'audit.actor.id': actor, ...fields },
  });
}

const ids = (records: readonly Fields[]) => records.map((each) => each['audit.record.id']);
const events = (records: readonly Fields[]) => records.map((each) => String(each['event_name']).slice(10));

describe('which records a query finds', () => {
  const trail = [
    ...calls('alice', 0),
    ...calls('alice', 1, 'delete_sight', { 'mcp_audit.sensitive': true, 'mcp_audit.policy_tags': ['SOC2', 'GDPR'] }),
    ...calls('bob', 2, 'delete_user', { 'user.name': 'Bob, B.', 'mcp_audit.sensitive': false }),
    ...calls('anonymous', 3, 'search', { trace_id: 'f'.repeat(32), 'mcp_audit.server.name': 'sights' }),
    record('session', 'weather', 4000, { 'audit.actor.id': 'alice', 'mcp_audit.session.state': 'ended' }),
  ];
  const files = { 'a.jsonl': trail };
  const of = (args: string) => found(files, '--limit', 'none', ...args.split(' ').filter((each) => each !== ''));

  it.each([
    ['', 9],
    ['--actor alice', 5],
    ['--actor alice --actor bob', 7],
    ['--actor al*', 5],
    ['--actor {alice,bob}', 7],
    ['--actor Bob*', 2],
    ['--actor alice --tool delete_*', 2],
    ['--tool delete_* --tool search', 8],
    ['--tool delete', 0],
    ['--event response', 4],
    ['--event mcp_audit.response', 4],
    ['--event session --actor alice', 1],
    ['--event re*', 8],
    ['--status ok', 4],
    ['--outcome unknown', 5],
    ['--sensitive', 2],
    ['--tag GDPR', 2],
    ['--tag GDPR --tag PCI', 2],
    [`--correlation ${'f'.repeat(32)}`, 2],
    ['--correlation req-8f7b2c9a', 9],
    ['--server sights', 2],
    ['--service weather --side server --method tools/*', 8],
    ['--record nobody', 0],
  ])('%s', async (args, count) => {
    expect(await of(args)).toHaveLength(count);
  });

  it('include those of a period, both ends of it', async () => {
    const from = (second: number) => at(second * 1000).replace(/\.0+Z/, 'Z');
    expect(events(await of(`--since ${from(1)} --until ${from(2)}`))).toEqual(['request', 'response', 'request']);
    expect(await of(`--since ${from(2)}`)).toHaveLength(5);
    expect(await of(`--until ${from(2)}`)).toHaveLength(5);
  });

  it('do not include a record without a time in a period', async () => {
    const timeless = { ...record('session', 'weather', 0), time: 'noon', observed_time: 7 };
    expect(await found({ 'a.jsonl': [timeless] })).toHaveLength(1);
    expect(await found({ 'a.jsonl': [timeless] }, '--since', '2020-01-01')).toHaveLength(0);
  });
});

describe('what a query reads', () => {
  it('is every file of a folder, of any kind, by name', async () => {
    const [one = [], two = [], three = []] = [calls('a', 0), calls('b', 1), calls('c', 2)];
    const files = {
      '2/exported.json': jsonLines(three.map((each) => ({ line: JSON.stringify(each), labels: {} }))),
      'audit-2026-11-21T093000Z-10.jsonl.gz': gzipSync(otlpLine(two)),
      'audit-2026-11-21T093000Z-2.jsonl': one,
      'notes.txt': 'no records here\n',
    };
    expect(ids(await found(files, '--limit', 'none'))).toEqual(ids([...three, ...one, ...two]));
  });

  it('is read once, by however many paths', async () => {
    const files = { 'a.jsonl': calls('alice', 0) };
    expect(await found(files, '--limit', 'none', '@/a.jsonl', '@', '@/./a.jsonl')).toHaveLength(2);
  });

  it('is named where it cannot be read, and what can be read is printed', async () => {
    const files = { 'a.jsonl': calls('alice', 0), 'cut.gz': gzipSync(jsonLines(calls('bob', 1))).subarray(0, 60) };
    const { code, out, err } = await queryFiles(files, '@/a.jsonl', '@/gone.jsonl', '@/cut.gz', '-o', 'jsonl');
    expect(code).toBe(3);
    expect(out.split('\n')).toHaveLength(3);
    expect(err).toBe('cannot read gone.jsonl: ENOENT\ncannot read cut.gz: Z_BUF_ERROR\n');
  });

  it('has lines that are skipped and counted, and never quoted', async () => {
    const long = record('session', 'weather', 9, { 'audit.actor.id': 'x'.repeat(1024 * 1024) });
    const text = `{"event_name":"mcp_audit.req\n${jsonLines(calls('alice', 0))}${jsonLines([long])}`;
    const { code, err } = await queryFiles({ 'a.log': text }, '--max-line', '1');
    expect(code).toBe(0);
    expect(err).toBe(
      'a.log:1: skipped 1 line, this one first: not JSON, or hold a record that is cut off\n' +
        'a.log:4: skipped 1 line, this one first: longer than 1 MiB (see --max-line)\n',
    );
    const filtered = await queryFiles({ 'a.log': text }, '--max-line', '1', '--actor', 'alice');
    expect(filtered.err).toBe(err);
  });

  it('is not believed to be a record if it would fill the memory', async () => {
    const huge = record('session', 'weather', 9, { 'audit.actor.id': 'x'.repeat(1024 * 1024) });
    const { code, err } = await queryFiles({ 'a.log': [huge] });
    expect({ code, err: err.split('\n')[0] }).toEqual({
      code: 1,
      err: 'a.log:1: skipped 1 line, this one first: with a record that is too long for one',
    });
  });
});

it('what a slow reader has not taken is not heaped up', async () => {
  const line = JSON.stringify(calls('alice', 0)[1]);
  const input = (async function* () {
    for (let chunk = 0; chunk < 40; chunk++) yield Buffer.from(`${line}\n`.repeat(300));
  })();
  let [written, waiting, most] = [0, 0, 0];
  await query.run(['-', '-o', 'jsonl', '--limit', 'none'], {
    input,
    out: {
      write: (text) => {
        written += text.length;
        waiting += text.length;
        most = Math.max(most, waiting);
      },
      drained: async () => {
        waiting = 0;
      },
      terminal: false,
      columns: undefined,
    },
    complain: () => {},
    env: {},
  });
  expect(written).toBe(40 * 300 * (line.length + 1));
  expect(most).toBeLessThan(written / 10);
});

describe('the order', () => {
  it('is the newest first, of as many as the limit says, and a line says that there are more', async () => {
    const trail = Array.from({ length: 1000 }, (_, n) => record('session', 'weather', (n * 389) % 1000));
    const newest = [...trail].sort((a, b) => (String(a['time']) < String(b['time']) ? 1 : -1));
    expect(ids(await found({ 'a.jsonl': trail }))).toEqual(ids(newest.slice(0, 100)));
    expect(ids(await found({ 'a.jsonl': trail }, '-n', '7'))).toEqual(ids(newest.slice(0, 7)));
    const { err } = await queryFiles({ 'a.jsonl': trail }, '-n', '7');
    expect(err).toBe('shown are the newest 7; 1000 records match (--limit none shows all)\n');
    expect((await queryFiles({ 'a.jsonl': trail }, '-n', '1000')).err).toBe('');
  });

  it('is that of the files without a limit', async () => {
    const trail = Array.from({ length: 300 }, (_, n) => record('session', 'weather', (n * 389) % 1000));
    for (const none of ['none', '0']) {
      expect(ids(await found({ 'a.jsonl': trail }, '--limit', none))).toEqual(ids(trail));
    }
  });

  it('leaves out copies of a record among the newest, unless they differ', async () => {
    const [request, response] = calls('alice', 0) as [Fields, Fields];
    const reversed = Object.fromEntries(Object.entries(response).reverse());
    const altered = { ...response, 'audit.outcome': 'failure' };
    expect(await found({ 'a.jsonl': [request, response], 'b.jsonl': [reversed, request, altered] })).toHaveLength(3);
  });
});

describe('a table', () => {
  it.each([['100'], ['none']])(
    'has one row for the request and the response of an operation, with --limit %s',
    async (limit) => {
      const trail = [...calls('alice', 0), ...calls('bob', 1), ...call('weather', { side: 'server', from: 5000 })];
      const { out } = await queryFiles({ 'a.jsonl': trail }, '--limit', limit, '--utc');
      const rows = out.trimEnd().split('\n').slice(1);
      expect(rows.map((row) => row.match(/\b(alice|bob|u-8472)\b.*\b(ok|requested)\b/)?.slice(1)).sort()).toEqual([
        ['alice', 'ok'],
        ['bob', 'ok'],
        ['u-8472', 'requested'],
      ]);
    },
  );

  it('keeps an operation in one row, in whatever order its records are read', async () => {
    const trail = Array.from({ length: 40 }, (_, n) => calls(`actor-${n}`, n)).flat();
    const forwards = await queryFiles({ 'a.jsonl': trail }, '-n', '5', '--utc');
    const backwards = await queryFiles({ 'a.jsonl': [...trail].reverse() }, '-n', '5', '--utc');
    expect(forwards.out.trimEnd().split('\n')).toHaveLength(6);
    expect(backwards.out).toBe(forwards.out);
    const all = await queryFiles({ 'a.jsonl': [...trail].reverse() }, '--limit', 'none');
    expect(all.out.trimEnd().split('\n')).toHaveLength(41);
    expect(all.out).not.toContain('requested');
  });

  it('has a request once, however often it is read, unless the copies differ', async () => {
    const [request, response] = calls('alice', 0) as [Fields, Fields];
    const altered = { ...request, 'audit.actor.id': 'mallory' };
    const actors = async (...trail: Fields[]) =>
      (await queryFiles({ 'a.jsonl': trail }, '--limit', 'none')).out.match(/alice|mallory/g);
    expect(await actors(...Array.from({ length: 1000 }, () => request))).toEqual(['alice']);
    expect(await actors(request, request, response, request)).toEqual(['alice']);
    expect(await actors(request, altered)).toEqual(['mallory', 'alice']);
  });

  it('has an operation where it ended', async () => {
    const [began, ended] = call('weather', { side: 'server', from: 0, to: 9000, tool: 'slow' }) as [Fields, Fields];
    const { out } = await queryFiles({ 'a.jsonl': [began, ...calls('alice', 5), ended] }, '-n', '1', '--utc');
    expect(out).toMatch(/2026-11-21T09:20:16.000Z .* tools\/call slow .* 9.00s\n$/);
  });

  it('tells who decided, from the decision and the response', async () => {
    const [request, response] = calls('alice', 0, 'delete_sight') as [Fields, Fields];
    const denied = { ...response, 'audit.outcome': 'failure', 'mcp_audit.status': 'denied' };
    const decision = {
      ...request,
      event_name: 'mcp_audit.authorization',
      'audit.record.id': 'decision',
      'mcp_audit.access.decision': 'deny',
      'security_rule.name': 'no-landmarks',
    };
    for (const limit of ['100', 'none']) {
      const { out } = await queryFiles({ 'a.jsonl': [request, decision, denied] }, '--utc', '--limit', limit);
      expect(out.replace(/ {2,}/g, '|')).toBe(
        'time|service|side|actor|what|status|decision|rule|took\n' +
          '2026-11-21T09:20:07.040Z|weather|server|alice|tools/call delete_sight|denied|deny|no-landmarks|40ms\n',
      );
    }
  });

  it('leaves out a column without anything to say, such as decisions that nobody made', async () => {
    const files = { 'a.jsonl': calls('alice', 0, 'search', { 'mcp_audit.access.decision': 'not_evaluated' }) };
    const { out } = await queryFiles(files);
    expect(out).toMatch(/^time +service +side +actor +what +status +took\n/);
  });

  it('has the columns that were asked for', async () => {
    const { out } = await queryFiles(SMALL, '--decision', 'deny', '--fields', 'actor,rule,duration,audit.target.type');
    expect(out).toBe(
      'actor  rule          duration  audit.target.type\n' +
        'carol  office-hours  3         mcp.tool\n' +
        'alice  no-landmarks  6         mcp.tool\n',
    );
  });

  it('has local times, and in UTC if asked', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Asia/Tokyo';
    try {
      const files = { 'a.jsonl': [record('session', 'weather', 0)] };
      expect((await queryFiles(files)).out).toContain('2026-11-21 18:20:07.000  weather');
      expect((await queryFiles(files, '--utc')).out).toContain('2026-11-21T09:20:07.000Z  weather');
      expect((await queryFiles(files, '--since', '2026-11-21T18:20:07')).code).toBe(0);
      expect((await queryFiles(files, '--since', '2026-11-21T18:21')).code).toBe(1);
      expect((await queryFiles(files, '--until', '2026-11-20')).code).toBe(1);
      expect((await queryFiles(files, '--utc', '--since', '2026-11-21T09:20:08')).code).toBe(1);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});

describe('hostile values', () => {
  const EVIL = '\u001b]0;pwned\u0007\u001b[2Jx\nfake line\u202e\u0085';
  const evil = {
    'audit.actor.id': EVIL,
    'security_rule.name': EVIL,
    'mcp_audit.policy_tags': [EVIL],
    'mcp_audit.operation.id': '1',
  };
  const trail = { 'a.jsonl': calls(EVIL, 0, EVIL, evil) };

  it.each(['table', 'json', 'jsonl', 'csv', 'ocsf', 'ecs', 'datadog', 'lokryn'])(
    'have no effect in %s',
    async (form) => {
      for (const limit of ['100', 'none']) {
        const { code, out } = await queryFiles(trail, '-o', form, '--limit', limit);
        expect(code).toBe(0);
        expect(out.replace(/\r?\n/g, '')).not.toMatch(/\p{C}/u);
        expect(out).not.toMatch(/^fake line/m);
      }
    },
  );

  it.each(['table', 'json', 'jsonl', 'csv'])('have no effect in counts as %s', async (form) => {
    const { out } = await queryFiles(trail, '-o', form, '--count-by', 'actor,tag,tool');
    expect(out.replace(/\r?\n/g, '')).not.toMatch(/\p{C}/u);
    expect(out).not.toMatch(/^fake line/m);
  });

  it('have no effect in messages', async () => {
    for (const args of [
      ['--actor', EVIL],
      ['--status', EVIL],
      ['--since', EVIL],
      ['--fields', EVIL],
      [`--${EVIL}`],
      ['-o', EVIL],
    ]) {
      const { err } = await queryFiles({ 'a.jsonl': calls('alice', 0) }, ...args);
      expect(err).not.toBe('');
      expect(err.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    }
  });

  it('of any type are read', async () => {
    const odd = {
      event_name: 'mcp_audit.response',
      time: {},
      'audit.record.id': [7],
      'audit.actor.id': [null, { a: 1 }],
      __proto__: null,
      'mcp_audit.duration_ms': 'x',
    };
    for (const form of ['table', 'json', 'jsonl', 'csv', 'ocsf', 'ecs', 'datadog', 'lokryn']) {
      expect((await queryFiles({ 'a.jsonl': [odd, odd] }, '-o', form)).code).toBe(0);
    }
    expect((await queryFiles({ 'a.jsonl': [odd] }, '--count-by', 'actor')).code).toBe(0);
  });
});

describe('records in other forms', () => {
  const trail = [...calls('alice', 0), record('session', 'weather', 4000)];

  it('are lines of JSON, and one list', async () => {
    const { out } = await queryFiles({ 'a.jsonl': trail }, '-o', 'jsonl', '--limit', 'none');
    expect(out).toBe(jsonLines(trail));
    expect(await found({ 'a.jsonl': trail }, '--limit', 'none')).toEqual(trail);
  });

  it.each([
    ['ocsf', toOcsf],
    ['ecs', toEcs],
    ['datadog', toDatadog],
    ['lokryn', toLokryn],
  ] as const)('are those of the mapping, for %s', async (form, convert) => {
    const { out } = await queryFiles({ 'a.jsonl': trail }, '-o', form, '--limit', 'none');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(trail.map((each) => convert(each as never)));
  });
});

describe('a query that finds nothing', () => {
  it.each([
    ['table', ''],
    ['json', '[]\n'],
    ['jsonl', ''],
    ['csv', 'actor,tool\r\n'],
  ])('says so, and ends with 1, in %s', async (form, out) => {
    const fields = form === 'csv' ? ['--fields', 'actor,tool'] : [];
    const ran = await queryFiles({ 'a.jsonl': calls('alice', 0) }, '--actor', 'mallory', '-o', form, ...fields);
    expect(ran).toEqual({ code: 1, out, err: 'no record matches, in 2 lines of 1 file\n' });
  });

  it('says if there are no records at all', async () => {
    const ran = await queryFiles({ 'a.log': 'hello\nworld\n' }, '--actor', 'alice');
    expect(ran).toEqual({ code: 1, out: '', err: 'there are no audit records in 2 lines of 1 file\n' });
  });

  it('says so where it counts', async () => {
    const ran = await queryFiles({ 'a.jsonl': calls('alice', 0) }, '--actor', 'mallory', '--count-by', 'tool');
    expect(ran).toEqual({ code: 1, out: '', err: 'no record matches, in 2 lines of 1 file\n' });
    const open = await queryFiles({ 'a.jsonl': calls('alice', 0).slice(0, 1) }, '--count-by', 'tool');
    expect({ code: open.code, err: open.err }).toEqual({
      code: 1,
      err: '1 record found, and only responses count: --event counts all records of an event\n',
    });
  });
});

describe('wrong arguments', () => {
  it.each([
    [[], 'needs at least one file or folder'],
    [['-', '-'], 'only once'],
    [[''], 'the name of a file is empty'],
    [['x', '--acter', 'alice'], 'unknown option --acter. Did you mean --actor?'],
    [['x', '--colour'], 'unknown option --colour'],
    [['x', '--actor'], '--actor'],
    [['x', '--actor', ''], '--actor needs a value'],
    [['x', '--actor', '{a'], '--actor {a: braces list at least two choices'],
    [
      ['x', '--status', 'denyed'],
      'denied, unauthenticated, input_required, aborted, or a pattern; not denyed. Did you mean denied?',
    ],
    [['x', '--event', 'answer'], 'or a pattern; not answer'],
    [['x', '--since', 'last week'], '--since takes an age (90s, 15m, 24h, 7d, 4w), a date (2026-11-30), or a time'],
    [['x', '--until', '2026-02-30'], '--until takes an age'],
    [['x', '--since', '1d', '--until', '2d'], '--since is after --until'],
    [['x', '--limit', '-1'], '--limit'],
    [['x', '--limit', '100001'], '--limit takes 1 to 100000, or none; not 100001'],
    [['x', '--output', 'ocfs'], 'lokryn; not ocfs. Did you mean ocsf?'],
    [['x', '--fields', 'actor,tol'], '--fields: unknown field tol. Did you mean tool?'],
    [['x', '--fields', 'audit.actor.ip'], 'Did you mean audit.actor.id?'],
    [['x', '--count-by', ''], '--count-by: unknown field'],
    [['x', '--count-by', 'tool', '-o', 'ocsf'], '--count-by needs --output table, json, jsonl or csv'],
    [['x', '--fields', 'tool', '-o', 'json'], '--fields needs --output table or csv'],
    [['x', '--count-by', 'tool', '--follow'], '--count-by has no use for --follow'],
    [['x', '--follow', '-o', 'json'], '--follow has no end'],
    [['-', '--follow'], '--follow takes files and folders'],
    [['x', '--max-line', '300'], '--max-line takes 1 to 256'],
  ])('%j: %s', async (args, reason) => {
    const { code, out, err } = await runCommand(query, args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(reason);
    expect(err).toContain('mcp-trail query --help');
  });

  it('are explained by the help, which fits a terminal', async () => {
    const { code, out } = await queryFiles({}, '--help');
    expect(code).toBe(0);
    expect(out).toContain('Usage: mcp-trail query');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});
