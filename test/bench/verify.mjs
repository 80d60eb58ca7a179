/**
 * How fast `mcp-trail verify` is, and how much memory it takes: over plain records of 2.2 KB in one chain, with a signed
 * checkpoint every hundred.
 *
 *     npm run bench:verify -- [--records N]... [--keep]
 *
 * `--keep` leaves the trail where it is, and prints where.
 */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CLI = fileURLToPath(new URL('../../dist/cjs/cli.js', import.meta.url));
const SIZES = [1_000_000, 10_000_000];
const RECORD_BYTES = 2200;
/** Records of a file, as it rotates at 64 MiB. */
const FILE_RECORDS = 30_000;
const CHECKPOINT_EVERY = 100;
/** What a run has in its temporary folder beside the trail: the entries that are sorted. */
const ENTRY_BYTES = 130;

const { values } = parseArgs({ options: { records: { type: 'string', multiple: true }, keep: { type: 'boolean' } } });
const sizes = values.records?.map(Number) ?? SIZES;
if (!sizes.every((records) => Number.isSafeInteger(records) && records > 0)) {
  console.error('--records takes a number of records');
  process.exit(3);
}
for (const records of sizes) measure(records);

function measure(records) {
  const { bavail, bsize } = statfsSync(tmpdir());
  const needed = records * (RECORD_BYTES + ENTRY_BYTES);
  if (bavail * bsize < needed * 1.2) {
    console.log(
      `${count(records)} records: left out, they take ${gigabytes(needed)} in ${tmpdir()}, and ${gigabytes(bavail * bsize)} are free`,
    );
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-bench-'));
  const remove = () => values.keep || rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  try {
    const trust = join(folder, 'trust.json');
    const bytes = writeTrail(join(folder, 'trail'), trust, records);
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('./verify-child.mjs', import.meta.url)), CLI, '--trust', trust, join(folder, 'trail')],
      { encoding: 'utf8' },
    );
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`verify ended with ${status}:\n${stdout}\n${stderr}`);
    const { maxRSS, cpu } = JSON.parse(stderr.trim().split('\n').at(-1));
    console.log(
      `${count(records)} records, ${gigabytes(bytes)}: ${seconds.toFixed(1)} s, ${count(Math.round(records / seconds))} records/s, ` +
        `${cpu.toFixed(1)} s of CPU, peak ${Math.round(maxRSS / 1024)} MiB`,
    );
    console.log(stdout.trim());
  } finally {
    if (values.keep) console.log(folder);
    remove();
  }
}

/** Writes a folder of files; returns their size. */
function writeTrail(folder, trust, records) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  writeFileSync(trust, JSON.stringify({ keys: [jwk] }));
  const keyId = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
  const named = Buffer.concat([Buffer.from('mcp-trail\n\u0001'), Buffer.from(jwk.x, 'base64url')]);
  const keyHash = createHash('sha256').update(named).digest().subarray(0, 4);
  const chain = '019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d57';
  const filler = fillerOf();
  mkdirSync(folder);
  let prev = createHash('sha256').digest('hex');
  let bytes = 0;
  let fd;
  let lines = [];
  for (let number = 1; number <= records; number++) {
    if (number % FILE_RECORDS === 1) {
      if (fd !== undefined) closeSync(fd);
      fd = openSync(join(folder, `audit-${String(Math.floor(number / FILE_RECORDS)).padStart(6, '0')}.jsonl`), 'wx');
    }
    const time = `${new Date(1_764_000_000_000 + number).toISOString().slice(0, -1)}000000Z`;
    const last = number % CHECKPOINT_EVERY === 0 || number === records;
    const record = {
      'audit.action': 'EXECUTE',
      'audit.prev.hash': prev,
      'audit.record.id': `019aa5b2-7c31-7e0f-9d4e-${number.toString(16).padStart(12, '0')}`,
      'audit.sequence.number': number,
      event_name: last && number > 1 ? 'mcp_audit.checkpoint' : 'mcp_audit.request',
      'mcp_audit.chain.id': chain,
      ...(last && number > 1 && checkpointOf(number - 1, prev, time)),
      ...filler,
      observed_time: time,
      time,
    };
    const text = JSON.stringify(Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
    prev = createHash('sha256').update(text).digest('hex');
    lines.push(text);
    if (lines.length === 500 || number === records || number % FILE_RECORDS === 0) {
      bytes += writeSync(fd, `${lines.join('\n')}\n`);
      lines = [];
    }
  }
  closeSync(fd);
  return bytes;

  function checkpointOf(size, head, time) {
    const text = `mcp-trail/${chain}\n${size}\n${Buffer.from(head, 'hex').toString('base64')}\ntime ${time}\n`;
    const signature = Buffer.concat([keyHash, sign(null, Buffer.from(text), privateKey)]).toString('base64');
    return {
      'mcp_audit.checkpoint.note': `${text}\n\u2014 mcp-trail ${signature}\n`,
      'mcp_audit.checkpoint.size': size,
      'mcp_audit.key.id': keyId,
    };
  }
}

/** As many fields as a record of a tool call has. */
function fillerOf() {
  const fields = {};
  for (let index = 0; index < 36; index++) {
    fields[`mcp_audit.field.number_${index}`] = index % 6 === 0 ? index : `value ${index} of a call`.padEnd(24, '.');
  }
  return fields;
}

function count(number) {
  return number.toLocaleString('en-US');
}

function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
