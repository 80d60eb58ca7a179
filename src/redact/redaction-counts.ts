/** What was hidden on the way out, by rule: never what it was. */

/** Enough for every rule and field there is; a bound for fields whose names others chose. */
const MAX_ENTRIES = 64;

/** Counts the findings of the redactor for one record. A rule is the id of a pattern, or one of the words below. */
export class RedactionCounts {
  /** How many stretches of text and values were hidden or dropped. */
  count = 0;

  /**
   * Ids of the rules that hid them, at most 64: those of the pattern set (`jwt`, `email`, …), `key_name` (hidden because of
   * its key), `uri` (userinfo, query or fragment removed), `control` (unsafe characters replaced or written out), `detector:<id>`, `hook`
   * (the hook changed or refused it), `hook_error`, `detector_error`, `unreadable` (no string), `capture` (not as its
   * capture rule says). That a value was cut is no redaction.
   */
  readonly rules = new Set<string>();

  /** Names of fields that are missing as a whole, at most 64. */
  readonly dropped = new Set<string>();

  /** Adds what another one has counted. */
  include({ count, rules, dropped }: RedactionCounts): void {
    if (count === 0) return;
    this.count += count;
    for (const rule of rules) if (this.rules.size < MAX_ENTRIES) this.rules.add(rule);
    for (const field of dropped) if (this.dropped.size < MAX_ENTRIES) this.dropped.add(field);
  }

  /** Something was hidden by this rule. */
  add(rule: string): void {
    this.count += 1;
    if (this.rules.size < MAX_ENTRIES) this.rules.add(rule);
  }

  /** The whole value of a field was hidden by this rule. */
  drop(field: string, rule: string): void {
    this.add(rule);
    if (this.dropped.size < MAX_ENTRIES) this.dropped.add(field);
  }
}
