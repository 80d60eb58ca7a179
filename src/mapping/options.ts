/** What a mapping cannot know from the record. */
export interface MappingOptions {
  /** Version of the package that made the record, for the members that tell it. They are left out when absent. */
  readonly productVersion?: string;
}

/** Name of the product that makes the records, and of its vendor. */
export const PRODUCT = 'mcp-trail';
