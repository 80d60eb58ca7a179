/** Runs `mcp-trail verify` on files that a test names by their content. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type PublicKey, publicJwk } from '../../../../src/chain/keys.js';
import { verify } from '../../../../src/cli/verify.js';
import { type Ran, runCommand } from '../world.js';

/** Lines of a file, or its bytes. */
export type Content = readonly string[] | Uint8Array;

export interface Trail {
  /** Files of the folder that is verified, by name. */
  readonly files: Readonly<Record<string, Content>>;
  readonly trust?: readonly PublicKey[] | undefined;
  /** Lines of the second place. */
  readonly pins?: readonly string[] | undefined;
}

export interface SeenFinding {
  readonly severity: string;
  readonly kind: string;
  readonly text: string;
  readonly chain?: string;
  readonly number?: number;
  readonly at?: string;
}

/** What verify prints with `--json`. */
export interface Verified extends Ran {
  readonly summary: Readonly<Record<string, unknown>>;
  /** Of lines and of chains. */
  readonly findings: readonly SeenFinding[];
  readonly chains: readonly Readonly<Record<string, unknown>>[];
}

/** Writes the files of a trail; returns the arguments that verify them. */
export function writeTrail(folder: string, { files, trust, pins }: Trail): string[] {
  const trail = join(folder, 'trail');
  mkdirSync(trail, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(trail, name)), { recursive: true });
    writeFileSync(join(trail, name), content instanceof Uint8Array ? content : textOf(content));
  }
  const args = [trail];
  if (trust !== undefined) {
    writeFileSync(join(folder, 'trust.json'), JSON.stringify({ keys: trust.map(publicJwk) }));
    args.push('--trust', join(folder, 'trust.json'));
  }
  if (pins !== undefined) {
    writeFileSync(join(folder, 'pins.jsonl'), textOf(pins));
    args.push('--pin', join(folder, 'pins.jsonl'));
  }
  return args;
}

export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Verifies a trail in a folder of its own. */
export async function verified(trail: Trail, ...options: string[]): Promise<Verified> {
  const ran = await printed(trail, '--json', ...options);
  const documents = ran.out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const chains = documents.filter(({ type }) => type === 'chain');
  const findings = [
    ...documents.filter(({ type }) => type === 'finding'),
    ...chains.flatMap(({ id, findings: own }) => own.map((finding: object) => ({ ...finding, chain: id }))),
  ];
  return { ...ran, summary: documents.at(-1) ?? {}, findings, chains };
}

/** The output for people, with the names of files as they are in the folder. */
export async function printed(trail: Trail, ...options: string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-verify-'));
  try {
    const { code, out, err } = await runCommand(verify, [...writeTrail(folder, trail), ...options]);
    const short = (text: string) => text.replaceAll(`${folder}/trail/`, '').replaceAll(`${folder}/`, '');
    return { code, out: short(out), err: short(err) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
