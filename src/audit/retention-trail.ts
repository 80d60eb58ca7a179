/** Records what `mcp-trail retain` is about to delete: the command's own trail, in a file of its own. */
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { rotatedNames } from '../export/rotated-name.js';
import { RotatingFile, syncFolder } from '../export/rotating-file.js';
import { rfc3339, wallClock } from '../lib/clock.js';
import { codeOf } from '../lib/files.js';
import { createUuidV7 } from '../lib/uuid-v7.js';
import { auditValues } from '../options/audit.js';
import type { Environment } from '../options/resolve.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import { Redactor } from '../redact/redactor.js';
import { digestKey } from './digest-key.js';
import { personsOf } from './persons.js';
import { mapIn } from './process-trail.js';
import { RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';
import { Service } from './service.js';
import { Signer } from './signer.js';
import { Trail } from './trail.js';

/** Records of a chain that follow each other, and the file that has them. */
export interface DeletedRun {
  readonly file: string;
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  readonly prevHash: string;
  readonly headHash: string;
  /** The time of the newest record in the file, in milliseconds since 1970. */
  readonly newest: number;
}

export interface RetentionTrailOptions {
  readonly path: string;
  /** The file of the key that signs. */
  readonly keyFile: string | undefined;
  /** The user of the operating system. */
  readonly user: string;
  readonly env: Environment;
}

export interface RetentionTrail {
  /** Records deletions, signed and on disk on return. Returns why that did not work. */
  record(deleted: readonly DeletedRun[]): string | undefined;
  close(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Opens the trail; its file is made with the first record. */
export function retentionTrail({ path, keyFile, user, env }: RetentionTrailOptions): RetentionTrail {
  const redactor = new Redactor({});
  const service = new Service(env, redactor);
  const newId = createUuidV7();
  const signer = keyFile === undefined ? undefined : new Signer(keyFile, '--key');
  signer?.load();
  const file = new RotatingFile({
    path,
    maxBytes: MAX_BYTES,
    maxFiles: undefined,
    // What is recorded makes room: nothing is kept free.
    reserve: 0,
    now: Date.now,
    onContinued: () => {},
    onDeleted: () => {},
    onMuch: () => {},
    onRotationError: () => {},
  });
  let lines = '';
  const trail = new Trail({
    key: '',
    sinks: [
      {
        name: 'file',
        durable: true,
        accept({ text }) {
          lines += `${text}\n`;
          return true;
        },
      },
    ],
    now: wallClock,
    newId,
    resource: () => service.fields,
    signer,
  });
  const values = auditValues({ delivery: 'file', file: path }, env);
  const key = digestKey(undefined, () => values.stateDirectory, env);
  const redaction = {
    redactor,
    counts: new RedactionCounts(),
    secret: undefined,
    ...personsOf(values, { digester: key.digester, pseudonyms: () => mapIn(values.stateDirectory) }),
  };
  return {
    record(deleted) {
      if (signer !== undefined && signer.key === undefined) return 'the key cannot be read';
      const before = filesOf(path);
      const correlation = newId();
      for (const { file, chain, first, last, prevHash, headHash, newest } of deleted) {
        const fields = addSafe(
          new RecordFields(),
          { 'audit.actor.id': user, 'mcp_audit.retention.files': [file] },
          redaction,
        ).add({
          'audit.action': 'UPDATE',
          'audit.outcome': 'success',
          'audit.target.type': 'config',
          'audit.target.id': 'audit',
          'audit.actor.type': 'user',
          'mcp_audit.actor.source': 'os',
          'mcp_audit.correlation.id': correlation,
          'mcp_audit.retention.reason': 'age',
          'mcp_audit.retention.chain.id': chain,
          'mcp_audit.retention.first': first,
          'mcp_audit.retention.last': last,
          'mcp_audit.retention.prev_hash': prevHash,
          'mcp_audit.retention.head_hash': headHash,
          'mcp_audit.retention.newest': rfc3339(Math.ceil(newest)),
        });
        trail.record({ name: 'mcp_audit.retention', severity: 'INFO', fields });
      }
      trail.end();
      try {
        // At once: a run that is killed in between would leave a chain that nothing proves.
        file.append(Buffer.from(lines));
        lines = '';
        file.close();
        for (const each of filesOf(path)) if (each === path || !before.includes(each)) sync(each);
        syncFolder(dirname(path));
      } catch (error) {
        return codeOf(error) ?? 'unknown error';
      }
      return undefined;
    },
    close() {
      trail.close();
      file.close();
    },
  };
}

/** The file, and what it was before. */
function filesOf(path: string): string[] {
  const folder = dirname(path);
  const names = rotatedNames(path, readdirSync(folder)).map(({ name }) => name);
  return [basename(path), ...names].map((name) => join(folder, name));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
