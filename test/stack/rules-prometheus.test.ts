import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { programs } from '../../collector-config/stack/programs.mjs';
import { CONFIG, type Group, readGroups, withoutAnnotations, writeGroups } from './support/rules.js';
import { scratch } from './support/scratch.js';

const SCENARIOS = fileURLToPath(new URL('promtool/', import.meta.url));

let promtool: string;
let groups: Group[];
let place: Awaited<ReturnType<typeof scratch>>;

/** Runs promtool and returns its output; throws with it if promtool finds errors. */
const run = async (...args: string[]) => {
  const { stdout, stderr } = await promisify(execFile)(promtool, args);
  return stdout + stderr;
};

beforeAll(async () => {
  promtool = (await programs(['prometheus'])).promtool as string;
  groups = await readGroups('prometheus/rules');
  place = await scratch();
});
afterAll(() => place.remove());

describe('the rules of Prometheus', () => {
  it('are included in the configuration, which promtool accepts', async () => {
    const said = await run('check', 'config', '--lint=all', '--lint-fatal', join(CONFIG, 'prometheus/prometheus.yml'));
    expect(said).toContain('2 rule files found');
  });

  it('each have a firing and a quiet scenario', async () => {
    const files = await Promise.all((await readdir(SCENARIOS)).map((name) => readFile(join(SCENARIOS, name), 'utf8')));
    const checks = files.flatMap((text) => parse(text).tests.flatMap((test: any) => test.alert_rule_test));
    for (const { alert } of groups.flatMap((group) => group.rules)) {
      const own = checks.filter((check: any) => check.alertname === alert);
      expect(
        own.filter((check: any) => check.exp_alerts?.length > 0),
        `${alert} fires`,
      ).not.toEqual([]);
      expect(
        own.filter((check: any) => !check.exp_alerts),
        `${alert} is quiet`,
      ).not.toEqual([]);
    }
  });

  it.each(['tools.yaml', 'slow.yaml', 'delivery.yaml'])('behave as in the scenarios of %s', async (name) => {
    const folder = join(place.folder, name);
    await mkdir(folder);
    await writeGroups(folder, withoutAnnotations(groups));
    await copyFile(join(SCENARIOS, name), join(folder, name));
    expect(await run('test', 'rules', join(folder, name))).toContain('SUCCESS');
  });

  it('fail the scenarios with other thresholds', async () => {
    const folder = join(place.folder, 'changed');
    const changed = JSON.parse(JSON.stringify(withoutAnnotations(groups)).replace('> 0.2\\n', '> 0.4\\n'));
    expect(changed).not.toEqual(withoutAnnotations(groups));
    await writeGroups(folder, changed);
    await copyFile(join(SCENARIOS, 'tools.yaml'), join(folder, 'tools.yaml'));
    await expect(run('test', 'rules', join(folder, 'tools.yaml'))).rejects.toThrow('McpToolErrorRatio');
  });
});
