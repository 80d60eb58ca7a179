/** Name and version of the instrumentation scope. A test compares them with package.json. */
export const PACKAGE_NAME = 'mcp-trail';
export const PACKAGE_VERSION = '0.1.0';
