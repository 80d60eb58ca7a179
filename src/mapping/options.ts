/** Options of the mappings. */
export interface MappingOptions {
  /** The version of the package that made the record, for members with it. @defaultValue none: these members are left out */
  readonly productVersion?: string;
  /**
   * The `audit.record.id` of the record before this one in its chain, for `prev_event` of OCSF, which requires it. @defaultValue
   * none: `prev_event` is left out, and the hash of that record stays in `unmapped`
   */
  readonly previousRecordId?: string;
}

/** The name of the product that makes the records, and of its vendor. */
export const PRODUCT = 'mcp-trail';
