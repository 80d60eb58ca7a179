/** What was hidden, by rule: never the hidden value. */

/** More than there are rules and fields; bounds fields that peers name. */
const MAX_ENTRIES = 64;

/** Counts the redactions of one record. A rule is the id of a pattern, or one of the words below. */
export class RedactionCounts {
  /** Number of stretches and values that were hidden or dropped. */
  count = 0;

  /**
   * Rules that applied, at most 64: ids of the pattern set (`jwt`, `email`, …), `key_name` (hidden because of its key),
   * `uri` (userinfo, query or fragment removed), `control` (unsafe characters replaced or escaped), `detector:<id>`, `hook`
   * (changed or refused by the hook), `hook_error`, `detector_error`, `unreadable` (not a string), `capture` (against its
   * capture rule). Cutting a value is not a redaction.
   */
  readonly rules = new Set<string>();

  /** Names of fields that were dropped, at most 64. */
  readonly dropped = new Set<string>();

  /** Adds the counts of another instance. */
  include({ count, rules, dropped }: RedactionCounts): void {
    if (count === 0) return;
    this.count += count;
    for (const rule of rules) if (this.rules.size < MAX_ENTRIES) this.rules.add(rule);
    for (const field of dropped) if (this.dropped.size < MAX_ENTRIES) this.dropped.add(field);
  }

  /** Counts something that a rule has hidden. */
  add(rule: string): void {
    this.count += 1;
    if (this.rules.size < MAX_ENTRIES) this.rules.add(rule);
  }

  /** Counts a field that a rule has dropped. */
  drop(field: string, rule: string): void {
    this.add(rule);
    if (this.dropped.size < MAX_ENTRIES) this.dropped.add(field);
  }
}
