import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROMETHEUS_FLAGS } from '../../../collector-config/stack/backends.mjs';
import { freePort } from '../../../collector-config/stack/ports.mjs';
import { startProgram } from '../../../collector-config/stack/process.mjs';
import { programs } from '../../../collector-config/stack/programs.mjs';
import { CONFIG, everySecond, readGroups, writeGroups } from './rules.js';

/** Starts a separate Prometheus with our configuration, more of it, and rules evaluated every second. */
export async function startPrometheus(place: string, flags: readonly string[] = PROMETHEUS_FLAGS, more = '') {
  const file = (await programs(['prometheus'])).prometheus as string;
  const port = await freePort();
  const folder = join(place, `prometheus-${port}`);
  await mkdir(folder);
  await writeFile(
    join(folder, 'prometheus.yml'),
    (await readFile(join(CONFIG, 'prometheus/prometheus.yml'), 'utf8')) + more,
  );
  await writeGroups(join(folder, 'rules'), everySecond(await readGroups('prometheus/rules')));
  const url = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ];
  const program = await startProgram({ name: 'Prometheus', file, args, readyUrl: `${url}/-/ready` });
  return { url, stop: program.stop };
}
