/** How much the inventory keeps, in memory and in the state file. Lengths are in UTF-16 units. */

/** Servers, unless an option says otherwise. */
export const MAX_SERVERS = 1000;
/** Tools of one server, unless an option says otherwise. */
export const MAX_TOOLS = 1000;
/** Tools of all servers together. */
export const MAX_ALL_TOOLS = 10_000;
/** Tools of one server that a record lists. */
export const MAX_RECORDED_TOOLS = 256;

/** Different error types of one server or tool. */
export const MAX_ERROR_TYPES = 64;
export const MAX_CAPABILITIES = 64;
export const MAX_PROTOCOL_VERSIONS = 16;

/** Length of a name that a peer chose. */
export const MAX_NAME = 256;
/** Length of an error type. */
export const MAX_ERROR_TYPE = 64;
/** Length of a text that people write. */
export const MAX_TEXT = 2000;
