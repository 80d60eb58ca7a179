/**
 * The second place of checkpoints, which shows that the end of a trail was cut off. A later checkpoint covers an earlier one:
 * one that cannot be delivered is not kept once there is a newer one.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppendFile } from '../export/append-file.js';
import { resolvePath } from '../export/path-template.js';
import { StderrLogRecordExporter } from '../export/stderr.js';
import { attempt } from '../lib/attempt.js';
import { codeOf, DATA, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { warnOperator } from '../report/report.js';
import type { SecondPlace } from './checkpoints.js';
import { UrlPlace } from './second-place-url.js';

interface SecondPlaceSettings {
  /** `stderr`, a URL or a path, checked. */
  readonly stated: string;
  /** The option or variable, for messages. */
  readonly source: string;
  readonly placeholders: Readonly<Record<string, string>>;
  /** The audit file, if there is one. */
  readonly auditFile?: string | undefined;
}

const URL_START = /^https?:\/\//i;

/** Undefined if it cannot be used, which is reported. */
export function secondPlaceOf({
  stated,
  source,
  placeholders,
  auditFile,
}: SecondPlaceSettings): SecondPlace | undefined {
  const report = (why: string) =>
    warnOperator(`checkpoints of the audit trail are not in the second place: ${source}: ${why}`);
  if (stated === 'stderr') return onStderr(report);
  if (URL_START.test(stated)) return new UrlPlace(new URL(stated), report);
  const path = attempt(() => resolvePath(stated, placeholders));
  if (path === undefined) {
    report(`${JSON.stringify(stated)} is not a valid file path; {pid} and {service} are allowed`);
    return undefined;
  }
  const audit = auditFile === undefined ? undefined : attempt(() => resolvePath(auditFile, placeholders));
  if (audit !== undefined && withoutLinks(path) === withoutLinks(audit)) {
    report(`${JSON.stringify(stated)} is the audit file itself, where they prove nothing; accepted: another file`);
    return undefined;
  }
  return inFile(path, report);
}

/** The file itself may be missing, and is no link. */
function withoutLinks(path: string): string {
  return join(attempt(() => realpathSync(dirname(path))) ?? dirname(path), basename(path));
}

type Report = (why: string) => void;

function onStderr(report: Report): SecondPlace {
  const exporter = new StderrLogRecordExporter({ onError: ({ message }) => report(message) });
  return { put: (text) => void exporter.write(text) };
}

/** Opened for each of the few lines: others may move it at any time. */
function inFile(path: string, report: Report): SecondPlace {
  const where = JSON.stringify(path);
  return {
    put(text) {
      try {
        const file = AppendFile.open(path);
        try {
          const open = tooOpen(Number(file.opened.mode), DATA);
          if (open !== undefined && file.isRegular) warnOperator(`the file ${where} ${open}. ${USED_ANYWAY}`);
          file.append(Buffer.from(`${text}\n`));
        } finally {
          file.close();
        }
      } catch (error) {
        report(`cannot write to ${where}: ${codeOf(error) ?? 'unknown error'}`);
      }
    },
  };
}
