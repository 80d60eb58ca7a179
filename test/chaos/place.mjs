/** A folder with the files of a scenario: keys, checkpoints, audit files, and the command that verifies them. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = path.join(ROOT, 'dist/cjs/cli.js');

/**
 * @typedef {{ severity: string, kind: string, text: string }} Finding
 * @typedef {{ id: string, first?: number, last?: number, records: number, explained: number, findings: Finding[] }} ChainReport
 * @typedef {{ exit: number | null, findings: Finding[], chains: ChainReport[], totals: any, stderr: string }} Verdict
 */

export class Place {
  /** @param {string} folder @param {boolean} [everyByte] whether files are cut at every byte, where others would tell as much */
  constructor(folder, everyByte = false) {
    this.folder = folder;
    this.everyByte = everyByte;
    mkdirSync(folder, { recursive: true });
    this.key = path.join(folder, 'key.jwk');
    this.trust = path.join(folder, 'trust.jwks');
    this.pins = path.join(folder, 'pins.jsonl');
    execFileSync(process.execPath, [COMMAND, 'keygen', this.key, '--trust', this.trust]);
  }

  /** A path in it. @param {string[]} names */
  at(...names) {
    return path.join(this.folder, ...names);
  }

  /** The environment of a process that writes to an audit file. @param {string} file @param {string} service */
  settings(file, service) {
    const { PATH = '' } = process.env;
    return {
      PATH,
      OTEL_SERVICE_NAME: service,
      MCP_TRAIL_SDK: 'off',
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: file,
      MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: this.key,
      MCP_TRAIL_AUDIT_CHECKPOINTS: this.pins,
    };
  }

  /** Runs the command with the trusted key. @param {string[]} args @returns {Promise<Verdict>} */
  verify(...args) {
    return new Promise((resolve) => {
      const command = [COMMAND, 'verify', '--json', '--trust', this.trust, ...args];
      const child = execFile(process.execPath, command, { maxBuffer: 2 ** 28 }, (_, stdout, stderr) => {
        resolve(verdictOf(child.exitCode, stdout, stderr));
      });
    });
  }
}

/** @param {number | null} exit @param {string} stdout @param {string} stderr @returns {Verdict} */
export function verdictOf(exit, stdout, stderr) {
  const documents = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const of = (/** @type {string} */ type) => documents.filter((document) => document.type === type);
  return { exit, findings: of('finding'), chains: of('chain'), totals: of('summary')[0], stderr };
}

/**
 * What a verdict has that was not expected.
 *
 * @param {string} what @param {Verdict} verdict @param {number[]} exits @param {string[]} kinds findings that are fine
 */
export function unexpected(what, { exit, findings, chains, stderr }, exits, kinds) {
  const all = [...findings, ...chains.flatMap((chain) => chain.findings)];
  const wrong = all.filter(({ severity, kind }) => !kinds.includes(`${severity} ${kind}`));
  const faults = wrong.slice(0, 5).map(({ severity, text }) => `verify of ${what}: ${severity}: ${text}`);
  if (!exits.includes(exit ?? -1)) faults.push(`verify of ${what} ended with ${exit}, not ${exits.join(' or ')}`);
  if (stderr !== '') faults.push(`verify of ${what} complains: ${stderr.slice(0, 500)}`);
  return faults;
}

/**
 * The records in files and folders, read without the code that is tested. A line that is not JSON counts as torn.
 *
 * @param {string[]} paths
 */
export function readRecords(...paths) {
  /** @type {any[]} */
  const records = [];
  let torn = 0;
  for (const file of paths.flatMap(filesIn)) {
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const line of text.split('\n').filter(Boolean)) {
      try {
        records.push(JSON.parse(line));
      } catch {
        torn += 1;
      }
    }
  }
  return { records, torn };
}

/** @param {string} name @returns {string[]} */
function filesIn(name) {
  if (!statSync(name).isDirectory()) return [name];
  return readdirSync(name).flatMap((entry) => filesIn(path.join(name, entry)));
}
