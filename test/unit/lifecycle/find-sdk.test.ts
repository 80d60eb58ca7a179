import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSdk } from '../../../src/lifecycle/start-sdk.js';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-trail-find-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A folder with an SDK of a version, or without one. */
function place(name: string, version?: string): string {
  const folder = join(root, name);
  const sdk = join(folder, 'node_modules/@opentelemetry/sdk-node');
  mkdirSync(join(sdk, 'build/src'), { recursive: true });
  writeFileSync(join(folder, 'main.js'), '');
  if (version === undefined) return folder;
  const manifest = { name: '@opentelemetry/sdk-node', version, main: 'build/src/index.js' };
  writeFileSync(join(sdk, 'package.json'), version === 'unreadable' ? '{}' : JSON.stringify(manifest));
  writeFileSync(join(sdk, version === 'unreadable' ? 'index.js' : 'build/src/index.js'), `exports.from = '${name}';`);
  return folder;
}

function find(versions: { application?: string; directory?: string; beside?: string }) {
  const { require, passedOver } = findSdk(
    join(place('application', versions.application), 'main.js'),
    place('directory', versions.directory),
    pathToFileURL(join(place('beside', versions.beside), 'main.js')).href,
  );
  const taken = require === undefined ? undefined : (require('@opentelemetry/sdk-node') as { from: string }).from;
  return { taken, passedOver };
}

describe('the SDK that is started', () => {
  it.each([
    { what: 'is the one of the application', application: '0.223.0', directory: '0.301.0', taken: 'application' },
    { what: 'is the one of the working directory', directory: '0.301.0', beside: '0.223.0', taken: 'directory' },
    { what: 'is the one beside mcp-trail', beside: '0.200.0', taken: 'beside' },
    { what: 'may be a prerelease', application: '0.300.0-rc.1', taken: 'application' },
    { what: 'may have no readable version', application: 'unreadable', taken: 'application' },
    { what: 'may not exist', taken: undefined },
  ])('$what', ({ what: _, taken, ...versions }) => {
    expect(find(versions)).toEqual({ taken, passedOver: [] });
  });

  describe.each(['0.52.1', '0.199.0', '0.400.0', '1.0.0', '3.1.0'])('is not of an unknown line: %s', (version) => {
    it('gives way to a later place', () => {
      expect(find({ application: version, beside: '0.223.0' })).toMatchObject({ taken: 'beside' });
    });

    it('is named where it is the only one', () => {
      const passedOver = [`${version} of the application`];
      expect(find({ application: version })).toEqual({ taken: undefined, passedOver });
    });
  });

  it('leaves a trace of every one that was passed over', () => {
    expect(find({ application: '0.52.1', directory: '0.57.0', beside: '0.400.0' })).toEqual({
      taken: undefined,
      passedOver: ['0.52.1 of the application', '0.57.0 in the working directory', '0.400.0 beside mcp-trail'],
    });
  });
});
