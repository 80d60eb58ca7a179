/** What `mcp-trail wrap` is asked to do. */
export interface WrapRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** Instead of what the server calls itself. */
  readonly serviceName: string | undefined;
  /** Whether the user of this process is the actor where the environment names none. */
  readonly osUser: boolean;
  /** Longer lines pass unobserved. */
  readonly maxLineBytes: number;
}
