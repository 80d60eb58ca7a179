/** Options of the mappings. */
export interface MappingOptions {
  /** The version of the package that made the record, for members with it. @defaultValue none: these members are left out */
  readonly productVersion?: string;
}

/** The name of the product that makes the records, and of its vendor. */
export const PRODUCT = 'mcp-trail';
