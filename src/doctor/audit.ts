/** The audit trail: where it goes, and whether its files can be used. Nothing is written to them. */
import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { digestKey } from '../audit/digest-key.js';
import { UNSIGNED } from '../audit/process-trail.js';
import { secondPlaceOf } from '../audit/second-place.js';
import { Signer } from '../audit/signer.js';
import { resolvePath } from '../export/path-template.js';
import { Reserve } from '../export/reserve.js';
import { attempt } from '../lib/attempt.js';
import { codeOf, DATA, isFolder, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import { auditConfig, auditValues, blockingOf, idleAuditSettings } from '../options/audit.js';
import { resolveConfig } from '../options/instrumentation.js';
import { loadPolicyFile } from '../options/policy.js';
import { resolve } from '../options/resolve.js';
import { AUDIT, type AuditValues, REGISTER } from '../options/table.js';
import { readToolLock } from '../options/tool-lock.js';
import { takeWarnings } from '../report/report.js';
import { type Findings, fail, ok, type Patient, warn } from './finding.js';

/** What is set for mcp-trail itself, and its lines about values that it does not accept. */
export interface Settings {
  readonly problems: readonly string[];
  /** Undefined where auditing is off. */
  readonly audit: AuditValues | undefined;
}

/** The package's own lines while something of it runs. */
function saying(run: () => void): readonly string[] {
  const said: string[] = [];
  takeWarnings((text) => said.push(text));
  run();
  return said;
}

export function settingsIn(env: Patient['env']): Settings {
  let audit: AuditValues | undefined;
  const problems = saying(() => {
    const config = resolveConfig({}, env);
    for (const [name, option] of Object.entries(REGISTER)) resolve<string>(name, option, undefined, env);
    const stated = auditConfig(config, env);
    if (stated === undefined) return;
    audit = auditValues(stated, env);
    blockingOf(stated, audit);
  });
  const idle = audit === undefined ? idleAuditSettings({}, env) : undefined;
  return { problems: idle === undefined ? problems : [...problems, idle], audit };
}

/** Values that are not accepted. */
export function values({ problems }: Settings): Findings {
  return problems.length === 0 ? [ok('the MCP_TRAIL_* variables can be used')] : problems.map(fail);
}

export function auditTrail({ audit }: Settings, env: Patient['env']): Findings {
  if (audit === undefined) return [ok('off, unless the code of the application turns it on (MCP_TRAIL_AUDIT)')];
  const placeholders = {
    pid: String(process.pid),
    service: resourceFromEnvironment(env).get('service.name') ?? 'unknown_service:node',
  };
  const findings = [
    ok(`on: records go to ${audit.delivery.join(', ')}`),
    ...(audit.delivery.includes('file') ? fileOf(audit, placeholders) : []),
    ...keyOf(audit, env),
  ];
  if (audit.checkpoints !== undefined) {
    const { checkpoints, delivery, file } = audit;
    const auditFile = delivery.includes('file') ? file : undefined;
    const source = AUDIT.checkpoints.env;
    const said = saying(() => secondPlaceOf({ stated: checkpoints, source, placeholders, auditFile }));
    findings.push(
      ...(said.length === 0 ? [ok(`checkpoints: ${source} can be used. Nothing was sent there`)] : said.map(fail)),
    );
  }
  if (audit.stateDirectory !== undefined) findings.push(directoryOf(audit.stateDirectory));
  return [...findings, ...documentsOf(audit)];
}

/** The file, which is not opened: it belongs to the trail. */
function fileOf({ file, fileReserve }: AuditValues, placeholders: Record<string, string>): Findings {
  const lost = (why: string) => [fail(`audit records are lost: ${AUDIT.file.env}: ${why}`)];
  const path = attempt(() => resolvePath(file, placeholders));
  if (path === undefined || isFolder(path))
    return lost(`${JSON.stringify(file)} is not a valid file path; {pid} and {service} are allowed`);
  const where = JSON.stringify(path);
  const found = attempt(() => lstatSync(path));
  if (found?.isSymbolicLink())
    return lost(`${where} is a symbolic link, and links are refused. Give the path it leads to`);
  const folder = existingFolder(dirname(path));
  try {
    if (!isFolder(folder)) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(
      found === undefined ? folder : path,
      found === undefined ? constants.W_OK | constants.X_OK : constants.R_OK | constants.W_OK,
    );
    if (found === undefined || found.isFile()) new Reserve(folder, fileReserve).check(0, Date.now());
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error';
    return lost(`cannot write to ${where}: ${(error as Error).message || `${code}, in ${JSON.stringify(folder)}`}`);
  }
  const open = found?.isFile() ? tooOpen(found.mode, DATA) : undefined;
  if (open !== undefined) return [warn(`the file ${where} ${open}. ${USED_ANYWAY}`)];
  return [ok(`the file ${where} can be ${found === undefined ? 'created' : 'written'}`)];
}

/** The nearest one that is there. */
function existingFolder(path: string): string {
  const isThere = attempt(() => lstatSync(path)) !== undefined;
  return isThere || dirname(path) === path ? path : existingFolder(dirname(path));
}

function keyOf({ signingKeyFile, delivery }: AuditValues, env: Patient['env']): Findings {
  const digests = saying(() => digestKey(undefined, () => undefined, env)).map(fail);
  if (signingKeyFile === undefined) {
    return delivery.includes('file') ? [...digests, warn(UNSIGNED)] : digests;
  }
  const said = saying(() => new Signer(signingKeyFile, AUDIT.signingKeyFile.env).load());
  return [...digests, ...(said.length === 0 ? [ok('the signing key can be used')] : said.map(fail))];
}

function directoryOf(path: string): Findings[number] {
  const folder = existingFolder(path);
  const isUsable = isFolder(folder) && attempt(() => accessSync(folder, constants.W_OK) ?? true) === true;
  if (isUsable) return ok(`the state directory can be ${folder === path ? 'used' : 'made'}`);
  return fail(
    `${AUDIT.stateDirectory.env} is ${JSON.stringify(path)}, which cannot be used; accepted: a directory that can be written to`,
  );
}

/** The policy and the lock of tools, with the package's own lines about them. */
function documentsOf({ policy, toolLock }: AuditValues): Findings {
  const findings: Findings[number][] = [];
  const add = (what: string, source: string, problems: readonly string[]) => {
    if (problems.length === 0) findings.push(ok(`${what} can be used`));
    for (const problem of problems) findings.push(fail(`${source}: ${problem}`));
  };
  if (typeof policy === 'string' && policy !== '') add('the policy', AUDIT.policy.env, loadPolicyFile(policy).problems);
  if (toolLock !== undefined) add('the tool lock', AUDIT.toolLock.env, readToolLock(toolLock.file).problems);
  return findings;
}
