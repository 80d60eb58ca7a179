/**
 * The differences from a lock as SARIF, for code scanning. Pure.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
 * @see https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning
 */
import { isAbsolute, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LockFinding } from '../../inventory/check-tool-lock.js';
import { sha256 } from '../../inventory/hashes.js';
import { keyOf } from '../../inventory/tool-lock.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../lib/version.js';
import { visibleJson } from '../text.js';

/** A difference, its place in the lock file, and a sentence about it. */
export interface PlacedFinding extends LockFinding {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Check {
  /** The path of the lock, as somebody typed it. */
  readonly path: string;
  readonly findings: readonly PlacedFinding[];
  /** False if part of the inventory could not be read. */
  readonly complete: boolean;
}

interface Rule {
  readonly id: string;
  readonly level: 'error' | 'warning';
  readonly says: string;
  readonly help: string;
}

const REVIEW = 'Review the definition. If it may be used, write the lock again with mcp-trail inventory --lock.';
const LIST = 'See that every locked server is used and lists its tools before the check, or write the lock again.';

const RULES: Readonly<Record<LockFinding['kind'], Rule>> = {
  modified: { id: 'tool-modified', level: 'error', says: 'The definition of a tool is not as locked', help: REVIEW },
  added: { id: 'tool-added', level: 'error', says: 'A tool is not in the lock', help: REVIEW },
  removed: { id: 'tool-removed', level: 'warning', says: 'A locked tool is not listed any more', help: REVIEW },
  'differed before': {
    id: 'tool-differed-before',
    level: 'error',
    says: 'A tool was not as locked for some time',
    help: 'See who called it then, in the audit records. Once that is clear, leave out what was before with --since.',
  },
  'list differs': { id: 'list-differs', level: 'error', says: 'A list of tools is not as locked', help: REVIEW },
  'not locked': { id: 'server-not-locked', level: 'error', says: 'A server is not in the lock', help: REVIEW },
  'not listed': {
    id: 'server-not-listed',
    level: 'warning',
    says: 'The tools of a locked server were not seen',
    help: LIST,
  },
};

const KINDS = Object.keys(RULES);
/** GitHub calls 7.0 to 8.9 high, 4.0 to 6.9 medium. */
const SEVERITY = { error: '8.0', warning: '5.0' } as const;

export function sarif({ path, findings, complete }: Check): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: PACKAGE_NAME, version: PACKAGE_VERSION, rules: Object.values(RULES).map(ruleOf) },
        },
        invocations: [{ executionSuccessful: complete }],
        results: findings.map((finding) => resultOf(finding, path)),
      },
    ],
  };
  return `${visibleJson(log)}\n`;
}

function ruleOf({ id, level, says, help }: Rule) {
  return {
    id,
    shortDescription: { text: says },
    fullDescription: { text: `${says}. ${help}` },
    help: { text: help },
    defaultConfiguration: { level },
    properties: { tags: ['security'], precision: 'very-high', 'security-severity': SEVERITY[level] },
  };
}

function resultOf({ kind, server, tool, line, message }: PlacedFinding, path: string) {
  const { id, level } = RULES[kind];
  return {
    ruleId: id,
    ruleIndex: KINDS.indexOf(kind),
    level,
    message: { text: escaped(message) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) }, region: { startLine: line } } }],
    // Made from the line alone, as GitHub does it, all tools that a server adds would be one.
    partialFingerprints: {
      primaryLocationLineHash: `${sha256(JSON.stringify([id, keyOf(server), tool?.name, tool?.hash])).slice(0, 16)}:1`,
    },
  };
}

/** Names must not make links or placeholders of a message. */
function escaped(text: string): string {
  return text.replace(/[[\]\\]/g, '\\$&').replace(/[{}]/g, '$&$&');
}

/** Relative to the root of the repository, if the command runs there. */
function uriOf(path: string): string {
  if (isAbsolute(path)) return pathToFileURL(path).href;
  return normalize(path).split(/[\\/]/).map(encodeURIComponent).join('/');
}
