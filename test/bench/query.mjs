/**
 * How fast `mcp-trail query` is, and how much memory it takes, beside `jq` and `grep` over the same file: CPU seconds, with all
 * threads. Programs alternate; the best of the rounds counts.
 *
 *     npm run bench:query -- [--megabytes 1000] [--rounds 3]
 *
 * Exits with 1 if query is less than 5 times as fast as jq where few records match, or less than twice as fast where all of
 * them are counted.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CLI = fileURLToPath(new URL('../../dist/cjs/cli.js', import.meta.url));
const TOOLS = 40;
const ACTORS = 20;
const LEAST = { few: 5, all: 2 };

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '3' } },
});
const megabytes = numberOf('megabytes');
const rounds = numberOf('rounds');
if (spawnSync('jq', ['--version']).status !== 0) fail('jq is missing: install it (Debian: apt-get install jq)');
const timer = '/usr/bin/time';
if (spawnSync(timer, ['true']).status !== 0) fail('GNU time is missing: install it (Debian: apt-get install time)');
const { bavail, bsize } = statfsSync(tmpdir());
if (bavail * bsize < megabytes * 1.2e6) fail(`${tmpdir()} has less than ${megabytes * 1.2} MB left`);

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const file = join(folder, 'audit.jsonl');
const counts = writeTrail();
console.log(`${counts.bytes / 1e6} MB, ${counts.records} records, ${counts.alice} of them of one actor\n`);

const query = (...args) => [process.execPath, CLI, 'query', file, ...args];
const QUESTIONS = [
  {
    name: `one actor of ${ACTORS}`,
    kind: 'few',
    programs: {
      query: query('--actor', 'alice', '--output', 'jsonl', '--limit', 'none'),
      jq: ['jq', '-c', 'select(."audit.actor.id" == "alice")', file],
      grep: ['grep', '-F', '"audit.actor.id":"alice"', file],
    },
  },
  {
    name: 'the newest 100 denied calls of one tool',
    kind: 'few',
    programs: {
      query: query('--tool', 'delete_*', '--decision', 'deny', '--output', 'jsonl'),
      jq: [
        'jq',
        '-c',
        'select((."gen_ai.tool.name" // "" | startswith("delete_")) and ."mcp_audit.access.decision" == "deny")',
        file,
      ],
      grep: ['grep', '-E', '"gen_ai.tool.name":"delete_.*"mcp_audit.access.decision":"deny"', file],
    },
  },
  {
    name: 'count by tool and actor',
    kind: 'all',
    programs: {
      query: query('--count-by', 'tool,actor', '--limit', 'none'),
      jq: [
        'jq',
        '-n',
        // It leaves out the percentiles of durations, which would cost it much more.
        'reduce (inputs | select(.event_name == "mcp_audit.response")) as $r ({}; .[$r."gen_ai.tool.name" + " " + $r."audit.actor.id"] |= (.n += 1 | if $r."audit.outcome" == "failure" then .failed += 1 else . end))',
        file,
      ],
    },
  },
];

for (const question of QUESTIONS) await measure(question);

async function measure({ name, kind, programs }) {
  const best = Object.fromEntries(
    Object.keys(programs).map((program) => [program, { cpu: Number.POSITIVE_INFINITY, peak: 0 }]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const [program, command] of Object.entries(programs)) {
      const { cpu, peak, lines } = await run(command);
      const one = best[program];
      one.cpu = Math.min(one.cpu, cpu);
      one.peak = Math.max(one.peak, peak);
      one.lines = lines;
    }
  }
  console.log(name);
  for (const [program, { cpu, peak, lines }] of Object.entries(best)) {
    console.log(
      `  ${program.padEnd(6)} ${cpu.toFixed(2).padStart(7)} s of CPU  ${String(Math.round(peak)).padStart(5)} MiB  ${lines} lines`,
    );
  }
  const ratio = best.jq.cpu / best.query.cpu;
  const verdict = ratio >= LEAST[kind] ? '' : `, less than ${LEAST[kind]}`;
  console.log(`  ${ratio.toFixed(1)} times as fast as jq${verdict}\n`);
  if (verdict !== '') process.exitCode = 1;
}

/** Runs a program to its end; what it prints is counted and dropped. */
async function run([program, ...args]) {
  const report = join(folder, 'time');
  const child = spawn(timer, ['-f', '%U %S %M', '-o', report, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  child.stdout.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) fail(`${program} ended with ${code}`);
  const [user, system, kib] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { cpu: user + system, peak: kib / 1024, lines };
}

/** Requests and responses as a server writes them, of 1.6 KB. */
function writeTrail() {
  const fd = openSync(file, 'wx');
  const count = { bytes: 0, records: 0, alice: 0 };
  let lines = [];
  let size = 0;
  for (let call = 0; count.bytes + size < megabytes * 1e6; call++) {
    for (const line of recordsOf(call)) {
      lines.push(line);
      size += line.length + 1;
      count.records += 1;
    }
    if (call % ACTORS === 0) count.alice += 2;
    if (lines.length >= 1000) {
      count.bytes += writeSync(fd, `${lines.join('\n')}\n`);
      lines = [];
      size = 0;
    }
  }
  if (lines.length > 0) count.bytes += writeSync(fd, `${lines.join('\n')}\n`);
  closeSync(fd);
  return count;
}

function recordsOf(call) {
  const id = call.toString(16).padStart(12, '0');
  const actor = call % ACTORS === 0 ? 'alice' : `user-${call % ACTORS}@example.com`;
  const number = (call * 7919) % TOOLS;
  const tool = number === 0 ? 'delete_sight' : `search_things_${number}`;
  const denied = number === 0 && call % 3 === 0;
  const took = (call * 2654435761) % 997;
  const time = new Date(1_764_000_000_000 + call * 37).toISOString().replace('Z', '445374000Z');
  const both = {
    'audit.action': 'EXECUTE',
    'audit.actor.id': actor,
    'audit.actor.type': 'user',
    'audit.prev.hash': (call * 40503)
      .toString(16)
      .padStart(64, 'c9cb6498e9829e6d32f114791058b44fa473ebd747c06e8a04592b8e79e2196a'),
    'audit.schema.version': '1.3.0',
    'audit.target.id': `tools/${tool}`,
    'audit.target.type': 'mcp.tool',
    'client.address': '10.0.3.17',
    'client.service.name': 'planner',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    'jsonrpc.request.id': String(call),
    'mcp.method.name': 'tools/call',
    'mcp.protocol.version': '2025-11-25',
    'mcp.session.id': '5b1f0b6f5d3f4b0c9a3cbb8e6c5b2b1a5b1f0b6f5d3f4b0c9a3cbb8e6c5b2b1a',
    'mcp_audit.actor.source': 'oauth',
    'mcp_audit.chain.id': '01a1ff2b-0ed7-71d8-93e5-6ca58f69bf29',
    'mcp_audit.client.name': 'planner',
    'mcp_audit.client.version': '1.0.0',
    'mcp_audit.correlation.id': `4bf92f3577b34da6a3ce${id}`,
    'mcp_audit.operation.id': `01a1ff2b-0f27-73fc-8136-${id}`,
    'mcp_audit.redaction.parameters_scrubbed': true,
    'mcp_audit.redaction.payload_redacted': true,
    'mcp_audit.request.size': 57 + number,
    'mcp_audit.server.id': 'fda65c5b5e2574b3bb2afe13a7ec815d',
    'mcp_audit.server.name': 'sights',
    'mcp_audit.server.version': '1.0.0',
    'mcp_audit.side': 'server',
    'mcp_audit.tool.argument.keys': ['id', 'query', 'limit'],
    'network.transport': 'tcp',
    observed_time: time,
    'service.name': 'sights',
    'service.version': '2.3.1',
    span_id: `a3ce${id}`,
    time,
    trace_id: `4bf92f3577b34da6a3ce${id}`,
    'user.id': actor,
    'user_agent.original': 'planner/1.0.0 (linux)',
  };
  const request = {
    'audit.outcome': 'unknown',
    'audit.record.id': `01a1ff2b-0f2d-7215-0000-${id}`,
    'audit.sequence.number': 2 * call + 1,
    event_name: 'mcp_audit.request',
    severity_number: 9,
    severity_text: 'INFO',
  };
  const response = {
    'audit.outcome': denied ? 'failure' : 'success',
    'audit.record.id': `01a1ff2b-0f2d-7215-0001-${id}`,
    'audit.sequence.number': 2 * call + 2,
    event_name: 'mcp_audit.response',
    'http.response.status_code': 200,
    'mcp_audit.duration_ms': took,
    'mcp_audit.response.content_types': ['text'],
    'mcp_audit.response.size': 512 + took,
    'mcp_audit.status': denied ? 'denied' : 'ok',
    severity_number: denied ? 13 : 9,
    severity_text: denied ? 'WARN' : 'INFO',
    ...(denied && {
      'error.type': 'tool_error',
      'mcp_audit.access.decision': 'deny',
      'mcp_audit.policy.id': 'sights',
      'security_rule.name': 'no-landmarks',
    }),
  };
  return [request, response].map((own) => {
    const record = { ...both, ...own };
    return JSON.stringify(
      Object.fromEntries(
        Object.keys(record)
          .sort()
          .map((key) => [key, record[key]]),
      ),
    );
  });
}

function numberOf(name) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) fail(`--${name} takes a whole number from 1 on, not ${values[name]}`);
  return number;
}

function fail(text) {
  console.error(text);
  process.exit(3);
}
