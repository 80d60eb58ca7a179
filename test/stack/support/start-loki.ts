import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../collector-config/stack/ports.mjs';
import { startProgram } from '../../../collector-config/stack/process.mjs';
import { programs } from '../../../collector-config/stack/programs.mjs';
import { CONFIG } from './rules.js';

export interface LokiOptions {
  /** Data folder; a second start with the same folder has the data of the first. */
  readonly folder: string;
  /** Default: as configured. */
  readonly rules?: string;
  /** More variables. */
  readonly env?: Record<string, string>;
  /** Flags that shorten long waits for tests. */
  readonly flags?: readonly string[];
}

/** Starts a separate Loki with our configuration. */
export async function startLoki({ folder, rules = join(CONFIG, 'loki/rules'), env = {}, flags = [] }: LokiOptions) {
  const { loki } = await programs(['loki']);
  const [http, grpc] = [await freePort(), await freePort()];
  await mkdir(folder, { recursive: true });
  const url = `http://127.0.0.1:${http}`;
  const program = await startProgram({
    name: 'Loki',
    file: loki as string,
    args: [`-config.file=${join(CONFIG, 'loki/loki.yaml')}`, '-config.expand-env=true', ...flags],
    env: {
      MCP_LOKI_HTTP_PORT: String(http),
      MCP_LOKI_GRPC_PORT: String(grpc),
      MCP_LOKI_DIR: folder,
      MCP_LOKI_RULES_DIR: rules,
      ...env,
    },
    readyUrl: `${url}/ready`,
  });
  return { url, stop: program.stop, program };
}
