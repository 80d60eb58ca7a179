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
 * Formats like this repository's formatter, with tabs: they are part of the package, where spaces would be a quarter of
 * their size. String lists are on one line if they fit.
 *
 * @param {object} value
 */
function json(value) {
  const list = /^(\t*(?:"[^"]*": )?)\[\n\t*("[^"]*"(?:,\n\t*"[^"]*")*)\n\t*\](,?)$/gm;
  const text = JSON.stringify(value, undefined, '\t').replace(list, (lines, before, texts, comma) => {
    const line = `${before}[${texts.replace(/\n\t*/g, ' ')}]${comma}`;
    return line.replaceAll('\t', '  ').length <= 120 ? line : lines;
  });
  return `${text}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of files) writeFileSync(path, text);
}
