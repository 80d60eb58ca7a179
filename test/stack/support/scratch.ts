import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Creates a temporary folder, with a function to remove it. */
export async function scratch() {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-trail-stack-test-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
