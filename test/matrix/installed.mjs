/** Reads from an application's tree what npm actually installed. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { otelMarkers } from './axes.mjs';

const readJson = async (...parts) => JSON.parse(await readFile(path.join(...parts), 'utf8'));

/** Throws unless the packages at the top of the tree have exactly these versions. */
export async function checkInstalled(folder, expected) {
  const found = {};
  for (const name of Object.keys(expected))
    found[name] = (await readJson(folder, 'node_modules', name, 'package.json')).version;
  assert.deepEqual(found, expected, 'npm installed unexpected versions');
}

/** Throws if the tree contains a package of the other OpenTelemetry line, or a second copy of the API. */
export async function checkLine(folder, otel) {
  const { packages } = await readJson(folder, 'node_modules', '.package-lock.json');
  const all = Object.entries(packages).map(([place, { version }]) => ({
    place,
    version,
    name: place.split('node_modules/').pop(),
  }));
  for (const [name, pattern] of Object.entries(otelMarkers[otel])) {
    for (const copy of all.filter((entry) => entry.name === name)) {
      assert.match(copy.version, pattern, `${copy.place} is not of the line ${otel}`);
    }
  }
  const apis = all.filter((entry) => entry.name === '@opentelemetry/api').map(({ place }) => place);
  assert.deepEqual(apis, ['node_modules/@opentelemetry/api'], 'expected exactly one copy of @opentelemetry/api');
}
