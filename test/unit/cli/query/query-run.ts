/** Runs `mcp-trail query` on files that a test names by their content. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { query } from '../../../../src/cli/query.js';
import { type Ran, runCommand } from '../world.js';

/** The files of a folder by their names: bytes, text, or records in lines. */
export type Files = Readonly<Record<string, Uint8Array | string | readonly object[]>>;

/** @param args of the command, in which `@` is the folder */
export async function queryFiles(files: Files, ...args: string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-query-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      const lines = Array.isArray(content) ? content.map((each) => `${JSON.stringify(each)}\n`).join('') : content;
      writeFileSync(join(folder, name), lines as Uint8Array | string);
    }
    const paths = args.some((each) => each.startsWith('@')) ? [] : [folder];
    const ran = await runCommand(query, [...paths, ...args.map((each) => each.replace(/^@/, folder))]);
    return { ...ran, err: ran.err.replaceAll(`${folder}/`, '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The records that a query finds, as JSON. */
export async function found(files: Files, ...args: string[]): Promise<Readonly<Record<string, unknown>>[]> {
  const { out } = await queryFiles(files, '--output', 'json', ...args);
  return JSON.parse(out);
}
