/** What verify finds wrong, and which exit code that means. Pure. */

/** From the worst to the mildest. */
export const SEVERITIES = ['tampered', 'incomplete', 'unproven', 'reported'] as const;

export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly severity: Severity;
  /** A word for programs. */
  readonly kind: string;
  /** For people: may hold names of files, in which nothing is invisible. */
  readonly text: string;
  /** Number of the record in its chain. */
  readonly number?: number | undefined;
  /** File and line. */
  readonly at?: string | undefined;
}

/** Findings that are kept of one chain, or of all lines. */
const MAX_KEPT = 100;

/** Findings, of which the first are kept and all are counted. */
export class Findings {
  readonly kept: Finding[] = [];
  readonly counts: Record<Severity, number> = { tampered: 0, incomplete: 0, unproven: 0, reported: 0 };

  add(finding: Finding): void {
    this.counts[finding.severity] += 1;
    if (this.kept.length < MAX_KEPT) this.kept.push(finding);
  }

  get total(): number {
    return SEVERITIES.reduce((sum, severity) => sum + this.counts[severity], 0);
  }
}
