/** Generates the dashboards: run `node collector-config/grafana/source/build.mjs` and review the diff. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { auditTrail } from './audit.mjs';
import { health } from './health.mjs';
import { pipeline } from './pipeline.mjs';
import { timeline } from './timeline.mjs';
import { tools } from './tools.mjs';

const folder = new URL('../dashboards/', import.meta.url);

/** The text of each dashboard file. */
export const files = [health, tools, auditTrail, timeline, pipeline].map((dashboard) => ({
  path: fileURLToPath(new URL(`${dashboard.uid}.json`, folder)),
  text: json(dashboard),
}));

/**
 * JSON with a line for each panel and each member beside them: the files are part of the package, where a line for each value
 * would make them half as large again.
 *
 * @param {object} dashboard
 */
function json(dashboard) {
  const members = Object.entries(dashboard).map(([name, value]) => `${JSON.stringify(name)}: ${lines(value)}`);
  return `{\n${members.join(',\n')}\n}\n`;
}

/** @param {unknown} value */
function lines(value) {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n${value.map((each) => JSON.stringify(each)).join(',\n')}\n]`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of files) writeFileSync(path, text);
}
